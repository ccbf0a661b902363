package org.iocp4j.tls;

import javax.net.ssl.SSLSession;
import org.iocp4j.server.Session;

/**
 * A session behind a {@link TlsHandler}, as its inner handler sees it. All that {@link Session} promises holds for the
 * bytes before they are encrypted; {@link #queuedBytes} counts also those that are encrypted already, with what TLS
 * adds. What a call sends is encrypted when it has returned, and sent from then on, on a
 * {@link org.iocp4j.server.GroupOptions#handlerExecutor} too.
 */
public interface TlsSession extends Session {
    /**
     * The same session, for a handler that is called with one of a {@link TlsHandler}.
     *
     * @throws IllegalArgumentException if it is another one
     */
    static TlsSession of(Session session) {
        if (session instanceof TlsSession tls) {
            return tls;
        }
        throw new IllegalArgumentException("session " + session + " is not a TlsHandler's");
    }

    /**
     * What was agreed on: protocol, cipher suite, certificates. During a call for this session, as all methods here.
     */
    SSLSession sslSession();

    /** The protocol that ALPN has chosen, such as {@code h2}; empty if none was. */
    String applicationProtocol();
}
