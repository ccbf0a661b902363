package org.iocp4j.bench;

/**
 * Says when a server has been warmed up: it gets no faster, and its JIT is through. A server may get no faster for
 * seconds while code is still being compiled: what is called once for a connection comes last, after some 16,000
 * connections, and until then half of the server's processor time, or more, is the JIT's.
 */
final class WarmUp {
    private static final int MOST_TURNS = 6;
    private static final int MOST_TURNS_FOR_THE_JIT = 12;
    /** A turn that is faster than those before by this factor is followed by another. */
    private static final double STILL_RISING = 1.03;
    /** A turn is quiet in which less than this part of its time has been spent on compilations that have ended. */
    private static final double QUIET = 0.02;
    /** So many quiet turns in a row: one may be the midst of a long compilation. */
    private static final int QUIET_TURNS = 2;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final boolean awaitsJit;
    private int turns;
    private int quietTurns;
    private double fastest;

    /** @param awaitsJit whether the JIT has to be through */
    WarmUp(boolean awaitsJit) {
        this.awaitsJit = awaitsJit;
    }

    /**
     * A turn is over.
     *
     * @param nanos             how long it took: a burst is over when all are served, whatever the plan's time is
     * @param perSecond         its operations
     * @param compilationMillis how long compilations have taken that ended in it; null if the server does not tell
     * @return whether it was the last
     */
    boolean isOver(long nanos, double perSecond, Long compilationMillis) {
        turns++;
        boolean rises = perSecond >= fastest * STILL_RISING;
        fastest = Math.max(fastest, perSecond);
        boolean isQuiet = compilationMillis == null || compilationMillis * NANOS_PER_MILLI < QUIET * nanos;
        quietTurns = isQuiet ? quietTurns + 1 : 0;
        boolean isThrough = !awaitsJit || compilationMillis == null || quietTurns >= QUIET_TURNS;
        return (isThrough && (!rises || turns >= MOST_TURNS)) || turns == MOST_TURNS_FOR_THE_JIT;
    }
}
