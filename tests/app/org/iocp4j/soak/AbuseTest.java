package org.iocp4j.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.iocp4j.echo.EchoTest;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that mean it, several at once, life after life. A well-behaved one beside them must not notice. */
class AbuseTest extends EchoTest {
    private static final int ABUSERS = 3;
    private static final int LIVES = 6;

    @Tag("slow")
    @ParameterizedTest
    @EnumSource
    void aNeighbourNoticesNothingAndNothingIsLeft(Abuse abuse) throws IOException {
        start(small().acceptsPosted(4).pool(4).idleTime(Duration.ofSeconds(4)).disconnectTime(Duration.ofSeconds(1)));
        try (TestClient neighbour = logIn(); Abusers abusers = new Abusers(server.localAddress(), Set.of(abuse),
                ABUSERS)) {
            await().until(() -> {
                neighbour.echo(1);
                return abusers.lives().get(abuse) >= LIVES;
            });
            assertThat(abusers.wrongReplies()).as("wrong replies").isZero();
            assertThat(statistics().resources().bufferBytes()).isLessThan(1 << 20);
        }
        ServerStatistics figures = settled();
        assertThat(figures.resources().operationsPending()).isEqualTo(figures.connections().acceptsPosted());
        switch (abuse) {
            case SILENT -> assertThat(figures.incidents().idleTimeouts()).isGreaterThanOrEqualTo(LIVES);
            case GARBAGE, OVERSIZE, NEVER_CLOSING ->
                    assertThat(server.statistics().protocolErrors()).isGreaterThanOrEqualTo(LIVES);
            case SLOW_READER, SLOW_SENDER, RESET_STORM, HALF_OPEN ->
                    assertThat(server.statistics().protocolErrors()).isZero();
        }
    }

    /** All at once, and many times as many as there are places: as many are refused, and the next round is served. */
    @Test
    void aFloodIsRefusedAndForgotten() throws IOException {
        int places = 16;
        int beyond = 100;
        start(small().maxSessions(places).acceptsPosted(4).pool(4));
        for (int round = 1; round <= 2; round++) {
            List<TestClient> flood = new ArrayList<>();
            while (flood.size() < places + beyond) {
                try {
                    flood.add(connect());
                } catch (IOException e) {
                    flood.add(null); // refused while it connected
                }
            }
            int all = round * beyond;
            await().until(() -> statistics().incidents().sessionsRefusedFull() >= all);
            assertThat(statistics().connections().sessions()).isEqualTo(places);
            for (TestClient client : flood) {
                if (client != null) {
                    client.closeByReset();
                }
            }
            await().until(() -> statistics().connections().sessions() == 0);
        }
        List<TestClient> served = new ArrayList<>();
        for (int i = 0; i < places; i++) {
            served.add(logIn());
        }
        for (TestClient client : served) {
            client.echo(7);
            client.closeByFin();
        }
        settled();
    }

    /** What a peer sends is no part of the log: not its lines, and not its escape sequences. */
    @Test
    void whatAPeerSendsDoesNotGetIntoTheLog() throws IOException {
        start(small());
        PrintStream standardError = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (TestClient client = logIn()) {
            client.sendBytes("\r\n12:00:00.000 ERROR forged \u001b[2J\r\n".getBytes(StandardCharsets.UTF_8));
            client.expectEnd();
            await().until(() -> log.toString(StandardCharsets.UTF_8).contains("disconnected"));
        } finally {
            System.setErr(standardError);
        }
        assertThat(log.toString(StandardCharsets.UTF_8))
                .containsOnlyOnce("a message of length 2573, not 8: disconnected")
                .doesNotContain("forged", "\u001b").hasLineCount(1);
        settled();
    }
}
