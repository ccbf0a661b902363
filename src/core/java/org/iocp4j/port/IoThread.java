package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.STATUS_PENDING;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;
import org.jspecify.annotations.Nullable;

/**
 * What one thread needs to post operations: its view of Windows, scratch memory that a call reads or fills before it
 * returns, and a clock that is read once a batch. Used by one thread alone, the first that uses it; an assertion checks
 * that. No method blocks.
 *
 * <p>The methods that post an operation ({@link #receive}, {@link #send}, {@link #accept}, {@link #disconnect},
 * {@link #transmitNothing}) all return 0 if the operation has started. Its {@link CompletionHandler} then runs exactly
 * once: when its packet is dequeued, by whichever thread does that, perhaps before the method has returned; or, if it
 * completed synchronously and no packet comes ({@link Delivery}), in this thread's next {@link CompletionPort#dequeue},
 * never inside the post. Any other value is the Winsock error, and no completion runs. What a call throws is not thrown
 * here: it becomes an error, and the next dequeue throws it. An operation that is still pending is a mistake of the
 * caller's: {@link IllegalStateException}.
 *
 * <p>Windows may cancel the I/O that a thread has started when that thread ends [doc; on a port it may also go on, wt],
 * so only long-lived platform threads should post.
 */
public final class IoThread {
    /** The most packets that one system call takes off the port. */
    static final int BATCH = 64;
    /** The most buffers that one send gathers. */
    public static final int GATHER = 64;

    private final Win32 win32;
    /** Automatic: lives as long as this object. */
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment entries = arena.allocate(OVERLAPPED_ENTRY.sizeof() * BATCH, 16);
    private final MemorySegment removed = arena.allocate(JAVA_INT);
    private final MemorySegment flags = arena.allocate(JAVA_INT);
    private final MemorySegment received = arena.allocate(JAVA_INT);
    private final MemorySegment buffers = arena.allocate(WSABUF.sizeof() * GATHER, 16);
    private final MemorySegment sockaddrs = arena.allocate(4 * Long.BYTES, Long.BYTES);
    private final MemorySegment option = arena.allocate(JAVA_LONG);
    private final RunQueue runQueue = new RunQueue(this);
    private long nowNanos;
    /** The first thread that used this; kept only where assertions are enabled. */
    private @Nullable Thread user;

    /**
     * For the thread that will use it.
     *
     * @param win32 that thread's view of Windows; stays open
     */
    public IoThread(Win32 win32) {
        this.win32 = win32;
        this.nowNanos = win32.nanoTime();
    }

    private boolean isUsedByOneThread() {
        if (user == null) {
            user = Thread.currentThread();
        }
        return user == Thread.currentThread();
    }

    /** The view of Windows that this was made with. */
    public Win32 win32() {
        return win32;
    }

    RunQueue runQueue() {
        return runQueue;
    }

    /**
     * {@link Win32#nanoTime} when this thread's present batch was dequeued, or at the last {@link #refreshNow}: a time
     * in nanoseconds that is only good for differences, as {@link System#nanoTime}.
     */
    public long nowNanos() {
        return nowNanos;
    }

    /** Reads the clock again: after something that may have taken long, such as a user's callback. */
    public void refreshNow() {
        assert isUsedByOneThread();
        nowNanos = win32.nanoTime();
    }

    /**
     * Sets buffer {@code index} of the next receive or send. Windows copies the list of buffers before the call returns
     * [doc]; the memory itself is the kernel's until the operation's completion runs.
     *
     * @param index   0 to {@link #GATHER} - 1
     * @param address of memory off the heap that does not move
     * @param bytes   its length
     */
    public void buffer(int index, long address, int bytes) {
        assert isUsedByOneThread();
        long offset = index * WSABUF.sizeof();
        buffers.set(JAVA_INT, offset + WSABUF.len$offset(), bytes);
        buffers.set(JAVA_LONG, offset + WSABUF.buf$offset(), address);
    }

