package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOCK_STREAM;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_UPDATE_CONNECT_CONTEXT;
import static org.iocp4j.win32.generated.WinTypes.STATUS_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.WSA_FLAG_OVERLAPPED;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/**
 * The real system as the tests of its calls need it: a port, sockets on it, and what their packets say. Its memory is
 * never released, for after a failed test the kernel may still write there.
 */
final class RealPort implements AutoCloseable {
    /** How an operation ended. */
    record Outcome(int status, long bytes) {
        static Outcome success(long bytes) {
            return new Outcome(STATUS_SUCCESS(), bytes);
        }

        @Override
        public String toString() {
            return ErrorName.ofStatus(status) + ", " + bytes + " bytes";
        }
    }

    /** Longer than Windows tries to reach a port where nobody listens. */
    private static final int LONG_MILLIS = 30_000;
    private static final int SHORT_MILLIS = 100;

    final Win32 win32 = WindowsWin32.attach();
    final boolean wine = !win32.wineVersion().isEmpty();
    final Arena arena = Arena.global();

    private final long port = win32.createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
    private final List<Long> sockets = new ArrayList<>();

    /** A bound socket whose operations' packets come here. */
    long socket(InetAddress local) {
        long socket = unattached(local);
        add(socket);
        return socket;
    }

    /** A bound socket that is on no port. */
    long unattached(InetAddress local) {
        long socket = unbound(Sockaddr.family(local));
        MemorySegment address = sockaddr(new InetSocketAddress(local, 0));
        assertThat(win32.bind(socket, address.address(), (int) address.byteSize())).isZero();
        return socket;
    }

    /** A socket that is on no port, either. */
    long unbound(int family) {
        long socket = win32.wsaSocket(family, SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
        assertThat(socket).isPositive();
        sockets.add(socket);
        return socket;
    }

    /** A socket that is connected, and knows it. */
    long connected(InetSocketAddress peer) {
        long socket = socket(peer.getAddress());
        MemorySegment connect = operation();
        assertThat(outcome(connectEx(socket, peer, connect), connect)).isEqualTo(Outcome.success(0));
        assertThat(win32.setsockopt(socket, SOL_SOCKET(), SO_UPDATE_CONNECT_CONTEXT(), 0, 0)).isZero();
        return socket;
    }

    void add(long handle) {
        assertThat(win32.createIoCompletionPort(handle, port, handle, 0)).isEqualTo(port);
    }

    void skipPacketsOnSuccess(long handle) {
        assertThat(win32.setFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS())).isZero();
    }

    /** A new OVERLAPPED. */
    MemorySegment operation() {
        return OVERLAPPED.allocate(arena);
    }

    /** A new OVERLAPPED of an operation that begins at an offset of its file. */
    MemorySegment operationAt(long offset) {
        MemorySegment operation = operation();
        OVERLAPPED.Offset(operation, (int) offset);
        OVERLAPPED.OffsetHigh(operation, (int) (offset >>> 32));
        return operation;
    }

    MemorySegment sockaddr(InetSocketAddress address) {
        MemorySegment target = arena.allocate(Sockaddr.MAX_BYTES, 8);
        return target.asSlice(0, Sockaddr.write(address, target));
    }

    /** One WSABUF for each of the buffers. */
    MemorySegment buffers(MemorySegment... buffers) {
        MemorySegment array = WSABUF.allocateArray(buffers.length, arena);
        for (int i = 0; i < buffers.length; i++) {
            MemorySegment buffer = WSABUF.asSlice(array, i);
            WSABUF.buf(buffer, buffers[i].address());
            WSABUF.len(buffer, (int) buffers[i].byteSize());
        }
        return array;
    }

    int connectEx(long socket, InetSocketAddress peer, MemorySegment operation) {
        MemorySegment address = sockaddr(peer);
        return win32.connectEx(socket, address.address(), (int) address.byteSize(), 0, 0, 0, operation.address());
    }

    int wsaRecv(long socket, MemorySegment operation, MemorySegment... buffers) {
        MemorySegment flags = arena.allocate(JAVA_INT);
        MemorySegment array = buffers(buffers);
        int error = win32.wsaRecv(socket, array.address(), buffers.length, flags.address(), operation.address());
        array.fill((byte) -1); // the call has copied it
        return error;
    }

    /** How an operation ended that was posted with this result; its packet has to be the next one. */
    Outcome outcome(int error, MemorySegment operation) {
        assertThat(error).isIn(0, WSA_IO_PENDING());
        return outcome(operation);
    }

    /** As its packet says, which has to be the next one. */
    Outcome outcome(MemorySegment operation) {
        MemorySegment entry = OVERLAPPED_ENTRY.allocate(arena);
        assertThat(dequeue(entry, LONG_MILLIS)).isZero();
        assertThat(OVERLAPPED_ENTRY.lpOverlapped(entry)).isEqualTo(operation.address());
        assertThat(OVERLAPPED.InternalHigh(operation))
                .isEqualTo(OVERLAPPED_ENTRY.dwNumberOfBytesTransferred(entry));
        return ended(operation);
    }

    /** How an operation ended whose handle sends no packet where the call returned 0. */
    Outcome outcomeSkipping(int error, MemorySegment operation) {
        return error == 0 ? ended(operation) : outcome(error, operation);
    }

    private static Outcome ended(MemorySegment operation) {
        return new Outcome((int) OVERLAPPED.Internal(operation), OVERLAPPED.InternalHigh(operation));
    }

    /** No packet is there, and none comes for a while. */
    void assertNoPacket() {
        assertThat(dequeue(OVERLAPPED_ENTRY.allocate(arena), SHORT_MILLIS)).isEqualTo(WAIT_TIMEOUT());
    }

    private int dequeue(MemorySegment entry, int millis) {
        MemorySegment removed = arena.allocate(JAVA_INT);
        return win32.getQueuedCompletionStatusEx(port, entry.address(), 1, removed.address(), millis);
    }

    InetSocketAddress peer(long socket) {
        return name((address, length) -> win32.getpeername(socket, address, length));
    }

    InetSocketAddress local(long socket) {
        return name((address, length) -> win32.getsockname(socket, address, length));
    }

    private InetSocketAddress name(LongBinaryOperator call) {
        MemorySegment address = arena.allocate(Sockaddr.MAX_BYTES, 8);
        MemorySegment length = arena.allocateFrom(JAVA_INT, Sockaddr.MAX_BYTES);
        assertThat(call.applyAsLong(address.address(), length.address())).isZero();
        return Sockaddr.read(address.asSlice(0, length.get(JAVA_INT, 0)), 0);
    }

    /** The error of a getpeername that is to fail. */
    int noPeer(long socket) {
        MemorySegment address = arena.allocate(Sockaddr.MAX_BYTES, 8);
        MemorySegment length = arena.allocateFrom(JAVA_INT, Sockaddr.MAX_BYTES);
        return win32.getpeername(socket, address.address(), length.address());
    }

    int option(long socket, int option) {
        MemorySegment value = arena.allocate(JAVA_INT);
        MemorySegment length = arena.allocateFrom(JAVA_INT, (int) JAVA_INT.byteSize());
        assertThat(win32.getsockopt(socket, SOL_SOCKET(), option, value.address(), length.address())).isZero();
        return value.get(JAVA_INT, 0);
    }

    int closesocket(long socket) {
        sockets.remove(socket);
        return win32.closesocket(socket);
    }

    @Override
    public void close() {
        sockets.forEach(socket -> {
            win32.cancelIoEx(socket, 0);
            win32.closesocket(socket);
        });
        win32.closeHandle(port);
        win32.close();
    }
}
