package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_ABANDONED_WAIT_0;
import static org.iocp4j.win32.generated.WinTypes.STATUS_PENDING;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operations that complete synchronously, and how their completion is delivered. */
class DeliveryTest {
    private static final long SOCKET = 880;
    /** How many synchronous completions of one operation alone run before the port is polled again. */
    private static final int IN_A_ROW = 16;

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private final List<String> completed = new ArrayList<>();
    private final List<Integer> timeouts = new ArrayList<>();
    private OperationSlab slab;
    private CompletionPort port;

    @BeforeEach
    void makePort() throws Win32Exception {
        slab = new OperationSlab(system.win32(), 10);
        slab.commit(system.win32(), 10);
        port = new CompletionPort(system.win32(), 0, slab, (key, bytes, on) -> { });
    }

    private Operation operation(String name, Delivery delivery) {
        Operation operation = slab.add((op, key, status, bytes, on) ->
                completed.add(name + ": " + status + ", " + bytes));
        operation.delivery(delivery);
        return operation;
    }

    /** WSARecv returns this, and leaves the rest in the OVERLAPPED. */
    private void receiveReturns(int error, int status, int bytes) {
        callReturns("wsaRecv", 4, error, status, bytes);
    }

    private void disconnectReturns(int error, int status) {
        callReturns("disconnectEx", 1, error, status, 0);
    }

    private void callReturns(String call, int overlappedArgument, int error, int status, int bytes) {
        system.answer(call, a -> {
            MemorySegment overlapped = MemorySegment.ofAddress((long) a[overlappedArgument])
                    .reinterpret(OVERLAPPED.sizeof());
            overlapped.set(JAVA_LONG, OVERLAPPED.Internal$offset(), 0xABCD_0000_0000L | status);
            overlapped.set(JAVA_LONG, OVERLAPPED.InternalHigh$offset(), bytes);
            return error;
        });
    }

    private void noPacketsButTimeouts() {
        system.answer("getQueuedCompletionStatusEx", a -> {
            timeouts.add((int) a[4]);
            return WAIT_TIMEOUT();
        });
    }

    @Test
    void aSynchronousCompletionRunsInTheNextDequeueAndNotInsideThePost() throws Exception {
        receiveReturns(0, 0, 17);
        noPacketsButTimeouts();
        Operation a = operation("a", Delivery.RETURN);
        assertThat(io.receive(a, 1, SOCKET, 1)).isZero();
        assertThat(completed).isEmpty();
        assertThat(a.isPending()).as("its memory is the kernel's until its completion runs").isTrue();
        assertThat(port.dequeue(io, 100)).isOne();
        assertThat(completed).containsExactly("a: 0, 17");
        assertThat(a.isPending()).isFalse();
        assertThat(timeouts).containsExactly(100);
        port.dequeue(io, 100);
        assertThat(completed).as("once").hasSize(1);
    }

    @Test
    void withPacketsTheReturnCompletesNothing() throws Exception {
        receiveReturns(0, 0, 17);
        Operation a = operation("a", Delivery.PACKET);
        io.receive(a, 1, SOCKET, 1);
        assertThat(port.dequeue(io, 0)).isZero();
        system.packet(0, a, 0, 17);
        assertThat(port.dequeue(io, 0)).isOne();
        assertThat(completed).containsExactly("a: 0, 17");
    }

    @Test
    void whatPendsHasItsPacketWhateverTheDelivery() throws Exception {
        receiveReturns(WSA_IO_PENDING(), STATUS_PENDING(), 0);
        for (Delivery delivery : Delivery.values()) {
            Operation operation = operation(delivery.name(), delivery);
            io.receive(operation, 1, SOCKET, 1);
            assertThat(port.dequeue(io, 0)).isZero();
            system.packet(0, operation, 0, 5);
            assertThat(port.dequeue(io, 0)).isOne();
        }
        assertThat(completed).containsExactly("PACKET: 0, 5", "RETURN: 0, 5", "STATUS: 0, 5");
    }

