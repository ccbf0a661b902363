package org.iocp4j.echo;

import java.util.Objects;
import java.util.function.Consumer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;
import org.jspecify.annotations.Nullable;

/**
 * The options of an {@link EchoServer}.
 *
 * @param server   address, limits, disconnect method; not null
 * @param protocol what is sent back; not null
 * @param identity how a completion packet finds its session; not null. Only for the study of the completion-key bug,
 *                 which {@link SessionIdentity#KEY} shows: packets for reused sockets end sessions instead of being
 *                 served. A server whose keys name sessions has one port, whatever {@link ServerOptions#ports} says.
 *                 Everybody else uses {@link #EchoOptions(ServerOptions, EchoProtocol)}
 * @param seed     what {@link Faults} leave to chance comes from it. Default: 1
 * @param events   is given each event, on a worker, so it must not block; what it throws is logged. Null (default): no
 *                 events are made
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public record EchoOptions(
        ServerOptions server,
        EchoProtocol protocol,
        // Its type is for the project's own study; others use the constructor without it.
        @SuppressWarnings("exports") SessionIdentity identity,
        long seed,
        @Nullable Consumer<? super EchoEvent> events) {
    private static final long DEFAULT_SEED = 1;

    /** @throws NullPointerException naming what is null */
    public EchoOptions {
        Objects.requireNonNull(server, "server is null");
        Objects.requireNonNull(protocol, "protocol is null");
        Objects.requireNonNull(identity, "identity is null");
    }

    /** With the default seed, and no events. */
    @SuppressWarnings("exports") // as above
    public EchoOptions(ServerOptions server, EchoProtocol protocol, SessionIdentity identity) {
        this(server, protocol, identity, DEFAULT_SEED, null);
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

    /** The same with this {@link #seed}. */
    public EchoOptions withSeed(long newSeed) {
        return new EchoOptions(server, protocol, identity, newSeed, events);
    }

    /** The same with these {@link #events}. */
    public EchoOptions withEvents(Consumer<? super EchoEvent> newEvents) {
        return new EchoOptions(server, protocol, identity, seed, newEvents);
    }

    /** {@link EchoProtocol#MESSAGES} on a free port of the loopback address, with the library's defaults. */
    public static EchoOptions defaults() {
        return new EchoOptions(ServerOptions.defaults(), EchoProtocol.MESSAGES);
    }
}
