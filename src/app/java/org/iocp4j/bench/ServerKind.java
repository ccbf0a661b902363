package org.iocp4j.bench;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The servers that can be measured. */
public enum ServerKind {
    /** This project's; its options are those of {@code serve}. */
    IOCP4J,
    /** {@code tests/bench/echo.c}; its options are those of that program. */
    C,
    /** The same with its best switches. */
    C_BEST(null, Set.of(Service.ECHO), "--best"),
    JDK_ASYNC(_ -> AsyncChannelEcho.jdk()),
    /** The same program on this project's channels. */
    NIO2_IOCP4J(_ -> AsyncChannelEcho.iocp4j(false)),
    /** The same with sockets that are used again. */
    NIO2_IOCP4J_REUSE(_ -> AsyncChannelEcho.iocp4j(true)),
    JDK_SELECTOR(_ -> new SelectorEcho()),
    JDK_VIRTUAL(_ -> new VirtualThreadEcho()),
    JDK_HTTP(JdkHttp::new, Set.of(Service.HTTP, Service.HTTPS)),
    NETTY_NIO(NettyPeer::nio, Set.of(Service.ECHO, Service.HTTP, Service.HTTPS)),
    /** On this project's transport. */
    NETTY_IOCP(NettyPeer::iocp, Set.of(Service.ECHO, Service.HTTP, Service.HTTPS)),
    /** The same with sockets that are used again. */
    NETTY_IOCP_REUSE(NettyPeer::iocpReuse, Set.of(Service.ECHO, Service.HTTP, Service.HTTPS)),
    /** The handlers of {@code examples} on this project's server. */
    HANDLERS_IOCP4J(service -> new IocpHandlers(Handlers.of(service)), Set.of(Service.HTTP, Service.REDIS)),
    /** The same on the JDK's selectors. */
    HANDLERS_SELECTOR(service -> new SelectorHandlers(Handlers.of(service)), Set.of(Service.HTTP, Service.REDIS)),
    /** The same on Netty's NIO transport. */
    HANDLERS_NETTY(service -> new NettyHandlers(Handlers.of(service)), Set.of(Service.HTTP, Service.REDIS));

    /** So that Netty's classes are loaded only where they are used. */
    private interface Factory {
        Peer make(Service service);
    }

    private final Factory peer;
    private final Set<Service> services;
    private final List<String> options;

    ServerKind() {
        this(null);
    }

    ServerKind(Factory peer) {
        this(peer, Set.of(Service.ECHO));
    }

    ServerKind(Factory peer, Set<Service> services, String... options) {
        this.peer = peer;
        this.services = services;
        this.options = List.of(options);
    }

    public boolean offers(Service service) {
        return services.contains(service);
    }

    /** The options that it is always started with. */
    List<String> options() {
        return options;
    }

    boolean isC() {
        return this == C || this == C_BEST;
    }

    /** Whether it takes options; the peers have none. */
    boolean takesOptions() {
        return this == IOCP4J || isC();
    }

    /** The server itself, in this process; null for those that are not made here. */
    public Peer peer(Service service) {
        return peer == null ? null : peer.make(service);
    }

    /** The name on the command line: {@code jdk-async}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException if there is none of that name */
    public static ServerKind of(String name) {
        for (ServerKind kind : values()) {
            if (kind.toString().equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no such server: " + name);
    }
}
