package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.TestClient;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many connections, one after another, on the same few sockets: each is served as if it were the first. One socket is
 * posted and one in use, so 24 connections on two sockets are twelve generations of one of them at least.
 */
class SocketReuseTest extends EchoTest {
    private static final int CONNECTIONS = 24;
    /** Part of a packet: it must not become the beginning of the next connection's first. */
    private static final byte[] HALF_PACKET = Arrays.copyOf(TestClient.packet(0x6666_6666_6666_6666L), 7);

    private enum End { FIN, RST }

    @ParameterizedTest
    @CsvSource({"DISCONNECT_EX, FIN", "DISCONNECT_EX, RST", "TRANSMIT_FILE, FIN"})
    void twoSocketsServeManyConnections(DisconnectMethod method, End end) throws IOException {
        start(small(method));
        serveAll(end);
        ServerStatistics figures = settled();
        assertThat(figures.connections().accepts()).isEqualTo(CONNECTIONS);
        assertThat(figures.sockets().socketsCreated()).isEqualTo(2);
        assertThat(figures.sockets().socketsReused()).isGreaterThanOrEqualTo(CONNECTIONS - 2);
        assertThat(figures.sockets().socketsDiscarded()).isZero();
        assertThat(figures.incidents().disconnectFailures()).isZero();
        assertThat(figures.incidents().acceptFailures()).isZero();
    }

    /** After an RST, TransmitFile may refuse the socket: WSAENOTCONN (10057) [wine]. It is replaced and counted. */
    @Test
    void aResetMayCostATransmitFileSocketButNoEcho() throws IOException {
        start(small(DisconnectMethod.TRANSMIT_FILE));
        serveAll(End.RST);
        ServerStatistics figures = settled();
        assertThat(figures.connections().accepts()).isEqualTo(CONNECTIONS);
        assertThat(figures.sockets().socketsDiscarded())
                .isEqualTo(figures.incidents().disconnectFailures() + figures.incidents().disconnectTimeouts());
        assertThat(figures.sockets().socketsCreated() - figures.sockets().socketsDiscarded()).isBetween(1L, 2L);
    }

    /**
     * The server disconnects first, without waiting for its client, which closes only when the socket is posted for the
     * next one.
     */
    @ParameterizedTest
    @EnumSource(End.class)
    void aClientThatClosesLateIsNoNewClient(End end) throws IOException {
        start(small(DisconnectMethod.DISCONNECT_EX).lingerTime(Duration.ZERO));
        TestClient late = null;
        for (int generation = 1; generation <= CONNECTIONS; generation++) {
            TestClient client = logIn();
            client.echo(generation);
            client.sendBytes((byte) 7, (byte) 0); // no packet has this length
            client.expectEndOfStream();
            awaitNobody();
            if (late != null) {
                close(late, end);
            }
            late = client;
        }
        close(late, end);
        ServerStatistics figures = settled();
        assertThat(figures.connections().accepts()).isEqualTo(CONNECTIONS);
        assertThat(figures.incidents().peerResets()).isZero();
        assertThat(figures.sockets().socketsCreated()).isEqualTo(2);
        assertThat(figures.sockets().socketsDiscarded()).isZero();
    }

    private static void close(TestClient client, End end) throws IOException {
        if (end == End.RST) {
            client.closeByReset();
        } else {
            client.closeByFin();
        }
    }

    @ParameterizedTest
    @CsvSource({"CLOSE, FIN", "CLOSE, RST", "GRACEFUL, FIN", "GRACEFUL, RST"})
    void theMethodsThatCloseMakeASocketForEachConnection(DisconnectMethod method, End end) throws IOException {
        start(small(method));
        serveAll(end);
        ServerStatistics figures = settled();
        assertThat(figures.connections().accepts()).isEqualTo(CONNECTIONS);
        assertThat(figures.sockets().socketsReused()).isZero();
        assertThat(figures.sockets().socketsDiscarded()).isEqualTo(CONNECTIONS);
        assertThat(figures.sockets().socketsCreated()).isEqualTo(CONNECTIONS + 1);
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void manyClientsAtOnceComeAndGoAsTheyLike(DisconnectMethod method) throws Exception {
        int clients = 20;
        int generations = 20;
        start(small(method).acceptsPosted(4).pool(8));
        try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
            List<Future<?>> running = new ArrayList<>();
            for (int client = 1; client <= clients; client++) {
                long base = (long) client << 48;
                Random random = new Random(client);
                running.add(threads.submit(() -> {
                    for (int generation = 1; generation <= generations; generation++) {
                        comeAndGo(base + ((long) generation << 32), random);
                    }
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        }
        ServerStatistics figures = settled();
        assertThat(figures.connections().accepts()).isEqualTo(clients * generations);
        assertThat(figures.sessionsRefused()).isZero();
        assertThat(figures.sockets().socketsReused() > 0).as("reused: %s", figures.sockets().socketsReused())
                .isEqualTo(method.reuses());
        assertThat(server.statistics().protocolErrors()).isZero();
    }

    private void comeAndGo(long base, Random random) throws IOException {
        try (TestClient client = logIn()) {
            int count = 1 + random.nextInt(200);
            byte[] packets = TestClient.packets(base, count);
            client.sendBytes(packets);
            switch (random.nextInt(5)) {
                case 0 -> { // unread replies
                    client.closeByReset();
                }
                case 1 -> {
                    client.expect(packets);
                    client.sendBytes(HALF_PACKET);
                    client.closeByReset();
                }
                case 2 -> {
                    client.expect(packets);
                    client.sendBytes(HALF_PACKET);
                    client.closeByFin();
                }
                case 3 -> {
                    client.sendBytes(HALF_PACKET);
                    client.endOutput();
                    client.expect(packets);
                }
                default -> client.expect(packets);
            }
        }
    }

    private void serveAll(End end) throws IOException {
        for (int generation = 1; generation <= CONNECTIONS; generation++) {
            long base = 0x0101_0101L * generation << 32;
            try (TestClient client = connect()) {
                client.login();
                client.echo(base);
                client.sendBytes(TestClient.packets(base + 1, 50));
                client.expect(TestClient.packets(base + 1, 50));
                client.sendBytes(TestClient.packets(base + 100, 3)); // whose echo is not read
                client.sendBytes(HALF_PACKET);
                if (end == End.RST) {
                    client.closeByReset();
                } else {
                    client.endOutput(); // close() would be an RST while something is unread
                }
                awaitNobody();
            }
        }
    }
}
