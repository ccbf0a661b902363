package org.iocp4j.tls;

/** How TLS can fail. */
public enum TlsFailure {
    /**
     * The two sides have not come to an agreement, a certificate was not accepted, or what came was no TLS. The cause
     * is the {@link javax.net.ssl.SSLException}, or what a key or trust manager has thrown.
     */
    HANDSHAKE_FAILED,
    /** The handshake took longer than {@link TlsHandler.Builder#handshakeTime}. */
    HANDSHAKE_TIMED_OUT,
    /** The connection ended before the handshake did. */
    CLOSED_IN_HANDSHAKE,
    /**
     * The peer has ended its output (FIN) without TLS's own end (close_notify): what has come may be a part only, and
     * an attacker may have cut it off. Many clients end an idle connection so.
     */
    TRUNCATED,
    /** What came could not be decrypted, or was an alert. The cause is the {@link javax.net.ssl.SSLException}. */
    BROKEN,
    /** The peer began a second handshake, as TLS 1.2 allows. It costs a server far more than its client. */
    RENEGOTIATION,
    /** The peer sent more than {@value TlsHandler#MOST_WITHOUT_DATA} records in a row that brought no data. */
    WITHOUT_DATA
}
