package org.iocp4j.races;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.iocp4j.win32.PartialWin32;
import org.iocp4j.win32.generated.OPERATION;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/**
 * As much of Windows as a server needs to run as fast as its threads can: clients come without end, and most operations
 * are over before their call has returned, so that the packet is on another thread by then. All threads share one. No
 * failures and no network: those are the simulated kernel's, whose threads pass one baton, where these really run at
 * once.
 *
 * <p>Each send must be made of numbers of 8 bytes, each the id of the session that sends, or {@link #EVERYBODY}.
 */
final class EagerWin32 extends PartialWin32 {
    /** In place of an id in what is sent to several sessions. */
    static final long EVERYBODY = -1;

    private static final long PORT = 4;
    private static final long LISTENER = 8;

    private enum State {
        FREE, ACCEPTING, CONNECTED, DISCONNECTING
    }

    private record Packet(long key, long overlapped, int bytes) {
    }

    /**
     * @param file   the socket that it was posted on
     * @param socket the one that it changes, or null
     * @param after  what that one is when it has ended well; cancelled it is FREE
     */
    private record Pending(Socket file, long overlapped, int bytes, Socket socket, State after) {
    }

    private static final class Socket {
        final long handle;
        final List<Pending> pending = new ArrayList<>();
        State state = State.FREE;
        long key;
        boolean associated;

        Socket(long handle) {
            this.handle = handle;
        }
    }

    private final Arena arena = Arena.ofShared();
    private final Map<Long, MemorySegment> reserved = new ConcurrentHashMap<>();
    private final Map<Long, Socket> sockets = new ConcurrentHashMap<>();
    private final AtomicLong handles = new AtomicLong(LISTENER);
    private final BlockingQueue<Packet> packets = new LinkedBlockingQueue<>();
    private final AtomicReference<String> violation = new AtomicReference<>();
    private volatile boolean portOpen;

    /** The first rule that was broken, or null. */
    String violation() {
        return violation.get();
    }

    void violated(String what) {
        violation.compareAndSet(null, what);
    }

    /** What is open or taken still. */
    String leftovers() {
        return sockets.size() + " sockets, " + reserved.size() + " regions of memory" + (portOpen ? ", a port" : "");
    }

    private static boolean chance(int percent) {
        return ThreadLocalRandom.current().nextInt(100) < percent;
    }

    private static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    // ---- the port ----

    /** How many wait. */
    int packets() {
        return packets.size();
    }

    @Override
    public long createIoCompletionPort(long file, long port, long key, int concurrency) {
        if (file == INVALID_HANDLE_VALUE()) {
            portOpen = true;
            return PORT;
        }
        Socket socket = sockets.get(file);
        synchronized (socket) {
            if (socket.associated) {
                violated("a second association");
                return -ERROR_INVALID_PARAMETER();
            }
            socket.associated = true;
            socket.key = key;
        }
        return PORT;
    }

    @Override
    public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
        if (packets.isEmpty()) {
            somethingHappens();
        }
        Packet next;
        try {
            next = packets.poll(timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (next == null) {
            return WAIT_TIMEOUT();
        }
        int most = 1 + ThreadLocalRandom.current().nextInt(count);
        int filled = 0;
        for (; next != null; next = filled < most ? packets.poll() : null) {
            MemorySegment entry = at(entries + filled++ * OVERLAPPED_ENTRY.sizeof(), OVERLAPPED_ENTRY.sizeof());
            entry.set(JAVA_LONG, OVERLAPPED_ENTRY.lpCompletionKey$offset(), next.key);
            entry.set(JAVA_LONG, OVERLAPPED_ENTRY.lpOverlapped$offset(), next.overlapped);
            entry.set(JAVA_INT, OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset(), next.bytes);
        }
        at(removed, Integer.BYTES).set(JAVA_INT, 0, filled);
        return 0;
    }

    @Override
    public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
        if (!portOpen) {
            violated("a packet is posted to a closed port");
        }
        packets.add(new Packet(key, overlapped, bytes));
        return 0;
    }

