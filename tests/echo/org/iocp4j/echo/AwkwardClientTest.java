package org.iocp4j.echo;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.server.Background;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Settled;
import org.iocp4j.server.TestClient;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that do what clients do. Each time a well-behaved session beside them must not notice. */
class AwkwardClientTest extends EchoTest {
    private TestClient neighbour;

    private void startMessages(ServerOptions.Builder builder) throws IOException {
        start(builder);
        neighbour = logIn();
    }

    private void startRaw(ServerOptions.Builder builder) throws IOException {
        start(builder, EchoProtocol.RAW, SessionIdentity.OVERLAPPED);
        neighbour = connect();
    }

    /** The neighbour has noticed nothing, and leaves. */
    private ServerStatistics settledBesideANeighbour() throws IOException {
        for (int i = 0; i < 10; i++) {
            neighbour.echo(i);
        }
        neighbour.closeByFin();
        return settled();
    }

    @Test
    void bytesOneAtATime() throws IOException {
        startMessages(small());
        try (TestClient client = logIn()) {
            byte[] packets = TestClient.packets(0x0123_4567_89AB_CDEFL, 5);
            for (byte each : packets) {
                client.sendBytes(each);
                neighbour.echo(each); // so that they do not travel together
            }
            client.expect(packets);
        }
        ServerStatistics figures = settledBesideANeighbour();
        assertThat(figures.traffic().receiveCompletions()).isGreaterThan(50);
        assertThat(server.statistics().protocolErrors()).isZero();
    }

    @Test
    void aPacketCutAnywhere() throws IOException {
        startMessages(small());
        try (TestClient client = logIn()) {
            byte[] packets = TestClient.packets(77, 3);
            for (int cut = 1; cut < packets.length; cut++) {
                client.sendBytes(Arrays.copyOf(packets, cut));
                neighbour.echo(cut);
                client.sendBytes(Arrays.copyOfRange(packets, cut, packets.length));
                client.expect(packets);
            }
        }
        settledBesideANeighbour();
        assertThat(server.statistics().protocolErrors()).isZero();
    }

    @Test
    void sixtyFourKilobytesOfPacketsAtOnce() throws IOException {
        startMessages(small());
        try (TestClient client = logIn()) {
            byte[] packets = TestClient.packets(1L << 40, 6_554);
            client.sendBytes(packets);
            client.expect(packets);
        }
        settledBesideANeighbour();
    }

