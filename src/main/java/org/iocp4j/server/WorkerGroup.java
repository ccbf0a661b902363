package org.iocp4j.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.iocp4j.port.IoContext;
import org.iocp4j.win32.Win32;

/**
 * The threads that dequeue packets. Platform threads that live as long as the server: Windows cancels the I/O of a thread
 * that ends [doc].
 */
final class WorkerGroup {
    private final SessionEngine engine;
    private final List<Thread> threads = new ArrayList<>();
    /** Each thread's, for what it has counted; also of those that have ended. */
    private final Queue<Win32> views = new ConcurrentLinkedQueue<>();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicBoolean serverStopped = new AtomicBoolean();
    private volatile boolean stopping;

    WorkerGroup(SessionEngine engine) {
        this.engine = engine;
    }

    /**
     * Starts the threads.
     *
     * @param stopServer run on a thread of its own, once, if a worker fails and that is to stop the server
     */
    void start(int count, Supplier<Win32> system, Runnable stopServer) {
        for (int i = 1; i <= count; i++) {
            Thread thread = Thread.ofPlatform().name("iocp-worker-" + i).unstarted(() -> run(system, stopServer));
            running.incrementAndGet();
            try {
                thread.start();
            } catch (Error e) { // no memory for another thread
                running.decrementAndGet();
                throw e;
            }
            threads.add(thread);
        }
    }

    private void run(Supplier<Win32> system, Runnable stopServer) {
        try (Win32 win32 = system.get()) {
            views.add(win32);
            IoContext io = new IoContext(win32);
            boolean portOpen = true;
            while (portOpen && (!stopping || io.hasWork())) {
                portOpen = dequeue(io, stopServer);
            }
        } catch (RuntimeException | Error e) {
            failed("a worker could not start, or not end in order", e, stopServer);
        } finally {
            running.decrementAndGet();
        }
    }

    private boolean dequeue(IoContext io, Runnable stopServer) {
        try {
            return engine.dequeue(io);
        } catch (RuntimeException | Error e) {
            failed("a worker failed", e, stopServer);
            return true;
        }
    }

    /** Counts first, and throws nothing: the worker that failed has to go on. */
    private void failed(String what, Throwable failure, Runnable stopServer) {
        engine.counters.workerFailures.increment();
        try {
            boolean goOn = engine.options.onWorkerFailure() == OnWorkerFailure.GO_ON;
            SessionEngine.LOG.error("{}; the server {}", what, goOn ? "goes on" : "stops", failure);
            if (!goOn && serverStopped.compareAndSet(false, true)) {
                Thread.ofPlatform().name("iocp-stop").start(stopServer);
            }
        } catch (RuntimeException | Error e) {
            // Not even memory for a line or a thread: the counter tells it.
        }
    }

    long systemCalls() {
        return views.stream().mapToLong(Win32::calls).sum();
    }

    boolean isWorker(Thread thread) {
        return threads.contains(thread);
    }

    /** Asks the threads to end. */
    void stop() {
        stopping = true;
        for (int i = 0; i < threads.size(); i++) {
            engine.wake();
        }
    }

    /** Whether all have ended; one that a handler blocks has not. */
    boolean isStopped() {
        return running.get() == 0;
    }
}
