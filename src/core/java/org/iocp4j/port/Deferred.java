package org.iocp4j.port;

/** What waits until the packets that a thread has at hand are done: {@link IoContext#defer}. */
@FunctionalInterface
public interface Deferred {
    void run(IoContext io);
}
