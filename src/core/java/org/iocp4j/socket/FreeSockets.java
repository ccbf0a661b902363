package org.iocp4j.socket;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.iocp4j.port.FreeList;
import org.jspecify.annotations.Nullable;

/**
 * Disconnected sockets of one address family that wait for the next accept, and how many of them are worth keeping. A
 * number is kept always. Above it as many are kept as would bring the sockets in use back to the high-water mark, the
 * most that were in use at once in the last {@value #KEEP_MINUTES} minutes: so a burst that comes again finds its
 * sockets, and a night gives them back.
 *
 * <p>A socket is in use from {@link #take}, which may find none that is free, to {@link #endUse}; so one that the
 * system then refuses to make counts in the mark, too. Any thread; one lock, held for a few instructions and never
 * across a call to Windows.
 *
 * @param <T> the sockets
 */
final class FreeSockets<T> {
    /** How long sockets are kept that nobody has needed meanwhile, up to a minute more. */
    static final int KEEP_MINUTES = 5;
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final int least;
    private final int most;
    private final FreeList<T> free;
    private final AtomicInteger inUse = new AtomicInteger();
    /** The most in use at once: in the present minute, and in each of those before. */
    private final int[] peaks = new int[KEEP_MINUTES + 1];
    /** Which of them is the present minute's. */
    private int present;
    /** Written under the lock. */
    private volatile long minuteBegan;
    private boolean hasBegun;
    private final LongAdder givenBack = new LongAdder();

    /**
     * None is free or in use yet.
     *
     * @param least how many are kept always
     * @param most  how many are kept at most, whatever was needed; not below {@code least}
     * @param order which is taken next
     */
    FreeSockets(int least, int most, FreeList.Order order) {
        this.least = least;
        this.most = most;
        free = new FreeList<>(most, order);
    }

    /** One more is in use from now on: the one returned, or if that is null, one that the caller makes. */
    synchronized @Nullable T take(long nowNanos) {
        lookAtClock(nowNanos);
        peaks[present] = Math.max(peaks[present], inUse.incrementAndGet());
        return free.take();
    }

    /** One of those in use is in use no more. */
    void endUse(long nowNanos) {
        if (nowNanos - minuteBegan >= MINUTE_NANOS) {
            synchronized (this) {
                lookAtClock(nowNanos); // before it is less: until now so many were in use
            }
        }
        inUse.decrementAndGet();
    }

    /** Adds one that is not in use; false if there are enough, and then it stays the caller's. */
    synchronized boolean give(T socket, long nowNanos) {
        lookAtClock(nowNanos);
        return free.size() < wanted() && free.give(socket);
    }

    /** Removes {@code some} at most of those that are kept no more, and returns them: the longest free first. */
    synchronized List<T> takeUnneeded(int some, long nowNanos) {
        lookAtClock(nowNanos);
        int count = Math.clamp((long) free.size() - wanted(), 0, some);
        List<T> taken = new ArrayList<>(count); // first: for want of memory later, those taken would be lost
        for (int i = 0; i < count; i++) {
            T oldest = free.takeOldest();
            assert oldest != null : "as many as were counted";
            taken.add(oldest);
        }
        givenBack.add(taken.size());
        return taken;
    }

    /** How many are to be free at most. */
    private int wanted() {
        return Math.clamp((long) highWater() - inUse.get(), least, most);
    }

    /** Forgets the minutes that are too long ago. */
    private void lookAtClock(long nowNanos) {
        long began = hasBegun ? minuteBegan : nowNanos;
        long minutes = (nowNanos - began) / MINUTE_NANOS;
        minuteBegan = began + Math.max(minutes, 0) * MINUTE_NANOS;
        hasBegun = true;
        for (long i = Math.min(minutes, peaks.length); i > 0; i--) {
            present = (present + 1) % peaks.length;
            peaks[present] = inUse.get();
        }
    }

    /** Removes those that a condition holds for, and returns them. */
    synchronized List<T> takeIf(Predicate<? super T> condition) {
        return free.takeIf(condition);
    }

    /** The most that were in use at once, as far as it is remembered: the mark that {@link #give} goes by. */
    synchronized int highWater() {
        int highest = 0;
        for (int peak : peaks) {
            highest = Math.max(highest, peak);
        }
        return highest;
    }

    /** Whether {@link #takeUnneeded} is to be called again: time will lower the mark, or give some back. */
    synchronized boolean changesWithTime() {
        return free.size() > least || highWater() > inUse.get();
    }

    /** How many are free now. */
    synchronized int size() {
        return free.size();
    }

    /** How many were given back by {@link #takeUnneeded}. */
    long givenBack() {
        return givenBack.sum();
    }
}
