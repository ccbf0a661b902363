package org.iocp4j.port;

import static org.iocp4j.port.Deadline.NEVER;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Looks after deadlines, a million if need be. It has no thread: whoever waits on a port does so no longer than
 * {@link #timeoutMillis}, and calls {@link #run} after each dequeue. One loop, or any of several workers; a call that
 * finds another at work returns.
 *
 * {@snippet lang=java :
 * port.dequeue(io, wheel.timeoutMillis(io.nowNanos(), -1));
 * wheel.run(io);
 * }
 *
 * <p>A deadline expires never too early, and too late by no more than a tick of some 17 ms and the time that passes
 * until {@link #run} is called; where that finds more than it does in one call, until it is called again, as often as
 * that takes. A wheel without deadlines costs a comparison.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class TimerWheel {
    // Deadlines are filed by time: in one of 64 buckets of a tick each, or of 64 buckets of 64 ticks each, and so on.
    // When a bucket's first tick has come, each of its deadlines is looked at: it expires, or is filed again, nearer.
    // So one that was put off meanwhile is found then, and whoever put it off has no need to tell. One bit a bucket
    // finds the next bucket that is not empty, however far away it is.
    //
    // How arming and looking meet without a lock. Who arms writes the time, then reads what is covered. Who looks first
    // declares that nothing is covered, then reads the time, then files and declares what is covered now. Either sees
    // the other, if each one's write is done before its read: then the deadline is filed by this one or that, or both.
    // Only who puts a deadline off does not wait for that. If it is still armed when it is looked at, that is harmless:
    // it is filed for the earlier time, and looked at again then. If it has just expired or been disarmed, the new time
    // might never be looked at. So what is not armed stays filed and is looked at once more, one full tick later at
    // least; no processor delays a write for so long [inf].

    private static final int TICK_BITS = 24;
    /** The precision, in nanoseconds: 16.8 ms, about as long as a tick of Windows' own clock. */
    static final long TICK = 1L << TICK_BITS;

    private static final int SLOT_BITS = 6;
    private static final int SLOTS = 1 << SLOT_BITS;
    /** Enough for every time: 7 * 6 + 24 bits are more than a long has. */
    private static final int LEVELS = 7;
    /** The most deadlines that expire in one call. */
    private static final int MOST_AT_ONE_TIME = 256;
    /**
     * The most that one call looks at, of which most have been put off and are filed again: less than a millisecond's.
     * With 256, a million that had been put off into the same bucket took 3,900 calls, and whatever was due then waited
     * for the last.
     */
    private static final int MOST_LOOKS = 8_192;

    /** The beginning of the wheel's clock, in nanoseconds as {@link IoThread#nowNanos}. */
    private final long origin;
    private final @Nullable Deadline[] buckets = new @Nullable Deadline[LEVELS * SLOTS];
    /** For each level, which of its buckets are not empty. */
    private final long[] occupied = new long[LEVELS];
    /** All buckets that begin before this tick are empty. */
    private long tick;
    /** When the first bucket that is not empty comes up, or earlier. Written under the lock. */
    private volatile long earliest = NEVER;
    private final AtomicBoolean driven = new AtomicBoolean();
    /** What was due when it was looked at. Used by whoever drives the wheel. */
    private final @Nullable Deadline[] found = new @Nullable Deadline[MOST_AT_ONE_TIME];

    /**
     * An empty wheel.
     *
     * @param nowNanos {@link IoThread#nowNanos} of any thread that uses the same clock
     */
    public TimerWheel(long nowNanos) {
        origin = nowNanos;
    }

    /** A time on the wheel's own clock, which begins at 0 and never wraps: it stops after 146 years. */
    long time(long nanos) {
        return Math.clamp(nanos - origin, 0, NEVER / 2);
    }

    /**
     * How long a thread may wait before it calls {@link #run}. Any thread.
     *
     * @param nowNanos its {@link IoThread#nowNanos}
     * @param most     in milliseconds; -1 = for ever
     * @return milliseconds, rounded up, so that nobody polls for the rest of one; {@code most} if that is less, or if
     *         there is nothing to wait for
     */
    public int timeoutMillis(long nowNanos, int most) {
        long next = earliest;
        if (next == NEVER) {
            return most;
        }
        // While another thread runs it, what is due is that thread's; look again when it may have done with it.
        long nanos = Math.max((next << TICK_BITS) - time(nowNanos), driven.get() ? TICK : 0);
        int millis = (int) Math.min((nanos + 999_999) / 1_000_000, Integer.MAX_VALUE);
        return most < 0 ? millis : Math.min(millis, most);
    }

    /**
     * Runs {@link Deadline#expired} of those whose time has run out, of {@value #MOST_AT_ONE_TIME} at most, and files
     * up to {@value #MOST_LOOKS} again that have been put off; if there are more, {@link #timeoutMillis} is 0. Any
     * thread; if another is running it, or this one is, it does nothing.
     *
     * @param io the calling thread's own; its clock is read again if there is anything to look at
     * @return how many expired
     */
    public int run(IoThread io) {
        if (time(io.nowNanos()) >> TICK_BITS < earliest || !driven.compareAndSet(false, true)) {
            return 0;
        }
        try {
            io.refreshNow();
            return expire(time(io.nowNanos()), io);
        } finally {
            driven.set(false);
        }
    }

    private int expire(long now, IoThread io) {
        int expired = 0;
        int count = lookAtSome(now);
        for (int i = 0; i < count; i++) {
            Deadline deadline = found[i];
            found[i] = null;
            if (deadline.takeIfDue(now)) { // not before: one that expires may disarm the next
                expired++;
                try {
                    deadline.expired(io);
                } catch (Throwable e) {
                    io.failed(e);
                }
            } else if (deadline.isArmed()) {
                file(deadline);
            }
        }
        return expired;
    }

    /** Looks at deadlines whose buckets have come up; those that are due are in {@link #found}. Returns how many. */
    private synchronized int lookAtSome(long now) {
        long nowTick = now >> TICK_BITS;
        int count = 0;
        int left = MOST_LOOKS;
        int bucket = firstBucket();
        while (bucket >= 0 && start(bucket) <= nowTick && left > 0 && count < MOST_AT_ONE_TIME) {
            tick = start(bucket);
            for (Deadline first = buckets[bucket]; first != null && left > 0 && count < MOST_AT_ONE_TIME; left--) {
                if (look(first, now)) {
                    found[count++] = first;
                }
                first = buckets[bucket];
            }
            bucket = firstBucket();
        }
        earliest = bucket < 0 ? NEVER : start(bucket);
        if (earliest > nowTick) {
            tick = Math.max(tick, nowTick);
        }
        return count;
    }

    /** Whether it is due. */
    private boolean look(Deadline deadline, long now) {
        long nowTick = now >> TICK_BITS;
        unlink(deadline);
        deadline.covered = NEVER;
        long due = deadline.due();
        if (due != NEVER && due > now) {
            fileAt(deadline, due);
            return false;
        }
        if (due != NEVER || deadline.leaves < 0) {
            deadline.leaves = nowTick + 2;
        }
        if (deadline.leaves > nowTick) {
            link(deadline, deadline.leaves);
        } else {
            deadline.leaves = -1;
        }
        return due != NEVER;
    }

    /** Files a deadline by its present time. Any thread. Returns whether it is now the earliest. */
    synchronized boolean file(Deadline deadline) {
        deadline.covered = NEVER;
        long due = deadline.due();
        if (due == NEVER) {
            return false;
        }
        unlink(deadline);
        fileAt(deadline, due);
        long start = start(deadline.bucket);
        if (start >= earliest) {
            return false;
        }
        earliest = start;
        return true;
    }

    private void fileAt(Deadline deadline, long due) {
        deadline.leaves = -1;
        link(deadline, Math.max(-(-due >> TICK_BITS), tick + 1)); // rounded up: never too early
        deadline.covered = (start(deadline.bucket) - 1) << TICK_BITS;
    }

    synchronized void forget(Deadline deadline) {
        unlink(deadline);
        deadline.leaves = -1;
        deadline.covered = NEVER;
    }

    // ---- buckets ----

    /** @param when the tick, later than the present one */
    private void link(Deadline deadline, long when) {
        // The level of the highest digit in which the two differ: its bucket there comes up later than this tick.
        int level = (Long.SIZE - 1 - Long.numberOfLeadingZeros(tick ^ when)) / SLOT_BITS;
        int slot = (int) (when >> (level * SLOT_BITS)) & SLOTS - 1;
        int bucket = level * SLOTS + slot;
        Deadline first = buckets[bucket];
        deadline.bucket = bucket;
        deadline.next = first;
        if (first != null) {
            first.previous = deadline;
        }
        buckets[bucket] = deadline;
        occupied[level] |= 1L << slot;
    }

    /** Does nothing if it is not filed. */
    private void unlink(Deadline deadline) {
        int bucket = deadline.bucket;
        if (bucket < 0) {
            return;
        }
        Deadline next = deadline.next;
        Deadline previous = deadline.previous;
        if (next != null) {
            next.previous = previous;
        }
        if (previous != null) {
            previous.next = next;
        } else {
            buckets[bucket] = next;
        }
        if (buckets[bucket] == null) {
            occupied[bucket / SLOTS] &= ~(1L << bucket % SLOTS);
        }
        deadline.bucket = -1;
        deadline.next = null;
        deadline.previous = null;
    }

    /** The bucket that comes up first of those that are not empty; -1 if all are. */
    private int firstBucket() {
        int first = -1;
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] != 0) {
                int bucket = level * SLOTS + Long.numberOfTrailingZeros(occupied[level]);
                first = first < 0 || start(bucket) < start(first) ? bucket : first;
            }
        }
        return first;
    }

    /** The tick at which a bucket comes up. */
    private long start(int bucket) {
        int shift = bucket / SLOTS * SLOT_BITS;
        long higherDigits = tick & -(1L << (shift + SLOT_BITS));
        return higherDigits | (long) (bucket % SLOTS) << shift;
    }
}
