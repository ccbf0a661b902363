package org.iocp4j.port;

/** Handles the packets of {@link CompletionPort#post}: they belong to no operation and carry two numbers. */
@FunctionalInterface
public interface UserPacketHandler {
    /**
     * Called once for each packet, on the thread that dequeued it. While it runs, the rest of that thread's batch
     * waits. What it throws, {@link CompletionPort#dequeue} throws when the batch is done.
     *
     * @param key   as given to the post
     * @param bytes as given to the post
     * @param io    the dequeuing thread's own
     */
    void handle(long key, int bytes, IoThread io);
}
