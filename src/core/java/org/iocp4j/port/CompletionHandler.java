package org.iocp4j.port;

/** What to do when an operation is home. */
@FunctionalInterface
public interface CompletionHandler {
    /**
     * Called once for each post that succeeded, on the thread that dequeued the packet. The operation's memory is the
     * caller's again: it may be posted anew from here.
     *
     * @param operation the one that was posted; trust what it says of its owner
     * @param key       the key that the packet carried. A socket that is used again keeps its first key, so this may
     *                  name whoever used the socket before
     * @param status    the NTSTATUS; negative for failure
     * @param bytes     transferred
     * @param io        the dequeuing thread's own
     */
    void completed(Operation operation, long key, int status, int bytes, IoThread io);
}
