package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_RELEASE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;
import static org.iocp4j.win32.generated.WinTypes.PAGE_READWRITE;
import static org.iocp4j.win32.generated.WinTypes.SOCK_STREAM;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NullWin32Test {
    private static final int ENTRIES = 64;
    private static final int ADDRESS_BYTES = 44;

    private final NullWin32 kernel = new NullWin32();
    private final long port = kernel.createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment entries = arena.allocate(OVERLAPPED_ENTRY.sizeof() * ENTRIES, 8);
    private final MemorySegment removed = arena.allocate(JAVA_INT);
    private final MemorySegment overlapped = arena.allocate(OVERLAPPED.sizeof(), 8);
    private final MemorySegment another = arena.allocate(OVERLAPPED.sizeof(), 8);
    private final MemorySegment buffers = arena.allocate(WSABUF.sizeof(), 8);
    private final MemorySegment output = arena.allocate(2 * ADDRESS_BYTES, 8);

    private long socket(long key) {
        long socket = kernel.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0);
        assertThat(kernel.createIoCompletionPort(socket, port, key, 0)).isEqualTo(port);
        return socket;
    }

    private void receive(long socket) {
        assertThat(kernel.wsaRecv(socket, buffers.address(), 1, 0, overlapped.address())).isEqualTo(WSA_IO_PENDING());
    }

    private void accept(long listener, long socket, MemorySegment by) {
        assertThat(kernel.acceptEx(listener, socket, output.address(), 0, ADDRESS_BYTES, ADDRESS_BYTES, 0,
                by.address())).isEqualTo(WSA_IO_PENDING());
    }

    /** How many packets came. */
    private int dequeue() {
        int error = kernel.getQueuedCompletionStatusEx(port, entries.address(), ENTRIES, removed.address(), 100);
        int taken = removed.get(JAVA_INT, 0);
        assertThat(error).isEqualTo(taken == 0 ? WAIT_TIMEOUT() : 0);
        return taken;
    }

    private long key(int i) {
        return entries.get(JAVA_LONG, i * OVERLAPPED_ENTRY.sizeof() + OVERLAPPED_ENTRY.lpCompletionKey$offset());
    }

    private long overlapped(int i) {
        return entries.get(JAVA_LONG, i * OVERLAPPED_ENTRY.sizeof() + OVERLAPPED_ENTRY.lpOverlapped$offset());
    }

    private int bytes(int i) {
        return entries.get(JAVA_INT,
                i * OVERLAPPED_ENTRY.sizeof() + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset());
    }

    private static int status(MemorySegment overlapped) {
        return (int) overlapped.get(JAVA_LONG, OVERLAPPED.Internal$offset());
    }

    @Test
    void whatComesHasItsPacketWithTheSocketsKey() {
        long socket = socket(7);
        assertThatIllegalStateException().isThrownBy(() -> kernel.arrive(socket, 64))
                .withMessage("64 bytes come, and no receive is pending on socket " + socket);
        receive(socket);
        assertThat(kernel.hasReceive(socket)).isTrue();
        assertThat(dequeue()).isZero();
        kernel.arrive(socket, 64);
        assertThat(kernel.hasReceive(socket)).isFalse();
        assertThat(dequeue()).isOne();
        assertThat(key(0)).isEqualTo(7);
        assertThat(overlapped(0)).isEqualTo(overlapped.address());
        assertThat(bytes(0)).isEqualTo(64);
        assertThat(status(overlapped)).isZero();
        assertThat(dequeue()).isZero();
    }

    @Test
    void aMillionSocketsReceive() {
        int sockets = 1_000_000;
        long first = socket(0);
        for (int i = 1; i < sockets; i++) {
            assertThat(socket(i) - first).isEqualTo(i);
        }
        for (int i = 0; i < sockets; i++) {
            receive(first + i);
        }
        for (int i = sockets - 1; i >= 0; i--) {
            kernel.arrive(first + i, i);
        }
        assertThat(kernel.waitingPackets()).isEqualTo(sockets);
        int expected = sockets;
        for (int taken = dequeue(); taken > 0; taken = dequeue()) {
            for (int i = 0; i < taken; i++) {
                expected--;
                assertThat(key(i)).isEqualTo(expected);
                assertThat(bytes(i)).isEqualTo(expected);
            }
        }
        assertThat(expected).isZero();
    }

    @Test
    void aSendIsDoneAtOnceAndHasAPacketUnlessItsSocketSkipsIt() {
        buffers.set(JAVA_INT, WSABUF.len$offset(), 10);
        long socket = socket(7);
        assertThat(kernel.wsaSend(socket, buffers.address(), 1, 0, overlapped.address())).isZero();
        assertThat(dequeue()).isOne();
        assertThat(bytes(0)).isEqualTo(10);
        kernel.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
        assertThat(kernel.wsaSend(socket, buffers.address(), 1, 0, another.address())).isZero();
        assertThat(dequeue()).isZero();
        assertThat(another.get(JAVA_LONG, OVERLAPPED.InternalHigh$offset())).isEqualTo(10);
    }

    @Test
    void clientsAreAcceptedInTheOrderOfTheAccepts() {
        long listener = socket(1);
        assertThatIllegalStateException().isThrownBy(kernel::connect)
                .withMessage("a client connects, and no accept is pending");
        long early = kernel.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0);
        long late = kernel.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0);
        accept(listener, early, overlapped);
        accept(listener, late, another);
        assertThat(kernel.connect()).isEqualTo(early);
        assertThat(dequeue()).isOne();
        assertThat(key(0)).as("the listener's").isEqualTo(1);
        assertThat(overlapped(0)).isEqualTo(overlapped.address());
        assertThat(kernel.connect()).isEqualTo(late);
    }

    /** Else a server's close would wait for ever. */
    @Test
    void whatIsPendingIsCancelledWithItsSocket() {
        long listener = socket(1);
        accept(listener, kernel.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0), another);
        long socket = socket(2);
        receive(socket);
        assertThat(kernel.cancelIoEx(socket, another.address())).isEqualTo(ERROR_NOT_FOUND());
        assertThat(kernel.closesocket(listener)).isZero();
        assertThat(kernel.closesocket(socket)).isZero();
        assertThat(dequeue()).isEqualTo(2);
        assertThat(overlapped(0)).isEqualTo(another.address());
        assertThat(overlapped(1)).isEqualTo(overlapped.address());
        assertThat(status(another)).isEqualTo(STATUS_CANCELLED());
        assertThat(status(overlapped)).isEqualTo(STATUS_CANCELLED());
        assertThat(kernel.rtlNtStatusToDosError(STATUS_CANCELLED())).isEqualTo(995);
    }

    /** A handle keeps its key until it is closed; then its number is another socket's. */
    @Test
    void aClosedSocketsHandleIsGivenAgainAsNew() {
        long socket = socket(7);
        assertThat(kernel.createIoCompletionPort(socket, port, 8, 0)).isEqualTo(-ERROR_INVALID_PARAMETER());
        kernel.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
        assertThat(kernel.closesocket(socket)).isZero();
        assertThat(kernel.closesocket(socket)).isEqualTo(WSAENOTSOCK());
        assertThat(socket(8)).isEqualTo(socket);
        assertThat(kernel.wsaSend(socket, buffers.address(), 1, 0, overlapped.address())).isZero();
        assertThat(dequeue()).isOne();
        assertThat(key(0)).isEqualTo(8);
    }

    @Test
    void anotherThreadsPacketsComeToo() throws InterruptedException {
        Thread other = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 1_000; i++) {
                kernel.postQueuedCompletionStatus(port, i, i, 0);
            }
        });
        int came = 0;
        while (came < 1_000) {
            for (int i = dequeue(); i > 0; i--) {
                came++;
            }
        }
        other.join();
        assertThat(dequeue()).isZero();
        assertThat(kernel.waitingPackets()).isZero();
    }

    @Test
    void timePassesWhenItIsTold() {
        long before = kernel.nanoTime();
        kernel.sleep(1_000);
        kernel.getQueuedCompletionStatusEx(port, entries.address(), ENTRIES, removed.address(), 1_000);
        assertThat(kernel.nanoTime()).isEqualTo(before);
        kernel.pass(5);
        assertThat(kernel.nanoTime()).isEqualTo(before + 5);
    }

    /** A million sessions reserve gigabytes: they must take no memory before they are touched. */
    @Test
    void reservedMemoryIsThereWhereItIsCommitted() {
        long bytes = 4L << 30;
        long address = kernel.virtualAlloc(0, bytes, MEM_RESERVE(), PAGE_READWRITE());
        assertThat(address).isPositive();
        assertThat(kernel.committedBytes()).isZero();
        long last = address + bytes - 4096;
        assertThat(kernel.virtualAlloc(last, 4096, MEM_COMMIT(), PAGE_READWRITE())).isEqualTo(last);
        assertThat(kernel.virtualAlloc(last, 8192, MEM_COMMIT(), PAGE_READWRITE())).isNegative();
        assertThat(kernel.committedBytes()).isEqualTo(4096);
        MemorySegment page = MemorySegment.ofAddress(last).reinterpret(4096);
        assertThat(page.get(JAVA_LONG, 0)).isZero();
        page.fill((byte) 1);
        assertThat(kernel.virtualFree(address, 0, MEM_RELEASE())).isZero();
        assertThat(kernel.committedBytes()).isZero();
    }
}
