package org.iocp4j.simulation;

import java.time.Duration;
import java.util.concurrent.Executor;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;

/** Makes each call of a handler on a thread of its own, as virtual threads do, and now and then in the caller's. */
final class CallThreads implements Executor {
    private final SimulatedKernel kernel;
    private final SeededRandom random;
    private int underWay;

    CallThreads(SimulatedKernel kernel, long seed) {
        this.kernel = kernel;
        this.random = new SeededRandom(seed ^ 0x7777);
    }

    /** Whether the programs of this seed have them: one in four, by bits that nothing else goes by. */
    static boolean areOf(long seed) {
        return (seed & 0x60) == 0x60;
    }

    @Override
    public void execute(Runnable task) {
        if (random.chance(0.1)) {
            task.run();
            return;
        }
        underWay++;
        kernel.start("call", () -> {
            try {
                task.run();
            } finally {
                underWay--;
            }
        });
    }

    /** Calls that are to be made or being made. */
    int underWay() {
        return underWay;
    }

    /** Waits until none is at work any more. */
    void requireEnd(Duration most) {
        kernel.require(kernel.until(() -> underWay == 0, most), "a call hangs");
    }
}
