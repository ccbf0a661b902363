package org.iocp4j.port;

/** What to do when an operation has completed. */
@FunctionalInterface
public interface CompletionHandler {
    /** How far {@link #prefetch} goes: a socket's slot, the socket, its session, and what an echo reads of that. */
    int PREFETCH_DEPTHS = 4;

    /**
     * Called once for each post that returned 0, on the thread that dequeued the packet, or, if there was none, on the
     * one that posted. The operation is no longer pending: it may be posted anew from here. While this runs, the rest
     * of the thread's batch waits, so it should not block. What it throws, {@link CompletionPort#dequeue} throws when
     * the batch is done.
     *
     * @param operation the one that was posted; its {@link Operation#owner} is the number that was given to the post
     * @param key       the packet's key, 0 if there was no packet. A socket that is used again keeps its first key, so
     *                  this may name an earlier user of the socket
     * @param status    the NTSTATUS; negative for failure
     * @param bytes     transferred
     * @param io        the calling thread's own
     */
    void completed(Operation operation, long key, int status, int bytes, IoThread io);

    /**
     * Reads what {@link #completed} is going to read, and does no more. Where there are thousands of operations it is
     * called for each packet of a batch before any of them is handled, so that the processor waits for the memory of
     * several at the same time, and not for one after the other. Another thread may be at work with all of it.
     *
     * @param depth from 0 to {@link #PREFETCH_DEPTHS} - 1, one by one, each for the whole batch: how many objects
     *              lie between this one and those to be read now, which the depth before has named
     * @return what depends on all that was read; its value says nothing. Without it the JIT would leave the reads out
     */
    default int prefetch(Operation operation, int depth) {
        return 0;
    }
}
