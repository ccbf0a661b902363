package org.iocp4j.server;

/**
 * What time demands of a session, and when to look at it again. Decided from what the looking thread reads while others
 * may be at work on the session; so whoever acts on it looks again.
 */
enum TickAction {
    NONE,
    /** Nothing has happened for the idle time: tell the handler. */
    TELL_IDLE,
    /** Nothing has come for a while: take the receive buffer back. */
    TAKE_BUFFER_BACK,
    /** Ending takes too long: abort. */
    ABORT,
    /** Aborted, but operations are still pending: the cancel may have failed. */
    CANCEL_AGAIN;

    /** As the time until the next look: there is nothing to wait for. */
    static final long NEVER = Long.MAX_VALUE;
    /** When what could not be done yet, or may have failed, is tried again. */
    static final long RETRY_NANOS = 100_000_000;

    /**
     * For an open session.
     *
     * @param isBusy      whether something of it has been put off, or its input is paused
     * @param inHandler   whether a handler call is under way
     * @param silentNanos how long ago anything was received or sent, or the handler returned
     * @param idleNanos   {@link Session#idleTime}; 0: no limit
     * @param bufferQuiet {@link SessionInput#isQuiet}
     */
    static TickAction whileOpen(boolean isBusy, boolean inHandler, long silentNanos, long idleNanos,
            boolean bufferQuiet) {
        if (!isBusy && !inHandler && idleNanos > 0 && silentNanos >= idleNanos) {
            return TELL_IDLE;
        }
        return bufferQuiet ? TAKE_BUFFER_BACK : NONE;
    }

    /**
     * In how long something can become due of an open session.
     *
     * @param quietNanos {@link SessionInput#QUIET_NANOS}; 0 if the session has no buffer
     */
    static long nextWhileOpen(boolean putOff, long silentNanos, long idleNanos, long quietNanos) {
        // What is overdue waits: for a handler's end, which begins the time anew, or for a receive, which does not.
        long idle = left(silentNanos, idleNanos, putOff ? RETRY_NANOS : idleNanos);
        return Math.min(idle, left(silentNanos, quietNanos, quietNanos));
    }

    private static long left(long silentNanos, long nanos, long nanosIfOverdue) {
        if (nanos == 0) {
            return NEVER;
        }
        return silentNanos < nanos ? nanos - silentNanos : nanosIfOverdue;
    }

    /**
     * For a session that is ending.
     *
     * @param aborting        whether everything pending has been cancelled
     * @param pending         whether a receive or a send is pending all the same
     * @param silentNanos     how long ago a send ended, or the phase changed
     * @param disconnectNanos {@link ServerOptions#disconnectTime}; {@link ServerOptions#lingerTime} of one that waits
     *                        for the peer's FIN
     * @param leftNanos       how much is left of {@link ServerOptions#closeTime}; 0 or less: it is over
     */
    static TickAction whileEnding(boolean aborting, boolean pending, long silentNanos, long disconnectNanos,
            long leftNanos) {
        if (aborting) {
            return pending ? CANCEL_AGAIN : NONE;
        }
        return leftNanos <= 0 || silentNanos >= disconnectNanos ? ABORT : NONE;
    }

    /** In how long something can become due of a session that is ending; a cancel sets a time of its own. */
    static long nextWhileEnding(boolean aborting, long silentNanos, long disconnectNanos, long leftNanos) {
        return aborting ? NEVER : Math.min(disconnectNanos - silentNanos, leftNanos);
    }
}
