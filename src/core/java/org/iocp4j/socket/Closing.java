package org.iocp4j.socket;

import org.jspecify.annotations.Nullable;

/** How {@link StreamSocket#close} ends a connection. */
public enum Closing {
    /**
     * closesocket: what was sent is still delivered, then a FIN. Windows sends an RST in its place if received bytes
     * have not been read [doc].
     */
    FIN,
    /** closesocket with linger {1, 0}: an RST, and what the peer has not got yet is dropped. */
    RST,
    /**
     * The domain's {@link DisconnectMethod}: a FIN, and the socket is accepted into again. In its stead the socket is
     * closed as by {@link #FIN} if it was not accepted, something is pending on it, an option was changed, or the
     * domain keeps no more of them.
     */
    REUSE;

    private static final @Nullable Closing[] BY_CODE = {FIN, RST, REUSE, null};

    /** Two bits. */
    static long code(@Nullable Closing how) {
        return how == null ? 3 : how.ordinal();
    }

    static @Nullable Closing of(int code) {
        return BY_CODE[code];
    }
}