    @Override
    public int closeHandle(long handle) {
        portOpen = false;
        return 0;
    }

    // ---- operations ----

    /** @param mayWait percent that it does not end at once */
    private int post(Pending operation, int mayWait) {
        at(operation.overlapped, OVERLAPPED.sizeof()).set(JAVA_LONG, OVERLAPPED.Internal$offset(), STATUS_PENDING());
        synchronized (operation.file) {
            operation.file.pending.add(operation);
        }
        if (!chance(mayWait)) {
            end(operation, STATUS_SUCCESS(), operation.bytes);
        }
        return WSA_IO_PENDING();
    }

    /** Nothing happens if it has ended before. */
    private void end(Pending operation, int status, int bytes) {
        Socket file = operation.file;
        synchronized (file) {
            if (!file.pending.remove(operation)) {
                return;
            }
        }
        if (operation.socket != null) {
            synchronized (operation.socket) {
                operation.socket.state = status >= 0 ? operation.after : State.FREE;
            }
        }
        at(operation.overlapped, OVERLAPPED.sizeof())
                .set(JAVA_LONG, OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(status));
        packets.add(new Packet(file.key, operation.overlapped, bytes));
    }

    /** A client does what somebody waits for. */
    private void somethingHappens() {
        for (Socket socket : sockets.values()) {
            Pending first;
            synchronized (socket) {
                first = socket.pending.isEmpty() ? null : socket.pending.getFirst();
            }
            if (first != null && chance(30)) {
                end(first, STATUS_SUCCESS(), first.bytes);
            }
        }
    }

    /** Takes the socket from one state to another. */
    private Socket moves(String call, long handle, State from, State to) {
        Socket socket = sockets.get(handle);
        if (socket == null) {
            violated(call + " on a closed socket");
            return null;
        }
        synchronized (socket) {
            if (socket.state != from) {
                violated(call + " on a socket that is " + socket.state);
                return null;
            }
            if (to == State.DISCONNECTING && !socket.pending.isEmpty()) {
                violated(call + " on a socket with something pending");
            }
            socket.state = to;
        }
        return socket;
    }

    @Override
    public int acceptEx(long listener, long handle, long output, int receiveBytes, int localBytes, int remoteBytes,
                        long received, long overlapped) {
        Socket socket = moves("AcceptEx", handle, State.FREE, State.ACCEPTING);
        Socket file = sockets.get(listener);
        return socket == null || file == null ? WSAENOTSOCK()
                : post(new Pending(file, overlapped, 0, socket, State.CONNECTED), 50);
    }

    @Override
    public int wsaRecv(long handle, long buffers, int count, long flags, long overlapped) {
        Socket socket = moves("WSARecv", handle, State.CONNECTED, State.CONNECTED);
        if (socket == null) {
            return WSAENOTSOCK();
        }
        MemorySegment buffer = at(buffers, WSABUF.sizeof());
        int room = buffer.get(JAVA_INT, WSABUF.len$offset());
        at(buffer.get(JAVA_LONG, WSABUF.buf$offset()), room).fill((byte) 0);
        int bytes = chance(90) ? Math.min(8, room) : 0; // or FIN
        return post(new Pending(socket, overlapped, bytes, null, null), 40);
    }

