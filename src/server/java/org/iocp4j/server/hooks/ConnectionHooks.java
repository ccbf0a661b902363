package org.iocp4j.server.hooks;

import org.iocp4j.socket.StreamSocket;

/**
 * A {@code SessionHandler} that is this, too, learns of each connection's socket, and of how the connection is closed.
 * The calls for one session come on workers, one after another: accepted before {@code opened}, disconnecting after
 * {@code closed}. None may block, throw, or keep the socket.
 */
public interface ConnectionHooks {
    /**
     * A connection has become a session.
     *
     * @param session its id
     */
    void accepted(long session, StreamSocket socket);

    /**
     * The session has ended, and its connection is about to be closed. Not called for what is left when the server's
     * workers have stopped.
     *
     * @param session its id
     * @param reset   whether the connection is reset
     */
    void disconnecting(long session, boolean reset);
}
