package org.iocp4j.echo;

import java.util.Objects;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;

/**
 * An echo server.
 *
 * @param server   address, limits, disconnect method
 * @param protocol what is echoed
 * @param identity how packets find their sessions; anything but OVERLAPPED and SLOT_KEY is for study
 */
public record EchoOptions(ServerOptions server, EchoProtocol protocol, SessionIdentity identity) {
    /** @throws NullPointerException naming what is null */
    public EchoOptions {
        Objects.requireNonNull(server, "server is null");
        Objects.requireNonNull(protocol, "protocol is null");
        Objects.requireNonNull(identity, "identity is null");
    }

    /** The study's server on a free port of the loopback address. */
    public static EchoOptions defaults() {
        return new EchoOptions(ServerOptions.builder().build(), EchoProtocol.MESSAGES, SessionIdentity.OVERLAPPED);
    }
}
