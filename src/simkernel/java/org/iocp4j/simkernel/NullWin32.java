package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_ADDRESS;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_ENOUGH_MEMORY;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;
import static org.iocp4j.win32.generated.WinTypes.SO_PROTOCOL_INFOW;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;
import static org.iocp4j.win32.generated.WinTypes.XP1_IFS_HANDLES;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.TreeMap;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;
import org.iocp4j.win32.generated.WSAPROTOCOL_INFOW;

/**
 * A kernel that costs next to nothing, so that what is left is the library's own: for measurements, and for tests that
 * count. It has some ports and one listener, and no network. Sends and disconnects are done at once; a client
 * {@linkplain #connect connects}, and bytes {@linkplain #arrive arrive}, when its user says so, and then
 * {@linkplain #pass time passes}. A packet comes of each operation, unless it was done at once and its socket skips
 * such packets. No call waits, the dequeue neither.
 *
 * <p>It bears as many sockets as there is memory for: what it keeps of them grows when there are more than ever before.
 * But for that, and for memory that is committed, a call allocates nothing on the Java heap.
 *
 * <p>One thread at a time uses a port, and the sockets on it: the one that dequeues, which makes its user's calls, too.
 * Threads that use different ports write nothing on the way of bytes that another reads or writes. Any thread may make
 * and close sockets, which takes a lock, and call {@link #postQueuedCompletionStatus}, {@link #nanoTime} and
 * {@link #sleep}, so that a server with a worker for each port starts and closes on it.
 *
 * <p>Files, connects and whatever else a server does not ask for throw {@link UnsupportedOperationException}. A
 * subclass may refuse calls.
 */
public class NullWin32 implements Win32 {
    private static final int FEW = 64;
    private static final int MOST_PORTS = 15;
    private static final long FIRST_SOCKET = MOST_PORTS + 1;
    /** No other thread writes to the cache lines of what has so many bytes before it and behind it. */
    private static final int APART_BYTES = 128;
    private static final ValueLayout.OfShort FAMILY = JAVA_SHORT;
    @SuppressWarnings("restricted") // a kernel reads what its callers name by address
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Its socket is on the port. */
    private static final byte ASSOCIATED = 1;
    /** What is done when its call returns has no packet. */
    private static final byte SKIPS = 2;
    private static final byte OPEN = 4;

    // Of each socket, by its handle.
    private long[] keys;
    /** Its port's number; 0 if it is on none. */
    private byte[] homes;
    private byte[] states;
    /** The closed sockets' handles, which new ones get, the latest first. */
    private long[] closed;
    private int closedCount;
    private long nextSocket = FIRST_SOCKET;

    private long listener;
    /** Accepts that are pending: overlapped, output, bytes of the local address, socket. */
    private final Ring accepts = new Ring(FEW);
    /** By number; the first is for sockets that are on none. */
    private final Port[] ports = new Port[MOST_PORTS + 1];
    private int portCount;

    /** Guarded by itself, as far as threads of several ports take memory. */
    private final TreeMap<Long, Reserved> memory = new TreeMap<>();
    private volatile long nanoTime;

    /** What the thread of a port writes. */
    private static final class Port {
        /** Packets: key, overlapped, bytes, and nothing. */
        final Ring packets;
        /** Those that {@link #postQueuedCompletionStatus} has put there; guarded by itself. */
        final Ring posted = new Ring(FEW);
        /** How many there are, for a look without the lock. */
        volatile int postedCount;
        /** Of each socket, by its handle, the OVERLAPPED of the receive that is pending; 0 if none is. */
        long[] receives;

        Port(int handles) {
            packets = new Ring(handles);
            receives = new long[receiveNumbers(handles)];
        }

        /** The handles of sockets are large enough that nothing is at the start. */
        static int receiveNumbers(int handles) {
            return handles + APART_BYTES / Long.BYTES;
        }
    }

    /** What was reserved. Its memory goes when nobody refers to it any more. */
    private static final class Reserved {
        final MemorySegment segment;
        long committedBytes;

