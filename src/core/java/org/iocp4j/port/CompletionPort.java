package org.iocp4j.port;

import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * An I/O completion port. Handles are associated with it; operations posted on them complete as packets, which any
 * number of threads dequeue, each with an {@link IoThread} of its own. It owns no thread. Only {@link #dequeue} blocks.
 */
public final class CompletionPort {
    private static final Log LOG = Log.of(CompletionPort.class);

    /**
     * The most packets that a thread dispatches in a row before it runs the synchronous completions that they caused.
     */
    public static final int PACKETS_IN_A_ROW = 8 * IoThread.BATCH;
    /**
     * The most synchronous completions that a thread runs in a row before it polls the port again; if it has just
     * dequeued more packets than this, that number. So many as 512 sessions have their turn before those whose packets
     * have come meanwhile have another. With 64, 250 sessions that are ready at once wait for 727 echoes beside 250
     * whose clients take the time of 300 of them; now for 499 [simulated].
     */
    private static final int COMPLETIONS_IN_A_ROW = PACKETS_IN_A_ROW;
    /**
     * While a thread has run fewer synchronous completions than this since its last look at the port, all that is ready
     * has a second turn, a third and so on. An echo whose send is done in place is one completion. A look at an empty
     * port is a system call, under Wine three requests to the wineserver, where an echo has six [wine].
     */
    private static final int COMPLETIONS_FOR_A_LOOK = 16;
    /**
     * With so many operations, two for each socket, the next packet most likely leads to what is in no cache, and it
     * pays to prefetch that.
     */
    static final int OPERATIONS_BEYOND_CACHES = 8_192;
    /** The most deferred tasks that wait while the thread has other work. */
    private static final int MOST_DEFERRED = PACKETS_IN_A_ROW;

    private final long handle;
    /**
     * How many threads Windows lets run. When that many are running, no other thread can pick up a receive that this
     * one defers.
     */
    private final int parallelism;
    /** Of the threads that have dequeued from this port, and from no other since. Copied when one comes or goes. */
    private volatile RunQueue[] threads = {};
    private final OperationSlab operations;
    private final UserPacketHandler userPackets;
    private final LongAdder strayPackets = new LongAdder();
    private final LogLimit strayLines = new LogLimit();

    /**
     * Makes a port.
     *
     * @param win32       any thread's view of Windows; not kept
     * @param concurrency how many threads Windows lets run on this port's packets at the same time; 0 = as many as
     *                    there are processors. Wine ignores it [wine]
     * @param operations  every operation that is posted on the port's handles; outlives the port
     * @param userPackets handles the packets of {@link #post}
     * @throws Win32Exception if Windows refuses
     */
    public CompletionPort(Win32 win32, int concurrency, OperationSlab operations, UserPacketHandler userPackets)
            throws Win32Exception {
        long created = win32.createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, concurrency);
        if (created < 0) {
            throw win32.failure("CreateIoCompletionPort", (int) -created, "concurrency " + concurrency);
        }
        this.handle = created;
        this.parallelism = concurrency > 0 ? concurrency : Runtime.getRuntime().availableProcessors();
        this.operations = operations;
        this.userPackets = userPackets;
    }

    /**
     * Binds a handle to this port until the handle is closed. A second association fails with
     * {@code ERROR_INVALID_PARAMETER} (87), whatever port or key is given [rep, wine]. Any thread.
     *
     * @param win32 the calling thread's view of Windows
     * @param file  a socket for overlapped I/O, or another such handle
     * @param key   is on every packet of the handle
     * @return 0, or the error
     */
    public int associate(Win32 win32, long file, long key) {
        long port = win32.createIoCompletionPort(file, handle, key, 0);
        return port < 0 ? (int) -port : 0;
    }

    /**
     * Queues a packet without an operation; {@link UserPacketHandler} gets it on the thread that dequeues it. Wakes a
     * thread that waits. Any thread, but not after {@link #close}: Windows may by then have given the handle's number
     * to something else.
     *
     * @param win32 the calling thread's view of Windows
     * @return 0, or the error
     */
    public int post(Win32 win32, long key, int bytes) {
        return win32.postQueuedCompletionStatus(handle, bytes, key, 0);
    }

    /**
     * Runs the completions of operations that finished synchronously on this thread, then waits up to
     * {@code timeoutMillis} for packets and dispatches them. Deferred tasks run before the wait. Everything runs on the
     * calling thread. If more is left to run than it runs in one call, it looks for packets, but does not wait.
     *
     * <p>It is fair to what comes as packets. What is deferred runs once between two looks at the port, and so does
     * what has completed where nothing is deferred; both run again only as long as there have been fewer than sixteen
     * completions. So of up to 512 sessions that defer their receives none is served twice while another's packet
     * waits, unless fewer than sixteen have been served meanwhile. Up to 512 packets come before what waits here.
     *
     * <p>From a handler or a task it throws IllegalStateException: it would overwrite the batch at hand.
     *
     * @param io            the calling thread's own
     * @param timeoutMillis 0 = do not wait, -1 = wait for ever
     * @return how many synchronous completions and packets it handled; 0 after a timeout
     * @throws CompletionFailedException if completions threw; the rest of the batch was handled all the same
     * @throws Win32Exception            if the port is closed: ERROR_ABANDONED_WAIT_0 (735) on Windows [doc],
     *                                   ERROR_INVALID_HANDLE (6) at the next call under Wine [wine]
     */
    public int dequeue(IoThread io, int timeoutMillis) throws Win32Exception {
        return dequeue(io, timeoutMillis, PACKETS_IN_A_ROW);
    }

    /**
     * The same with a bound on the packets: for threads whose handlers may block, since the packets of a batch wait for
     * each other. Another thread can take the rest.
     *
     * @param most the most packets to dispatch, 1 or more
     */
    public int dequeue(IoThread io, int timeoutMillis, int most) throws Win32Exception {
        RunQueue run = io.runQueue();
        requireOutside(run, "a dequeue");
        if (most < 1 || timeoutMillis < -1) {
            throw new IllegalArgumentException(most + " packets at most, " + timeoutMillis + " ms");
        }
        run.dequeuing(true);
        try {
            return dequeue(run, io, timeoutMillis, most);
        } finally {
            run.dequeuing(false);
        }
    }

    private static void requireOutside(RunQueue run, String what) {
        if (run.isDequeuing()) {
            throw new IllegalStateException(what + " inside of a dequeue: it would overwrite the batch at hand");
        }
    }

    private int dequeue(RunQueue run, IoThread io, int timeoutMillis, int most) throws Win32Exception {
        int completions = 0;
        int inARow = Math.max(COMPLETIONS_IN_A_ROW, run.packets()); // what packets cause must not pile up
        boolean hadTurn = false; // what is deferred
        do {
            completions += run.runCompletions(inARow - completions);
            run.shouldDefer(isFullyRunning());
            if (run.hasCompleted() && run.hasDeferred()) {
                run.runDeferred(MOST_DEFERRED);
            } else if (completions >= COMPLETIONS_FOR_A_LOOK && (hadTurn || run.hasCompleted())) {
                break;
            } else {
                run.runDeferred(0);
                hadTurn = true;
            }
        } while (run.hasCompleted() && completions < inARow);
        int packets = 0;
        int count;
        do { // packets that wait are older than the completions that earlier packets caused, and come first
            int batch = Math.min(most - packets, IoThread.BATCH);
            boolean goesOn = packets > 0 || !run.isEmpty() || run.hasFailed(); // what has failed is thrown behind these
            count = take(io, goesOn ? 0 : timeoutMillis, batch);
            packets += count;
            run.packets(packets);
            dispatchAll(count, io);
            run.runDeferred(MOST_DEFERRED);
            run.throwFailure();
        } while (count == IoThread.BATCH && packets < most);
        return completions + packets;
    }

    private void dispatchAll(int count, IoThread io) {
        if (operations.size() >= OPERATIONS_BEYOND_CACHES) {
            prefetchAll(count, io);
        }
        RunQueue run = io.runQueue();
        boolean defers = run.shouldDefer();
        for (int i = 0; i < count; i++) {
            run.shouldDefer(defers && (i < count - 1 || !run.isEmpty())); // what is alone would run next anyway
            try {
                dispatch(io.entryOverlapped(i), io.entryKey(i), io.entryBytes(i), io);
            } catch (Throwable e) {
                io.failed(e); // the batch's other packets are off the port already: they would be lost
            }
        }
        run.shouldDefer(defers);
    }

    /**
     * What the packets lead to comes from memory side by side: pass after pass, each an object further, so that no read
     * of a pass waits for another one of it. On the null kernel, sessions in random order and one packet at a time, an
     * echo took 0.78 of the time with 10,000 sessions and 0.79 with 60,000; with 2,000, which the caches hold, 1.04
     * (measured in turns). Of 64 packets at a time one pass through everything, the only one once, left 0.63 with
     * 60,000, and several leave 0.9 of that.
     */
    private void prefetchAll(int count, IoThread io) {
        int read = 0;
        try {
            for (int depth = -1; depth < CompletionHandler.PREFETCH_DEPTHS; depth++) {
                for (int i = 0; i < count; i++) {
                    Operation operation = operations.at(io.entryOverlapped(i));
                    if (operation != null) {
                        read += depth < 0 ? operation.status() : operation.prefetch(depth);
                    }
                }
            }
        } catch (Throwable e) {
            io.failed(e); // the packets are handled all the same
        }
        io.prefetched(read);
    }

    /**
     * Runs what is queued on this thread, without a look at the port: for a thread that will not dequeue any more,
     * since the port is closed. What that queues is left for the next call, if there is to be one, see
     * {@link IoThread#hasWork}. What throws is told by {@link IoThread#throwFailure}. To what runs it is a dequeue:
     * from there neither this nor {@link #dequeue} can be called.
     */
    public void runQueued(IoThread io) {
        RunQueue run = io.runQueue();
        requireOutside(run, "runQueued");
        run.dequeuing(true);
        try {
            run.runCompletions(run.completedCount());
            run.runDeferred(0);
        } finally {
            run.dequeuing(false);
        }
    }

    /** Whether the calling thread dequeues from this port: then what it defers will run. */
    public boolean isDequeuedBy(IoThread io) {
        return io.runQueue().isCountedBy(this);
    }

    private int take(IoThread io, int timeoutMillis, int most) throws Win32Exception {
        RunQueue run = io.runQueue();
        if (!run.isCountedBy(this)) {
            count(run);
        }
        run.waiting(timeoutMillis != 0);
        int count = io.dequeue(handle, timeoutMillis, most);
        run.waiting(false);
        run.shouldDefer(isFullyRunning());
        if (count == -WAIT_TIMEOUT()) {
            return 0;
        }
        if (count < 0) {
            run.throwFailure(); // the port's comes again with the next look
            throw io.win32().failure("GetQueuedCompletionStatusEx", -count, "port " + handle);
        }
        return count;
    }

    /**
     * Whether as many threads run as Windows lets. Each says for itself whether it waits, so that no dequeue writes
     * memory that others write; those that read it are few, for a port has few threads.
     */
    private boolean isFullyRunning() {
        int running = 0;
        for (RunQueue thread : threads) {
            if (!thread.isWaiting()) {
                running++;
            }
        }
        return running >= parallelism;
    }

    /** From now on this port counts the thread, and the one that did before does not. */
    private void count(RunQueue run) {
        CompletionPort before = run.countedBy(this);
        if (before != null) {
            before.change(all -> all.remove(run));
        }
        change(all -> all.add(run));
    }

    /**
     * The calling thread does not dequeue from this port any more, unless it does so again: it does not count as
     * running. To be called by a thread that ends while others go on; what is queued in its {@link IoThread} stays
     * there, see {@link IoThread#hasWork}.
     */
    public void leave(IoThread io) {
        RunQueue run = io.runQueue();
        if (run.isCountedBy(this)) {
            run.countedBy(null);
            change(all -> all.remove(run));
        }
    }

    private synchronized void change(Consumer<List<RunQueue>> change) {
        List<RunQueue> all = new ArrayList<>(List.of(threads));
        change.accept(all);
        threads = all.toArray(new RunQueue[0]);
    }

    private void dispatch(long overlapped, long key, int bytes, IoThread io) {
        if (overlapped == 0) {
            userPackets.handle(key, bytes, io);
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

    /** The Windows handle, for calls that name the port and for messages; valid until {@link #close}. */
    public long handle() {
        return handle;
    }

    /** How many packets had an OVERLAPPED that is no operation's: someone else posts to this port. Any thread. */
    public long strayPackets() {
        return strayPackets.sum();
    }

    /**
     * Closes the port. Threads that wait wake with an error on Windows [doc] and go on sleeping under Wine [wine], so
     * send each of them a packet with {@link #post} first. Call it once. A failure is logged.
     *
     * @param win32 the calling thread's view of Windows
     */
    public void close(Win32 win32) {
        int error = win32.closeHandle(handle);
        if (error != 0) {
            LOG.error("CloseHandle: {}, port {}", ErrorName.of(error), handle);
        }
    }
}
