package org.iocp4j.bench;

import java.util.List;
import java.util.Locale;

/** The servers that can be measured. */
public enum ServerKind {
    /** This project's; its options are those of {@code serve}. */
    IOCP4J,
    /** {@code tests/bench/echo.c}; its options are those of that program. */
    C,
    /** The same with its best switches. */
    C_BEST(null, "--best"),
    JDK_ASYNC(AsyncChannelEcho::new),
    JDK_SELECTOR(SelectorEcho::new),
    JDK_VIRTUAL(VirtualThreadEcho::new),
    NETTY(NettyEcho::new);

    /** So that Netty's classes are loaded only where they are used. */
    private interface Factory {
        EchoPeer make();
    }

    private final Factory peer;
    private final List<String> options;

    ServerKind() {
        this(null);
    }

    ServerKind(Factory peer, String... options) {
        this.peer = peer;
        this.options = List.of(options);
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
    public EchoPeer peer() {
        return peer == null ? null : peer.make();
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
