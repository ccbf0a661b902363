/**
 * TLS for sessions: a {@link org.iocp4j.tls.TlsHandler} stands between the connection and another
 * {@link org.iocp4j.server.SessionHandler}, whose sessions are as ever. On {@link javax.net.ssl.SSLEngine}.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation says so.
 */
@NullMarked
package org.iocp4j.tls;

import org.jspecify.annotations.NullMarked;
