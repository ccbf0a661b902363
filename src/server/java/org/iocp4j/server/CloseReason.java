package org.iocp4j.server;

/**
 * Why a session ended: the first cause. Whatever it is, a peer whose last bytes were dropped sees a reset, and any other an
 * orderly end, except where the connection was broken.
 */
public enum CloseReason {
    /** The peer closed its side (FIN). */
    PEER_CLOSED,
    /** The connection broke: the peer's RST, or an error of the network. */
    PEER_RESET,
    /** The handler, or another thread, asked for it. */
    DISCONNECTED,
    /** Nothing came or went for the idle time. */
    IDLE,
    /** The handler left a full receive buffer unread: what it waits for is longer than a buffer. */
    FRAME_TOO_LONG,
    /** The handler threw. */
    HANDLER_FAILED,
    /** The server failed while it was at work on the session: counted in {@link ServerStatistics#workerFailures}. */
    SERVER_FAILED,
    /** The system had no memory for what the handler sent. */
    OUT_OF_MEMORY,
    /** A packet named another session: only under the study's wrong identities. */
    KEY_MISMATCH,
    /** The server stops. */
    SERVER_STOPPED
}
