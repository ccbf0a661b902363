package org.iocp4j.channels;

import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;

import java.io.IOException;
import java.nio.channels.AsynchronousChannel;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/**
 * A completion port and the threads that run its channels' handlers. Each thread of a fixed group dequeues one packet
 * and runs its handler, again and again; where it is the only one, as many packets as there are. In a group with a
 * given pool so many of the pool's threads do the same as the user has asked for, and a thread of the group's own
 * dequeues for the rest: it runs no handler, but has the pool run it, however many others wait for something.
 *
 * <p>A handler that throws ends its thread with that very exception, as java.nio has it; another one takes its place,
 * with what the first has dequeued and not run.
 */
final class IocpChannelGroup extends AsynchronousChannelGroup implements Executor {
    private static final Log LOG = Log.of(IocpChannelGroup.class);
    /** The longest that the end waits for the packets of what was cancelled. */
    private static final Duration END = Duration.ofSeconds(10);
    /** How long a packet waits that Windows has refused. */
    private static final long AGAIN_NANOS = 100_000_000;
    /**
     * So many handlers run before a group's only thread looks at the port again: each look is a call of the kernel.
     * Several threads, which take a packet at each look, would leave those of tasks behind.
     */
    private static final int HANDLERS_FOR_A_LOOK = 16;
    /** Or it looks again when so much time has passed: handlers may take long, and run further ones in their calls. */
    private static final long LONGEST_WITHOUT_LOOK_NANOS = 1_000_000;
    /** The key of the packets that say that there is a task. */
    private static final long TASK = 1;

    private final Transport transport;
    private final ExecutorService executor;
    private final IoDomain domain;
    /** Whether the threads that dequeue are all there are. */
    private final boolean fixed;
    private final boolean hasOneThread;
    /** Of a fixed group: what is to run on any of its threads. */
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final LogLimit dequeueLines = new LogLimit();
    private final LogLimit refusalLines = new LogLimit();

    private final ChannelLock lock;
    private final Again again;

    // Guarded by the lock, but for the reads of what is volatile.
    private final Set<AsynchronousChannel> channels = new LinkedHashSet<>();
    private volatile boolean shutdown;
    /** Shut down, and without channels: threads end when they have nothing more to do. */
    private volatile boolean ending;
    private volatile boolean ended;
    private int loops;

    private IocpChannelGroup(AsynchronousChannelProvider provider, Transport transport, ExecutorService executor,
            int threads, boolean fixed) throws IOException {
        super(provider);
        this.transport = transport;
        this.executor = executor;
        this.fixed = fixed;
        hasOneThread = fixed && threads == 1;
        lock = transport.surroundings.newLock();
        again = new Again();
        transport.timers.start();
        int all = fixed ? threads : threads + 1;
        IoThread io = transport.take();
        try {
            domain = new IoDomain(transport.options(all), (key, bytes, on) -> {
                // it has ended a wait: the thread looks for the task itself
            }, io);
        } finally {
            transport.give(io);
        }
    }

    static IocpChannelGroup fixed(AsynchronousChannelProvider provider, Transport transport, int threads,
            ThreadFactory factory) throws IOException {
        ExecutorService pool = transport.surroundings.newFixedPool(threads, factory);
        return new IocpChannelGroup(provider, transport, pool, threads, true).start(threads);
    }

    /** @param threads how many of the pool's threads dequeue */
    static IocpChannelGroup onPool(AsynchronousChannelProvider provider, Transport transport, ExecutorService pool,
            int threads) throws IOException {
        IocpChannelGroup group = new IocpChannelGroup(provider, transport, pool, threads, false);
        Loop own = group.new Loop(false);
        try {
            transport.surroundings.start("iocp4j-dequeuing", own);
        } catch (Throwable e) {
            own.leave();
            throw e;
        }
        return group.start(threads);
    }

    /** A pool may refuse some of them; what else it throws, or its factory, is thrown here, and the group ends. */
    private IocpChannelGroup start(int threads) {
        for (int i = 0; i < threads; i++) {
            try {
                begin(new Loop(true));
            } catch (Throwable e) {
                if (fixed || !(e instanceof RejectedExecutionException)) {
                    end();
                    throw e;
                }
            }
        }
        return this;
    }

