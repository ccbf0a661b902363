package org.iocp4j.server;

/**
 * Why a session ended. If there were several reasons, the first one counts. The reason does not say how the connection
 * was closed: a peer gets a reset if bytes for it were dropped, and a FIN otherwise, unless the connection was broken
 * already.
 */
public enum CloseReason {
    /** The peer has finished sending (FIN). */
    PEER_CLOSED,
    /** A receive or a send failed by the peer's reset or silence, or by an error of the network. */
    PEER_RESET,
    /** The handler or another thread asked for it, by {@code disconnect} or {@code abort}. */
    DISCONNECTED,
    /** Nothing was received or sent for {@link ServerOptions#idleTime}. */
    IDLE,
    /** The receive buffer was full, and the handler read nothing of it: what it waits for is longer than a buffer. */
    FRAME_TOO_LONG,
    /** The handler threw an exception or an error. */
    HANDLER_FAILED,
    /**
     * A worker failed outside the handler, or a receive or a send by an error that should not be; counted in
     * {@link ServerStatistics.Faults#workerFailures} or {@link ServerStatistics.Faults#callFailures}.
     */
    SERVER_FAILED,
    /**
     * The system had no memory for what the handler sent, or for a receive or a send that it had begun. One that it
     * refuses to begin is tried again.
     */
    OUT_OF_MEMORY,
    /**
     * Only for the study of the completion-key bug: a completion packet named another session. A server that
     * {@link IocpServer#start} has started never gives this reason.
     */
    KEY_MISMATCH,
    /** The server was closed. */
    SERVER_STOPPED
}
