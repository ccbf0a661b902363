package org.iocp4j.bench;

import java.util.List;
import java.util.Locale;

/** What is measured with many sessions. */
public enum ScaleFigure {
    /** One echo, the sessions one after the other in the order in which they came. */
    ECHO_IN_SEQUENCE(1),
    /** One echo, the sessions in random order. */
    ECHO_AT_RANDOM(1),
    /** The same where 64 of them, or all, have come by the time that the server looks. */
    ECHO_AT_RANDOM_IN_BATCHES(1),
    /** One tick of the server's clock while all sessions are idle and have given their buffers back. */
    TICK(1_000),
    /** One call of {@link org.iocp4j.server.IocpServer#statistics}. */
    STATISTICS(1_000),
    /** A message to every session from outside of them, in one call, by each session. */
    BROADCAST(1_000),
    /** The packets that wake workers for such a message, of all sessions together. */
    BROADCAST_PACKETS(1_000, "packets"),
    /** The connections that come one after the other, by each. */
    CONNECT(1_000);

    private final int least;
    private final String unit;

    ScaleFigure(int least) {
        this(least, "nanos");
    }

    ScaleFigure(int least, String unit) {
        this.least = least;
        this.unit = unit;
    }

    /** What it is counted in: {@code nanos} or {@code packets}. */
    public String unit() {
        return unit;
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