    /**
     * Has the pool run a loop. What it throws is no refusal if it has run it, in this call: then it is a handler's.
     *
     * @throws RejectedExecutionException or what else the pool has refused it by; then it has left
     */
    private void begin(Loop loop) {
        Handed handed = new Handed(loop);
        try {
            executor.execute(handed);
        } catch (Throwable e) { // the pool is the user's
            if (handed.take()) {
                loop.refused(e);
                throw e;
            }
            HandlerThread.uncaught(e);
        }
    }

    // ---- its threads ----

    /** What a thread does that dequeues; another thread goes on with it when a handler has ended the first. */
    private final class Loop implements Runnable {
        private final boolean runsHandlers;
        private final HandlerThread thread;
        private final IoThread io;
        /** The handlers and tasks that are to run next: in a group of several threads, one. */
        private final ArrayDeque<Runnable> batch = new ArrayDeque<>();
        private int handlersSinceLook;
        private long lookNanos;

        Loop(boolean runsHandlers) {
            this.runsHandlers = runsHandlers;
            io = new IoThread(transport.spareThreads.attach());
            thread = new HandlerThread(IocpChannelGroup.this, io);
            try (var _ = lock.hold()) {
                loops++;
            }
        }

        @Override
        public void run() {
            HandlerThread before = thread.begin();
            boolean isOver = false;
            try {
                while (!ending || hasWork()) {
                    turn();
                }
                isOver = true;
            } finally {
                if (isOver) {
                    leave();
                } else {
                    domain.leave(io); // or this thread would count as running
                }
                thread.end(before);
                if (!isOver) {
                    goOnElsewhere();
                }
            }
        }

        /** Throws nothing: a handler's exception is on its way. */
        private void goOnElsewhere() {
            try {
                begin(this);
            } catch (Throwable e) {
                // it has been logged
            }
        }

        /** No thread goes on with it. */
        void refused(Throwable cause) {
            LOG.warn("the group's pool has refused a thread that dequeues: {}", cause.toString());
            while (io.hasWork()) { // or nobody would be told of it
                domain.runQueued(io);
            }
            leave();
        }

        private boolean hasWork() {
            return io.hasWork() || thread.hasDeferred() || hasHandlers();
        }

        /** Whether there is something to run before the port has anything. */
        private boolean hasHandlers() {
            return thread.hasReady() || !batch.isEmpty() || (fixed && !tasks.isEmpty());
        }

        private void turn() {
            thread.postDeferred(io);
            boolean isIdle = !hasHandlers();
            if (isIdle || !hasOneThread || isTimeForALook()) {
                dequeue(isIdle && !ending ? -1 : 0);
                handlersSinceLook = 0;
                lookNanos = io.win32().nanoTime();
            }
            if (runsHandlers) {
                gather();
                for (Runnable next = batch.poll(); next != null; next = batch.poll()) {
                    handlersSinceLook++;
                    thread.run(next);
                }
            }
        }

        private boolean isTimeForALook() {
            return handlersSinceLook >= HANDLERS_FOR_A_LOOK
                    || io.win32().nanoTime() - lookNanos >= LONGEST_WITHOUT_LOOK_NANOS;
        }

        /** Behind what one that threw has left: what has completed, and a task, which no completion holds up. */
        private void gather() {
            for (Runnable next = thread.pollReady(); next != null; next = thread.pollReady()) {
                if (hasOneThread || batch.isEmpty()) {
                    batch.add(next);
                } else {
                    hand(next); // the one before may take as long as it likes
                }
            }
            Runnable task = fixed && (hasOneThread || batch.isEmpty()) ? tasks.poll() : null;
            if (task != null) {
                batch.add(task);
            }
        }

