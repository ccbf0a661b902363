package org.iocp4j.port;

/** What waits until the packets that a thread has at hand are done: {@link IoThread#defer}. */
@FunctionalInterface
public interface IoTask {
    void run(IoThread io);
}