        Reserved(MemorySegment segment) {
            this.segment = segment;
        }
    }

    /** Four numbers to an entry, the oldest entry first. */
    private static final class Ring {
        private static final int NUMBERS = 4;
        private static final int APART = APART_BYTES / Integer.BYTES;
        private static final int HEAD = APART;
        private static final int TAIL = APART + 1;

        /** Of a power of two of entries; from {@link #APART_BYTES} on. */
        private long[] numbers;
        private int entries;
        /** Head and tail, apart from what is another thread's. */
        private final int[] ends = new int[APART + 2 + APART];

        Ring(int entries) {
            this.entries = Integer.highestOneBit(2 * entries - 1);
            numbers = numbers(this.entries);
        }

        private static long[] numbers(int entries) {
            return new long[NUMBERS * entries + 2 * APART_BYTES / Long.BYTES];
        }

        int size() {
            return ends[TAIL] - ends[HEAD];
        }

        void add(long a, long b, long c, long d) {
            if (size() == 0) { // from the start again, where the memory is warm
                ends[HEAD] = 0;
                ends[TAIL] = 0;
            } else if (size() == entries) {
                grow();
            }
            int at = at(ends[TAIL]++);
            numbers[at] = a;
            numbers[at + 1] = b;
            numbers[at + 2] = c;
            numbers[at + 3] = d;
        }

        private void grow() {
            long[] larger = numbers(2 * entries);
            int count = size();
            for (int i = 0; i < count; i++) {
                System.arraycopy(numbers, at(ends[HEAD] + i), larger, at(i), NUMBERS);
            }
            ends[HEAD] = 0;
            ends[TAIL] = count;
            entries = 2 * entries;
            numbers = larger;
        }

        private int at(int index) {
            return APART_BYTES / Long.BYTES + NUMBERS * (index & entries - 1);
        }

        /** Of the oldest entry. */
        long number(int i) {
            return numbers[at(ends[HEAD]) + i];
        }

        void remove() {
            ends[HEAD]++;
        }
    }

    /** One that has room for a few sockets at first. */
    public NullWin32() {
        this(FEW);
    }

    /**
     * One that has room for so many sockets, and for a packet of each, from the start: for who measures the Java heap,
     * which room for more would be part of, and for who has several ports.
     *
     * @param sockets 1 or more
     */
    public NullWin32(int sockets) {
        int handles = Math.addExact(sockets, (int) FIRST_SOCKET);
        keys = new long[handles];
        homes = new byte[handles];
        states = new byte[handles];
        closed = new long[handles];
        ports[0] = new Port(handles);
    }

    private Port portOf(long socket) {
        return ports[homes[(int) socket]];
    }

    // ---- what its user has happen ----

    /**
     * A client connects.
     *
     * @return the socket that it is accepted on
     * @throws IllegalStateException if no accept is pending
     */
    public long connect() {
        if (accepts.size() == 0) {
            throw new IllegalStateException("a client connects, and no accept is pending");
        }
        long output = accepts.number(1);
        ALL.set(FAMILY, output, (short) AF_INET());
        ALL.set(FAMILY, output + accepts.number(2), (short) AF_INET());
        long socket = accepts.number(3);
        end(listener, accepts.number(0), STATUS_SUCCESS(), 0);
        accepts.remove();
        return socket;
    }

    /**
     * So many bytes come, whatever they are.
     *
     * @param bytes 0 for the end of the client's stream
     * @throws IllegalStateException if no receive is pending on the socket
     */
    public void arrive(long socket, int bytes) {
        long[] receives = portOf(socket).receives;
        long overlapped = receives[(int) socket];
        if (overlapped == 0) {
            throw new IllegalStateException(bytes + " bytes come, and no receive is pending on socket " + socket);
        }
        receives[(int) socket] = 0;
        end(socket, overlapped, STATUS_SUCCESS(), bytes);
    }

    /** Whether a receive is pending on the socket. */
    public boolean hasReceive(long socket) {
        return portOf(socket).receives[(int) socket] != 0;
    }

