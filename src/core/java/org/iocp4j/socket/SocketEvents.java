package org.iocp4j.socket;

import org.iocp4j.port.IoThread;

/**
 * The completions of a pool's sockets: one method for each of the four operations of a socket, called as
 * {@link org.iocp4j.port.CompletionHandler} says, on whichever thread that is. {@code key} is the packet's,
 * {@code status} an NTSTATUS (negative for failure), {@code io} the calling thread's own.
 */
public interface SocketEvents {
    /** An accept has completed; call {@link Listener#completed}. */
    void accepted(PooledSocket socket, int status, IoThread io);

    /** A receive has completed. 0 bytes with success mean that the peer has sent all it will. */
    void received(PooledSocket socket, long key, int status, int bytes, IoThread io);

    /** A send has completed. */
    void sent(PooledSocket socket, long key, int status, int bytes, IoThread io);

    /** A disconnect has completed; call {@link Disconnector#completed}. */
    void disconnected(PooledSocket socket, long key, int status, IoThread io);
}
