package org.iocp4j.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;

/**
 * Numbers that every thread counts for itself: counting writes no memory that other threads write, and who wants a sum
 * pays for it, by the number of threads. A thread is known by its {@link IoThread}.
 */
public final class ThreadCounts {
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

    private final int numbers;
    private final List<Share> shares = new ArrayList<>();
    /** What those threads have counted whose IoThread is no more. */
    private final long[] former;

    /**
     * All of them 0.
     *
     * @param numbers how many; they are called 0 to one less
     */
    public ThreadCounts(int numbers) {
        this.numbers = numbers;
        former = new long[numbers];
    }

    /**
     * Adds to a number. Takes no lock, but for the first time that a thread counts here.
     *
     * @param io the calling thread's own
     */
    public void add(int number, long more, IoThread io) {
        try {
            io.share(this).add(number, more);
        } finally {
            Reference.reachabilityFence(io); // or its share may be taken for a former thread's before this is counted
        }
    }

    /**
     * What all threads have counted, those included that have ended. Any thread. If one number is only ever counted
     * after another, and is asked for before it, it is never the larger one.
     */
    public synchronized long sum(int number) {
        long sum = former[number];
        for (Share share : shares) {
            sum += share.get(number);
        }
        return sum;
    }

    /** For {@link IoThread}, which remembers it. */
    synchronized Share shareOf(IoThread io) {
        Share own = null;
        for (int i = shares.size() - 1; i >= 0; i--) {
            Share share = shares.get(i);
            if (share.thread.refersTo(io)) {
                own = share;
            } else if (share.thread.refersTo(null)) {
                shares.remove(i);
                share.addTo(former);
            }
        }
        if (own == null) {
            own = new Share(io);
            shares.add(own);
        }
        return own;
    }

    /** What one thread has counted: written by that thread alone. */
    final class Share {
        /** Before and after its numbers: no other thread writes to their cache lines. */
        private static final int APART = 128 / Long.BYTES;

        private final WeakReference<IoThread> thread;
        private final long[] counts = new long[APART + numbers + APART];

        private Share(IoThread io) {
            thread = new WeakReference<>(io);
        }

        boolean isOf(ThreadCounts all) {
            return ThreadCounts.this == all;
        }

        /** Release, so that whoever reads it sees what was counted before. */
        private void add(int number, long more) {
            int at = APART + number;
            COUNTS.setRelease(counts, at, counts[at] + more);
        }

        private long get(int number) {
            return (long) COUNTS.getAcquire(counts, APART + number);
        }

        private void addTo(long[] sums) {
            for (int number = 0; number < numbers; number++) {
                sums[number] += get(number);
            }
        }
    }
}
