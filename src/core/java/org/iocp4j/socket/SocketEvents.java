package org.iocp4j.socket;

import org.iocp4j.port.IoContext;

/**
 * What comes home to a socket: one method for each of its four operations, called as {@link org.iocp4j.port.Completion}
 * says.
 */
public interface SocketEvents {
    void accepted(PooledSocket socket, int status, IoContext io);

    void received(PooledSocket socket, long key, int status, int bytes, IoContext io);

    void sent(PooledSocket socket, long key, int status, int bytes, IoContext io);

    void disconnected(PooledSocket socket, long key, int status, IoContext io);
}
