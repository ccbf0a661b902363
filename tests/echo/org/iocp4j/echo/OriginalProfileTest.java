package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.TestClient;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The server with the original's numbers. */
class OriginalProfileTest extends EchoTest {
    private static ServerOptions.Builder profile() {
        return ServerOptions.builder().workers(16).concurrency(4).acceptsPosted(500).pool(500).maxSessions(2_000)
                .reuseLatest(true).socketSendBufferBytes(0).listenerLinger(true).disconnectTime(Duration.ofSeconds(20));
    }

    /** With few accepts: of 500, the 501st client would be the first to meet a socket that has served before. */
    private static ServerOptions.Builder profileOfFewSockets() {
        return profile().acceptsPosted(2).pool(3);
    }

    @Test
    void servesAndReusesTheSocketFreedLast() throws IOException {
        start(profileOfFewSockets());
        for (int i = 0; i < 30; i++) {
            try (TestClient client = logIn()) {
                client.sendBytes(TestClient.packets(1_000L * i, 100));
                client.expect(TestClient.packets(1_000L * i, 100));
            }
            awaitNobody();
        }
        ServerStatistics figures = settled();
        assertThat(figures.sockets().socketsReused()).isGreaterThanOrEqualTo(26);
        assertThat(figures.sockets().socketsCreated()).isLessThanOrEqualTo(4);
        assertThat(figures.sockets().socketsDiscarded()).isZero();
    }

    @Test
    void fiftyClientsAtOnce() throws IOException {
        start(profile());
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            clients.add(logIn());
        }
        for (int round = 0; round < 5; round++) {
            for (TestClient client : clients) {
                client.sendBytes(TestClient.packets(round, 100));
            }
            for (TestClient client : clients) {
                client.expect(TestClient.packets(round, 100));
            }
        }
        for (TestClient client : clients) {
            client.close();
        }
        assertThat(settled().connections().acceptsPosted()).isEqualTo(500);
    }

    /** The listener's linger {1, 0} is inherited by what it accepts, and would make each disconnect an RST [wine]. */
    @Test
    void clientsSeeFinWhenTheServerDisconnects() throws IOException {
        start(profileOfFewSockets());
        for (int i = 0; i < 10; i++) { // first generations, and later ones
            try (TestClient client = logIn()) {
                byte[] wrong = TestClient.packet(i);
                wrong[0] = 9;
                client.sendBytes(TestClient.packets(i, 10));
                client.sendBytes(wrong);
                client.expect(TestClient.packets(i, 10));
                client.expectFin();
            }
            awaitNobody();
        }
        assertThat(settled().sockets().socketsReused()).isGreaterThanOrEqualTo(6);
        assertThat(server.statistics().protocolErrors()).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource(SessionIdentity.class)
    void idleSessionsEndByFinWhateverTheIdentity(SessionIdentity identity) throws IOException {
        start(profile().disconnectMethod(DisconnectMethod.DISCONNECT_EX).idleTime(Duration.ofMillis(300)),
                EchoProtocol.MESSAGES, identity);
        try (TestClient client = logIn()) {
            client.expectFin();
        }
        await().until(() -> statistics().incidents().idleTimeouts() == 1);
        settled();
    }
}