    /** Time passes. */
    public void pass(long nanos) {
        long now = nanoTime; // which no other thread writes
        nanoTime = now + nanos;
    }

    /** How many packets wait to be dequeued, on all ports. */
    public int waitingPackets() {
        int all = 0;
        for (int port = 1; port <= portCount; port++) {
            all += waitingPackets(port);
        }
        return all;
    }

    /** How many packets wait on a port, whose handles are 1, 2 and so on. */
    public int waitingPackets(long port) {
        Port of = ports[(int) port];
        return of.packets.size() + of.postedCount;
    }

    /** The port that a socket is on; 0 if it is on none. */
    public long port(long socket) {
        return homes[(int) socket];
    }

    /** Memory that was committed and not released, with what was reset. */
    public long committedBytes() {
        synchronized (memory) {
            return memory.values().stream().mapToLong(reserved -> reserved.committedBytes).sum();
        }
    }

    private void end(long socket, long overlapped, int status, int bytes) {
        ALL.set(JAVA_LONG, overlapped + OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(status));
        ALL.set(JAVA_LONG, overlapped + OVERLAPPED.InternalHigh$offset(), bytes);
        portOf(socket).packets.add(keys[(int) socket], overlapped, bytes, 0);
    }

    /** While its call is under way. */
    private void endAtOnce(long socket, long overlapped, int bytes) {
        if ((states[(int) socket] & SKIPS) == 0) {
            end(socket, overlapped, STATUS_SUCCESS(), bytes);
        } else {
            ALL.set(JAVA_LONG, overlapped + OVERLAPPED.Internal$offset(), STATUS_SUCCESS());
            ALL.set(JAVA_LONG, overlapped + OVERLAPPED.InternalHigh$offset(), bytes);
        }
    }

    // ---- the port ----

    @Override
    public synchronized long createIoCompletionPort(long file, long port, long key, int concurrency) {
        if (file == INVALID_HANDLE_VALUE()) {
            if (portCount == MOST_PORTS) {
                return -ERROR_NOT_ENOUGH_MEMORY();
            }
            ports[++portCount] = new Port(keys.length);
            return portCount;
        }
        if ((states[(int) file] & ASSOCIATED) != 0) {
            return -ERROR_INVALID_PARAMETER();
        }
        states[(int) file] |= ASSOCIATED;
        homes[(int) file] = (byte) port;
        keys[(int) file] = key;
        return port;
    }

    @Override
    public synchronized int setFileCompletionNotificationModes(long handle, int flags) {
        if ((flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS()) != 0) {
            states[(int) handle] |= SKIPS;
        }
        return 0;
    }

