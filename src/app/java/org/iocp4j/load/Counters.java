package org.iocp4j.load;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of one {@link LoadThread}: written by that thread alone, so without locks; read by any. */
final class Counters {
    private static final int COUNT = Counter.values().length;

    private final AtomicLongArray values = new AtomicLongArray(COUNT);

    /** Only on the thread that owns these counters. */
    void add(Counter counter, long n) {
        int i = counter.ordinal();
        values.setOpaque(i, values.getPlain(i) + n);
    }

    long get(Counter counter) {
        return values.getOpaque(counter.ordinal());
    }
}
