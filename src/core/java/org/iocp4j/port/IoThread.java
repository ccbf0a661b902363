package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.FIONBIO;
import static org.iocp4j.win32.generated.WinTypes.STATUS_PENDING;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;
import org.jspecify.annotations.Nullable;

/**
 * What one thread needs to post operations: its view of Windows, scratch memory that a call reads or fills before it
 * returns, and a clock that is read once a batch. Used by one thread alone, the first that uses it or the last that
 * called {@link #handOver}; an assertion checks that. Only {@link #forEachDeferred} is for others, too. No method
 * blocks.
 *
 * <p>The methods that post an operation ({@link #receive}, {@link #send}, {@link #connect}, {@link #accept},
 * {@link #disconnect}, {@link #transmit}, {@link #readFile}, {@link #writeFile}) all return 0 if the operation has
 * started. Its {@link CompletionHandler} then runs exactly once: when its packet is dequeued, by whichever thread does
 * that, perhaps before the method has returned; or, if it completed synchronously and no packet comes ({@link
 * Delivery}), in this thread's next {@link CompletionPort#dequeue}, never inside the post. Any other value is the
 * Winsock error, and no completion runs. What a call throws is not thrown here: it becomes an error, and the next
 * dequeue throws it. An operation that is still pending is a mistake of the caller's: {@link IllegalStateException}.
 *
 * <p>Windows may cancel the I/O that a thread has started when that thread ends [doc; on a port it may also go on, wt],
 * so only long-lived platform threads should post.
 */
public final class IoThread {
    /** The most packets that one system call takes off the port. */
    static final int BATCH = 64;
    /** The most buffers that one send gathers. */
    public static final int GATHER = 64;
    /**
     * What a post returns when its operation has completed synchronously, without a packet, and
     * {@link Operation#returnsDone(boolean)} says so: no completion runs, and {@link Operation#transferred} has the
     * bytes.
     */
    public static final int DONE = -1;
    /** The most bytes of a file that one TransmitFile sends [doc: 2,147,483,646]. */
    public static final int MOST_TRANSMIT_BYTES = Integer.MAX_VALUE - 1;

