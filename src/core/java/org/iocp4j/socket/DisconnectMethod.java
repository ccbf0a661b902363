package org.iocp4j.socket;

/** How a connection ends on our side, and whether its socket lives on. */
public enum DisconnectMethod {
    /** {@code DisconnectEx(TF_REUSE_SOCKET)}: the socket goes back to the pool. */
    DISCONNECT_EX(true),
    /** {@code TransmitFile(NULL, TF_DISCONNECT | TF_REUSE_SOCKET)}: the same, by the older call. */
    TRANSMIT_FILE(true),
    /** {@code closesocket} with linger {1, 0}: an RST, and a new socket for the next connection. */
    CLOSE(false),
    /** What is queued goes out, then a FIN; when the peer has closed too, or time is up, {@code closesocket}. */
    GRACEFUL(false);

    private final boolean reuses;

    DisconnectMethod(boolean reuses) {
        this.reuses = reuses;
    }

    /** Whether the socket can be accepted into again. */
    public boolean reuses() {
        return reuses;
    }
}
