package org.iocp4j.server;

/**
 * What a server does when a worker fails outside the handler: by an {@link Error} of the JVM, such as a lack of memory,
 * or by a fault of this library. Either way the failure is logged and counted in
 * {@link ServerStatistics.Faults#workerFailures}. A server whose completion port has been closed from outside stops in
 * any case.
 */
public enum OnWorkerFailure {
    /** The server goes on; the session that the worker was busy with ends ({@link CloseReason#SERVER_FAILED}). */
    GO_ON,
    /** The server closes itself, as by {@link IocpServer#close}; {@link IocpServer#isOpen} is false from then on. */
    STOP
}