    /** Those that were posted come last. */
    @Override
    public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
        Port from = ports[(int) port];
        int taken = take(from.packets, entries, 0, count);
        if (from.postedCount != 0) {
            synchronized (from.posted) {
                taken = take(from.posted, entries, taken, count);
                from.postedCount = from.posted.size();
            }
        }
        ALL.set(JAVA_INT, removed, taken);
        return taken == 0 ? WAIT_TIMEOUT() : 0;
    }

    /** Adds to the {@code taken} entries, until there are {@code count}; returns how many there are. */
    private static int take(Ring from, long entries, int taken, int count) {
        int all = taken;
        for (; all < count && from.size() > 0; all++) {
            long entry = entries + all * OVERLAPPED_ENTRY.sizeof();
            ALL.set(JAVA_LONG, entry + OVERLAPPED_ENTRY.lpCompletionKey$offset(), from.number(0));
            ALL.set(JAVA_LONG, entry + OVERLAPPED_ENTRY.lpOverlapped$offset(), from.number(1));
            ALL.set(JAVA_INT, entry + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset(), (int) from.number(2));
            from.remove();
        }
        return all;
    }

    @Override
    public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
        Port to = ports[(int) port];
        synchronized (to.posted) {
            to.posted.add(key, overlapped, bytes, 0);
            to.postedCount = to.posted.size();
        }
        return 0;
    }

    // ---- operations ----

    @Override
    public int acceptEx(long listening, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                        long received, long overlapped) {
        listener = listening;
        accepts.add(overlapped, output, localBytes, socket);
        return WSA_IO_PENDING();
    }

    @Override
    public void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                                     long local, long localLength, long remote, long remoteLength) {
        ALL.set(JAVA_LONG, local, output);
        ALL.set(JAVA_LONG, remote, output + localBytes);
    }

    /** One at a time on a socket. */
    @Override
    public int wsaRecv(long socket, long buffers, int count, long flags, long overlapped) {
        long[] receives = portOf(socket).receives;
        if (receives[(int) socket] != 0) {
            throw new IllegalStateException("a receive, and another one is pending on socket " + socket);
        }
        receives[(int) socket] = overlapped;
        return WSA_IO_PENDING();
    }

    /** What has come came with the receive. */
    @Override
    public int recv(long socket, long buffer, int bytes, int flags) {
        return -WSAEWOULDBLOCK();
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

    /** Of a receive, or of all accepts; there is nothing else to be cancelled. */
    @Override
    public int cancelIoEx(long handle, long overlapped) {
        if (handle == listener && overlapped == 0 && accepts.size() > 0) {
            cancelAccepts();
            return 0;
        }
        long[] receives = portOf(handle).receives;
        long pending = receives[(int) handle];
        if (pending == 0 || (overlapped != 0 && overlapped != pending)) {
            return ERROR_NOT_FOUND();
        }
        receives[(int) handle] = 0;
        end(handle, pending, STATUS_CANCELLED(), 0);
        return 0;
    }

    private void cancelAccepts() {
        for (; accepts.size() > 0; accepts.remove()) {
            end(listener, accepts.number(0), STATUS_CANCELLED(), 0);
        }
    }

    @Override
    public int disconnectEx(long socket, long overlapped, int flags, int reserved) {
        endAtOnce(socket, overlapped, 0);
        return 0;
    }

    // ---- sockets ----

    @Override
    public synchronized long wsaSocket(int family, int type, int protocol, int flags) {
        long socket;
        if (closedCount > 0) {
            socket = closed[--closedCount];
        } else {
            if (nextSocket == keys.length) {
                grow();
            }
            socket = nextSocket++;
        }
        states[(int) socket] = OPEN;
        return socket;
    }

    private void grow() {
        if (portCount > 1) {
            throw new IllegalStateException("more sockets than it was made for, and several ports");
        }
        int handles = Math.multiplyExact(2, keys.length);
        keys = Arrays.copyOf(keys, handles);
        homes = Arrays.copyOf(homes, handles);
        for (int port = 0; port <= portCount; port++) {
            ports[port].receives = Arrays.copyOf(ports[port].receives, Port.receiveNumbers(handles));
        }
        states = Arrays.copyOf(states, handles);
        closed = Arrays.copyOf(closed, handles);
    }

    @Override
    public synchronized int closesocket(long socket) {
        if ((states[(int) socket] & OPEN) == 0) {
            return WSAENOTSOCK();
        }
        cancelIoEx(socket, 0);
        if (socket == listener) {
            listener = 0;
        }
        states[(int) socket] = 0;
        homes[(int) socket] = 0;
        closed[closedCount++] = socket;
        return 0;
    }

    @Override
    public int bind(long socket, long address, int length) {
        return 0;
    }

    @Override
    public int listen(long socket, int backlog) {
        return 0;
    }

    @Override
    public int getsockname(long socket, long address, long length) {
        return 0; // as it was bound
    }

    @Override
    public int ioctlsocket(long socket, int command, long argument) {
        return 0;
    }

    @Override
    public int setsockopt(long socket, int level, int option, long value, int length) {
        return 0;
    }

    /** Of the protocol it says that sockets are handles, so that packets can be skipped; the others it leaves alone. */
    @Override
    public int getsockopt(long socket, int level, int option, long value, long length) {
        if (option == SO_PROTOCOL_INFOW()) {
            ALL.set(JAVA_INT, value + WSAPROTOCOL_INFOW.dwServiceFlags1$offset(), XP1_IFS_HANDLES());
        }
        return 0;
    }

    @Override
    public int shutdown(long socket, int how) {
        return 0;
    }

    // ---- memory ----

    @Override
    public long virtualAlloc(long address, long bytes, int type, int protection) {
        if (type == MEM_RESERVE()) {
            return reserve(bytes);
        }
        return type == MEM_COMMIT() ? commit(address, bytes) : address;
    }

    private long reserve(long bytes) {
        Reserved reserved;
        try {
            reserved = new Reserved(AddressSpace.allocate(bytes, Arena.ofAuto()));
        } catch (UncheckedIOException | OutOfMemoryError e) {
            return -ERROR_NOT_ENOUGH_MEMORY();
        }
        synchronized (memory) {
            memory.put(reserved.segment.address(), reserved);
        }
        return reserved.segment.address();
    }

    /** It is there already, and what is untouched is zero. Nobody commits the same twice. */
    private long commit(long address, long bytes) {
        synchronized (memory) {
            var reserved = memory.floorEntry(address);
            if (reserved == null || address + bytes - reserved.getKey() > reserved.getValue().segment.byteSize()) {
                return -ERROR_INVALID_ADDRESS();
            }
            reserved.getValue().committedBytes += bytes;
            return address;
        }
    }

    @Override
    public int virtualFree(long address, long bytes, int type) {
        synchronized (memory) {
            return memory.remove(address) == null ? ERROR_INVALID_ADDRESS() : 0;
        }
    }

    // ---- the system ----

    /** What {@link #pass} has added up. */
    @Override
    public long nanoTime() {
        return nanoTime;
    }

    /** Its time is its user's, and does not pass. */
    @Override
    public void sleep(int millis) {
        Thread.onSpinWait(); // who polls does so until another thread is through
    }

    @Override
    public int rtlNtStatusToDosError(int status) {
        return NtStatus.toDosError(status);
    }

    @Override
    public String formatMessage(int code) {
        return "";
    }

    /** It is not Wine, so nothing is tried out. */
    @Override
    public String wineVersion() {
        return "";
    }

    @Override
    public int closeHandle(long handle) {
        return 0;
    }

    @Override
    public void close() {
        // It is every thread's view.
    }

    // ---- what no server asks for ----

    private static UnsupportedOperationException unsupported(String call) {
        return new UnsupportedOperationException("the null kernel has no " + call);
    }

    @Override
    public long duplicateHandle(long handle) {
        throw unsupported("DuplicateHandle");
    }

    @Override
    public long createFile(String path, int access, int share, int disposition, int flags) {
        throw unsupported("CreateFileW");
    }

    @Override
    public long getFileSizeEx(long file) {
        throw unsupported("GetFileSizeEx");
    }

    @Override
    public int readFile(long file, long buffer, int bytes, long overlapped) {
        throw unsupported("ReadFile");
    }

    @Override
    public int writeFile(long file, long buffer, int bytes, long overlapped) {
        throw unsupported("WriteFile");
    }

    @Override
    public int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers,
            int flags) {
        throw unsupported("TransmitFile");
    }

    @Override
    public int connectEx(long socket, long address, int length, long sendBuffer, int sendBytes, long sent,
                         long overlapped) {
        throw unsupported("ConnectEx");
    }

    @Override
    public int getpeername(long socket, long address, long length) {
        throw unsupported("getpeername");
    }

    @Override
    public int getProcessMemoryInfo(long counters, int bytes) {
        throw unsupported("GetProcessMemoryInfo");
    }

    @Override
    public int getExtendedTcpTable(long table, long sizeAddress, int family) {
        throw unsupported("GetExtendedTcpTable");
    }

    @Override
    public int ntSetInformationFile(long handle, long ioStatusBlock, long information, int length,
            int informationClass) {
        throw unsupported("NtSetInformationFile");
    }
}
