package org.iocp4j.server;

/**
 * What time demands of a session at a tick. Decided from what the ticking thread reads while others may be at work on
 * the session; so whoever acts on it looks again.
 */
enum TickAction {
    NONE,
    /** Post the receive that its own thread has put off and not come to. */
    POST_RECEIVE,
    /** Nothing has happened for the idle time: end the session. */
    END_IDLE,
    /** Nothing has come for a while: take the receive buffer back. */
    TAKE_BUFFER_BACK,
    /** Ending takes too long: abort. */
    ABORT,
    /** Aborted, but operations are still pending: the cancel may have failed. */
    CANCEL_AGAIN;

    /**
     * A receive that has been put off for longer is posted. Sooner, it would only lose its chance to complete
     * synchronously.
     */
    static final long LATE_NANOS = 100_000_000;

    /**
     * For an open session.
     *
     * @param deferredNanos how long its receive has been put off; negative if it has not
     * @param inHandler     whether a handler call is under way
     * @param silentNanos   how long ago anything was received or sent, or the handler returned
     * @param idleNanos     {@link ServerOptions#idleTime}; 0: no limit
     * @param bufferQuiet   {@link ReceiveBuffer#isQuiet}
     */
    static TickAction whileOpen(long deferredNanos, boolean inHandler, long silentNanos, long idleNanos,
            boolean bufferQuiet) {
        if (deferredNanos > LATE_NANOS) {
            return POST_RECEIVE;
        }
        if (deferredNanos < 0 && !inHandler && idleNanos > 0 && silentNanos > idleNanos) {
            return END_IDLE;
        }
        return bufferQuiet ? TAKE_BUFFER_BACK : NONE;
    }

    /**
     * For a session that is ending.
     *
     * @param deferredNanos     as above
     * @param aborting          whether everything pending has been cancelled
     * @param pending           whether a receive or a send is pending all the same
     * @param silentNanos       how long ago a send ended, or the phase changed
     * @param disconnectNanos   {@link ServerOptions#disconnectTime}
     * @param pastDeadlineNanos how long ago {@link ServerOptions#closeTime} was over; negative if it is not
     */
    static TickAction whileEnding(long deferredNanos, boolean aborting, boolean pending, long silentNanos,
            long disconnectNanos, long pastDeadlineNanos) {
        if (deferredNanos > LATE_NANOS) {
            return POST_RECEIVE;
        }
        if (aborting) {
            return pending ? CANCEL_AGAIN : NONE;
        }
        return pastDeadlineNanos > 0 || silentNanos > disconnectNanos ? ABORT : NONE;
    }
}
