package org.iocp4j.server;

/**
 * What becomes of a server when a worker fails outside the handler: by an {@link Error} of the JVM, such as no more memory or
 * stack, or by a fault of this library. A lost port stops the server in any case. Either way it is logged and counted in {@link ServerStatistics#workerFailures}.
 */
public enum OnWorkerFailure {
    /** The worker goes on; the session that it was at work on ends ({@link CloseReason#SERVER_FAILED}). */
    GO_ON,
    /** The server closes by itself, as {@link IocpServer#close} does, and {@link IocpServer#isOpen} tells. */
    STOP
}
