package org.iocp4j.port;

/** What {@link IoThread#defer} queues: work of a thread's own that can wait until the packets at hand are handled. */
@FunctionalInterface
public interface IoTask {
    /**
     * Runs on the thread that deferred it. What it throws, {@link CompletionPort#dequeue} throws later.
     *
     * @param io that thread's own
     */
    void run(IoThread io);
}
