package org.iocp4j.server;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.iocp4j.win32.PartialWin32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;
import org.iocp4j.win32.generated.sockaddr_in;

/**
 * A kernel that costs next to nothing, so that what is left is the server's own: sends and disconnects are done at
 * once, accepts and receives when the test says so; each then has its packet, unless its socket skips it. Allocates
 * nothing once it has started, and its time passes when the test says so. One thread.
 */
class NullWin32 extends PartialWin32 {
    private static final int MOST_HANDLES = 1 << 13;
    /** A power of two, and more than there are operations. */
    private static final int MOST_PACKETS = 1 << 14;
    private static final int ADDRESS_BYTES = (int) sockaddr_in.sizeof() + 16;
    private static final ValueLayout.OfShort FAMILY = JAVA_SHORT;
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final Arena arena = Arena.ofAuto();
    private final long[] keys = new long[MOST_HANDLES];
    private final long[] receives = new long[MOST_HANDLES];
    /** What is over when its call returns has no packet. */
    private final boolean[] skips = new boolean[MOST_HANDLES];
    private int handles = 3;
    private long listener;
    /** The posted accepts: overlapped, output and socket of each, the oldest first. */
    private final long[] accepts = new long[3 * MOST_HANDLES];
    private int firstAccept;
    private int nextAccept;
    /** The packets: key, overlapped and bytes of each. */
    private final long[] packets = new long[3 * MOST_PACKETS];
    private int firstPacket;
    private int nextPacket;
    /** The first memory reserved, which the server has for its buffers. */
    private long buffers;
    private long buffersEnd;
    private long committedBytes;
    private long nanoTime;

    // ---- for the test ----

    /** A client connects; the socket that it is accepted on. */
    long connect() {
        int at = 3 * (firstAccept++ % MOST_HANDLES);
        long output = accepts[at + 1];
        ALL.set(FAMILY, output, (short) AF_INET());
        ALL.set(FAMILY, output + ADDRESS_BYTES, (short) AF_INET());
        end(listener, accepts[at], 0, 0);
        return accepts[at + 2];
    }

    /** So many bytes come, whatever they are; none for the end of the input. */
    void arrive(long socket, int bytes) {
        long overlapped = receives[(int) socket];
        receives[(int) socket] = 0;
        end(socket, overlapped, 0, bytes);
    }

    boolean hasReceive(long socket) {
        return receives[(int) socket] != 0;
    }

    void pass(long nanos) {
        nanoTime += nanos;
    }

    /** Memory taken and not given back, beside the buffers'. */
    long committedBytes() {
        return committedBytes;
    }

    int waitingPackets() {
        return nextPacket - firstPacket;
    }

    private void end(long handle, long overlapped, int status, int bytes) {
        ALL.set(JAVA_LONG, overlapped + OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(status));
        packet(keys[(int) handle], overlapped, bytes);
    }

    /** While its call is under way. */
    private void endAtOnce(long handle, long overlapped, int bytes) {
        if (skips[(int) handle]) {
            ALL.set(JAVA_LONG, overlapped + OVERLAPPED.InternalHigh$offset(), bytes);
        } else {
            end(handle, overlapped, 0, bytes);
        }
    }

    private void packet(long key, long overlapped, int bytes) {
        if (firstPacket == nextPacket) { // from the start again, where the memory is warm
            firstPacket = 0;
            nextPacket = 0;
        }
        int at = 3 * (nextPacket++ & MOST_PACKETS - 1);
        packets[at] = key;
        packets[at + 1] = overlapped;
        packets[at + 2] = bytes;
    }

    // ---- the port ----

    @Override
    public long createIoCompletionPort(long file, long port, long key, int concurrency) {
        if (file == INVALID_HANDLE_VALUE()) {
            return 1;
        }
        keys[(int) file] = key;
        return port;
    }

    @Override
    public int setFileCompletionNotificationModes(long handle, int flags) {
        skips[(int) handle] = true;
        return 0;
    }

