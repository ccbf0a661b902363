package org.iocp4j.socket;

import org.iocp4j.port.IoThread;

/**
 * What a {@link StreamSocket} tells: one event for each post that returned {@link StreamSocket#PENDING}, whatever
 * becomes of the socket meanwhile, and {@link #gone} as the last. An event is told on the thread that dequeued its
 * packet, in a domain of one thread on that one, and never inside a post or a close. While it runs, the rest of that
 * thread's batch waits. What it throws, {@link IoDomain#dequeue} throws when the batch is done.
 *
 * <p>{@code status} is an NTSTATUS, negative for failure; {@code io} is the calling thread's own. The memory that the
 * post was given is the caller's again when its event is told, and the operation can be posted anew from there.
 */
public interface SocketEvents {
    /**
     * A connect has ended. With success, the socket can be used. Who connects has to override this: it throws.
     *
     * @param status on failure, {@link ConnectFailure#of} says what it means
     */
    default void connected(StreamSocket socket, int status, IoThread io) {
        throw new IllegalStateException("connected, and nobody waits for it: " + socket);
    }

    /**
     * A {@link StreamSocket#waitReadable} has ended: there are bytes, or the end of the peer's stream, or a failure.
     * Who waits has to override this: it throws.
     */
    default void readable(StreamSocket socket, int status, IoThread io) {
        throw new IllegalStateException("readable, and nobody waits for it: " + socket);
    }

    /** A receive has ended. 0 bytes with success mean that the peer has sent all it will. */
    void received(StreamSocket socket, int status, int bytes, IoThread io);

    /**
     * A send has ended.
     *
     * @param bytes how many were sent; after a failure perhaps some all the same, and then the socket sends no more
     */
    void sent(StreamSocket socket, int status, int bytes, IoThread io);

    /**
     * An event of this socket is near: reads what that is going to read, and does no more. As
     * {@link org.iocp4j.port.CompletionHandler#prefetch}.
     *
     * @param depth 0 or 1: how many objects lie between the receiver of the events and those to be read now
     */
    default int prefetch(StreamSocket socket, int depth) {
        return 0;
    }

    /**
     * The last event after {@link StreamSocket#close}: nothing is pending, and the socket tells nothing more. Not told
     * if the port died, or if the time of {@link IoDomain#end} ran out.
     */
    void gone(StreamSocket socket, IoThread io);
}