    /**
     * WSARecv into buffer 0. Its completion gets the bytes received; 0 of them mean that the peer has sent all it will
     * (or that buffer 0 is empty: then that something has arrived).
     *
     * @param owner  the caller's number for {@link Operation#owner}; Windows does not see it
     * @param socket a handle that is associated with a port
     * @return 0, or the error
     */
    public int receive(Operation operation, long owner, long socket) {
        flags.set(JAVA_INT, 0, 0);
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.wsaRecv(socket, buffers.address(), 1, flags.address(), operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * WSASend of the first {@code count} buffers. Its completion gets the bytes sent, which may be fewer than they
     * hold.
     *
     * @param owner  as for {@link #receive}
     * @param socket as for {@link #receive}
     * @param count  1 to {@link #GATHER}
     * @return 0, or the error
     */
    public int send(Operation operation, long owner, long socket, int count) {
        Delivery delivery = begin(operation, owner);
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
     * @param owner        as for {@link #receive}
     * @param listener     a listening socket that is associated with a port
     * @param socket       neither bound nor connected; it becomes the connection's
     * @param output       address of twice {@code addressBytes}, for the two addresses; the kernel's until completion
     * @param addressBytes room for each address: the sockaddr's size and 16 more [doc]
     * @return 0, or the error
     */
    public int accept(Operation operation, long owner, long listener, long socket, long output, int addressBytes) {
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.acceptEx(listener, socket, output, 0, addressBytes, addressBytes, received.address(),
                    operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * GetAcceptExSockaddrs: finds the two addresses in the output of an accept that has completed.
     *
     * @param output       as for {@link #accept}
     * @param addressBytes as for {@link #accept}
     */
    public void findAcceptAddresses(long output, int addressBytes) {
        assert isUsedByOneThread();
        long results = sockaddrs.address();
        win32.getAcceptExSockaddrs(output, 0, addressBytes, addressBytes,
                results, results + Long.BYTES, results + 2 * Long.BYTES, results + 3 * Long.BYTES);
    }

    /** Address of the local sockaddr that {@link #findAcceptAddresses} found last: inside the accept's output. */
    public long localSockaddr() {
        return sockaddrs.get(JAVA_LONG, 0);
    }

    /** Address of the peer's sockaddr that {@link #findAcceptAddresses} found last: inside the accept's output. */
    public long remoteSockaddr() {
        return sockaddrs.get(JAVA_LONG, 2 * Long.BYTES);
    }

    /**
     * DisconnectEx.
     *
     * @param owner           as for {@link #receive}
     * @param socket          connected, with no other operation pending on it
     * @param disconnectFlags 0, or TF_REUSE_SOCKET: the socket can be accepted into again [doc]
     * @return 0, or the error
     */
    public int disconnect(Operation operation, long owner, long socket, int disconnectFlags) {
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.disconnectEx(socket, operation.address(), disconnectFlags, 0);
        } catch (Throwable e) {
            error = notMade(e);
        }
        if (error == WSA_IO_PENDING() && delivery == Delivery.STATUS && operation.status() != STATUS_PENDING()) {
            runQueue.add(operation);
            return 0;
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * TransmitFile without a file: only what its flags ask for.
     *
     * @param owner         as for {@link #receive}
     * @param socket        connected
     * @param transmitFlags such as TF_DISCONNECT | TF_REUSE_SOCKET
     * @return 0, or the error
     */
    public int transmitNothing(Operation operation, long owner, long socket, int transmitFlags) {
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.transmitFile(socket, 0, 0, 0, operation.address(), 0, transmitFlags);
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * setsockopt with a value of 4 bytes.
     *
     * @return 0, or the error
     */
    public int setOption(long socket, int level, int name, int value) {
        assert isUsedByOneThread();
        option.set(JAVA_INT, 0, value);
        return win32.setsockopt(socket, level, name, option.address(), Integer.BYTES);
    }

    /**
     * setsockopt with a value of 8 bytes: a socket.
     *
     * @return 0, or the error
     */
    public int setOption(long socket, int level, int name, long value) {
        assert isUsedByOneThread();
        option.set(JAVA_LONG, 0, value);
        return win32.setsockopt(socket, level, name, option.address(), Long.BYTES);
    }

    private Delivery begin(Operation operation, long owner) {
        assert isUsedByOneThread();
        return operation.begin(owner);
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
            runQueue.add(operation);
        }
        return error;
    }

    /** A call that threw was not made ({@link Win32}). The poster gets an error, and the next dequeue throws. */
    private int notMade(Throwable e) {
        failed(e);
        return WSASYSCALLFAILURE();
    }

    /**
     * Reports that something threw in the midst of work that has to go on. It is logged, and {@link #throwFailure}
     * throws it later. Throws nothing itself.
     */
    public void failed(Throwable e) {
        assert isUsedByOneThread();
        runQueue.failed(e);
    }

    /**
     * Throws what has {@link #failed} since it was called last. {@link CompletionPort#dequeue} calls it; other code
     * does at the end of work of its own.
     *
     * @throws CompletionFailedException if anything has
     */
    public void throwFailure() {
        assert isUsedByOneThread();
        runQueue.throwFailure();
    }

    /**
     * Whether to defer a receive: no other thread is free to take its packet, and by the time this one has finished its
     * batch the bytes may be there, so that the receive completes synchronously.
     */
    public boolean shouldDefer() {
        return runQueue.shouldDefer();
    }

    /**
     * Queues a task for this thread. {@link CompletionPort#dequeue} runs it before it next waits: when there is no
     * other work, or too many tasks are queued.
     */
    public void defer(IoTask task) {
        assert isUsedByOneThread();
        runQueue.defer(task);
    }

    /**
     * Whether completions or deferred tasks are queued that no packet will bring: while so, the thread must not end,
     * and has to call {@link CompletionPort#dequeue}.
     */
    public boolean hasWork() {
        return !runQueue.isEmpty();
    }

    /** Fills the entries; returns how many, or minus the error. */
    int dequeue(long port, int timeoutMillis) {
        assert isUsedByOneThread();
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
