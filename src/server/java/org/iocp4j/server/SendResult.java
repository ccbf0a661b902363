package org.iocp4j.server;

/** What became of a send. */
public enum SendResult {
    /** All the bytes are queued, and go out unless the session is aborted or breaks before. */
    TAKEN,
    /**
     * None of the bytes were taken: the session's queue has too little room, or too many files; or, of a send from
     * outside the session's calls, the system has no memory for them now. Whatever the cause, once there is room
     * {@link SessionHandler#writable} is called; for want of memory within some 100 ms, to try again.
     */
    FULL,
    /** None of the bytes were taken, and none will be: the session has ended or is ending, or its output has. */
    CLOSED
}
