package org.iocp4j.echo;

import java.util.Objects;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;

/**
 * The options of an {@link EchoServer}.
 *
 * @param server   address, limits, disconnect method; not null
 * @param protocol what is sent back; not null
 * @param identity how a completion packet finds its session; not null. Only for the study of the completion-key bug,
 *                 which {@link SessionIdentity#KEY} shows: packets for reused sockets end sessions instead of being
 *                 served. A server whose keys name sessions has one port, whatever {@link ServerOptions#ports} says.
 *                 Everybody else uses {@link #EchoOptions(ServerOptions, EchoProtocol)}
 */
public record EchoOptions(
        ServerOptions server,
        EchoProtocol protocol,
        // Its type is for the project's own study; others use the constructor without it.
        @SuppressWarnings("exports") SessionIdentity identity) {
    /** @throws NullPointerException naming what is null */
    public EchoOptions {
        Objects.requireNonNull(server, "server is null");
        Objects.requireNonNull(protocol, "protocol is null");
        Objects.requireNonNull(identity, "identity is null");
    }

    /**
     * Options of a server that finds its sessions by their OVERLAPPED.
     *
     * @param server   address, limits, disconnect method; not null
     * @param protocol what is sent back; not null
     * @throws NullPointerException naming what is null
     */
    public EchoOptions(ServerOptions server, EchoProtocol protocol) {
        this(server, protocol, SessionIdentity.OVERLAPPED);
    }

    /** {@link EchoProtocol#MESSAGES} on a free port of the loopback address, with the library's defaults. */
    public static EchoOptions defaults() {
        return new EchoOptions(ServerOptions.builder().build(), EchoProtocol.MESSAGES);
    }
}
