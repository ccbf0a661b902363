package org.iocp4j.server;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.LogLimit;
import org.iocp4j.win32.Win32;

/**
 * The threads that dequeue packets. They are platform threads and live as long as the group, since Windows may cancel
 * the I/O of a thread that ends [doc]. Nothing that is thrown ends one; only the loss of their port ends them before
 * {@link #stop}.
 */
final class WorkerGroup {
    /** How long a worker that could not get a view of the system waits before it tries again. */
    private static final int RETRY_MILLIS = 1_000;
    /** How long a worker waits after its dequeue itself has thrown. */
    private static final int PAUSE_MILLIS = 100;

    private final SessionEngine engine;
    private final Supplier<Win32> system;
    private final Runnable stopServer;
    /** Read by any thread, by those in it too, from their start on. */
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final List<Shard> shards;
    /** Each thread's view, for the calls that it has counted; also of threads that have ended. */
    private final Queue<Win32> views = new ConcurrentLinkedQueue<>();
    /** Threads that may be at work on the server. */
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicBoolean serverStopped = new AtomicBoolean();
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicReference<Runnable> finish = new AtomicReference<>();
    private final LogLimit failureLines = new LogLimit();

    /**
     * @param stopServer run once, on a thread of its own, if a port is lost, or if a worker fails and the options say
     * STOP
     */
    WorkerGroup(SessionEngine engine, Supplier<Win32> system, Runnable stopServer) {
        this.engine = engine;
        this.shards = engine.shards();
        this.system = system;
        this.stopServer = stopServer;
    }

    /** Starts the threads: each is one shard's, and each shard has as many as any other, or one more. */
    void start(int count) {
        for (int i = 1; i <= count; i++) {
            Shard shard = shardOf(i);
            String name = "iocp-worker-" + i + (shards.size() == 1 ? "" : "-port-" + (shard.index() + 1));
            Thread thread = Thread.ofPlatform().name(name).unstarted(() -> run(shard));
            threads.add(thread); // first: it may ask at once whether it is one
            running.incrementAndGet();
            try {
                thread.start();
            } catch (Throwable e) { // no memory for another thread
                running.decrementAndGet();
                threads.remove(thread);
                throw e;
            }
        }
    }

    private Shard shardOf(int worker) {
        return shards.get((worker - 1) % shards.size());
    }

    private void run(Shard shard) {
        boolean done = serve(shard);
        while (!done) {
            awaitStop(RETRY_MILLIS);
            running.incrementAndGet(); // before it checks for the stop, so that close() waits for this thread
            done = serve(shard);
        }
        if (shard.isPortLost()) {
            stopServer(); // however this thread has ended
        }
    }

    /** Whether the thread is to end; false if it could not begin. */
    private boolean serve(Shard shard) {
        try {
            if (isStopping()) {
                return true;
            }
            serveOnView(shard);
            return true;
        } catch (Throwable e) {
            failed("a worker could not start, or not end in order", e);
            return isStopping() || shard.isPortLost();
        } finally {
            running.decrementAndGet();
            finishIfStopped();
        }
    }

    private void serveOnView(Shard shard) {
        try (Win32 win32 = system.get()) {
            IoThread io = new IoThread(win32);
            views.add(win32);
            shard.enter(io);
            try {
                while (!shard.isPortLost() && (!isStopping() || io.hasWork())) {
                    dequeue(shard, io);
                }
            } finally {
                shard.leave(io);
            }
        }
    }

    private void dequeue(Shard shard, IoThread io) {
        try {
            shard.dequeue(io);
        } catch (CompletionFailedException e) {
            failed("a worker failed", e);
        } catch (Throwable e) { // not a completion but dequeuing itself, which may throw again immediately
            failed("a worker cannot dequeue", e);
            awaitStop(PAUSE_MILLIS);
        }
    }

    /** Counts first, and must not throw: the worker that failed has to go on. */
    private void failed(String what, Throwable failure) {
        boolean goOn = engine.options.onWorkerFailure() == OnWorkerFailure.GO_ON;
        engine.counters.workerFailures.addAndGet(failure instanceof CompletionFailedException all ? all.failures() : 1);
        if (!goOn) {
            stopServer();
        }
        try {
            log(what, goOn ? "goes on" : "stops", failure);
        } catch (Throwable e) { // no memory for a line
            engine.counters.workerFailures.incrementAndGet();
        }
    }

    private void log(String what, String then, Throwable failure) {
        String more = failureLines.next();
        if (more == null) {
            return;
        }
        if (failure instanceof CompletionFailedException all) { // logged, each of them
            SessionEngine.LOG.error("{}: {} times, see above; the server {}{}", what, all.failures(), then, more);
        } else {
            SessionEngine.LOG.thrown(failure, "{}; the server {}{}", what, then, more);
        }
    }

    private void stopServer() {
        if (serverStopped.compareAndSet(false, true)) {
            try {
                Thread.ofPlatform().name("iocp-stop").start(this::stopAtLast);
            } catch (Throwable e) { // no memory for another thread: the next failure tries again
                serverStopped.set(false);
                SessionEngine.LOG.thrown(e, "the server cannot stop by itself now");
            }
        }
    }

    /** Tries until the stop has begun, since nothing else will ask for it again. */
    private void stopAtLast() {
        for (boolean done = false; !done; ) {
            try {
                stopServer.run();
                done = true;
            } catch (Throwable e) {
                SessionEngine.LOG.thrown(e, "the server could not stop by itself");
                awaitStop(RETRY_MILLIS);
                done = isStopping();
            }
        }
    }

    private void awaitStop(int millis) {
        try {
            stop.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            // An interrupt does not end a worker; only stop() does.
        } catch (Throwable e) { // no memory to wait with
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
        }
    }

    private boolean isStopping() {
        return stop.getCount() == 0;
    }

    long systemCalls() {
        return views.stream().mapToLong(Win32::calls).sum();
    }

    boolean isWorker(Thread thread) {
        return threads.contains(thread);
    }

    /** Asks the threads to end. */
    void stop() {
        stop.countDown();
        for (int i = 1; i <= threads.size(); i++) {
            shardOf(i).mailbox.wakeWorker();
        }
    }

    /** Whether no thread is at work any more. One that is blocked in a handler is at work. */
    boolean isStopped() {
        return running.get() == 0;
    }

    /** For the log: which threads have not ended, and in what. */
    void logThoseAtWork(String what) {
        for (Thread thread : threads) {
            if (thread.isAlive()) {
                Throwable place = new Throwable("its stack");
                place.setStackTrace(thread.getStackTrace());
                SessionEngine.LOG.thrown(place, "{}: {}", thread.getName(), what);
            }
        }
    }

    /**
     * Runs it once, when no thread is at work after {@link #stop}: now, on the calling thread, or later, on the last
     * worker.
     */
    void whenStopped(Runnable last) {
        finish.set(last);
        finishIfStopped();
    }

    private void finishIfStopped() {
        Runnable last = isStopped() ? finish.getAndSet(null) : null;
        if (last == null) {
            return;
        }
        try {
            last.run();
        } catch (Throwable e) {
            SessionEngine.LOG.thrown(e, "the server could not end in order");
        }
    }
}
