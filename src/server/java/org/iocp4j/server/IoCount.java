package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What keeps a session alive: one reference for its turn and what that awaits, one for each pending send, and one for
 * each piece of code that works on the session otherwise. Whoever takes the count from 0 to the release flag releases
 * the session, once. Named after the original's IoCount.
 */
final class IoCount {
    /** Added while there is no connection: none has begun, or it has ended and its socket is being disconnected. */
    private static final int RELEASED = 0x8000_0000;

    private static final VarHandle COUNT;

    static {
        try {
            COUNT = MethodHandles.lookup().findVarHandle(IoCount.class, "count", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int count = RELEASED;

    /**
     * A connection begins, with one reference. Added, not set: a thread that looks for the connection before this one
     * may hold a reference for a moment.
     */
    void begin() {
        add(1 + RELEASED);
    }

    /** One more, for a caller that has one already. */
    void acquire() {
        add(1);
    }

    /**
     * One more, for a caller that has none yet.
     *
     * @return whether there is a connection; either way the caller must drop the reference
     */
    boolean enter() {
        return add(1) >= 0;
    }

    /**
     * Ends the connection whatever its count is: when no thread is at work any more, and no pending operation
     * completes.
     *
     * @return whether there was one
     */
    boolean release() {
        return (int) COUNT.getAndSet(this, RELEASED) >= 0;
    }

    /** Whether there is a connection and somebody has a reference to it. */
    boolean isHeld() {
        return count > 0;
    }

    /**
     * One less, unless it is the last one of a connection.
     *
     * @return whether it was dropped; else the caller still has it
     */
    boolean tryDrop() {
        int before;
        do {
            before = count;
            if (before == 1) {
                return false;
            }
        } while (!COUNT.compareAndSet(this, before, before - 1));
        return true;
    }

    /**
     * One less.
     *
     * @return true for the one caller that has to release the session
     */
    boolean drop() {
        return add(-1) == 1 && COUNT.compareAndSet(this, 0, RELEASED);
    }

    /** Returns what the count was. */
    private int add(int number) {
        return (int) COUNT.getAndAdd(this, number);
    }
}
