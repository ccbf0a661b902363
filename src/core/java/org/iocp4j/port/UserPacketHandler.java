package org.iocp4j.port;

/** What to do with a packet that {@link CompletionPort#post} sent: no operation, only two numbers. */
@FunctionalInterface
public interface UserPacketHandler {
    /** Called on the thread that dequeued it. */
    void posted(long key, int bytes, IoThread io);
}
