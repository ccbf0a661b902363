package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What keeps a session alive: one for each operation that is out, and one for each piece of code that works on the session.
 * Whoever takes it from 0 to the release flag releases the session, once. The study's IoCount.
 */
final class IoCount {
    /** No connection: not begun, or over and its socket on the way back. */
    private static final int RELEASED = 0x8000_0000;

    private final AtomicInteger count = new AtomicInteger(RELEASED);

    /**
     * A connection begins, with one hold. Added, not set: a thread that looks for the connection before this one may have a
     * count here for a moment.
     */
    void begin() {
        count.getAndAdd(1 - RELEASED);
    }

    /** One more; the caller has one already. */
    void acquire() {
        count.getAndIncrement();
    }

    /**
     * One more, for a caller that has none yet.
     *
     * @return whether there is a connection; either way the caller drops what it took
     */
    boolean enter() {
        return count.getAndIncrement() >= 0;
    }

    /**
     * Ends the connection whatever its count: when nobody is at work any more, and nothing that is out comes home.
     *
     * @return whether there was one
     */
    boolean release() {
        return count.getAndSet(RELEASED) >= 0;
    }

    /**
     * One less.
     *
     * @return true for the one caller that has to release the session
     */
    boolean drop() {
        return count.decrementAndGet() == 0 && count.compareAndSet(0, RELEASED);
    }
}
