package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.TestClient;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a packet finds its session once sockets are used again. */
class IdentityTest extends EchoTest {
    @ParameterizedTest
    @CsvSource({"OVERLAPPED, DISCONNECT_EX", "SLOT_KEY, DISCONNECT_EX", "OVERLAPPED, TRANSMIT_FILE",
            "SLOT_KEY, TRANSMIT_FILE"})
    void theRightIdentitiesSurviveReuse(SessionIdentity identity, DisconnectMethod method) throws IOException {
        start(small(method), EchoProtocol.MESSAGES, identity);
        for (int i = 0; i < 20; i++) {
            try (TestClient client = logIn()) {
                client.echo(i);
            }
            awaitNobody();
        }
        ServerStatistics figures = settled();
        assertThat(figures.sockets().socketsReused()).isGreaterThanOrEqualTo(18);
        assertThat(figures.faults().keyMismatches()).isZero();
    }

    /** A reused socket keeps its first key, which names the session of then. */
    @Test
    void theKeyFailsFromTheSecondGenerationOnAndTheServerStaysUp() throws IOException {
        start(small(DisconnectMethod.DISCONNECT_EX), EchoProtocol.MESSAGES, SessionIdentity.KEY);
        try (TestClient first = logIn()) { // its socket's first connection
            first.echo(1);
            for (int i = 0; i < 20; i++) {
                connectAndBeTurnedAway();
                awaitSessions(1);
                first.echo(i);
            }
        }
        ServerStatistics figures = settled();
        assertThat(figures.sockets().socketsReused()).isPositive();
        assertThat(figures.faults().keyMismatches()).isPositive();
        assertThat(figures.faults().handlerFailures()).isZero();
    }

    @Test
    void theKeyIsRightWhileNoSocketIsUsedAgain() throws IOException {
        start(small(DisconnectMethod.GRACEFUL), EchoProtocol.MESSAGES, SessionIdentity.KEY);
        for (int i = 0; i < 20; i++) {
            try (TestClient client = logIn()) {
                client.echo(i);
            }
            awaitNobody();
        }
        assertThat(settled().faults().keyMismatches()).isZero();
    }

    /** A socket's first connection is served; later ones lose their packets, and so end without any echo. */
    private void connectAndBeTurnedAway() throws IOException {
        try (TestClient client = connect()) {
            client.sendBytes(TestClient.packet(7));
            client.endOutput();
            byte[] heard;
            try {
                heard = client.readToEnd();
            } catch (IOException reset) {
                return;
            }
            assertThat(heard.length).as("login and echo, or less").isLessThanOrEqualTo(2 * TestClient.PACKET_BYTES);
        }
    }

    private void awaitSessions(int count) {
        await().until(() -> statistics().connections().sessions() == count);
    }
}
