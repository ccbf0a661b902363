package org.iocp4j.tls;

import java.io.IOException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS has failed on a connection. */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class TlsException extends IOException {
    private static final long serialVersionUID = 1;

    private final TlsFailure failure;

    TlsException(TlsFailure failure, String what, @Nullable Throwable cause) {
        super(what, cause);
        this.failure = failure;
    }

    /** A peer may be able to bring it about: it is this connection's failure. */
    static SSLException ofProvider(RuntimeException thrown) {
        return new SSLException("the provider of TLS failed: " + thrown, thrown);
    }

    /** How it has failed. */
    public TlsFailure failure() {
        return failure;
    }
}
