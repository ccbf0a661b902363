package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.iocp4j.server.ServerStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That it measures what it says; how fast that is, is nothing for a test. */
@Timeout(120)
class ScaleBenchTest {
    private static final int SESSIONS = 1_500;

    @Test
    void eachStepIsDoneSoOftenAndToItsEnd() throws Exception {
        int[] order = {7, 3};
        try (ScaleServer server = new ScaleServer(SESSIONS)) {
            assertThat(server.connect()).isPositive();
            ServerStatistics before = server.statistics();
            assertThat(before.connections().sessions()).isEqualTo(SESSIONS);
            assertThat(server.echo(5, order)).isPositive();
            ServerStatistics echoed = server.statistics();
            assertThat(echoed.traffic().receiveCompletions() - before.traffic().receiveCompletions()).isEqualTo(5);
            assertThat(echoed.traffic().sentBytes() - before.traffic().sentBytes())
                    .isEqualTo(5 * ScaleServer.MESSAGE_BYTES);
            long packets = server.packetsPosted();
            assertThat(server.broadcast(2)).isPositive();
            assertThat(server.packetsPosted() - packets).isEqualTo(2);
            ServerStatistics broadcast = server.statistics();
            assertThat(broadcast.traffic().sentBytes() - echoed.traffic().sentBytes())
                    .isEqualTo(2L * SESSIONS * ScaleServer.MESSAGE_BYTES);
            assertThat(broadcast.traffic().receiveCompletions()).isEqualTo(echoed.traffic().receiveCompletions());
            assertThat(server.statistics(3)).isPositive();
        }
    }

    /** Without ticks no buffer would ever be given back. */
    @Test
    void aTickIsOneOfTheServersClock() throws Exception {
        try (ScaleServer server = new ScaleServer(SESSIONS)) {
            server.connect();
            long busy = server.statistics().resources().bufferBytes();
            server.tick(100);
            assertThat(server.statistics().resources().bufferBytes()).isLessThan(busy / 2);
            assertThat(server.statistics().connections().sessions()).isEqualTo(SESSIONS);
        }
    }

    @Test
    void twoPortsEchoEachOnItsOwnThread() throws Exception {
        try (ScaleServer server = new ScaleServer(20, 2)) {
            server.connect();
            long[][] sockets = server.awaitSocketsByPort();
            assertThat(sockets[0]).hasSize(10);
            assertThat(sockets[1]).hasSize(10);
            ServerStatistics before = server.statistics();
            assertThat(server.echoTogether(50, sockets)).isPositive();
            assertThat(server.statistics().traffic().receiveCompletions() - before.traffic().receiveCompletions())
                    .isEqualTo(100);
            assertThat(server.workTogether(10, 2)).isPositive();
        }
        PortsResult result = new ScaleBench(new ScaleBench.Plan(List.of(1), 1, 200), _ -> { }).ports();
        assertThat(result.ratio().median()).isPositive();
    }

    @Test
    void everyFigureIsTakenWithEachNumberOfSessionsFromItsBaseOn() throws Exception {
        List<String> progress = new ArrayList<>();
        List<Integer> sessions = List.of(1, 50, 1_200, SESSIONS);
        List<ScaleResult> results = new ScaleBench(new ScaleBench.Plan(sessions, 2, 100), progress::add).run();
        assertThat(results).allSatisfy(result -> assertThat(result.value().low()).isPositive());
        for (ScaleFigure figure : ScaleFigure.values()) {
            List<ScaleResult> own = results.stream().filter(result -> result.figure() == figure).toList();
            int base = figure.toString().startsWith("echo") ? 1 : 1_200;
            assertThat(own).extracting(ScaleResult::sessions)
                    .isEqualTo(sessions.stream().filter(count -> count >= base).toList());
            assertThat(own).as(figure.toString()).allMatch(result -> result.base() == base);
            assertThat(own).filteredOn(result -> result.sessions() == base).extracting(ScaleResult::ratio)
                    .containsExactly(new Spread(1, 1, 1));
        }
        assertThat(progress).hasSize(3 * sessions.size())
                .startsWith("warming up, sessions: 1", "warming up, sessions: 50")
                .endsWith("round 2 of 2, sessions: 1,200", "round 2 of 2, sessions: 1,500");
    }
}
