package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a thread defers until it has handled what it has at hand, and when it defers anything. */
class IoTaskTest {
    private static final long SOCKET = 880;
    /** Keys of packets: the handler defers something, or it does not. */
    private static final long BUSY = 1;
    private static final long IDLE = 2;

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private final IoThread other = new IoThread(system.win32());
    private final List<String> done = new ArrayList<>();
    private OperationSlab slab;

    @BeforeEach
    void receivesCompleteSynchronously() throws Win32Exception {
        slab = new OperationSlab(system.win32(), 1000);
        slab.commit(system.win32(), 1000);
        system.answer("wsaRecv", a -> {
            MemorySegment overlapped = MemorySegment.ofAddress((long) a[4]).reinterpret(OVERLAPPED.sizeof());
            overlapped.set(JAVA_LONG, OVERLAPPED.InternalHigh$offset(), 1);
            return 0;
        });
    }

    private CompletionPort port(int concurrency) throws Win32Exception {
        return new CompletionPort(system.win32(), concurrency, slab, (key, bytes, on) -> {
            done.add(on.shouldDefer() ? "defers" : "does not");
            if (key == BUSY) {
                on.defer(_ -> { });
            }
        });
    }

    /** All at once, one after the other. */
    private List<String> handled(CompletionPort port, IoThread on, long... keys) throws Win32Exception {
        for (long key : keys) {
            system.packet(key, 0, 0);
        }
        done.clear();
        port.dequeue(on, 100);
        return List.copyOf(done);
    }

    @Test
    void isDeferredOnlyWhileNoOtherThreadMayRun() throws Exception {
        CompletionPort port = port(2);
        assertThat(handled(port, io, BUSY, IDLE)).containsExactly("does not", "does not");
        assertThat(handled(port, other, BUSY, IDLE)).containsExactly("defers", "defers");
        assertThat(handled(port, io, BUSY, IDLE)).containsExactly("defers", "defers");
    }

    /** Nothing else would come before it. */
    @Test
    void isNotDeferredByTheLastPacketIfNothingElseIsQueued() throws Exception {
        CompletionPort port = port(1);
        assertThat(handled(port, io, IDLE)).containsExactly("does not");
        assertThat(handled(port, io, IDLE, IDLE, IDLE)).containsExactly("defers", "defers", "does not");
        assertThat(io.shouldDefer()).as("behind the batch").isTrue();
    }

    /** One that has ended in the midst of a batch would count as running for ever. */
    @Test
    void aThreadThatHasLeftDoesNotRun() throws Exception {
        CompletionPort port = port(2);
        port.dequeue(io, 0);
        port.dequeue(other, 0);
        assertThat(other.shouldDefer()).isTrue();
        port.leave(io);
        port.leave(io);
        port.dequeue(other, 0);
        assertThat(other.shouldDefer()).isFalse();
        assertThat(port.isDequeuedBy(io)).isFalse();
        port.dequeue(io, 0); // another thread goes on with it
        port.dequeue(other, 0);
        assertThat(other.shouldDefer()).isTrue();
    }

    @Test
    void aThreadThatWaitsIsFree() throws Exception {
        CompletionPort port = port(2);
        port.dequeue(io, 0);
        port.dequeue(other, 0);
        assertThat(other.shouldDefer()).isTrue();
        system.answer("getQueuedCompletionStatusEx", a -> {
            if ((int) a[4] == 100) {
                whileItWaits(port);
            }
            return WAIT_TIMEOUT();
        });
        port.dequeue(other, 100);
        assertThat(done).containsExactly("does not defer");
        assertThat(other.shouldDefer()).as("both run again").isTrue();
    }

    private void whileItWaits(CompletionPort port) {
        try {
            port.dequeue(io, 0);
        } catch (Win32Exception e) {
            throw new AssertionError(e);
        }
        done.add(io.shouldDefer() ? "defers" : "does not defer");
    }

    @Test
    void isDoneBeforeTheThreadWaits() throws Exception {
        CompletionPort port = port(1);
        system.answer("getQueuedCompletionStatusEx", a -> {
            done.add("waits");
            return WAIT_TIMEOUT();
        });
        io.defer(on -> done.add("done"));
        assertThat(io.hasWork()).isTrue();
        port.dequeue(io, 100);
        assertThat(done).containsExactly("done", "waits");
        assertThat(io.hasWork()).isFalse();
    }

    /** Work that causes more work: deferred tasks wait for it, but 512 at most do. */
    @Test
    void waitsWhileThereIsOtherWorkUntilTooMuchIsDeferred() throws Exception {
        CompletionPort port = port(1);
        boolean[] goesOn = {true};
        Operation[] work = new Operation[1];
        work[0] = slab.add((op, key, status, bytes, on) -> {
            if (goesOn[0]) {
                on.receive(work[0], 1, SOCKET, 1);
            }
        });
        work[0].delivery(Delivery.RETURN);
        io.receive(work[0], 1, SOCKET, 1);
        IntStream.range(0, 600).forEach(i -> io.defer(on -> done.add(String.valueOf(i))));
        port.dequeue(io, 0);
        assertThat(done).as("the oldest").hasSize(600 - 512).startsWith("0", "1", "2");
        goesOn[0] = false;
        port.dequeue(io, 0);
        assertThat(done).as("nothing else at hand").hasSize(600).endsWith("598", "599");
    }

    /** However many there are, and have been: those that wait, and no other. */
    @Test
    void whatWaitsCanBeLookedAt() throws Exception {
        CompletionPort port = port(1);
        List<IoTask> tasks = new ArrayList<>();
        for (int count : new int[] {1, 50, 64, 65, 1000}) {
            for (int i = 0; i < count; i++) {
                int number = i;
                IoTask task = on -> done.add("done " + number);
                tasks.add(task);
                io.defer(task);
            }
            List<IoTask> waiting = new ArrayList<>();
            io.forEachDeferred(waiting::add);
            assertThat(waiting).containsExactlyInAnyOrderElementsOf(tasks);
            port.dequeue(io, 0);
            tasks.clear();
            io.forEachDeferred(tasks::add);
            assertThat(tasks).as("none waits").isEmpty();
        }
        assertThat(done).hasSize(1 + 50 + 64 + 65 + 1000);
    }

    @Test
    void oneThatThrowsKeepsNoOtherFromBeingDone() throws Exception {
        CompletionPort port = port(1);
        io.defer(on -> {
            throw new IllegalStateException("a fault");
        });
        io.defer(on -> done.add("done"));
        assertThatThrownBy(() -> port.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);
        assertThat(done).containsExactly("done");
    }
}
