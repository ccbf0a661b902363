package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Connections on which nothing happens cost no buffer, and nobody notices. */
class IdleConnectionTest extends ServerTest {
    private static final int CONNECTIONS = 100;
    private static final int BUFFER_BYTES = 64 * 1024;

    @Test
    void hasNoBufferUntilSomethingComes() throws IOException {
        start(small().maxSessions(CONNECTIONS).bufferBytes(BUFFER_BYTES), new Echo());
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            clients.add(connect());
            echo(clients.getLast(), "hello " + i);
        }
        for (int twice = 0; twice < 2; twice++) {
            await().untilAsserted(() -> assertThat(statistics().resources().bufferBytes())
                    .isLessThan(CONNECTIONS * BUFFER_BYTES));
            for (TestClient client : clients) {
                echo(client, "still there");
            }
            assertThat(statistics().connections().sessions()).isEqualTo(CONNECTIONS);
        }
        await().untilAsserted(() -> assertThat(statistics().resources().bufferBytes())
                .isLessThan(CONNECTIONS * BUFFER_BYTES));
        for (TestClient client : clients) {
            client.close();
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            assertThat(closed.next()).isEqualTo(CloseReason.PEER_CLOSED);
        }
        assertThat(settled().cleanly().incidents().peerResets()).isZero();
    }
}
