package org.iocp4j.port;

/**
 * How the kernel reports that an operation on a handle has completed. A property of the handle, which every operation
 * on it has to know: {@link Operation#delivery(Delivery)}.
 */
public enum Delivery {
    /** A packet for each operation that was posted, whatever its call returned: what a handle does by default. */
    PACKET,
    /**
     * No packet if the call returned success; a packet if it returned "pending". The handle was set so:
     * {@link org.iocp4j.win32.Win32#setFileCompletionNotificationModes} with FILE_SKIP_COMPLETION_PORT_ON_SUCCESS (1).
     * Only for sockets whose provider gives file handles (XP1_IFS_HANDLES) [doc].
     */
    RETURN,
    /**
     * As {@link #RETURN}, except for DisconnectEx: it may return "pending" and have completed all the same, and then
     * sends no packet; its OVERLAPPED is final by then. Wine 8.0 does so on a handle that skips packets [wine].
     */
    STATUS
}
