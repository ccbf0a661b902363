package org.iocp4j.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.iocp4j.simkernel.SimulatedKernel;

/** A pool whose threads never wait: each ends when there is no task. */
final class ChannelsPool extends AbstractExecutorService {
    /** What the program's handlers throw: it ends the thread, and nothing else does. */
    static final class Whim extends RuntimeException {
        private static final long serialVersionUID = 1;

        Whim() {
            super("a handler's whim");
        }
    }

    private final SimulatedKernel kernel;
    private final int most;
    private final boolean runsInCallers;
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final Set<Thread> threads = new HashSet<>();
    private final Set<Whim> thrown = new HashSet<>();
    private int running;
    private int started;
    private boolean shutdown;

    /**
     * No threads yet.
     *
     * @param most          how many threads there may be; tasks beyond that wait
     * @param runsInCallers whether such tasks run in the call instead
     */
    ChannelsPool(SimulatedKernel kernel, int most, boolean runsInCallers) {
        this.kernel = kernel;
        this.most = most;
        this.runsInCallers = runsInCallers;
    }

    @Override
    public void execute(Runnable task) {
        if (shutdown) {
            throw new RejectedExecutionException("shut down");
        }
        if (running == most && runsInCallers) {
            task.run();
            return;
        }
        tasks.add(task);
        if (running < most) {
            startThread();
        }
    }

    private void startThread() {
        running++;
        kernel.start("pool " + ++started, this::work);
    }

    private void work() {
        threads.add(Thread.currentThread());
        try {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        } catch (Whim whim) {
            kernel.require(thrown.remove(whim), "a thread ends by what no handler has thrown");
        } finally {
            threads.remove(Thread.currentThread());
            running--;
            if (!tasks.isEmpty()) {
                startThread();
            }
        }
    }

    /** Ends the calling thread, which is one of the pool's. */
    void throwWhim() {
        Whim whim = new Whim();
        thrown.add(whim);
        throw whim;
    }

    /** Whether every whim has ended its thread. */
    boolean isQuiet() {
        return thrown.isEmpty();
    }

    /** Whether the calling thread is one of them. */
    boolean isIn() {
        return threads.contains(Thread.currentThread());
    }

    boolean runsInCallers() {
        return runsInCallers;
    }

    @Override
    public void shutdown() {
        shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown = true;
        List<Runnable> rest = new ArrayList<>(tasks);
        tasks.clear();
        return rest;
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return shutdown && running == 0;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return kernel.until(this::isTerminated, Duration.ofNanos(unit.toNanos(timeout)));
    }
}