        private void dequeue(int millis) {
            thread.collect(runsHandlers);
            try {
                domain.dequeue(io, millis, runsHandlers && !hasOneThread ? 1 : CompletionPort.PACKETS_IN_A_ROW);
            } catch (CompletionFailedException e) {
                // it was logged where it failed, and the other packets were handled
            } catch (Win32Exception e) {
                String more = dequeueLines.next();
                if (more != null) {
                    LOG.error("{}{}", e.getMessage(), more);
                }
                io.win32().sleep(Timers.FAILED_MILLIS);
            } finally {
                thread.collect(false);
            }
        }

        /** It has come to its end; the last one ends the group. */
        void leave() {
            boolean isLast;
            try (var _ = lock.hold()) {
                isLast = --loops == 0;
            }
            if (isLast) {
                finish();
            } else {
                domain.leave(io);
                wake(io); // the next one, which may wait
            }
            io.giveStockBack();
            io.win32().close();
        }

        private void finish() {
            try {
                domain.end(io, END);
            } finally {
                ended = true;
                again.retire();
                executor.shutdown();
                for (Runnable late = tasks.poll(); late != null; late = tasks.poll()) {
                    Runnable last = late; // told while the last thread left
                    HandlerThread.runAnyway(() -> thread.run(last));
                }
            }
        }
    }

    // ---- what runs on them ----

