package org.iocp4j.bench;

import java.util.Locale;

/** What a server offers to a load. */
public enum Service {
    /** Every byte comes back (RFC 862). */
    ECHO,
    /** {@code GET /N} is answered with N bytes. */
    HTTP,
    /** The same through TLS, by the JDK's own provider, with a certificate made at the start. */
    HTTPS,
    /** Redis' protocol: commands of {@code examples/redis}. */
    REDIS;

    /** The name as an argument of a server's process. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if there is none of that name */
    public static Service of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
