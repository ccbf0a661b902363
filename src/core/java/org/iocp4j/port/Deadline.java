package org.iocp4j.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A time by which something has to have happened. What has such a time extends or holds one, for as long as it lives:
 * arming it needs no memory.
 *
 * <p>Armed, it {@link #expired expires} once, unless it is armed for another time or disarmed before. To put it off, as
 * each sign of life of a connection does, is one write to memory; so is to disarm it. To bring it forward, or to arm it
 * when it has not been armed for a while, takes the wheel's lock for an instant.
 *
 * <p>A thread that arms and disarms and also drives the wheel, as a loop does for all that is its own, gets what the
 * words say: after {@link #disarm} no {@link #expired}, and after {@link #arm} none for an earlier time. Any other
 * thread may call them, too, at any time; of several the last one counts. Then the thread that drives the wheel may
 * already have seen the time run out: {@link #expired} still runs for it, during or after the call. The time that was
 * set by then is kept and runs out as well.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public abstract class Deadline {
    /** As a time: not armed. */
    static final long NEVER = Long.MAX_VALUE;

    private static final VarHandle DUE;

    static {
        try {
            DUE = MethodHandles.lookup().findVarHandle(Deadline.class, "due", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final TimerWheel wheel;
    /** When, on the wheel's clock, or {@link #NEVER}. */
    private volatile long due = NEVER;

    // What follows is the wheel's, and written under its lock.

    /** Every time after this is looked at when it comes: {@link #NEVER} if none is, and it has to be filed. */
    volatile long covered = NEVER;
    /** Where it is filed; -1 if nowhere. */
    int bucket = -1;
    /** The tick at which it leaves the wheel unless it is armed by then; -1 if it stays. */
    long leaves = -1;
    @Nullable Deadline next;
    @Nullable Deadline previous;

    /**
     * Not armed.
     *
     * @param wheel looks after it
     */
    protected Deadline(TimerWheel wheel) {
        this.wheel = wheel;
    }

    /**
     * Arms it, or moves it if it is armed. What the calling thread has written before, {@link #expired} sees.
     *
     * @param dueNanos when, as {@link IoThread#nowNanos}: differences count. If that is past, it expires within a tick
     * @return whether this is now the wheel's earliest: a thread that waits longer has to be woken. Whoever drives the
     *         wheel himself before he waits need not care
     */
    public final boolean arm(long dueNanos) {
        long time = wheel.time(dueNanos);
        long before = due;
        DUE.setRelease(this, time);
        if (time < before) {
            VarHandle.fullFence(); // the write before the read, as the wheel reads and writes them the other way round
        }
        return time <= covered && wheel.file(this);
    }

    /**
     * Arms it, or brings it forward, unless it is armed for an earlier time. For several threads that each know of a
     * time of their own: none puts off what another has armed. What the calling thread has written before,
     * {@link #expired} sees, also one that this call has found armed and that runs out meanwhile.
     *
     * @param dueNanos as for {@link #arm}
     * @return as for {@link #arm}; false if it is armed for an earlier time
     */
    public final boolean armNoLater(long dueNanos) {
        long time = wheel.time(dueNanos);
        VarHandle.fullFence(); // what the caller wrote before the read: else expired could miss it, and nobody arm
        long before = due;
        while (time < before) {
            long found = (long) DUE.compareAndExchange(this, before, time); // a fence, as in arm
            if (found == before) {
                return time <= covered && wheel.file(this);
            }
            before = found;
        }
        return false;
    }

    /** Disarms it, if it is armed. */
    public final void disarm() {
        DUE.setRelease(this, NEVER);
    }

    /** Whether it is armed and has not expired. */
    public final boolean isArmed() {
        return due != NEVER;
    }

    /**
     * Disarms it, and the wheel forgets it: for one whose owner has come to its end. After {@link #disarm} alone the
     * wheel keeps a reference to it until the time comes for which it was armed.
     */
    public final void retire() {
        disarm();
        wheel.forget(this);
    }

    /** The time for which it is armed, on the wheel's clock, or {@link #NEVER}. */
    final long due() {
        return due;
    }

    /** If the time has run out, disarms it: then the caller has to call {@link #expired}. */
    final boolean takeIfDue(long now) {
        long time = due;
        return time <= now && DUE.compareAndSet(this, time, NEVER);
    }

    /**
     * The time has run out. Runs on the thread that drives the wheel, under no lock; the deadline is not armed any
     * more, and may be armed again from here. What it throws, {@link CompletionPort#dequeue} throws later.
     *
     * @param io that thread's own
     */
    protected abstract void expired(IoThread io);
}
