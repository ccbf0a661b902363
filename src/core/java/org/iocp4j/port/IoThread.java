package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.STATUS_PENDING;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/**
 * What one thread needs to post operations and dequeue packets: its view of Windows, and scratch memory that a call
 * reads or fills before it returns. Used by that thread alone.
 *
 * <p>Each post returns {@code 0} when the operation is on its way, and its completion will be told, exactly once: by a
 * packet, perhaps on another thread before the method has returned, or, if it was over at once and no packet comes
 * ({@link Delivery}), on this thread by its next {@link CompletionPort#dequeue}, never inside the post. Otherwise the post
 * returns the error, and no completion comes; a post throws nothing. I/O that a thread has started may be cancelled when the
 * thread ends [doc; on a port it may also go on, wt], so only long-lived platform threads post.
 */
public final class IoThread {
    private static final Log LOG = Log.of(CompletionPort.class);

    /** The most packets one dequeue takes. */
    static final int BATCH = 64;
    /** The most buffers one send gathers. */
    public static final int GATHER = 64;

    private final Win32 win32;
    /** Automatic: lives as long as its thread's context does. */
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment entries = arena.allocate(OVERLAPPED_ENTRY.sizeof() * BATCH, 16);
    private final MemorySegment removed = arena.allocate(JAVA_INT);
    private final MemorySegment flags = arena.allocate(JAVA_INT);
    private final MemorySegment received = arena.allocate(JAVA_INT);
    private final MemorySegment buffers = arena.allocate(WSABUF.sizeof() * GATHER, 16);
    private final MemorySegment sockaddrs = arena.allocate(4 * Long.BYTES, Long.BYTES);
    private final MemorySegment option = arena.allocate(JAVA_LONG);
    /** Over when their calls returned, without a packet, and still to be told of. */
    private final ArrayDeque<Operation> finished = new ArrayDeque<>();
    /** Put off until what is at hand is done. */
    private final ArrayDeque<IoTask> deferred = new ArrayDeque<>();
    private boolean defers;
    /** Packets that the last dequeue took. */
    private int taken;
    private CompletionPort countedBy;
    /** The first that was thrown since the last {@link #throwFailure}, and how many were. */
    private Throwable failure;
    private int failures;
    private final LogLimit failureLines = new LogLimit();
    private long nowNanos;

    public IoThread(Win32 win32) {
        this.win32 = win32;
        this.nowNanos = win32.nanoTime();
    }

    public Win32 win32() {
        return win32;
    }

    /** {@link Win32#nanoTime} when this thread's present batch was dequeued, or at {@link #refreshNow} since. */
    public long nowNanos() {
        return nowNanos;
    }

    /** After something that may have taken long, such as a user's callback. */
    public void refreshNow() {
        nowNanos = win32.nanoTime();
    }

    /** Names the memory for entry {@code index} of the next receive or send; the call copies it [doc]. */
    public void buffer(int index, long address, int bytes) {
        long offset = index * WSABUF.sizeof();
        buffers.set(JAVA_INT, offset + WSABUF.len$offset(), bytes);
        buffers.set(JAVA_LONG, offset + WSABUF.buf$offset(), address);
    }

