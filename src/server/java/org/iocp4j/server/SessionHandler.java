package org.iocp4j.server;

import java.nio.ByteBuffer;

/**
 * What a server's sessions do. One handler serves all sessions of a server; what belongs to a single session is its
 * {@link Session#attachment()}.
 *
 * <p>The calls for one session come one after another, each on any of the server's worker threads. Calls for different
 * sessions come at the same time. A call should not block: it holds up a worker, and with it every session whose
 * completions that worker has dequeued. Anything a call throws ends its session ({@link CloseReason#HANDLER_FAILED}),
 * is logged, counted in {@link ServerStatistics.Faults#handlerFailures}, and does not affect other sessions.
 */
public interface SessionHandler {
    /** A client has connected. What is sent here goes out before {@link #received} is first called. */
    default void opened(Session session) {
    }

    /**
     * Bytes have been received.
     *
     * <p>The handler reads from the buffer's position on and leaves the rest; that is passed again with the next call,
     * followed by what has been received since. So a handler reads complete messages and returns. Only the position
     * says how much has been read; changes to the limit have no effect. If {@link Session#send} has refused bytes
     * during a call, the next call comes when a pending send has completed; there may still be too little room, and the
     *             send be refused again, even if nothing more has been received.
     *
     * @param data the unread bytes, oldest first: read-only, big-endian, valid until the call returns. Do not keep it:
     *             the same object is used for other sessions. Its memory beyond the limit never shows another
     *             connection's bytes
     */
    void received(Session session, ByteBuffer data);

    /**
     * The session has ended: nothing is pending any more, and this is its last call. It comes for every session for
     * which {@link #opened} was called. {@link Session#send} accepts nothing here.
     */
    default void closed(Session session, CloseReason reason) {
    }
}
