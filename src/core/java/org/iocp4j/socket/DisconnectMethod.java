package org.iocp4j.socket;

/** How a connection is ended, and whether its socket can be used for another one. */
public enum DisconnectMethod {
    /**
     * {@code DisconnectEx(TF_REUSE_SOCKET)}: when it completes, the socket goes back to the pool. Windows may delay
     * that by TIME_WAIT [doc].
     */
    DISCONNECT_EX(true),
    /** {@code TransmitFile(NULL, TF_DISCONNECT | TF_REUSE_SOCKET)}: the same by an older call. */
    TRANSMIT_FILE(true),
    /**
     * {@code closesocket}, with linger {1, 0} set before: the peer gets an RST; the next connection gets a new socket.
     */
    CLOSE(false),
    /**
     * The peer gets what is queued, then a FIN; the next connection gets a new socket. Here it is only
     * {@code closesocket}: the layer above has sent the FIN and waited for the peer's.
     */
    GRACEFUL(false);

    private final boolean reuses;

    DisconnectMethod(boolean reuses) {
        this.reuses = reuses;
    }

    /** Whether the socket goes back to the pool, to be given to AcceptEx again. */
    public boolean reuses() {
        return reuses;
    }
}
