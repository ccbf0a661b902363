package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a handler throws: its session ends and is counted, the workers live, others are served, close() is quick.
 */
class ForeignCodeTest extends ServerTest {
    /** Of a server whose sessions have ended; a session that hangs makes it wait for its drain and disconnect times. */
    private static final Duration QUICK_CLOSE = Duration.ofSeconds(10);

    /** Code compiled from Kotlin, Scala or Groovy throws so, and Java with a generic throw. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Throwable thrown) throws T {
        throw (T) thrown;
    }

    // What is thrown is the handler's author's code, too.

    private static final class ThrowsInToString extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            throw new IllegalStateException("provoked");
        }
    }

    private static final class ThrowsInGetMessage extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new StackOverflowError("provoked");
        }
    }

    private static final class ThrowsInGetCause extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public synchronized Throwable getCause() {
            throw new IllegalStateException("provoked");
        }
    }

    private static final class ThrowsInGetStackTrace extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public StackTraceElement[] getStackTrace() {
            throw new OutOfMemoryError("provoked");
        }
    }

    private static final class AnswersNull extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return null;
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            return null;
        }
    }

    private enum Callback {
        OPENED, RECEIVED, CLOSED
    }

    static Stream<Arguments> thrown() {
        List<Throwable> all = List.of(new IOException("checked"), new Exception("checked"), new Throwable("bare"),
                new OutOfMemoryError("provoked"), new StackOverflowError("provoked"), new ThreadDeath(),
                new ThrowsInToString(), new ThrowsInGetMessage(), new ThrowsInGetCause(), new ThrowsInGetStackTrace(),
                new AnswersNull());
        return all.stream().flatMap(thrown -> Stream.of(Callback.values())
                .map(callback -> Arguments.of(thrown.getClass(), callback, thrown)));
    }

    /** As often as there are workers, and once more: none is left if each throw costs one. */
    @ParameterizedTest(name = "{0} in {1}")
    @MethodSource("thrown")
    void anythingThrownEndsItsSessionAlone(Class<?> type, Callback callback, Throwable thrown) throws IOException {
        int workers = 2;
        start(small().workers(workers), new Thrower(callback, thrown));
        try (TestClient neighbour = connect()) {
            echo(neighbour, "n");
            for (int i = 0; i <= workers; i++) {
                try (TestClient client = connect()) {
                    client.sendBytes((byte) 'X');
                    if (callback == Callback.CLOSED) {
                        client.expect((byte) 'X');
                        client.closeByFin();
                    }
                }
                assertThat(closed.next()).isEqualTo(callback == Callback.CLOSED ? CloseReason.PEER_CLOSED
                        : CloseReason.HANDLER_FAILED);
                echo(neighbour, "n");
            }
        }
        closed.next();
        settled().withHandlerFailures(workers + 1);
        closesQuickly();
    }

    private void closesQuickly() {
        long start = System.nanoTime();
        server.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(QUICK_CLOSE);
    }

    private final class Thrower implements SessionHandler {
        private final Callback callback;
        private final Throwable thrown;
        private volatile long neighbour;

        Thrower(Callback callback, Throwable thrown) {
            this.callback = callback;
            this.thrown = thrown;
        }

        @Override
        public void opened(Session session) {
            if (neighbour == 0) {
                neighbour = session.id();
            }
            in(Callback.OPENED, session);
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            in(Callback.RECEIVED, session);
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            closed.add(reason);
            in(Callback.CLOSED, session);
        }

        private void in(Callback present, Session session) {
            if (present == callback && session.id() != neighbour) {
                ForeignCodeTest.<RuntimeException>raise(thrown);
            }
        }
    }

    /** Longer than close() waits for it: when it returns at last, the rest is done. */
    @Test
    @Tag("slow")
    void aHandlerThatOutlastsTheCloseLeavesNothingBehind() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        start(small().disconnectTime(Duration.ofMillis(100)).drainTime(Duration.ZERO), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                inside.countDown();
                try {
                    assertThat(release.await(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        try (TestClient client = connect()) {
            client.sendBytes((byte) 1);
            assertThat(inside.await(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
            server.close();
            assertThat(closed.waiting()).isZero();
            release.countDown();
            assertThat(closed.next()).isEqualTo(CloseReason.SERVER_STOPPED);
            client.expectEnd();
            Settled.await().until(() -> statistics().resources().operationsPending() == 0);
            assertThat(closed.waiting()).isZero();
        }
    }

    /**
     * A worker that cannot have its view of the system at first has it later: no server runs on fewer than it was to.
     */
    @Test
    void aWorkerThatCannotBeginTriesAgain() throws Exception {
        AtomicInteger refusals = new AtomicInteger(2);
        CountDownLatch bothAtWork = new CountDownLatch(2);
        options = small().workers(2).build();
        server = ServerFactory.start((session, data) -> {
            bothAtWork.countDown();
            try {
                assertThat(bothAtWork.await(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            session.send(data);
        }, options, SessionIdentity.OVERLAPPED, () -> {
            if (Thread.currentThread().getName().equals("iocp-worker-2") && refusals.getAndDecrement() > 0) {
                ForeignCodeTest.<RuntimeException>raise(new Exception("provoked"));
            }
            return WindowsWin32.attach();
        });
        try (TestClient first = connect(); TestClient second = connect()) {
            first.sendBytes((byte) 1);
            Settled.await().until(() -> bothAtWork.getCount() == 1); // else one worker may take both packets
            second.sendBytes((byte) 2);
            first.expect((byte) 1);
            second.expect((byte) 2);
        }
        Settled.await().until(() -> statistics().connections().sessions() == 0);
        assertThat(statistics().faults().workerFailures()).isEqualTo(2);
        assertThat(statistics().faults().handlerFailures()).isZero();
    }
}