    @Override
    public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
        int taken = 0;
        for (; taken < count && firstPacket != nextPacket; taken++) {
            int at = 3 * (firstPacket++ & MOST_PACKETS - 1);
            long entry = entries + taken * OVERLAPPED_ENTRY.sizeof();
            ALL.set(JAVA_LONG, entry + OVERLAPPED_ENTRY.lpCompletionKey$offset(), packets[at]);
            ALL.set(JAVA_LONG, entry + OVERLAPPED_ENTRY.lpOverlapped$offset(), packets[at + 1]);
            ALL.set(JAVA_INT, entry + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset(), (int) packets[at + 2]);
        }
        ALL.set(JAVA_INT, removed, taken);
        return taken == 0 ? WAIT_TIMEOUT() : 0;
    }

    @Override
    public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
        packet(key, overlapped, bytes);
        return 0;
    }

    // ---- operations ----

    @Override
    public int acceptEx(long listening, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                        long received, long overlapped) {
        listener = listening;
        int at = 3 * (nextAccept++ % MOST_HANDLES);
        accepts[at] = overlapped;
        accepts[at + 1] = output;
        accepts[at + 2] = socket;
        return WSA_IO_PENDING();
    }

    @Override
    public void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                                     long local, long localLength, long remote, long remoteLength) {
        ALL.set(JAVA_LONG, local, output);
        ALL.set(JAVA_LONG, remote, output + localBytes);
    }

    @Override
    public int wsaRecv(long socket, long buffers, int count, long flags, long overlapped) {
        receives[(int) socket] = overlapped;
        return WSA_IO_PENDING();
    }

    @Override
    public int wsaSend(long socket, long buffers, int count, int flags, long overlapped) {
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += ALL.get(JAVA_INT, buffers + i * WSABUF.sizeof() + WSABUF.len$offset());
        }
        endAtOnce(socket, overlapped, bytes);
        return 0;
    }

    /** Of a receive; there is nothing else to be cancelled. */
    @Override
    public int cancelIoEx(long handle, long overlapped) {
        if (overlapped == 0 || receives[(int) handle] != overlapped) {
            return ERROR_NOT_FOUND();
        }
        receives[(int) handle] = 0;
        end(handle, overlapped, STATUS_CANCELLED(), 0);
        return 0;
    }

    @Override
    public int disconnectEx(long socket, long overlapped, int flags, int reserved) {
        endAtOnce(socket, overlapped, 0);
        return 0;
    }

    // ---- sockets and memory ----

    @Override
    public long wsaSocket(int family, int type, int protocol, int flags) {
        return handles++;
    }

    @Override
    public int getsockname(long socket, long address, long length) {
        return 0; // as it was bound
    }

    /** A commit finds its memory there already. */
    @Override
    public long virtualAlloc(long address, long bytes, int type, int protection) {
        if (type == MEM_RESERVE()) {
            long reserved = arena.allocate(bytes, 4096).address();
            buffersEnd = buffers == 0 ? reserved + bytes : buffersEnd;
            buffers = buffers == 0 ? reserved : buffers;
            return reserved;
        }
        committedBytes += address >= buffers && address < buffersEnd ? 0 : bytes;
        return address;
    }

    /** It goes with this object. */
    @Override
    public int virtualFree(long address, long bytes, int type) {
        committedBytes -= bytes;
        return 0;
    }

    @Override
    public long nanoTime() {
        return nanoTime;
    }

    // ---- what needs no answer ----

    @Override
    public int closeHandle(long handle) {
        return 0;
    }

    @Override
    public int closesocket(long socket) {
        return 0;
    }

    @Override
    public int getsockopt(long socket, int level, int option, long value, long length) {
        return 0;
    }

    @Override
    public void sleep(int millis) {
        // Its time is the test's.
    }

    // ---- what is not asked for ----

    @Override
    public int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers,
            int flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int rtlNtStatusToDosError(int status) {
        throw new UnsupportedOperationException();
    }
}
