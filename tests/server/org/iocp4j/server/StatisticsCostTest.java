package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the figures say of each connection, and what they cost: the number of sessions is not in it. */
@Timeout(120)
class StatisticsCostTest {
    private static final int SESSIONS = 4_000;
    private static final int ROUNDS = 2_000;

    private final NullServer server;

    StatisticsCostTest() throws Win32Exception {
        server = new NullServer(ServerOptions.builder().workers(1).acceptsPosted(8).pool(16).maxSessions(SESSIONS)
                .bufferBytes(64).sendQueueBytes(64).build());
    }

    /** The best of several comparisons in the same run: what else the machine does must not fail it. */
    @Test
    void theyDoNotDependOnTheNumberOfSessions() {
        connect(1);
        nanos(); // for the compiler
        long few = nanos();
        connect(SESSIONS - 1);
        long many = nanos();
        assertThat(many).as("with %d sessions, by 1", SESSIONS).isLessThan(10 * few); // a scan: 100 times
        ServerStatistics.Traffic traffic = server.statistics().traffic();
        assertThat(traffic.receiveCompletions()).isEqualTo(SESSIONS);
        assertThat(traffic.receivedBytes()).isEqualTo(64L * SESSIONS).isEqualTo(traffic.sentBytes());
        assertThat(server.statistics().resources().operationsPending()).as("a receive each, and the accepts")
                .isEqualTo(SESSIONS + 8);
    }

    private void connect(int count) {
        for (int i = 0; i < count; i++) {
            server.echo(server.connect(), 64);
        }
    }

    private long nanos() {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            long start = System.nanoTime();
            server.statistics();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }
}
