package org.iocp4j.port;

import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * An I/O completion port: handles are associated with it, operations posted on them come back as packets, and any thread
 * may dequeue them. It owns no thread.
 */
public final class CompletionPort {
    private static final Log LOG = Log.of(CompletionPort.class);

    /**
     * The most of what was over at once that a thread tells in a row, before it looks at the port; as many as it has taken
     * packets, if those are more.
     */
    private static final int FINISHED_IN_A_ROW = 2 * IoThread.BATCH;
    /** The most packets that a thread takes in a row, before it tells what they had as their consequence. */
    private static final int PACKETS_IN_A_ROW = 8 * IoThread.BATCH;
    /** The most that a thread puts off while it has other work at hand. */
    private static final int MOST_DEFERRED = 4 * IoThread.BATCH;

    private final long handle;
    /** So many threads run at once at most. If so many do, none is free to take from another what that one puts off. */
    private final int parallelism;
    /** Threads that have come for packets, and do not wait for more now. */
    private final AtomicInteger running = new AtomicInteger();
    private final OperationSlab operations;
    private final UserPacketHandler posted;
    private final LongAdder strayPackets = new LongAdder();
    private final LogLimit strayLines = new LogLimit();

    /**
     * @param concurrency how many threads the system lets run at once on this port's packets; 0 = as many as processors.
     *                    Wine ignores it [wine]
     * @param operations  the only ones that can come back from this port
     * @param posted      takes the packets of {@link #post}
     */
    public CompletionPort(Win32 win32, int concurrency, OperationSlab operations, UserPacketHandler posted)
            throws Win32Exception {
        long created = win32.createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, concurrency);
        if (created < 0) {
            throw win32.failure("CreateIoCompletionPort", (int) -created, "concurrency " + concurrency);
        }
        this.handle = created;
        this.parallelism = concurrency > 0 ? concurrency : Runtime.getRuntime().availableProcessors();
        this.operations = operations;
        this.posted = posted;
    }

    /**
     * Binds a handle to this port for as long as the handle is open: a second time fails with
     * {@code ERROR_INVALID_PARAMETER} (87), whatever port or key is given [rep, wine]. Any thread.
     *
     * @param key rides on every packet of the handle, until it is closed
     * @return 0, or the error
     */
    public int associate(Win32 win32, long file, long key) {
        long port = win32.createIoCompletionPort(file, handle, key, 0);
        return port < 0 ? (int) -port : 0;
    }

    /**
     * Queues a packet of two numbers, to wake a dequeuing thread. Any thread, as long as the port is open: a handle's number
     * is soon another's.
     *
     * @return 0, or the error
     */
    public int post(Win32 win32, long key, int bytes) {
        return win32.postQueuedCompletionStatus(handle, bytes, key, 0);
    }

    /**
     * Tells of the operations that were over when this thread posted them, waits for packets, at most so long, and gives each
     * to its operation's completion. What was put off ({@link IoThread#defer}) is done before the wait. All on this thread.
     *
     * @param timeoutMillis -1 = for ever
     * @return how many operations came home
     * @throws CompletionFailedException if a completion threw, when the others that were at hand have been told
     * @throws Win32Exception if the port is no more: ERROR_ABANDONED_WAIT_0 (735) on Windows [doc], ERROR_INVALID_HANDLE
     *                        (6) at the next call under Wine [wine]
     */
    public int dequeue(IoThread io, int timeoutMillis) throws Win32Exception {
        int home = 0;
        int most = Math.max(FINISHED_IN_A_ROW, io.taken()); // what packets have as their consequence must not pile up
        do {
            home += tellFinished(io, most - home);
            io.defers(running.get() >= parallelism);
            io.runDeferred(io.hasFinished() ? MOST_DEFERRED : 0);
        } while (io.hasFinished() && home < most); // a look at an empty port is a system call, under Wine three
        io.throwFailure();
        int taken = 0;
        int count;
        do { // packets that wait are older than what those before them have as their consequence, and come first
            count = take(io, taken > 0 || io.hasFinished() ? 0 : timeoutMillis);
            taken += count;
            io.taken(taken);
            dispatchAll(count, io);
            io.runDeferred(MOST_DEFERRED);
            io.throwFailure();
        } while (count == IoThread.BATCH && taken < PACKETS_IN_A_ROW);
        return home + taken;
    }

    private void dispatchAll(int count, IoThread io) {
        for (int i = 0; i < count; i++) {
            try {
                dispatch(io.entryOverlapped(i), io.entryKey(i), io.entryBytes(i), io);
            } catch (Throwable e) {
                io.failed(e); // the batch's other packets are off the port already: lost, if not dispatched now
            }
        }
    }

    /** Those that are there now: what is over at once in consequence comes behind what was put off. */
    private int tellFinished(IoThread io, int most) {
        int count = Math.min(io.finishedCount(), most);
        for (int i = 0; i < count; i++) {
            try {
                io.nextFinished().complete(io);
            } catch (Throwable e) {
                io.failed(e);
            }
        }
        return count;
    }

    /**
     * Takes packets off the port at the end, when those who posted have gone: each operation is home, and nobody is told.
     *
     * @throws Win32Exception as {@link #dequeue}
     */
    public void discard(IoThread io, int timeoutMillis) throws Win32Exception {
        int count = take(io, timeoutMillis);
        for (int i = 0; i < count; i++) {
            Operation operation = operations.at(io.entryOverlapped(i));
            if (operation != null) {
                operation.reset();
            }
        }
    }

    private int take(IoThread io, int timeoutMillis) throws Win32Exception {
        if (timeoutMillis != 0 && io.countedBy(null) == this) {
            running.decrementAndGet();
        }
        int count = io.dequeue(handle, timeoutMillis);
        if (io.countedBy(this) != this) {
            running.incrementAndGet();
        }
        io.defers(running.get() >= parallelism);
        if (count == -WAIT_TIMEOUT()) {
            return 0;
        }
        if (count < 0) {
            throw io.win32().failure("GetQueuedCompletionStatusEx", -count, "port " + handle);
        }
        return count;
    }

    private void dispatch(long overlapped, long key, int bytes, IoThread io) {
        if (overlapped == 0) {
            posted.posted(key, bytes, io);
            return;
        }
        Operation operation = operations.at(overlapped);
        if (operation == null) {
            strayPackets.increment();
            String more = strayLines.next();
            if (more != null) {
                LOG.error("packet for no operation of ours: overlapped {}, key {}, {} bytes{}",
                        Long.toHexString(overlapped), key, bytes, more);
            }
            return;
        }
        operation.complete(key, bytes, io);
    }

    /** For calls that name it, and for people to read. */
    public long handle() {
        return handle;
    }

    /** Packets whose OVERLAPPED is no operation's: somebody else posts to this port. */
    public long strayPackets() {
        return strayPackets.sum();
    }

    /**
     * Closes the port. Threads still waiting wake with an error on Windows, and sleep on under Wine [wine]: so send them
     * away with {@link #post} before.
     */
    public void close(Win32 win32) {
        int error = win32.closeHandle(handle);
        if (error != 0) {
            LOG.error("CloseHandle: {}, port {}", ErrorName.of(error), handle);
        }
    }
}
