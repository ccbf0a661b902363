package org.iocp4j.socket;

import org.iocp4j.port.IoThread;

/**
 * What comes home to a socket: one method for each of its four operations, called as {@link org.iocp4j.port.CompletionHandler}
 * says.
 */
public interface SocketEvents {
    void accepted(PooledSocket socket, int status, IoThread io);

    void received(PooledSocket socket, long key, int status, int bytes, IoThread io);

    void sent(PooledSocket socket, long key, int status, int bytes, IoThread io);

    void disconnected(PooledSocket socket, long key, int status, IoThread io);
}
