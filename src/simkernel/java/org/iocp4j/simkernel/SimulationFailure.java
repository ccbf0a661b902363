package org.iocp4j.simkernel;

import org.jspecify.annotations.Nullable;

/**
 * A rule was broken, by the code under test or by an expectation of it. The message has the seed, which repeats the
 * run, and the last of what happened.
 */
public final class SimulationFailure extends AssertionError {
    private static final long serialVersionUID = 1;

    private final long seed;
    private final String violation;

    SimulationFailure(long seed, String violation, String traceTail, @Nullable Throwable cause) {
        super(violation + "\nseed " + seed + " (repeat it with -Dseed=" + seed + "); the last of its trace:\n"
                + traceTail,
                cause);
        this.seed = seed;
        this.violation = violation;
    }

    public long seed() {
        return seed;
    }

    /** What was broken, without the trace. */
    public String violation() {
        return violation;
    }
}