    @Test
    void aDisconnectThatPendsHasItsPacketWhateverTheDelivery() throws Exception {
        disconnectReturns(WSA_IO_PENDING(), STATUS_PENDING());
        for (Delivery delivery : Delivery.values()) {
            Operation operation = operation(delivery.name(), delivery);
            io.disconnect(operation, 1, SOCKET, 0);
            assertThat(port.dequeue(io, 0)).isZero();
            system.packet(0, operation, 0, 0);
            assertThat(port.dequeue(io, 0)).isOne();
        }
        assertThat(completed).containsExactly("PACKET: 0, 0", "RETURN: 0, 0", "STATUS: 0, 0");
    }

    /** Both return "pending" and are complete by the OVERLAPPED: all but one have a packet on its way. */
    @Test
    void aPendingReturnIsReadFromTheOverlappedOnlyForADisconnectWithStatus() throws Exception {
        receiveReturns(WSA_IO_PENDING(), 0, 0);
        disconnectReturns(WSA_IO_PENDING(), 0);
        for (Delivery delivery : Delivery.values()) {
            io.receive(operation("receive, " + delivery, delivery), 1, SOCKET, 1);
            io.disconnect(operation("disconnect, " + delivery, delivery), 1, SOCKET, 0);
        }
        assertThat(port.dequeue(io, 0)).isOne();
        assertThat(completed).containsExactly("disconnect, STATUS: 0, 0");
    }

    @Test
    void aRefusedPostHasNoCompletion() throws Exception {
        receiveReturns(WSAECONNRESET(), 0, 0);
        for (Delivery delivery : Delivery.values()) {
            Operation operation = operation(delivery.name(), delivery);
            assertThat(io.receive(operation, 1, SOCKET, 1)).isEqualTo(WSAECONNRESET());
            assertThat(operation.isPending()).isFalse();
        }
        assertThat(port.dequeue(io, 0)).isZero();
        assertThat(completed).isEmpty();
    }

    /**
     * An echo that completes synchronously, again and again: packets get their turn all the same, but not each time.
     */
    @Test
    void thePortHasItsTurnInBetweenWithoutAWait() throws Exception {
        receiveReturns(0, 0, 1);
        noPacketsButTimeouts();
        Operation[] again = new Operation[1];
        again[0] = slab.add((op, key, status, bytes, on) -> {
            completed.add("again");
            io.receive(again[0], 1, SOCKET, 1);
        });
        again[0].delivery(Delivery.RETURN);
        io.receive(again[0], 1, SOCKET, 1);
        assertThat(port.dequeue(io, 100)).isEqualTo(IN_A_ROW);
        assertThat(port.dequeue(io, 100)).isEqualTo(IN_A_ROW);
        assertThat(completed).hasSize(2 * IN_A_ROW);
        assertThat(timeouts).containsExactly(0, 0);
    }

    /** A look at an empty port is a system call, and an echo on one connection alone would have two of them. */
    @Test
    void whatFollowsSynchronouslyRunsBeforeTheWait() throws Exception {
        receiveReturns(0, 0, 1);
        noPacketsButTimeouts();
        Operation[] chain = new Operation[3];
        for (int i = 0; i < chain.length; i++) {
            int next = i + 1;
            chain[i] = slab.add((op, key, status, bytes, on) -> {
                completed.add("link " + next);
                if (next < chain.length) {
                    io.receive(chain[next], 1, SOCKET, 1);
                }
            });
            chain[i].delivery(Delivery.RETURN);
        }
        io.receive(chain[0], 1, SOCKET, 1);
        assertThat(port.dequeue(io, 100)).isEqualTo(3);
        assertThat(completed).containsExactly("link 1", "link 2", "link 3");
        assertThat(timeouts).containsExactly(100);
    }

    /** Else those that are quick have a second turn before the others have had their first. */
    @Test
    void packetsThatWaitComeBeforeWhatTheyCause() throws Exception {
        receiveReturns(0, 0, 1);
        Operation consequence = operation("consequence", Delivery.RETURN);
        CompletionPort busy = new CompletionPort(system.win32(), 0, slab, (key, bytes, on) -> {
            completed.add("packet");
            if (key == 1) {
                on.receive(consequence, 1, SOCKET, 1);
            }
        });
        system.packet(1, 0, 0);
        for (int i = 1; i < 100; i++) {
            system.packet(0, 0, 0);
        }
        assertThat(busy.dequeue(io, 100)).isEqualTo(100);
        assertThat(completed).hasSize(100).doesNotContain("consequence: 0, 1");
        assertThat(busy.dequeue(io, 0)).isOne();
        assertThat(completed).hasSize(101).endsWith("consequence: 0, 1");
    }

