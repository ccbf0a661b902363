package org.iocp4j.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each counter of the client, against a server that does the one thing it counts. */
@Timeout(60)
class LoadClientTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    /** Long enough not to be reached: the test stops the client when it has seen what it wants. */
    private static final Duration UNTIL_STOPPED = Duration.ofSeconds(50);

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 20_000})
    void rightEchoCountsNoErrors(int overSend) throws Exception {
        try (FakeServer server = FakeServer.seed()) {
            LoadSummary summary = new LoadClient(options(server).clients(10).overSend(overSend).build()).run();
            assertThat(summary.total().errors()).as("%s", summary).isZero();
            assertThat(summary.total().connects()).isEqualTo(10);
            assertThat(summary.total().sessions()).isZero();
            assertThat(summary.total().closedByFin()).isEqualTo(10);
            assertThat(summary.total().sentPackets()).isPositive().isEqualTo(summary.total().receivedPackets());
            assertThat(summary.roundTripMicros().packets()).isEqualTo(summary.total().receivedPackets());
            assertThat(summary.roundTripMicros().p50()).isPositive()
                    .isLessThanOrEqualTo(summary.roundTripMicros().max());
            await().untilAsserted(() -> assertThat(server.fins).hasValue(10));
            assertThat(server.resets).hasValue(0);
        }
    }

    @Test
    void rawEchoNeedsNoLogin() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> peer.echo())) {
            LoadSummary summary = new LoadClient(options(server).protocol(Protocol.RAW).build()).run();
            assertThat(summary.total().errors()).as("%s", summary).isZero();
            assertThat(summary.total().receivedPackets()).isPositive();
        }
    }

    @Test
    void rawComparesEveryByte() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            byte[] packet = peer.packet();
            packet[0] ^= 1;
            peer.out().write(packet);
            peer.echo();
        })) {
            assertThat(once(options(server).protocol(Protocol.RAW)).packetErrors()).isOne();
        }
    }

    @Test
    void bytesMayArriveOneByOne() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            for (byte b : FakeServer.LOGIN) {
                peer.out().write(b);
            }
            for (int b = peer.in().read(); b >= 0; b = peer.in().read()) {
                peer.out().write(b);
            }
        })) {
            LoadSummary summary = new LoadClient(options(server).overSend(10).build()).run();
            assertThat(summary.total().errors()).as("%s", summary).isZero();
            assertThat(summary.total().receivedPackets()).isPositive();
        }
    }

    @Test
    void wrongValueIsOnePacketError() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            byte[] packet = peer.packet();
            packet[9] ^= 1;
            peer.out().write(packet);
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.packetErrors()).isOne();
            assertThat(total.errors()).isOne();
        }
    }

    @Test
    void swappedPacketsArePacketErrors() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            byte[] first = peer.packet();
            peer.out().write(peer.packet());
            peer.out().write(first);
            peer.echo();
        })) {
            assertThat(once(options(server)).packetErrors()).isEqualTo(3);
        }
    }

    @Test
    void anotherClientsPacketIsAPacketError() throws Exception {
        List<byte[]> stolen = new ArrayList<>();
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            byte[] packet = peer.packet();
            synchronized (stolen) {
                stolen.add(packet);
            }
            await().until(() -> stolen.size() == 2);
            peer.out().write(stolen.stream().filter(other -> !Arrays.equals(other, packet)).findFirst().orElseThrow());
            peer.echo();
        })) {
            assertThat(once(options(server).clients(2).echoTimeout(UNTIL_STOPPED)).packetErrors())
                    .isEqualTo(2);
        }
    }

    @Test
    void wrongLengthIsAPacketErrorAndEndsTheConnection() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            if (connection == 1) {
                byte[] packet = peer.packet();
                packet[0] = 9;
                peer.out().write(packet);
            }
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.packetErrors()).isOne();
            assertThat(total.connects()).isEqualTo(2);
            assertThat(total.closedByReset()).isOne();
        }
    }

    @Test
    void secondLoginIsCounted() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            peer.out().write(peer.packet());
            peer.out().write(FakeServer.LOGIN);
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.loginDuplicates()).isOne();
            assertThat(total.errors()).isOne();
        }
    }

    @Test
    void missingLoginIsCountedAndTheClientStartsOver() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            if (connection == 1) {
                peer.swallow();
            }
            peer.out().write(FakeServer.LOGIN);
            peer.echo();
        })) {
            LoadStatistics total = once(options(server).loginTimeout(Duration.ofSeconds(1)));
            assertThat(total.loginMissing()).isOne();
            assertThat(total.errors()).isOne();
            assertThat(total.connects()).isEqualTo(2);
        }
    }

    @Test
    void swallowedBatchIsOneMissingEchoAndThenGivenUp() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            if (connection == 1) {
                peer.swallow();
            }
            peer.echo();
        })) {
            LoadStatistics total = once(options(server).echoTimeout(SHORT));
            assertThat(total.echoMissing()).isOne();
            assertThat(total.errors()).isOne();
            assertThat(total.connects()).isEqualTo(2);
            assertThat(total.sentPackets()).isEqualTo(total.receivedPackets() + 100);
        }
    }

    @Test
    void batchStillOutAtTheEndIsAMissingEcho() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            peer.swallow();
        })) {
            LoadOptions options = options(server).echoTimeout(UNTIL_STOPPED).drainTimeout(SHORT).build();
            LoadSummary summary = new LoadClient(options).run();
            assertThat(summary.total().echoMissing()).isOne();
            assertThat(summary.total().receivedPackets()).isZero();
            assertThat(summary.roundTripMicros()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatClosesIsCounted(boolean reset) throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            if (connection == 1) {
                peer.packet();
                if (reset) {
                    peer.socket().setSoLinger(true, 0);
                }
                return;
            }
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.disconnectsFromServer()).isOne();
            assertThat(total.errors()).isOne();
            assertThat(total.connects()).isEqualTo(2);
        }
    }

    @Test
    void reconnectsByFinAndByReset() throws Exception {
        try (FakeServer server = FakeServer.seed()) {
            LoadOptions options = options(server).clients(4).reconnectPercent(100).loopDelay(Duration.ofMillis(1))
                    .duration(UNTIL_STOPPED).build();
            LoadStatistics total = runUntil(options, () -> server.accepted.get() > 100);
            assertThat(total.errors()).as("%s", total).isZero();
            assertThat(total.closedByFin()).isPositive();
            assertThat(total.closedByReset()).isPositive();
            assertThat(total.connects()).isEqualTo(total.closedByFin() + total.closedByReset());
            await().until(() -> server.fins.get() + server.resets.get() == total.connects());
            assertThat(server.accepted).hasValue((int) total.connects());
            if (!OS.WINDOWS.isCurrentOs()) {
                // Under Wine the JDK's sockets show most resets as an end of stream; the client's own are real there.
                assertThat(server.resets).hasValue((int) total.closedByReset());
            }
        }
    }

    @Test
    void loopDelayHoldsTheNextBatchBack() throws Exception {
        try (FakeServer server = FakeServer.seed()) {
            LoadOptions options = options(server).clients(3).loopDelay(Duration.ofMinutes(1)).build();
            LoadStatistics total = new LoadClient(options).run().total();
            assertThat(total.sentPackets()).isEqualTo(300);
            assertThat(total.errors()).isZero();
        }
    }

    @Test
    void absentServerFailsAtOnce() throws Exception {
        int port = freePort();
        LoadOptions options = LoadOptions.to("127.0.0.1", port).duration(UNTIL_STOPPED).build();
        assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new LoadClient(options).run())
                .withMessage("connect: Connection refused, 127.0.0.1:" + port);
    }

    @Test
    void serverThatGoesAwayIsCountedAsConnectFailures() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            peer.packet();
        })) {
            LoadClient client = new LoadClient(options(server).clients(1).duration(UNTIL_STOPPED).build());
            List<LoadStatistics> seconds = new ArrayList<>();
            LoadSummary summary = client.run(second -> {
                seconds.add(second);
                close(server);
                if (second.connectFailures() > 1) {
                    client.stop();
                }
            });
            assertThat(summary.total().connects()).isPositive();
            assertThat(summary.total().connectFailures()).isGreaterThan(1);
            assertThat(summary.firstConnectFailure()).isEqualTo("Connection refused");
            assertThat(seconds.getFirst().elapsedSeconds()).isGreaterThanOrEqualTo(1.0);
        }
    }

    @Test
    void ipv6() throws Exception {
        FakeServer server;
        try {
            server = new FakeServer(InetAddress.getByName("::1"), (peer, connection) -> {
                peer.out().write(FakeServer.LOGIN);
                peer.echo();
            });
        } catch (SocketException e) {
            assumeTrue(false, "no IPv6 here: " + e.getMessage());
            return;
        }
        try (server) {
            LoadOptions options = LoadOptions.to("::1", server.port()).duration(SHORT).build();
            LoadSummary summary = new LoadClient(options).run();
            assertThat(summary.total().errors()).isZero();
            assertThat(summary.total().receivedPackets()).isPositive();
        }
    }

    @Test
    void severalThreadsShareTheClients() throws Exception {
        try (FakeServer server = FakeServer.seed()) {
            LoadSummary summary = new LoadClient(options(server).clients(7).threads(3).build()).run();
            assertThat(summary.total().connects()).isEqualTo(7);
            assertThat(summary.total().errors()).isZero();
        }
    }

    private static LoadOptions.Builder options(FakeServer server) {
        return LoadOptions.to("127.0.0.1", server.port()).clients(1).duration(SHORT)
                .echoTimeout(Duration.ofSeconds(20)).drainTimeout(Duration.ofSeconds(20));
    }

    /** Runs until packets come back right, after whatever the server's first connection went through. */
    private static LoadStatistics once(LoadOptions.Builder options) throws Exception {
        LoadClient client = new LoadClient(options.duration(UNTIL_STOPPED).build());
        return client.run(second -> {
            if (second.receivedPackets() > 200 && second.errors() > 0) {
                client.stop();
            }
        }).total();
    }

    private static LoadStatistics runUntil(LoadOptions options, BooleanSupplier seen)
            throws Exception {
        LoadClient client = new LoadClient(options);
        CompletableFuture<LoadSummary> run = CompletableFuture.supplyAsync(() -> {
            try {
                return client.run();
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(seen::getAsBoolean);
        client.stop();
        return run.get().total();
    }

    private static void close(FakeServer server) {
        try {
            server.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }
}
