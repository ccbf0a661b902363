package org.iocp4j.simulation;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.channels.seam.Surroundings;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;

/** The simulated kernel in Windows' place, and threads that wait in its time alone. */
final class ChannelsSurroundings implements Surroundings {
    private static final Duration LOCK_WAIT = Duration.ofNanos(1_000);
    private static final int MOST_LOCK_WAITS = 100_000;

    private final SimulatedKernel kernel;
    private final Map<Thread, Integer> held = new HashMap<>();
    private ChannelsPool lastFixed;

    ChannelsSurroundings(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public Win32 attach() {
        return kernel.sharedView();
    }

    @Override
    public ChannelLock newLock() {
        return new Lock();
    }

    @Override
    public ExecutorService newFixedPool(int threads, ThreadFactory factory) {
        lastFixed = new ChannelsPool(kernel, threads, false);
        return lastFixed;
    }

    /** The threads of the fixed group that was opened last. */
    ChannelsPool lastFixed() {
        return lastFixed;
    }

    @Override
    public void start(String name, Runnable work) {
        kernel.start(name, work::run);
    }

    /** Whether the calling thread has a lock. */
    boolean holdsLock() {
        return held.getOrDefault(Thread.currentThread(), 0) > 0;
    }

    /** Who waits for it gives the baton on, until whoever has it lets it go. */
    private final class Lock extends ChannelLock {
        @Override
        public ChannelLock hold() {
            for (int waits = 0; !tryHold(); waits++) {
                kernel.require(waits < MOST_LOCK_WAITS, "a deadlock");
                kernel.sleep(LOCK_WAIT);
            }
            held.merge(Thread.currentThread(), 1, Integer::sum);
            return this;
        }

        @Override
        public void close() {
            held.merge(Thread.currentThread(), -1, Integer::sum);
            super.close();
        }
    }
}
