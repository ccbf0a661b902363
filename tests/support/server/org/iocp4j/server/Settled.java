package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** What must hold of every server when its clients have gone. */
public final class Settled {
    /** The longest that a test waits for anything that is to happen at once: machines are slow sometimes. */
    public static final Duration LONGEST = Duration.ofSeconds(30);
    private static final int LOOKS = 60;

    private final ServerStatistics statistics;

    private Settled(ServerStatistics statistics) {
        this.statistics = statistics;
    }

    /** Until something holds, asked often and for long. */
    public static ConditionFactory await() {
        return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10)).atMost(LONGEST);
    }

    /**
     * Until figures have been the same for many looks: where everything stands still for a time, nobody looks either.
     */
    public static void awaitStandstill(Supplier<?> figures) {
        Object[] last = {null};
        int[] same = {0};
        await().until(() -> {
            Object now = figures.get();
            same[0] = now.equals(last[0]) ? same[0] + 1 : 0;
            last[0] = now;
            return same[0] == LOOKS;
        });
    }

    /** When no session is left: as many accepts are posted as ever, no socket is on its way, no worker has failed. */
    public static Settled of(Supplier<ServerStatistics> server, ServerOptions options) {
        await().untilAsserted(() -> {
            ServerStatistics now = server.get();
            assertThat(now.connections().sessions()).as("sessions").isZero();
            assertThat(now.sockets().socketsRecycling()).as("socketsRecycling").isZero();
            assertThat(now.connections().acceptsPosted()).as("acceptsPosted").isEqualTo(options.acceptsPosted());
        });
        ServerStatistics now = server.get();
        assertThat(now.faults().workerFailures()).as("workerFailures").isZero();
        assertThat(now.faults().strayPackets()).as("strayPackets").isZero();
        assertThat(now.faults().callFailures()).as("callFailures").isZero();
        assertThat(now.faults().memoryRefusals()).as("memoryRefusals").isZero();
        assertThat(now.faults().socketFailures()).as("socketFailures").isZero();
        assertThat(now.faults().acceptsRefused()).as("acceptsRefused").isZero();
        return new Settled(now);
    }

    /** Nor has the handler thrown, nor a packet come late. */
    public ServerStatistics cleanly() {
        assertThat(statistics.incidents().latePackets()).as("latePackets").isZero();
        return withHandlerFailures(0);
    }

    public ServerStatistics withHandlerFailures(int count) {
        assertThat(statistics.faults().handlerFailures()).as("handlerFailures").isEqualTo(count);
        return statistics;
    }

    /** As {@link #cleanly}, but packets may have come late. */
    public ServerStatistics withLatePackets() {
        return withHandlerFailures(0);
    }
}
