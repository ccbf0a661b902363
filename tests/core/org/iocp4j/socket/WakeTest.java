package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.Background;
import org.iocp4j.socket.TestDomain.Kind;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a loop's wait ends, on Windows. */
@NeedsCompletionPorts
@Timeout(180)
class WakeTest {
    private static final int ERROR_INVALID_HANDLE = 6;
    /** A wait that nobody ends: none of these tests may take it. */
    private static final int LONG_MILLIS = 60_000;

    private final Recorder events = new Recorder();
    private final List<String> packets = new CopyOnWriteArrayList<>();
    private TestDomain test;

    @BeforeEach
    void start() throws Exception {
        start(DomainOptions.loop());
    }

    private void start(DomainOptions options) throws Exception {
        test = new TestDomain(options, (key, bytes, io) -> packets.add(key + ": " + bytes));
    }

    @AfterEach
    void end() throws Exception {
        test.close();
    }

    /** One dequeue; it must return before its time. */
    private int dequeue() throws Exception {
        long start = System.nanoTime();
        int handled = test.domain.dequeue(test.io, LONG_MILLIS, 64);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(LONG_MILLIS / 2));
        return handled;
    }

    @Test
    void anotherThreadsCloseIsToldToALoopThatSleeps() throws Exception {
        Connection connection = Connection.accepted(test, events);
        Background.run(() -> {
            Thread.sleep(100); // then it sleeps; if it does not yet, that is no less a case
            try (Win32 win32 = WindowsWin32.attach()) {
                connection.socket().close(Closing.FIN, new IoThread(win32));
            }
        });
        while (!events.has("gone")) {
            dequeue();
        }
        connection.peer().close();
    }

    @Test
    void aLoopThatWaitsForItsOwnCloseNeedsNoPacket() throws Exception {
        Connection connection = Connection.accepted(test, events);
        connection.socket().close(Closing.FIN, test.io);
        while (!events.has("gone")) {
            dequeue();
        }
        connection.peer().close();
    }

    @Test
    void aLoopThatWaitsForWhatIsOverNeedsNoPacket() throws Exception {
        test.close();
        start(DomainOptions.loop().withDelivery(Delivery.RETURN));
        Connection connection = Connection.accepted(test, events);
        assertThat(events.send(connection.socket(), "x", test.io)).as("a loop never returns DONE").isEqualTo(PENDING);
        assertThat(events.told()).as("inside the post").isEmpty();
        while (!events.has("sent")) {
            dequeue();
        }
        connection.peer().close();
    }

    @Test
    void wakesFromManyThreadsAreFewPackets() throws Exception {
        for (int round = 0; round < 2; round++) {
            List<CompletableFuture<Void>> wakers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                wakers.add(Background.run(() -> {
                    try (Win32 win32 = WindowsWin32.attach()) {
                        for (int n = 0; n < 1000; n++) {
                            assertThat(test.domain.wake(win32)).isZero();
                        }
                    }
                }));
            }
            for (CompletableFuture<Void> waker : wakers) {
                waker.get();
            }
            assertThat(dequeue()).as("packets").isBetween(1, 4);
        }
        assertThat(packets).isEmpty();
    }

    /** One that has dequeued may go on to call its user, and that may take long. */
    @Test
    void aPoolsDeadlineExpiresThoughTheThreadThatArmedItIsBusy() throws Exception {
        CountDownLatch expired = new CountDownLatch(1);
        CompletableFuture<Boolean> isSo = new CompletableFuture<>();
        TestDomain[] pool = new TestDomain[1];
        pool[0] = new TestDomain(DomainOptions.pool(), (key, bytes, io) -> {
            if (key == 1) {
                Deadline deadline = new Deadline(pool[0].domain.timers()) {
                    @Override
                    protected void expired(IoThread on) {
                        expired.countDown();
                    }
                };
                pool[0].domain.arm(deadline, io.win32().nanoTime() + 100_000_000, io);
                try {
                    isSo.complete(expired.await(LONG_MILLIS, TimeUnit.MILLISECONDS));
                } catch (InterruptedException e) {
                    isSo.completeExceptionally(e);
                }
            }
        });
        Thread.sleep(100); // then the others sleep; if they do not yet, that is no less a case
        assertThat(pool[0].domain.post(test.io.win32(), 1, 0)).isZero();
        assertThat(isSo.get()).isTrue();
        pool[0].close();
    }

    @Test
    void aPostBringsItsKeyAndItsNumber() throws Exception {
        assertThat(test.domain.post(test.io.win32(), Long.MIN_VALUE, 0)).isZero();
        assertThat(test.domain.post(test.io.win32(), 7, Integer.MAX_VALUE)).isZero();
        while (packets.size() < 2) {
            dequeue();
        }
        assertThat(packets).containsExactly(Long.MIN_VALUE + ": 0", "7: " + Integer.MAX_VALUE);
        assertThatThrownBy(() -> test.domain.post(test.io.win32(), 0, -1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void afterTheEndNobodyIsWoken() throws Exception {
        TestDomain ended = new TestDomain(Kind.LOOP);
        assertThat(ended.end()).isZero();
        assertThat(ended.domain.wake(test.io.win32())).isEqualTo(ERROR_INVALID_HANDLE);
        assertThat(ended.domain.post(test.io.win32(), 1, 1)).isEqualTo(ERROR_INVALID_HANDLE);
        assertThat(ended.domain.wake(test.io.win32())).isEqualTo(ERROR_INVALID_HANDLE);
    }

    @Test
    void aWakeThatRacesTheEndGoesNowhereElse() throws Exception {
        for (int round = 0; round < 20; round++) {
            TestDomain ending = new TestDomain(Kind.LOOP);
            CompletableFuture<Void> waker = Background.run(() -> {
                try (Win32 win32 = WindowsWin32.attach()) {
                    int error;
                    do {
                        error = ending.domain.wake(win32);
                    } while (error == 0);
                    assertThat(error).isEqualTo(ERROR_INVALID_HANDLE);
                }
            });
            assertThat(ending.end()).isZero();
            waker.get();
        }
        assertThat(test.domain.dequeue(test.io, 0, 64)).as("packets on a port that may have the number").isZero();
    }
}
