package org.iocp4j.server;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One connection, as its handler sees it. Apart from {@link #id()}, all methods may be called only during a
 * {@link SessionHandler} call for this session and on the thread of that call; elsewhere they throw
 * {@link IllegalStateException}. No method blocks.
 *
 * <p>Do not keep a Session: after {@link SessionHandler#closed} the same object serves another connection. To reach a
 * session from elsewhere, keep its {@link #id()} and use {@link IocpServer#send}, {@link IocpServer#broadcast},
 * {@link IocpServer#disconnect} and {@link IocpServer#abort}.
 *
 * <p>The server makes all its sessions. Tests of a handler may implement this interface.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public interface Session {
    /**
     * Names this session and no other of the same server. Ids are unsigned: print them with
     * {@link Long#toUnsignedString(long)}. Any thread may call it; after the session has ended, it returns 0 or the id
     * of another session.
     */
    long id();

    /** The client's address. */
    InetSocketAddress remoteAddress();

    /** The server's address that the client has connected to. */
    InetSocketAddress localAddress();

    /**
     * Queues bytes for sending. They are copied, and sent in order after the handler call has returned; several sends
     * of one call go out as one. All of {@code data} is accepted or nothing.
     *
     * @param data the bytes from its position to its limit; if accepted, its position is set to the limit, else it is
     *             unchanged
     * @return whether the bytes were accepted. False means that the session is ending, that its queue has too little
     *                 room, or that the system has no memory, which
     * ends the session: then leave the input unread, and {@link SessionHandler#received} is called again once there is
     * room
     * @throws IllegalArgumentException if {@code data} is longer than {@link ServerOptions#sendQueueBytes}
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of an arena that is closed or
     *                                  confined to another thread; nothing is queued then
     */
    boolean send(ByteBuffer data);

    /**
     * Ends the session when the handler call has returned: the handler is not called any more except for
     * {@link SessionHandler#closed}, what is queued is sent, then the connection is closed.
     */
    void disconnect();

    /**
     * Ends the session when the handler call has returned, without sending what is queued. If anything was queued, the
     * peer gets a reset.
     */
    void abort();

    /** The object that the handler keeps with this session; null until {@link #attach}. */
    @Nullable Object attachment();

    /**
     * Keeps an object with this session until it ends.
     *
     * @param newAttachment may be null
     */
    void attach(@Nullable Object newAttachment);
}
