package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A call of a handler that a thread of {@link GroupOptions#handlerExecutor} is to make. It is made once at most,
 * whatever the executor does: run it in {@code execute} itself, later, twice, never, or throw.
 *
 * <pre>
 * bit       set by                                              says
 * BEGUN     the thread that is to make the call, before it      nobody else makes it
 * RETURNED  the same, behind it
 * PARKED    who has handed it over, once execute has returned   the thread that makes it sees to what follows
 * REVOKED   who has handed it over, or the group's end          it is not made, unless it has begun
 * LEFT      the group's end, while the call goes on             the thread that makes it sees to the end
 * </pre>
 */
abstract class HandedCall implements Runnable {
    private static final int BEGUN = 1;
    private static final int RETURNED = 2;
    private static final int PARKED = 4;
    private static final int REVOKED = 8;
    private static final int LEFT = 16;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(HandedCall.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state;
    private @Nullable Throwable refusal;

    /** Calls the handler. Throws nothing. */
    abstract void call();

    /** The call has returned, and whoever has handed it over has gone: on the thread that made it. */
    abstract void goOn();

    /** The call has returned, and the group has ended meanwhile: on the thread that made it. */
    abstract void endLate();

    /** By the executor. */
    @Override
    public final void run() {
        if (!begin()) {
            return;
        }
        try {
            call();
        } finally {
            int before = set(RETURNED);
            if ((before & LEFT) != 0) {
                endLate();
            } else if ((before & PARKED) != 0) {
                goOn();
            }
        }
    }

    /** Whether it is the caller's to make. */
    private boolean begin() {
        int before;
        do {
            before = state;
            if ((before & (BEGUN | REVOKED)) != 0) {
                return false;
            }
        } while (!STATE.compareAndSet(this, before, before | BEGUN));
        return true;
    }

    private int set(int bit) {
        return (int) STATE.getAndBitwiseOr(this, bit);
    }

    /**
     * Hands it over.
     *
     * @return whether it is over: it has been made, or {@linkplain #refusal refused}. If not, the thread that makes it
     *         goes on, perhaps already
     */
    final boolean isOverOn(Executor executor, SessionEngine engine) {
        try {
            executor.execute(this);
        } catch (Throwable e) {
            if (revoke()) {
                refusal = e;
                return true;
            }
            engine.handlerFailed(e, "the handlerExecutor threw, and has begun the call all the same");
        }
        return (set(PARKED) & RETURNED) != 0;
    }

    /** What the executor threw; null if it took the call. */
    final @Nullable Throwable refusal() {
        return refusal;
    }

    /** Whether it had not begun, and will not. */
    final boolean revoke() {
        return (set(REVOKED) & BEGUN) == 0;
    }

    /**
     * At the group's end, when nobody else looks after it any more.
     *
     * @return whether the call goes on: then its thread sees to the end. Else it has returned, or was revoked
     */
    final boolean leave() {
        return !revoke() && (set(LEFT) & RETURNED) == 0;
    }

    /** Whether it has begun and not returned. */
    final boolean isUnderWay() {
        return (state & (BEGUN | RETURNED)) == BEGUN;
    }

    /** Whether it was made, or is being made. */
    final boolean hasBegun() {
        return (state & BEGUN) != 0;
    }
}
