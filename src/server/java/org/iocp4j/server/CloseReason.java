package org.iocp4j.server;

/**
 * Why a session ended. If there were several reasons, the first one counts. The reason does not say how the connection
 * was closed: a peer gets a reset if bytes for it were dropped, if {@code abort} was called, if something stands for
 * the session ({@link Session#wrapRef}), as TLS does, and it did not end in order, nor had ended its output, or with
 * {@link org.iocp4j.socket.DisconnectMethod#CLOSE}; else a FIN, unless the connection was broken already.
 */
public enum CloseReason {
    /**
     * The peer sent its FIN, and after {@link SessionHandler#inputEnded} was called the handler disconnected (the
     * default) or aborted, or had ended its own output too.
     */
    PEER_CLOSED,
    /**
     * A receive or a send failed: the peer's reset, no answer from its system (TCP gave up), or an error of the
     * network.
     */
    PEER_RESET,
    /**
     * The handler asked for it by {@code disconnect} or {@code abort}, and neither the peer's end nor the idle time was
     * its occasion; or another thread did, at any time.
     */
    DISCONNECTED,
    /** Nothing happened for the idle time, and in {@link SessionHandler#idle} the handler disconnected or aborted. */
    IDLE,
    /** The receive buffer was full, and the handler read nothing of it: what it waits for is longer than a buffer. */
    FRAME_TOO_LONG,
    /** The handler threw an exception or an error, or {@link ServerOptions#handlerExecutor} refused a call of it. */
    HANDLER_FAILED,
    /**
     * A worker failed outside the handler, or a receive or a send by an error that should not be; counted in
     * {@link ServerStatistics.Faults#workerFailures} or {@link ServerStatistics.Faults#callFailures}.
     */
    SERVER_FAILED,
    /**
     * A file that was being sent has become shorter than what was to be sent of it, or could not be read: the failure
     * says which. Counted in {@link ServerStatistics.Faults#fileFailures}.
     */
    FILE_FAILED,
    /**
     * The system had no memory for what the handler sent, or ended a receive or a send for want of it. One that the
     * system refuses to begin is tried again.
     */
    OUT_OF_MEMORY,
    /**
     * Only for the study of the completion-key bug: a completion packet named another session. A server that
     * {@link IocpServer#start} has started never gives this reason.
     */
    KEY_MISMATCH,
    /**
     * Only for the handler inside of a {@link org.iocp4j.tls.TlsHandler}: TLS failed, and {@code closed} gets the
     * {@link org.iocp4j.tls.TlsException} that says how.
     */
    TLS_FAILED,
    /** The server was closed. */
    SERVER_STOPPED
}
