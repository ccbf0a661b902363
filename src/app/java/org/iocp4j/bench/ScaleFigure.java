package org.iocp4j.bench;

import java.util.List;
import java.util.Locale;

/** What is measured with many sessions. */
public enum ScaleFigure {
    /** One echo, the sessions one after the other in the order in which they came. */
    ECHO_IN_SEQUENCE(1),
    /** One echo, the sessions in random order. */
    ECHO_AT_RANDOM(1),
    /** One tick of the server's clock while all sessions are idle and have given their buffers back. */
    TICK(1_000),
    /** One call of {@link org.iocp4j.server.IocpServer#statistics}. */
    STATISTICS(1_000),
    /** A message to every session from outside of them, by each session. */
    BROADCAST(1_000),
    /** The connections that come one after the other, by each. */
    CONNECT(1_000);

    private final int least;

    ScaleFigure(int least) {
        this.least = least;
    }

    /**
     * So many sessions it is relative to: the fewest of those measured that are enough for it to be told from what
     * comes with each turn, or else the most.
     */
    int base(List<Integer> sessions) {
        return sessions.stream().filter(count -> count >= least).findFirst().orElse(sessions.getLast());
    }

    /** As reports name it: {@code echo-at-random}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
