package org.iocp4j.port;

/** How the kernel tells that an operation is over. */
public enum Notice {
    /** By a packet, always. */
    PACKET,
    /** If the call returns success, by that alone: FILE_SKIP_COMPLETION_PORT_ON_SUCCESS. Else by a packet. */
    RETURN,
    /**
     * As {@link #RETURN}, and if the call returns "pending", by nothing but the OVERLAPPED, which is final by then: so
     * Wine 8.0 does with DisconnectEx on a handle that skips packets [wine]. Not for calls that can go on after their return.
     */
    STATUS
}
