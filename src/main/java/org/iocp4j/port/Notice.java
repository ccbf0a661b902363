package org.iocp4j.port;

/** How the kernel tells that an operation is over. */
public enum Notice {
    /** By a packet, always. */
    PACKET,
    /** If the call returns success, by that alone: FILE_SKIP_COMPLETION_PORT_ON_SUCCESS. Else by a packet. */
    RETURN,
    /**
     * As {@link #RETURN}, and if the operation is over when the call returns "pending", by nothing but its OVERLAPPED: so
     * Wine 8.0 does with DisconnectEx on a handle that skips packets [wine].
     */
    STATUS
}
