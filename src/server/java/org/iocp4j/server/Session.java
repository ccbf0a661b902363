package org.iocp4j.server;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * One connection, as its handler sees it. All but {@link #id()} is for callbacks for this session; the object serves another
 * connection after {@link SessionHandler#closed}. Whoever wants to reach a session from elsewhere keeps its id and asks the
 * server ({@link IocpServer#send}, {@link IocpServer#disconnect}).
 *
 * <p>The server makes its own; whoever tests a handler may stand in for one.
 */
public interface Session {
    /** Names this session and no other, as long as the server lives. Print it unsigned. Any thread. */
    long id();

    InetSocketAddress remoteAddress();

    InetSocketAddress localAddress();

    /**
     * Queues bytes to be sent, in order; they are copied, and leave when the callback returns, many sends in one. Does not block.
     *
     * @param data read to its end if taken; untouched if not
     * @return whether it was taken. Not: the queue is full (leave the input unread, the next call comes when there is
     *         room) or the session is closing
     * @throws IllegalArgumentException if {@code data} is larger than the whole queue
     * @throws RuntimeException         if {@code data} cannot be read, such as that of an arena of another thread; nothing of it
     *                                  is taken
     */
    boolean send(ByteBuffer data);

    /** Ends the session: nothing more is received, what is queued is sent, then the socket is disconnected. */
    void disconnect();

    /**
     * Ends the session now: what is queued is dropped, what is pending is cancelled. If something was queued, the peer sees a
     * reset.
     */
    void abort();

    /** What the handler keeps with this session; null at its start. */
    Object attachment();

    void attach(Object newAttachment);
}