    /**
     * A thread that has had no packet for so long gives its free buffers back when a wait is over. Not after each wait:
     * they are short where timers are due, and half a stock would come and go with each packet.
     */
    private static final long QUIET_NANOS = 50_000_000;

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
    /** TRANSMIT_FILE_BUFFERS: Head, HeadLength, Tail, TailLength, of 8 bytes each with their padding. */
    private final MemorySegment transmitBuffers = arena.allocate(4 * Long.BYTES, Long.BYTES);
    private final RunQueue runQueue = new RunQueue(this);
    /** What this thread counts in the two places where it counted last: of a domain and of what is built on it. */
    private ThreadCounts.@Nullable Share share;
    private ThreadCounts.@Nullable Share otherShare;
    /** Of the pool that it took a buffer from first; of others it has none. */
    private @Nullable BufferStock stock;
    private long nowNanos;
    private long lastPacketNanos;
    /** Written, and read by nobody: see {@link CompletionHandler#prefetch}. */
    @SuppressWarnings("unused")
    private int prefetched;
    /** See {@link #packetKey}. */
    private long packetKey;
    private byte purpose;
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
        this.lastPacketNanos = nowNanos;
    }

    private boolean isUsedByOneThread() {
        if (user == null) {
            user = Thread.currentThread();
        }
        if (user != Thread.currentThread()) {
            throw new AssertionError("the IoThread of " + user + " is used by " + Thread.currentThread());
        }
        return true;
    }

    /**
     * Hands this over: the calling thread uses it from now on, with all that is queued in it, and the one before uses
     * it no more. The caller sees to it that what that thread has written is visible to this one.
     */
    public void handOver() {
        user = Thread.currentThread();
    }

    /** Whether this thread is in a dequeue, such as in an event: then it must not dequeue again. */
    public boolean isDequeuing() {
        return runQueue.isDequeuing();
    }

    /**
     * Runs what belongs to a dequeue, but comes behind its packets: to what it calls, it is in one. Inside of a dequeue
     * it runs nothing: what should have been the next one was refused.
     */
    public void runInDequeue(IoTask task) {
        runQueue.runInDequeue(task);
    }

    /** The view of Windows that this was made with. */
    public Win32 win32() {
        return win32;
    }

    RunQueue runQueue() {
        return runQueue;
    }

    /** What this thread counts there. */
    ThreadCounts.Share share(ThreadCounts counts) {
        assert isUsedByOneThread();
        if (share != null && share.isOf(counts)) {
            return share;
        }
        if (otherShare != null && otherShare.isOf(counts)) {
            return otherShare;
        }
        otherShare = share;
        share = counts.shareOf(this);
        return share;
    }

    /** This thread's stock of a pool's buffers; null if it has one of another pool. */
    @Nullable BufferStock stock(BufferPool pool) {
        assert isUsedByOneThread();
        BufferStock present = stock;
        if (present == null) {
            present = pool.newStock();
            stock = present;
        }
        return present.isOf(pool) ? present : null;
    }

    /**
     * Gives back what this thread keeps of a {@link BufferPool}: to be called when it takes no more buffers, while the
     * pool lives. A thread that has waited in {@link CompletionPort#dequeue} until the time was over, and has had no
     * packet for 50 ms, has given back its buffers, too, and takes others when it needs some.
     */
    public void giveStockBack() {
        assert isUsedByOneThread();
        if (stock != null) {
            stock.end();
            stock = null;
        }
    }

    /**
     * {@link Win32#nanoTime} when this thread's present batch was dequeued, or at the last {@link #refreshNow}: a time
     * in nanoseconds that is only good for differences, as {@link System#nanoTime}.
     */
    public long nowNanos() {
        return nowNanos;
    }

    /**
     * In a completion, or an event of it: the completion key of its packet, 0 if it had none. A socket that is used
     * again keeps its first key, so this may name an earlier user of the socket.
     */
    public long packetKey() {
        return packetKey;
    }

    /** In a completion: what its operation was posted for, see {@link Operation#purpose}. */
    public byte purpose() {
        return purpose;
    }

    void prefetched(int read) {
        prefetched = read;
    }

    void completes(long key, byte itsPurpose) {
        packetKey = key;
        purpose = itsPurpose;
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
     * @param bytes   its length, 0 or more
     * @throws IllegalArgumentException if the index or the length is none
     */
    public void buffer(int index, long address, int bytes) {
        assert isUsedByOneThread();
        if (index < 0 || index >= GATHER || bytes < 0) {
            throw new IllegalArgumentException("buffer " + index + " of " + bytes + " bytes; its number is 0 to "
                    + (GATHER - 1));
        }
        long offset = index * WSABUF.sizeof();
        buffers.set(JAVA_INT, offset + WSABUF.len$offset(), bytes);
        buffers.set(JAVA_LONG, offset + WSABUF.buf$offset(), address);
    }

    /**
     * WSARecv into the first {@code count} buffers, one after the other. Its completion gets the bytes received; 0 of
     * them mean that the peer has sent all it will (or that the buffers are empty: then that something has arrived).
     *
     * @param owner  the caller's number for {@link Operation#owner}; Windows does not see it
     * @param socket a handle that is associated with a port
     * @param count  1 to {@link #GATHER}
     * @return 0, or the error, or {@link #DONE}
     */
    public int receive(Operation operation, long owner, long socket, int count) {
        requireBuffers(count);
        flags.set(JAVA_INT, 0, 0);
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.wsaRecv(socket, buffers.address(), count, flags.address(), operation.address());
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
     * @return 0, or the error, or {@link #DONE}
     */
    public int send(Operation operation, long owner, long socket, int count) {
        requireBuffers(count);
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.wsaSend(socket, buffers.address(), count, 0, operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    private static void requireBuffers(int count) {
        if (count < 1 || count > GATHER) {
            throw new IllegalArgumentException(count + " buffers; 1 to " + GATHER + " can be given");
        }
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
     * ConnectEx.
     *
     * @param owner   as for {@link #receive}
     * @param socket  bound, not connected
     * @param address of the peer's sockaddr, the kernel's until completion
     * @param bytes   its size
     * @return 0, or the error, or {@link #DONE}
     */
    public int connect(Operation operation, long owner, long socket, long address, int bytes) {
        Delivery delivery = begin(operation, owner);
        int error;
        try {
            error = win32.connectEx(socket, address, bytes, 0, 0, received.address(), operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
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
            return completed(operation);
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
     * TransmitFile of a part of a file, and of a head before it. Its completion gets the bytes sent, those of the head
     * included: fewer than asked for if the file ends before.
     *
     * @param owner     as for {@link #receive}
     * @param socket    connected
     * @param file      a file's handle
     * @param position  where in the file it begins, in bytes
     * @param bytes     how many; 1 to {@link #MOST_TRANSMIT_BYTES}
     * @param head      address of {@code headBytes}, the kernel's until completion
     * @param headBytes 0: there is no head
     * @return 0, or the error, or {@link #DONE}
     */
    public int transmit(Operation operation, long owner, long socket, long file, long position, int bytes, long head,
            int headBytes) {
        Delivery delivery = begin(operation, owner, position);
        long buffers = 0;
        if (headBytes > 0) { // read in the call, it seems: .NET has it on the stack of an overlapped call, too [inf]
            transmitBuffers.set(JAVA_LONG, 0, head);
            transmitBuffers.set(JAVA_INT, Long.BYTES, headBytes);
            buffers = transmitBuffers.address();
        }
        int error;
        try {
            error = win32.transmitFile(socket, file, bytes, 0, operation.address(), buffers, 0);
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * ReadFile. Its completion gets the bytes read; behind the file's end it fails with ERROR_HANDLE_EOF, by this
     * method's result or by its status.
     *
     * @param owner    as for {@link #receive}
     * @param file     a file's handle that is associated with a port
     * @param position where in the file it begins, in bytes
     * @param address  of {@code bytes} off the heap, the kernel's until completion
     * @return 0, or the error, or {@link #DONE}
     */
    public int readFile(Operation operation, long owner, long file, long position, long address, int bytes) {
        Delivery delivery = begin(operation, owner, position);
        int error;
        try {
            error = win32.readFile(file, address, bytes, operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /** WriteFile; otherwise as {@link #readFile}. */
    public int writeFile(Operation operation, long owner, long file, long position, long address, int bytes) {
        Delivery delivery = begin(operation, owner, position);
        int error;
        try {
            error = win32.writeFile(file, address, bytes, operation.address());
        } catch (Throwable e) {
            error = notMade(e);
        }
        return afterPost(operation, delivery, error);
    }

    /**
     * getsockname: writes the local sockaddr to memory.
     *
     * @param address of {@code bytes}
     * @return 0, or the error
     */
    public int socketName(long socket, long address, int bytes) {
        assert isUsedByOneThread();
        option.set(JAVA_INT, 0, bytes);
        return win32.getsockname(socket, address, option.address());
    }

    /**
     * getpeername: writes the peer's sockaddr to memory.
     *
     * @param address of {@code bytes}
     * @return 0, or the error
     */
    public int peerName(long socket, long address, int bytes) {
        assert isUsedByOneThread();
        option.set(JAVA_INT, 0, bytes);
        return win32.getpeername(socket, address, option.address());
    }

    /**
     * ioctlsocket(FIONBIO, 1): calls without an OVERLAPPED do not wait.
     *
     * @return 0, or the error
     */
    public int setNonBlocking(long socket) {
        return waits(socket, false);
    }

    /**
     * ioctlsocket(FIONBIO, 0): calls without an OVERLAPPED wait, as those of a new socket do.
     *
     * @return 0, or the error
     */
    public int setBlocking(long socket) {
        return waits(socket, true);
    }

    private int waits(long socket, boolean waits) {
        assert isUsedByOneThread();
        option.set(JAVA_INT, 0, waits ? 0 : 1);
        return win32.ioctlsocket(socket, FIONBIO(), option.address());
    }

    /**
     * getsockopt of a value of 4 bytes.
     *
     * @return the value as an unsigned number, or minus the error
     */
    public long getOption(long socket, int level, int name) {
        assert isUsedByOneThread();
        option.set(JAVA_LONG, 0, 0); // Windows writes one byte only for some [doc]
        received.set(JAVA_INT, 0, Integer.BYTES);
        int error = win32.getsockopt(socket, level, name, option.address(), received.address());
        return error != 0 ? -error : Integer.toUnsignedLong(option.get(JAVA_INT, 0));
    }

    /**
     * setsockopt without a value.
     *
     * @return 0, or the error
     */
    public int setOption(long socket, int level, int name) {
        assert isUsedByOneThread();
        return win32.setsockopt(socket, level, name, 0, 0);
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
        return begin(operation, owner, 0);
    }

    private Delivery begin(Operation operation, long owner, long position) {
        assert isUsedByOneThread();
        return operation.begin(owner, position, this);
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
            operation.reset(this);
        } else if (delivery != Delivery.PACKET) {
            return completed(operation);
        }
        return error;
    }

    /** No packet will come: its completion is queued, or its post says so. */
    private int completed(Operation operation) {
        if (operation.returnsDone()) {
            operation.done(this);
            return DONE;
        }
        runQueue.add(operation);
        return 0;
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
     * batch the bytes may be there, so that the receive completes synchronously. Not from the batch's last packet, if
     * nothing else is queued for this thread: what was deferred would be the next to run.
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
     * Looks at what this thread has deferred. Another thread may call this, at any time: for one that watches whether
     * this one is stuck. It sees each task that was deferred a while ago and has not begun to run; it may see some that
     * have, so only those may be run elsewhere that do nothing then.
     *
     * @param action gets the tasks, in any order
     */
    public void forEachDeferred(Consumer<IoTask> action) {
        runQueue.forEachDeferred(action);
    }

    /**
     * Whether completions or deferred tasks are queued that no packet will bring: while so, the thread must not end,
     * and has to call {@link CompletionPort#dequeue}.
     */
    public boolean hasWork() {
        return !runQueue.isEmpty();
    }

    /** Fills the entries; returns how many, or minus the error. */
    int dequeue(long port, int timeoutMillis, int most) {
        assert isUsedByOneThread();
        int error = win32.getQueuedCompletionStatusEx(port, entries.address(), most, removed.address(), timeoutMillis);
        nowNanos = win32.nanoTime();
        if (error == 0) {
            lastPacketNanos = nowNanos;
        } else if (error == WAIT_TIMEOUT() && timeoutMillis != 0 && stock != null
                && nowNanos - lastPacketNanos >= QUIET_NANOS) {
            stock.giveAll();
        }
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