    /** Runs a task on one of the group's threads, as the JDK's groups do. */
    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task is null");
        if (!fixed) {
            if (ended) { // a pool that was shut down may discard what it refuses
                throw terminated();
            }
            executor.execute(bound(task));
            return;
        }
        tasks.add(task);
        if (ended && tasks.remove(task)) {
            throw terminated();
        }
        IoThread io = transport.take();
        try {
            posted(domain.post(io.win32(), TASK, 0), io);
        } finally {
            transport.give(io);
        }
    }

    // ---- its packets ----

    /** Wakes a thread, which is to see that the group ends. */
    private void wake(IoThread io) {
        posted(domain.wake(io.win32()), io);
    }

    /** A packet that Windows has refused is posted some time later: a thread may wait for it. */
    private void posted(int error, IoThread io) {
        if (error == 0 || error == ERROR_INVALID_HANDLE()) { // with that one, no thread waits any more
            return;
        }
        String more = refusalLines.next();
        if (more != null) {
            LOG.warn("PostQueuedCompletionStatus: {}: again in {} ms{}", ErrorName.of(error),
                    TimeUnit.NANOSECONDS.toMillis(AGAIN_NANOS), more);
        }
        transport.timers.arm(again, io.win32().nanoTime() + AGAIN_NANOS, io);
    }

    private final class Again extends Deadline {
        Again() {
            super(transport.timers.wheel());
        }

        @Override
        protected void expired(IoThread io) {
            if (ending) {
                wake(io);
            }
            for (int i = tasks.size(); i > 0; i--) {
                posted(domain.post(io.win32(), TASK, 0), io);
            }
        }
    }

    private static RejectedExecutionException terminated() {
        return new RejectedExecutionException("the group has terminated");
    }

    /**
     * For any thread that the pool has. If that is one with handlers enough on its stack, the pool runs tasks in their
     * callers, or has refused this one: then it runs later, or such tasks would nest without end.
     */
    private Runnable bound(Runnable task) {
        return () -> {
            HandlerThread current = HandlerThread.current();
            if (current != null && !current.hasRoom()) {
                current.later(bound(task));
                return;
            }
            HandlerThread thread = new HandlerThread(this, null);
            HandlerThread before = thread.begin();
            try {
                thread.run(task);
            } finally {
                thread.end(before);
            }
        };
    }

    /** An operation has ended on a thread that dequeues, or on one that does not call for its channel's user. */
    void deliver(PendingOperation operation) {
        if (operation.hasHandler()) {
            HandlerThread current = HandlerThread.current();
            if (current == null || !current.keep(this, operation)) {
                hand(operation);
            }
        }
    }

    /**
     * An operation has ended in the call that began it: its handler runs here and now if that is allowed.
     *
     * @throws ShutdownChannelGroupException as {@link #handBegun}
     */
    void invoke(PendingOperation operation) {
        if (operation.hasHandler()) {
            HandlerThread current = HandlerThread.current();
            if (current != null && current.mayRun(this)) {
                current.run(operation);
            } else {
                handBegun(operation);
            }
        }
    }

    /**
     * As {@link #hand}, for the handler of an operation that has ended in the call that began it.
     *
     * @throws ShutdownChannelGroupException if the group has terminated, and the caller is none of its threads
     */
    void handBegun(Runnable handler) {
        hand(handler, true);
    }

    /** Has another thread run a handler, or this one later. Throws nothing of the handler's or the pool's. */
    void hand(Runnable handler) {
        hand(handler, false);
    }

    private void hand(Runnable handler, boolean isInCall) {
        Handed handed = new Handed(handler);
        try {
            execute(handed);
        } catch (Throwable e) { // the pool is the user's, and may run a handler in this call, too
            if (handed.take()) {
                refused(handler, isInCall, e);
            } else {
                HandlerThread.uncaught(e);
            }
        }
    }

    /** Its pool was shut down by others, is full, or has failed: who waits for the handler would wait for ever. */
    private void refused(Runnable handler, boolean isInCall, Throwable cause) {
        HandlerThread current = HandlerThread.current();
        if (isInCall && ended && (current == null || !current.isOf(this))) {
            throw new ShutdownChannelGroupException();
        }
        transport.counters.refusedHandlers.increment();
        String more = refusalLines.next();
        if (more != null) {
            LOG.warn("the group's pool has refused a handler: {}{}", cause.toString(), more);
        }
        HandlerThread.runAnyway(bound(handler));
    }

    /** A handler on its way to a thread: it runs once, even if a pool has both taken it and thrown. */
    private static final class Handed implements Runnable {
        private final Runnable handler;
        private final AtomicBoolean taken = new AtomicBoolean();

        Handed(Runnable handler) {
            this.handler = handler;
        }

        /** Whether the caller is the one that runs it. */
        boolean take() {
            return taken.compareAndSet(false, true);
        }

        @Override
        public void run() {
            if (take()) {
                handler.run();
            }
        }
    }

    // ---- its channels ----

    Transport transport() {
        return transport;
    }

    /** Whether there is one thread, which dequeues and runs all handlers. */
    boolean hasOneThread() {
        return hasOneThread;
    }

    IoDomain domain() {
        return domain;
    }

    /** Opens what a new channel needs; the group cannot end meanwhile. */
    interface Opening<T extends AsynchronousChannel> {
        T open() throws IOException;
    }

    /** @throws ShutdownChannelGroupException if it takes no new channels */
    <T extends AsynchronousChannel> T open(Opening<T> opening) throws IOException {
        try (var _ = lock.hold()) {
            if (shutdown) {
                throw new ShutdownChannelGroupException();
            }
            T channel = opening.open();
            channels.add(channel);
            return channel;
        }
    }

    /** Takes in a channel that was accepted; false if it takes no new ones. */
    boolean add(AsynchronousChannel channel) {
        try (var _ = lock.hold()) {
            return !shutdown && channels.add(channel);
        }
    }

    /** The channel is closed. */
    void remove(AsynchronousChannel channel) {
        boolean ends;
        try (var _ = lock.hold()) {
            ends = channels.remove(channel) && channels.isEmpty() && shutdown;
        }
        if (ends) {
            end();
        }
    }

    // ---- the end ----

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return executor.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return executor.awaitTermination(timeout, unit);
    }

    @Override
    public void shutdown() {
        boolean ends;
        try (var _ = lock.hold()) {
            shutdown = true;
            ends = channels.isEmpty();
        }
        if (ends) {
            end();
        }
    }

    @Override
    public void shutdownNow() throws IOException {
        List<AsynchronousChannel> open;
        try (var _ = lock.hold()) {
            shutdown = true;
            open = List.copyOf(channels);
        }
        for (AsynchronousChannel channel : open) {
            channel.close();
        }
        end();
    }

    private void end() {
        ending = true;
        IoThread io = transport.take();
        try {
            wake(io); // and each thread that ends wakes the next one
        } finally {
            transport.give(io);
        }
    }
}