    @Test
    void packetsThatNeverEndDoNotKeepTheThreadForEver() throws Exception {
        CompletionPort flooded = new CompletionPort(system.win32(), 0, slab,
                (key, bytes, on) -> system.packet(0, 0, 0));
        for (int i = 0; i < 64; i++) {
            system.packet(0, 0, 0);
        }
        assertThat(flooded.dequeue(io, 100)).isEqualTo(512);
        assertThat(flooded.dequeue(io, 100)).isEqualTo(512);
    }

    /** Packets come faster than the synchronous completions that they cause, unless all of those get their turn. */
    @Test
    void synchronousCompletionsDoNotPileUp() throws Exception {
        receiveReturns(0, 0, 1);
        OperationSlab many = new OperationSlab(system.win32(), 2_000);
        many.commit(system.win32(), 2_000);
        CompletionPort busy = new CompletionPort(system.win32(), 0, many, (key, bytes, on) -> {
            Operation operation = many.add((op, k, status, b, to) -> { });
            operation.delivery(Delivery.RETURN);
            on.receive(operation, 1, SOCKET, 1);
        });
        for (int i = 0; i < 2_000; i++) {
            system.packet(0, 0, 0);
        }
        for (int i = 0; i < 3; i++) {
            busy.dequeue(io, 0);
            assertThat(io.runQueue().completedCount()).as("after the call %d", i).isEqualTo(512);
        }
    }

    /** Else the failure would be lost: the worker ends with its port. */
    @Test
    void aFailureIsThrownThoughThePortIsGoneAtTheNextPoll() throws Exception {
        CompletionPort failing = new CompletionPort(system.win32(), 0, slab, (key, bytes, on) -> {
            system.answer("getQueuedCompletionStatusEx", a -> ERROR_ABANDONED_WAIT_0());
            throw new IllegalStateException("a fault");
        });
        for (int i = 0; i < 64; i++) {
            system.packet(0, 0, 0);
        }
        assertThatThrownBy(() -> failing.dequeue(io, 100)).isInstanceOf(CompletionFailedException.class);
        assertThatThrownBy(() -> failing.dequeue(io, 100)).isInstanceOf(Win32Exception.class);
    }

    @Test
    void oneThatThrowsKeepsNoOtherFromRunning() {
        receiveReturns(0, 0, 3);
        Operation broken = slab.add((op, key, status, bytes, on) -> {
            throw new IllegalStateException("a fault");
        });
        broken.delivery(Delivery.RETURN);
        io.receive(broken, 1, SOCKET, 1);
        io.receive(operation("b", Delivery.RETURN), 1, SOCKET, 1);
        assertThatThrownBy(() -> port.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);
        assertThat(completed).containsExactly("b: 0, 3");
        assertThat(slab.pendingCount()).isZero();
    }

    /** A peer that always has bytes, and whose handler throws at each, must not keep the others out. */
    @Test
    void whatThrowsAgainAndAgainKeepsNoPacketFromItsTurn() throws Exception {
        List<Long> packets = new ArrayList<>();
        CompletionPort own = new CompletionPort(system.win32(), 0, slab, (key, bytes, on) -> packets.add(key));
        receiveReturns(0, 0, 3);
        Operation endless = slab.add((op, key, status, bytes, on) -> {
            on.receive(op, 1, SOCKET, 1);
            throw new IllegalStateException("a fault");
        });
        endless.delivery(Delivery.RETURN);
        io.receive(endless, 1, SOCKET, 1);
        system.packet(7, 0, 0);
        assertThatThrownBy(() -> own.dequeue(io, -1)).isInstanceOf(CompletionFailedException.class);
        assertThat(packets).containsExactly(7L);
    }

    @Test
    void afterAFailureItDoesNotWait() throws Exception {
        noPacketsButTimeouts();
        receiveReturns(0, 0, 3);
        Operation broken = slab.add((op, key, status, bytes, on) -> {
            throw new IllegalStateException("a fault");
        });
        broken.delivery(Delivery.RETURN);
        io.receive(broken, 1, SOCKET, 1);
        assertThatThrownBy(() -> port.dequeue(io, -1)).isInstanceOf(CompletionFailedException.class);
        assertThat(timeouts).containsExactly(0);
    }
}
