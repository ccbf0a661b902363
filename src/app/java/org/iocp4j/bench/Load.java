package org.iocp4j.bench;

import java.util.List;

/**
 * What a client does with a server.
 *
 * @param name         on the command line
 * @param kind         what one operation is
 * @param connections  open at a time
 * @param active       of these, how many echo; the others are held
 * @param batchBytes   sent together, and awaited before the next batch
 * @param messages     how many operations a batch counts for
 */
public record Load(String name, Kind kind, int connections, int active, int batchBytes, int messages) {
    /** What one operation is. */
    public enum Kind {
        /** A message there and back. */
        ECHO,
        /** Connect, one batch there and back, both sides close. */
        CHURN,
        /** Connect and one batch there and back; then the connection is held. */
        HOLD
    }

    private static final List<Load> ALL = List.of(
            new Load("ping-pong-1", Kind.ECHO, 1, 1, 64, 1),
            new Load("ping-pong-50", Kind.ECHO, 50, 50, 64, 1),
            new Load("ping-pong-500", Kind.ECHO, 500, 500, 64, 1),
            new Load("over-send-50", Kind.ECHO, 50, 50, 1_000, 100),
            new Load("16k-50", Kind.ECHO, 50, 50, 16_384, 1),
            new Load("churn-1", Kind.CHURN, 1, 1, 64, 1),
            new Load("churn-50", Kind.CHURN, 50, 50, 64, 1),
            new Load("held-5000", Kind.HOLD, 5_000, 0, 64, 1),
            new Load("held-5000-active-50", Kind.ECHO, 5_000, 50, 64, 1));

    public static List<Load> all() {
        return ALL;
    }

    /** @throws IllegalArgumentException if there is none of that name */
    public static Load of(String name) {
        return ALL.stream().filter(load -> load.name.equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such load: " + name));
    }

    /** Whether it measures the cost of idle connections. */
    boolean holds() {
        return active < connections;
    }
}
