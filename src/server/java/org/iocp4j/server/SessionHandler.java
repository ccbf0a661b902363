package org.iocp4j.server;

import java.nio.ByteBuffer;

/**
 * What the sessions of a server do. One handler serves them all; what belongs to one is its
 * {@link Session#attachment()}.
 *
 * <p>The calls for one session come one after another, never two at once, on whichever worker thread has its packet; those
 * of different sessions run at the same time. A call that blocks holds up a worker, and every session whose completions that
 * worker has at hand. Whatever is thrown, checked or not, ends its session, is logged and counted, and harms no other.
 */
public interface SessionHandler {
    /** A client has connected. What is sent here goes out before anything is received. */
    default void opened(Session session) {
    }

    /**
     * Bytes have come.
     *
     * @param data what is unread, from the oldest on; read-only, big-endian at its start, and valid during this call only:
     *             do not keep it, for the same object is lent to other sessions, which would see your changes, and you
     *             their bytes.
     *             Bytes that the handler leaves unread are there again at the next call, with those that came since; so a
     *             handler reads what is whole and returns. How much it has read is told by the position alone: to lower the
     *             limit loses nothing, and above the limit are zeros or older bytes of this connection, never another's. If a
     *             {@link Session#send} was refused, the next call comes when the queue has room again.
     */
    void received(Session session, ByteBuffer data);

    /** The session is over: nothing is pending any more, and this is its last call. */
    default void closed(Session session, CloseReason reason) {
    }
}
