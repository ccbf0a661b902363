package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Who may call a session's handler, and what there is to call it for: one thread at a time has the turn, and handles
 * the events that others leave meanwhile. An event is a bit of the caller's, but not the lowest one. None is lost:
 * either its thread gets the turn with it, or the one that has the turn gets the event before it can leave.
 */
class Turn {
    private static final int TAKEN = 1;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(Turn.class, "word", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The events that nobody handles yet, and TAKEN while a thread has the turn. */
    private volatile int word;

    /** A connection begins, and the calling thread has its turn. */
    final void begin() {
        assert word == 0 : "somebody has the turn of a connection that has ended";
        word = TAKEN;
    }

    /** The connection has ended, and so has the caller's turn. */
    final void end() {
        word = 0;
    }

    /**
     * Tells of events.
     *
     * @return 0 if another thread has the turn, or the caller has it already, and handles them; else the turn is the
     *         caller's now, and these are to be handled, with what was left before
     */
    final int take(int events) {
        int before;
        boolean isFree;
        do {
            before = word;
            isFree = (before & TAKEN) == 0;
        } while (!WORD.compareAndSet(this, before, isFree ? TAKEN : before | events));
        return isFree ? before | events : 0;
    }

    /** Takes the turn if events have been left; 0 if none are, or another thread was faster. */
    final int takeLeft() {
        int before = word;
        return isLeft(before) && WORD.compareAndSet(this, before, TAKEN) ? before : 0;
    }

    private static boolean isLeft(int word) {
        return word != 0 && (word & TAKEN) == 0;
    }

    /** The events that have come meanwhile; the turn stays the caller's. */
    final int takeEvents() {
        return (int) WORD.getAndSet(this, TAKEN) & ~TAKEN;
    }

    /** Whether events have been left for later. Any thread. */
    final boolean hasLeft() {
        return isLeft(word);
    }

    /**
     * Leaves the turn, unless events have come.
     *
     * @param left events for {@link #takeLeft}, or for whoever has the turn next; 0: none
     * @return 0, or the events that have come: then the turn is still the caller's, and nothing was left
     */
    final int leave(int left) {
        if (WORD.compareAndSet(this, TAKEN, left)) {
            return 0;
        }
        return takeEvents();
    }

    /** Leaves the turn, whatever has come, for {@link #takeLeft}. */
    final void leaveAll(int left) {
        int before;
        do {
            before = word;
        } while (!WORD.compareAndSet(this, before, (before & ~TAKEN) | left));
    }
}