    @Override
    public int wsaSend(long handle, long buffers, int count, int flags, long overlapped) {
        Socket socket = moves("WSASend", handle, State.CONNECTED, State.CONNECTED);
        if (socket == null) {
            return WSAENOTSOCK();
        }
        long owner = at(overlapped, OPERATION.sizeof()).get(JAVA_LONG, OPERATION.owner$offset());
        int all = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment buffer = at(buffers + i * WSABUF.sizeof(), WSABUF.sizeof());
            int bytes = buffer.get(JAVA_INT, WSABUF.len$offset());
            MemorySegment data = at(buffer.get(JAVA_LONG, WSABUF.buf$offset()), bytes);
            for (int n = 0; n < bytes; n += Long.BYTES) {
                long word = Long.reverseBytes(data.get(JAVA_LONG.withByteAlignment(1), n));
                if (word != owner && word != EVERYBODY) {
                    violated("bytes of another session are sent");
                }
            }
            all += bytes;
        }
        int sent = chance(80) ? all : (1 + ThreadLocalRandom.current().nextInt(all / Long.BYTES)) * Long.BYTES;
        return post(new Pending(socket, overlapped, sent, null, null), 20);
    }

    @Override
    public int disconnectEx(long handle, long overlapped, int flags, int reserved) {
        Socket socket = moves("DisconnectEx", handle, State.CONNECTED, State.DISCONNECTING);
        return socket == null ? WSAENOTSOCK() : post(new Pending(socket, overlapped, 0, socket, State.FREE), 10);
    }

    @Override
    public int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers,
            int flags) {
        return disconnectEx(socket, overlapped, flags, 0);
    }

    @Override
    public int cancelIoEx(long handle, long overlapped) {
        Socket socket = sockets.get(handle);
        if (socket == null) {
            violated("CancelIoEx on a closed socket");
            return ERROR_INVALID_HANDLE();
        }
        List<Pending> all;
        synchronized (socket) {
            all = socket.pending.stream().filter(p -> overlapped == 0 || p.overlapped == overlapped).toList();
        }
        all.forEach(operation -> end(operation, STATUS_CANCELLED(), 0));
        return all.isEmpty() ? ERROR_NOT_FOUND() : 0;
    }

    // ---- sockets ----

    @Override
    public long wsaSocket(int family, int type, int protocol, int flags) {
        long handle = handles.getAndAdd(4);
        sockets.put(handle, new Socket(handle));
        return handle;
    }

    @Override
    public int closesocket(long handle) {
        Socket socket = sockets.remove(handle);
        if (socket == null) {
            violated("a socket is closed twice");
            return WSAENOTSOCK();
        }
        List<Pending> all;
        synchronized (socket) {
            all = List.copyOf(socket.pending);
        }
        all.forEach(operation -> end(operation, STATUS_CANCELLED(), 0));
        return 0;
    }

    @Override
    public int getsockname(long socket, long address, long length) {
        MemorySegment name = at(address, 16);
        name.fill((byte) 0);
        name.set(JAVA_BYTE, 0, (byte) AF_INET());
        return 0;
    }

    /** So no packets are skipped: what is over inside its call is told on another thread. */
    @Override
    public int getsockopt(long socket, int level, int option, long value, long length) {
        return WSAENOPROTOOPT();
    }

    @Override
    public void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes, long local,
                                     long localLength, long remote, long remoteLength) {
        at(local, Long.BYTES).set(JAVA_LONG, 0, output);
        at(remote, Long.BYTES).set(JAVA_LONG, 0, output + localBytes);
    }

    // ---- the rest ----

    @Override
    public long virtualAlloc(long address, long bytes, int type, int protection) {
        if (type != MEM_RESERVE()) {
            return address;
        }
        MemorySegment memory = arena.allocate(bytes, 4096);
        reserved.put(memory.address(), memory);
        return memory.address();
    }

    @Override
    public int virtualFree(long address, long bytes, int type) {
        return reserved.remove(address) == null ? ERROR_INVALID_ADDRESS() : 0;
    }

    /** The memory behind the addresses, when no thread is at work any more. */
    void free() {
        arena.close();
    }

    @Override
    public int setFileCompletionNotificationModes(long handle, int flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int rtlNtStatusToDosError(int status) {
        return ERROR_OPERATION_ABORTED();
    }

    @Override
    public void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }
}