    @Test
    void sixtyFourKilobytesOfRawBytesAtOnce() throws IOException {
        startRaw(small());
        try (TestClient client = connect()) {
            byte[] bytes = new byte[64 * 1024];
            new Random(1).nextBytes(bytes);
            for (int i = 0; i < 10; i++) {
                client.sendBytes(bytes);
                client.expect(bytes);
            }
        }
        settledBesideANeighbour();
    }

    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = {"DISCONNECT_EX", "GRACEFUL"})
    void halfCloseStillGetsEveryEchoThenTheEnd(DisconnectMethod method) throws IOException {
        startMessages(small(method));
        for (int i = 0; i < 10; i++) {
            try (TestClient client = logIn()) {
                byte[] packets = TestClient.packets(i, 2_000);
                client.sendBytes(packets);
                client.endOutput();
                client.expect(packets);
                client.expectEndOfStream();
            }
        }
        assertThat(settledBesideANeighbour().incidents().peerResets()).isZero();
    }

    @Test
    void halfCloseWithoutAWordGetsTheEnd() throws IOException {
        startRaw(small());
        try (TestClient client = connect()) {
            client.endOutput();
            client.expectEndOfStream();
        }
        settledBesideANeighbour();
    }

    @Test
    void resetInTheMiddleOfAPacket() throws IOException {
        startMessages(small().workers(1));
        for (int i = 0; i < 10; i++) {
            long received = statistics().traffic().receivedBytes();
            try (TestClient client = logIn()) {
                client.sendBytes(Arrays.copyOf(TestClient.packet(i), 7));
                await().until(() -> statistics().traffic().receivedBytes() == received + 7);
                neighbour.echo(i); // behind it the one worker has posted the next receive, which the reset is to meet
                client.closeByReset();
            }
            await().until(() -> statistics().connections().sessions() == 1);
            neighbour.echo(i);
            assertThat(statistics().traffic().receivedBytes()).isEqualTo(received + 27);
        }
        assertThat(settledBesideANeighbour().incidents().peerResets()).isEqualTo(10);
    }

    @Test
    void aWrongLengthEndsThatSessionBehindTheRepliesDueBefore() throws IOException {
        startMessages(small());
        for (int length : new int[] {0, 7, 9, 0x0800, 0xFFFF}) {
            try (TestClient client = logIn()) {
                byte[] good = TestClient.packets(length, 20);
                byte[] bad = TestClient.packet(1);
                bad[0] = (byte) length;
                bad[1] = (byte) (length >> 8);
                byte[] all = Arrays.copyOf(good, good.length + bad.length);
                System.arraycopy(bad, 0, all, good.length, bad.length);
                client.sendBytes(all);
                client.expect(good);
                client.expectFin();
            }
        }
        await().until(() -> server.statistics().protocolErrors() == 5);
        settledBesideANeighbour();
        assertThat(server.statistics().protocolErrors()).isEqualTo(5);
    }

    @Test
    void silenceUntilTheIdleTimeEndsThatSessionOnly() throws IOException {
        startMessages(small().idleTime(Duration.ofSeconds(4)));
        try (TestClient silent = logIn()) {
            CompletableFuture<Void> end = Background.run(silent::expectFin);
            await().until(() -> {
                neighbour.echo(1);
                return end.isDone();
            });
            end.join();
            neighbour.echo(2);
            assertThat(statistics().incidents().idleTimeouts()).isEqualTo(1);
            await().until(() -> statistics().connections().sessions() == 1);
        }
        neighbour.closeByFin();
        assertThat(settled().incidents().idleTimeouts()).isEqualTo(1);
    }

    @Test
    void moreClientsThanSessionsAreRefusedUntilOneLeaves() throws IOException {
        int places = 4;
        startMessages(small().maxSessions(places));
        List<TestClient> served = new ArrayList<>(List.of(neighbour));
        while (served.size() < places) {
            served.add(logIn());
        }
        for (int i = 1; i <= 5; i++) {
            try (TestClient extra = connect()) {
                extra.expectEnd();
            } catch (IOException reset) {
                // already while connecting
            }
            long refused = i;
            await().until(() -> statistics().incidents().sessionsRefusedFull() == refused);
            for (TestClient each : served) {
                each.echo(i);
            }
        }
        served.removeLast().closeByFin();
        await().until(() -> statistics().connections().sessions() == places - 1);
        served.add(logIn());
        for (TestClient each : served) {
            each.echo(9);
        }
        for (TestClient each : served.subList(1, places)) {
            each.closeByFin();
        }
        assertThat(settledBesideANeighbour().incidents().sessionsRefusedFull()).isEqualTo(5);
    }

    /** However much such a client sends, the server takes what a queue holds and no more, until it reads. */
    @Test
    void aClientThatDoesNotReadIsNotReceivedFrom() throws Exception {
        startRaw(small());
        int total = 16 << 20;
        AtomicLong sent = new AtomicLong();
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            CompletableFuture<Void> sender = Background.run(() -> {
                for (int at = 0; at < total; at += 4096) {
                    client.sendBytes(pattern(at, 4096));
                    sent.addAndGet(4096);
                }
            });
            await().until(() -> sent.get() > 0);
            Settled.awaitStandstill(sent::get);
            assertThat(sent.get()).as("bytes that went out while nobody read").isLessThan(total);
            assertThat(statistics().resources().bufferBytes()).isLessThan(1 << 20);
            neighbour.echo(5);

            for (int at = 0; at < total; at += 4096) {
                client.expect(pattern(at, 4096));
            }
            sender.get(LONGEST.toSeconds(), SECONDS);
            client.endOutput();
            client.expectEndOfStream();
        }
        assertThat(settledBesideANeighbour().resources().bufferBytes()).isLessThan(1 << 20);
    }

    private static byte[] pattern(int at, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) ((at + i) * 0x9E3779B1 >>> 24);
        }
        return bytes;
    }

    @Tag("slow")
    @Test
    void connectAndCloseStorm() throws Exception {
        startMessages(small().acceptsPosted(8).pool(16));
        List<CompletableFuture<Void>> stormers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            stormers.add(Background.run(() -> {
                for (int n = 0; n < 100; n++) {
                    try (TestClient client = connect()) {
                        if (n % 2 == 0) {
                            client.closeByReset();
                        }
                    }
                }
            }));
        }
        for (CompletableFuture<Void> each : stormers) {
            while (!each.isDone()) {
                neighbour.echo(3);
            }
            each.join();
        }
        ServerStatistics figures = settledBesideANeighbour();
        assertThat(figures.connections().accepts() + figures.incidents().acceptFailures()).isLessThanOrEqualTo(401)
                .isPositive();
        try (TestClient client = logIn()) {
            client.echo(1);
        }
        settled();
    }
}
