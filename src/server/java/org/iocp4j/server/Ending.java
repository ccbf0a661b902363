package org.iocp4j.server;

/** How a session is to end, the gentlest way first. */
enum Ending {
    /** What is queued is sent, then a FIN. */
    IN_ORDER,
    /** What is queued is dropped; a reset, if anything was or something stands for the session; else a FIN. */
    AT_ONCE,
    /** What is queued is dropped, and the peer sees a reset in any case. */
    RESET
}
