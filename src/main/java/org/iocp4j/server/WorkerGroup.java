package org.iocp4j.server;

import java.util.ArrayList;
import java.util.List;
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
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean stopping;

    WorkerGroup(SessionEngine engine, int count, Supplier<Win32> system) {
        this.engine = engine;
        for (int i = 1; i <= count; i++) {
            running.incrementAndGet();
            threads.add(Thread.ofPlatform().name("iocp-worker-" + i).start(() -> run(system)));
        }
    }

    private void run(Supplier<Win32> system) {
        try (Win32 win32 = system.get()) {
            IoContext io = new IoContext(win32);
            boolean portOpen = true;
            while (portOpen && !stopping) {
                portOpen = engine.dequeue(io);
            }
        } finally {
            running.decrementAndGet();
        }
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
