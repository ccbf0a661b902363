package org.iocp4j.server;

/**
 * What becomes of a server when a worker fails outside the handler: by an {@link Error} of the JVM, such as no more memory or
 * stack, or by a fault of this library. Either way it is logged and counted in {@link ServerStatistics#workerFailures}.
 */
public enum OnWorkerFailure {
    /** The worker goes on; the session that it was at work on may hang until the server is closed. */
    GO_ON,
    /** The server closes by itself, as {@link IocpServer#close} does, and {@link IocpServer#isOpen} tells. */
    STOP
}
