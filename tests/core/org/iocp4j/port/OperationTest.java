package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.OPERATION;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An operation's round trip: posted through an {@link IoThread}, completed by its packet. */
class OperationTest {
    private static final long SOCKET = 880;
    private static final long OWNER = 0x0007_0000_0000_002AL;

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private final List<String> completions = new ArrayList<>();
    private Operation operation;

    @BeforeEach
    void makeOperation() throws Win32Exception {
        operation = slab().add((op, key, status, bytes, on) ->
                completions.add(String.format(Locale.ROOT, "key %d, status %X, %d bytes, owner %X, %s", key, status,
                        bytes, op.owner(), op.isPending() ? "pending" : "complete")));
        system.answer("wsaRecv", a -> WSA_IO_PENDING());
    }

    private OperationSlab slab() throws Win32Exception {
        OperationSlab slab = new OperationSlab(system.win32(), 1);
        slab.commit(system.win32(), 1);
        return slab;
    }

    private MemorySegment memory() {
        return MemorySegment.ofAddress(operation.address()).reinterpret(OPERATION.sizeof());
    }

    private void completeWith(int status, int bytes) {
        memory().set(JAVA_LONG, OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(status));
        operation.complete(5, bytes, io);
    }

    @Test
    void isPendingFromThePostToThePacket() {
        assertThat(operation.isPending()).isFalse();
        assertThat(io.receive(operation, OWNER, SOCKET, 1)).isZero();
        assertThat(operation.isPending()).isTrue();
        completeWith(0, 12);
        assertThat(operation.isPending()).isFalse();
        assertThat(completions).containsExactly("key 5, status 0, 12 bytes, owner 700000000002A, complete");
    }

    @Test
    void isPendingBeforeTheCallSoThatThePacketMayComeFirst() {
        system.answer("wsaRecv", a -> {
            assertThat(operation.isPending()).isTrue();
            assertThat(operation.owner()).isEqualTo(OWNER);
            completeWith(0, 3);
            return WSA_IO_PENDING();
        });
        assertThat(io.receive(operation, OWNER, SOCKET, 1)).isZero();
        assertThat(operation.isPending()).as("complete before the call returned").isFalse();
        assertThat(completions).hasSize(1);
    }

    /** Without skip-on-success a packet follows a call that completed synchronously, too. */
    @Test
    void callThatCompletesSynchronouslyStillHasItsPacket() {
        system.answer("wsaRecv", a -> 0);
        assertThat(io.receive(operation, OWNER, SOCKET, 1)).isZero();
        assertThat(operation.isPending()).isTrue();
    }

    @Test
    void failedPostIsNotOutAndMayBePostedAgain() {
        system.answer("wsaRecv", a -> WSAECONNRESET());
        assertThat(io.receive(operation, OWNER, SOCKET, 1)).isEqualTo(WSAECONNRESET());
        assertThat(operation.isPending()).isFalse();
        system.answer("wsaRecv", a -> WSA_IO_PENDING());
        assertThat(io.receive(operation, OWNER, SOCKET, 1)).isZero();
        assertThat(completions).isEmpty();
    }

    @Test
    void postedWhileItIsPendingThrowsAndLeavesTheKernelsMemoryAlone() {
        io.receive(operation, OWNER, SOCKET, 1);
        memory().set(JAVA_LONG, OVERLAPPED.Internal$offset(), 0x103);
        system.answer("wsaRecv", a -> {
            throw new AssertionError("posted twice");
        });
        assertThatThrownBy(() -> io.receive(operation, OWNER + 1, SOCKET, 1))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("owner " + OWNER);
        assertThat(memory().get(JAVA_LONG, OVERLAPPED.Internal$offset())).isEqualTo(0x103);
        assertThat(operation.owner()).isEqualTo(OWNER);
        assertThat(operation.isPending()).isTrue();
    }

    @Test
    void overlappedIsZeroedBeforeEachPostAndTheOwnerNamed() {
        memory().fill((byte) 0xFF);
        system.answer("wsaRecv", a -> {
            assertThat((long) a[0]).isEqualTo(SOCKET);
            assertThat((long) a[4]).isEqualTo(operation.address());
            assertThat(memory().asSlice(0, OVERLAPPED.sizeof()).toArray(JAVA_LONG)).containsOnly(0);
            assertThat(memory().get(JAVA_LONG, OPERATION.owner$offset())).isEqualTo(OWNER);
            return WSA_IO_PENDING();
        });
        assertThat(io.receive(operation, OWNER, SOCKET, 1)).isZero();
    }

    /** The status is the OVERLAPPED's own: a failure is negative. */
    @Test
    void failureIsItsStatus() {
        io.receive(operation, OWNER, SOCKET, 1);
        completeWith(0xC000020D, 0);
        assertThat(completions).containsExactly("key 5, status C000020D, 0 bytes, owner 700000000002A, complete");
    }

    @Test
    void secondPacketForOnePostIsRefused() {
        io.receive(operation, OWNER, SOCKET, 1);
        completeWith(0, 1);
        assertThatThrownBy(() -> completeWith(0, 1)).isInstanceOf(IllegalStateException.class);
        assertThat(completions).hasSize(1);
    }

    @Test
    void completionMayPostItAgain() throws Exception {
        List<Integer> left = new ArrayList<>(List.of(3, 2, 1));
        operation = slab().add((op, key, status, bytes, on) -> {
            left.removeFirst();
            if (!left.isEmpty()) {
                assertThat(on.receive(op, OWNER, SOCKET, 1)).isZero();
            }
        });
        io.receive(operation, OWNER, SOCKET, 1);
        while (operation.isPending()) {
            completeWith(0, 1);
        }
        assertThat(left).isEmpty();
    }

    @Test
    void namesItsOwnerUnsigned() {
        io.receive(operation, -2, SOCKET, 1);
        assertThat(operation).asString().endsWith("owner 18446744073709551614");
    }
}
