package org.iocp4j.simkernel;

import java.util.List;

/** Every choice of a simulation (SplitMix64). */
public final class SeededRandom {
    private long state;

    public SeededRandom(long seed) {
        state = seed * 0x9E37_79B9_7F4A_7C15L + 0x1234_5678_9ABC_DEFL;
    }

    public long next() {
        state += 0x9E37_79B9_7F4A_7C15L;
        long z = state;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }

    /** From 0 to {@code bound} - 1. */
    public int below(int bound) {
        return (int) ((next() >>> 33) % bound);
    }

    /** From {@code least} to {@code most}. */
    public long between(long least, long most) {
        return least + (next() >>> 1) % (most - least + 1);
    }

    public boolean chance(double probability) {
        return probability > 0 && (next() >>> 11) * 0x1p-53 < probability;
    }

    public <T> T pick(List<T> of) {
        return of.get(below(of.size()));
    }

    public int pick(int... of) {
        return of[below(of.length)];
    }
}
