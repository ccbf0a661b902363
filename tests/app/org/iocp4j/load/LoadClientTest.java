package org.iocp4j.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.iocp4j.FullListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each counter of the client, against a server that does the one thing it counts; with the engine of java.nio. */
@Timeout(180)
class LoadClientTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration OFTEN = Duration.ofMillis(50);
    /** Long enough not to be reached: the test stops the client when it has seen what it wants. */
    private static final Duration UNTIL_STOPPED = Duration.ofSeconds(50);

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 20_000})
    void rightEchoCountsNoErrors(int overSend) throws Exception {
        try (FakeServer server = FakeServer.messages()) {
            LoadSummary summary = runUntilEchoed(options(server).clients(10).overSend(overSend));
            assertThat(summary.total().errors()).as("%s", summary).isZero();
            assertThat(summary.total().connects()).isEqualTo(10);
            assertThat(summary.total().sessions()).isZero();
            assertThat(summary.total().closedByFin()).isEqualTo(10);
            assertThat(summary.total().sentMessages()).isPositive().isEqualTo(summary.total().receivedMessages());
            assertThat(summary.roundTripMicros().messages()).isEqualTo(summary.total().receivedMessages());
            assertThat(summary.roundTripMicros().p50()).isPositive()
                    .isLessThanOrEqualTo(summary.roundTripMicros().max());
            await().untilAsserted(() -> assertThat(server.fins).hasValue(10));
            assertThat(server.resets).hasValue(0);
        }
    }

    @Test
    void rawEchoNeedsNoLogin() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> peer.echo())) {
            LoadSummary summary = runUntilEchoed(options(server).protocol(Protocol.RAW));
            assertThat(summary.total().errors()).as("%s", summary).isZero();
            assertThat(summary.total().receivedMessages()).isPositive();
        }
    }

    @Test
    void rawComparesEveryByte() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            byte[] message = peer.message();
            message[0] ^= 1;
            peer.out().write(message);
            peer.echo();
        })) {
            assertThat(once(options(server).protocol(Protocol.RAW)).messageErrors()).isOne();
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
            LoadSummary summary = runUntilEchoed(options(server).overSend(10));
            assertThat(summary.total().errors()).as("%s", summary).isZero();
            assertThat(summary.total().receivedMessages()).isPositive();
        }
    }

    @Test
    void wrongValueIsOneMessageError() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            byte[] message = peer.message();
            message[9] ^= 1;
            peer.out().write(message);
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.messageErrors()).isOne();
            assertThat(total.errors()).isOne();
        }
    }

    @Test
    void swappedMessagesAreMessageErrors() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            byte[] first = peer.message();
            peer.out().write(peer.message());
            peer.out().write(first);
            peer.echo();
        })) {
            assertThat(once(options(server)).messageErrors()).isEqualTo(3);
        }
    }

    @Test
    void anotherClientsMessageIsAMessageError() throws Exception {
        List<byte[]> stolen = new CopyOnWriteArrayList<>();
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            byte[] message = peer.message();
            stolen.add(message);
            await().until(() -> stolen.size() == 2);
            peer.out().write(stolen.stream().filter(other -> !Arrays.equals(other, message)).findFirst().orElseThrow());
            peer.echo();
        })) {
            assertThat(once(options(server).clients(2).echoTimeout(UNTIL_STOPPED)).messageErrors())
                    .isEqualTo(2);
        }
    }

    @Test
    void wrongLengthIsAMessageErrorAndEndsTheConnection() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            if (connection == 1) {
                byte[] message = peer.message();
                message[0] = 9;
                peer.out().write(message);
            }
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.messageErrors()).isOne();
            assertThat(total.connects()).isEqualTo(2);
            assertThat(total.closedByReset()).isOne();
        }
    }

    @Test
    void secondLoginIsCounted() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            peer.out().write(peer.message());
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
            // A machine may be too slow for the second login, too: each connection but the last had none.
            assertThat(total.loginMissing()).isPositive().isEqualTo(total.connects() - 1);
            assertThat(total.errors()).isEqualTo(total.loginMissing());
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
            // One batch on the second connection, and for it so much time that a slow machine is not late, too.
            LoadStatistics total = runUntil(
                    options(server).echoTimeout(Duration.ofSeconds(2)).loopDelay(Duration.ofMinutes(1)),
                    second -> second.receivedMessages() > 0).total();
            assertThat(total.echoMissing()).isOne();
            assertThat(total.errors()).isOne();
            assertThat(total.connects()).isEqualTo(2);
            assertThat(total.sentMessages()).isEqualTo(200);
            assertThat(total.receivedMessages()).isEqualTo(100);
        }
    }

    @Test
    void batchStillOutAtTheEndIsAMissingEcho() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            peer.swallow();
        })) {
            LoadSummary summary = runUntil(options(server).echoTimeout(UNTIL_STOPPED).drainTimeout(SHORT),
                    second -> second.sentMessages() > 0);
            assertThat(summary.total().echoMissing()).isOne();
            assertThat(summary.total().receivedMessages()).isZero();
            assertThat(summary.roundTripMicros()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatClosesIsCounted(boolean reset) throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            if (connection == 1) {
                peer.message();
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
    void serverThatEndsItsStreamAloneIsCounted() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            if (connection == 1) {
                peer.message();
                peer.socket().shutdownOutput();
                peer.swallow();
            }
            peer.echo();
        })) {
            LoadStatistics total = once(options(server));
            assertThat(total.disconnectsFromServer()).isOne();
            assertThat(total.errors()).isOne();
            await().untilAsserted(() -> assertThat(server.fins).as("the client's end, too").hasValue(2));
        }
    }

    @Test
    void reconnectsByFinAndByReset() throws Exception {
        try (FakeServer server = FakeServer.messages()) {
            LoadStatistics total = runUntil(
                    options(server).clients(4).reconnectPercent(100).loopDelay(Duration.ofMillis(1)),
                    second -> second.connects() > 100).total();
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
        try (FakeServer server = FakeServer.messages()) {
            LoadStatistics total = runUntil(options(server).clients(3).loopDelay(Duration.ofMinutes(1)),
                    second -> second.receivedMessages() >= 300).total();
            assertThat(total.sentMessages()).isEqualTo(300);
            assertThat(total.errors()).isZero();
        }
    }

    /** Of which a system may have 16,384; each client that leaves by FIN keeps its own in TIME_WAIT for long. */
    @Test
    void clientsOfAServerOnThisMachineTakeNoDynamicPort() throws Exception {
        Collection<InetSocketAddress> seen = new ConcurrentLinkedQueue<>();
        try (FakeServer server = new FakeServer((peer, connection) -> {
            seen.add((InetSocketAddress) peer.socket().getRemoteSocketAddress());
            peer.out().write(FakeServer.LOGIN);
            peer.echo();
        })) {
            LoadSummary summary = runUntil(options(server).clients(10).reconnectPercent(50),
                    second -> second.closedByFin() >= 10 && second.closedByReset() >= 10);
            assertThat(summary.total().errors()).as("%s", summary).isZero();
        }
        assertThat(seen).hasSizeGreaterThanOrEqualTo(20).doesNotHaveDuplicates()
                .allSatisfy(peer -> assertThat(peer.getPort()).isBetween(20_000, 32_767));
    }

    @Test
    void whatFailsForWantOfAPortSaysSo() {
        LoadClient client = new LoadClient(LoadOptions.to("127.0.0.1", 6000).build());
        client.connectFailed(LocalPorts.explained(new BindException("Cannot assign requested address: connect"),
                new InetSocketAddress("127.0.0.1", 6000)));
        assertThat(client.summary().firstConnectFailure()).startsWith("no local port is free; reconnects leave ")
                .endsWith("(Cannot assign requested address)");
    }

    @Test
    void absentServerFailsAtOnce() throws Exception {
        int port = freePort();
        LoadOptions options = LoadOptions.to("127.0.0.1", port).engine(engine()).duration(UNTIL_STOPPED).build();
        assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new LoadClient(options).run())
                .withMessage("connect: Connection refused, 127.0.0.1:" + port);
    }

    @Test
    void connectThatGetsNoAnswerTimesOut() throws Exception {
        try (var server = new FullListener()) {
            LoadOptions options = LoadOptions.to("127.0.0.1", server.address().getPort()).engine(engine()).clients(1)
                    .duration(UNTIL_STOPPED).connectTimeout(SHORT).build();
            assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new LoadClient(options).run())
                    .withMessage("connect: Connection timed out, 127.0.0.1:" + server.address().getPort());
        }
    }

    @Test
    void connectsStillUnderWayAtTheEndHaveFailed() throws Exception {
        try (var server = new FullListener()) {
            LoadClient client = new LoadClient(LoadOptions.to("127.0.0.1", server.address().getPort())
                    .engine(engine()).clients(3).duration(SHORT).connectTimeout(LONGEST).drainTimeout(SHORT).build(),
                    OFTEN.toNanos());
            LoadStatistics total = client.run().total();
            assertThat(total.connectFailures()).isEqualTo(3);
            assertThat(total.errors()).isEqualTo(3);
            assertThat(total.sessions()).isZero();
        }
    }

    @Test
    void serverThatGoesAwayIsCountedAsConnectFailures() throws Exception {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            peer.out().write(FakeServer.LOGIN);
            peer.message();
        })) {
            LoadClient client = new LoadClient(options(server).build());
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
            LoadSummary summary = runUntilEchoed(patient(LoadOptions.to("::1", server.port())));
            assertThat(summary.total().errors()).isZero();
            assertThat(summary.total().receivedMessages()).isPositive();
        }
    }

    @Test
    void severalThreadsShareTheClients() throws Exception {
        try (FakeServer server = FakeServer.messages()) {
            LoadSummary summary = runUntilEchoed(options(server).clients(7).threads(3));
            assertThat(summary.total().connects()).isEqualTo(7);
            assertThat(summary.total().errors()).isZero();
        }
    }

    Engine engine() {
        return Engine.NIO;
    }

    LoadOptions.Builder options(FakeServer server) {
        return patient(LoadOptions.to("127.0.0.1", server.port()));
    }

    private LoadOptions.Builder patient(LoadOptions.Builder options) {
        return options.engine(engine()).clients(1).duration(UNTIL_STOPPED).loginTimeout(LONGEST).echoTimeout(LONGEST)
                .drainTimeout(LONGEST);
    }

    /** Runs until messages come back right, after whatever the server's first connection went through. */
    static LoadStatistics once(LoadOptions.Builder options) throws Exception {
        return runUntil(options, second -> second.receivedMessages() > 200 && second.errors() > 0).total();
    }

    /** Runs until every client has connected, and messages come back. */
    static LoadSummary runUntilEchoed(LoadOptions.Builder builder) throws Exception {
        int clients = builder.build().clients();
        return runUntil(builder, second -> second.sessions() == clients && second.receivedMessages() > 0);
    }

    /** Runs until that is seen. */
    static LoadSummary runUntil(LoadOptions.Builder options, Predicate<LoadStatistics> seen) throws Exception {
        LoadClient client = new LoadClient(options.build(), OFTEN.toNanos());
        return client.run(second -> {
            if (seen.test(second)) {
                client.stop();
            }
        });
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
