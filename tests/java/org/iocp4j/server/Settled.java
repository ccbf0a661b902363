package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** What must hold of every server when its clients have gone. */
public final class Settled {
    private final ServerStatistics statistics;

    private Settled(ServerStatistics statistics) {
        this.statistics = statistics;
    }

    /** Until something holds, asked often and for long: machines are slow sometimes. */
    public static ConditionFactory await() {
        return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(20));
    }

    /** When no session is left: as many accepts are posted as ever, no socket is on its way, no worker has failed. */
    public static Settled of(Supplier<ServerStatistics> server, ServerOptions options) {
        await().untilAsserted(() -> {
            ServerStatistics now = server.get();
            assertThat(now.sessions()).as("sessions").isZero();
            assertThat(now.socketsRecycling()).as("socketsRecycling").isZero();
            assertThat(now.acceptsPosted()).as("acceptsPosted").isEqualTo(options.accepts());
        });
        ServerStatistics now = server.get();
        assertThat(now.workerFailures()).as("workerFailures").isZero();
        assertThat(now.strayPackets()).as("strayPackets").isZero();
        assertThat(now.memoryRefusals()).as("memoryRefusals").isZero();
        assertThat(now.socketFailures()).as("socketFailures").isZero();
        return new Settled(now);
    }

    /** Nor has the handler thrown, nor a packet come late. */
    public ServerStatistics cleanly() {
        assertThat(statistics.latePackets()).as("latePackets").isZero();
        return withHandlerFailures(0);
    }

    public ServerStatistics withHandlerFailures(int count) {
        assertThat(statistics.handlerFailures()).as("handlerFailures").isEqualTo(count);
        return statistics;
    }

    /** As {@link #cleanly}, but packets may have come late. */
    public ServerStatistics withLatePackets() {
        return withHandlerFailures(0);
    }
}
