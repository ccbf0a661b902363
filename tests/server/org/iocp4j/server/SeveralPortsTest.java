package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several completion ports of the system's own; {@link ShardsTest} has what is more easily brought about in memory. */
class SeveralPortsTest extends ServerTest {
    private static final int PORTS = 3;
    private static final int CLIENTS = 12;

    private List<TestClient> clients() throws IOException {
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(connect());
            echo(clients.get(i), "client " + i);
        }
        return clients;
    }

    private static void close(List<TestClient> clients) throws IOException {
        for (TestClient client : clients) {
            client.closeByFin();
        }
    }

    /** A socket that is used again is on its first port still, and goes to that one's workers. */
    @ParameterizedTest
    @EnumSource
    void socketsServeOneConnectionAfterAnother(DisconnectMethod method) throws Exception {
        start(small(method).ports(PORTS), new Echo());
        for (int round = 0; round < 4; round++) {
            List<TestClient> clients = clients();
            ServerStatistics.Connections now = statistics().connections();
            assertThat(now.sessions()).isEqualTo(CLIENTS);
            if (round == 0) {
                assertThat(now.portSessionsFewest()).isEqualTo(CLIENTS / PORTS);
                assertThat(now.portSessionsMost()).isEqualTo(CLIENTS / PORTS);
            }
            close(clients);
            await().until(() -> statistics().connections().sessions() == 0);
        }
        ServerStatistics end = settled().cleanly();
        assertThat(end.connections().accepts()).isEqualTo(4 * CLIENTS);
        assertThat(end.connections().acceptsHandedOver()).isBetween(2L * CLIENTS, 4L * CLIENTS - 4);
        assertThat(end.sockets().socketsReused() > 0).isEqualTo(server.disconnectMethod().reuses());
        assertThat(end.sockets().socketsCreated() - end.sockets().socketsDiscarded())
                .isEqualTo(options.acceptsPosted() + end.sockets().socketsFree());
    }

    @Test
    void otherThreadsReachTheSessionsOfEveryPort() throws Exception {
        start(small().ports(PORTS), new Echo());
        List<TestClient> clients = clients();
        for (int i = 0; i < CLIENTS; i++) {
            assertThat(server.send(opened.next(), ByteBuffer.wrap(new byte[] {7}))).isEqualTo(SendResult.TAKEN);
        }
        for (TestClient client : clients) {
            client.expect((byte) 7);
        }
        server.close();
        for (TestClient client : clients) {
            client.expectEnd();
        }
        assertThat(statistics().connections().sessions()).isZero();
    }
}