    /** WSARecv into buffer 0. */
    public int receive(Operation operation, long owner, long socket) {
        flags.set(JAVA_INT, 0, 0);
        Delivery delivery = operation.begin(owner);
        int error;
        try {
            error = win32.wsaRecv(socket, buffers.address(), 1, flags.address(), operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /** WSASend of the first {@code count} buffers. */
    public int send(Operation operation, long owner, long socket, int count) {
        Delivery delivery = operation.begin(owner);
        int error;
        try {
            error = win32.wsaSend(socket, buffers.address(), count, 0, operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * AcceptEx without a first receive: it completes when a client connects, so silent clients hold no accept [doc].
     *
     * @param output       where the two addresses are written; the kernel's until the packet
     * @param addressBytes room for each: the sockaddr's size and 16 more [doc]
     */
    public int accept(Operation operation, long owner, long listener, long socket, long output, int addressBytes) {
        Delivery delivery = operation.begin(owner);
        int error;
        try {
            error = win32.acceptEx(listener, socket, output, 0, addressBytes, addressBytes, received.address(),
                    operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /** GetAcceptExSockaddrs: finds the two addresses in an accept's output, for the two methods that follow. */
    public void findAcceptAddresses(long output, int addressBytes) {
        long results = sockaddrs.address();
        win32.getAcceptExSockaddrs(output, 0, addressBytes, addressBytes,
                results, results + Long.BYTES, results + 2 * Long.BYTES, results + 3 * Long.BYTES);
    }

    /** Where the local sockaddr lies that {@link #findAcceptAddresses} found last. */
    public long localSockaddr() {
        return sockaddrs.get(JAVA_LONG, 0);
    }

    /** Where the peer's sockaddr lies that {@link #findAcceptAddresses} found last. */
    public long remoteSockaddr() {
        return sockaddrs.get(JAVA_LONG, 2 * Long.BYTES);
    }

    public int disconnect(Operation operation, long owner, long socket, int disconnectFlags) {
        Delivery delivery = operation.begin(owner);
        int error;
        try {
            error = win32.disconnectEx(socket, operation.address(), disconnectFlags, 0);
        } catch (Throwable e) {
            error = notMade(e);
        }
        if (error == WSA_IO_PENDING() && delivery == Delivery.STATUS && operation.status() != STATUS_PENDING()) {
            finished.add(operation);
            return 0;
        }
        return afterPost(operation, delivery, error);
    }

    /** TransmitFile of no file: only what its flags ask for. */
    public int transmitNothing(Operation operation, long owner, long socket, int transmitFlags) {
        Delivery delivery = operation.begin(owner);
        int error;
        try {
            error = win32.transmitFile(socket, 0, 0, 0, operation.address(), 0, transmitFlags);
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /** setsockopt with a value of 4 bytes. */
    public int setOption(long socket, int level, int name, int value) {
        option.set(JAVA_INT, 0, value);
        return win32.setsockopt(socket, level, name, option.address(), Integer.BYTES);
    }

    /** setsockopt with a value of 8 bytes: a socket. */
    public int setOption(long socket, int level, int name, long value) {
        option.set(JAVA_LONG, 0, value);
        return win32.setsockopt(socket, level, name, option.address(), Long.BYTES);
    }

    /**
     * What a call's return means for its operation.
     *
     * @param delivery the operation's before the call: once it is pending, another thread may have it already
     */
    private int afterPost(Operation operation, Delivery delivery, int error) {
        if (error == WSA_IO_PENDING()) {
            return 0;
        }
        if (error != 0) {
            operation.reset();
        } else if (delivery != Delivery.PACKET) {
            finished.add(operation);
        }
        return error;
    }

    /** A call that threw was not made ({@link Win32}); the poster has an error of it, and the thread's next dequeue throws. */
    private int notMade(Throwable e) {
        failed(e);
        return WSASYSCALLFAILURE();
    }

    /**
     * Something threw while work of this thread was under way that has to go on: the next {@link #throwFailure} tells of it.
     * Throws nothing itself.
     */
    public void failed(Throwable e) {
        failures++;
        failure = failure == null ? e : failure;
        String more = failureLines.next();
        if (more != null) {
            LOG.thrown(e, "a completion failed{}", more);
        }
    }

    /** @throws CompletionFailedException if something {@link #failed} */
    public void throwFailure() {
        if (failure != null) {
            Throwable first = failure;
            int count = failures;
            failure = null;
            failures = 0;
            throw new CompletionFailedException(first, count);
        }
    }

    /**
     * Whether a receive is better put off than posted now: no other thread is free to take its packet, and by the time that
     * this one has done what it has at hand the bytes may be there, so that the receive is over at once and needs no packet.
     */
    public boolean defers() {
        return defers;
    }

    void defers(boolean now) {
        defers = now;
    }

    /**
     * Has it done on this thread, by a {@link CompletionPort#dequeue} before it waits: when nothing else is at hand, or too much
     * has been put off since.
     */
    public void defer(IoTask what) {
        deferred.add(what);
    }

    /** From the oldest on, until {@code left} are left. */
    void runDeferred(int left) {
        while (deferred.size() > left) {
            try {
                deferred.remove().run(this);
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    int taken() {
        return taken;
    }

    void taken(int packets) {
        taken = packets;
    }

    /** Names the port that counts this thread as running, or null; and which one did before. */
    CompletionPort countedBy(CompletionPort port) {
        CompletionPort before = countedBy;
        countedBy = port;
        return before;
    }

    /** The next that was over at once, or null. */
    Operation nextFinished() {
        return finished.poll();
    }

    int finishedCount() {
        return finished.size();
    }

    /** Whether this thread has operations to tell of that no packet tells. */
    boolean hasFinished() {
        return !finished.isEmpty();
    }

    /** Whether this thread has something to do that no packet tells of: it must not end before the next dequeue. */
    public boolean hasWork() {
        return !finished.isEmpty() || !deferred.isEmpty();
    }

    /** Fills the entries; how many, or minus the error. */
    int dequeue(long port, int timeoutMillis) {
        int error = win32.getQueuedCompletionStatusEx(port, entries.address(), BATCH, removed.address(), timeoutMillis);
        nowNanos = win32.nanoTime();
        // Read the count only after success: Wine 8.0 sets it to 1 on a timeout [wine].
        return error == 0 ? removed.get(JAVA_INT, 0) : -error;
    }

    long entryOverlapped(int index) {
        return entries.get(JAVA_LONG, index * OVERLAPPED_ENTRY.sizeof() + OVERLAPPED_ENTRY.lpOverlapped$offset());
    }

    long entryKey(int index) {
        return entries.get(JAVA_LONG, index * OVERLAPPED_ENTRY.sizeof() + OVERLAPPED_ENTRY.lpCompletionKey$offset());
    }

    int entryBytes(int index) {
        return entries.get(JAVA_INT, index * OVERLAPPED_ENTRY.sizeof()
                + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset());
    }
}
