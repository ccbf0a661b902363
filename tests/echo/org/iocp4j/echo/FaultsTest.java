package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.iocp4j.server.Settled.await;
import static org.iocp4j.server.TestClient.packet;
import static org.iocp4j.server.TestClient.packets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each fault as a client's socket sees it. */
@NeedsCompletionPorts
@Timeout(180)
class FaultsTest {
    /** Within this nobody may hear anything; a slow machine makes it no longer. */
    private static final int SILENCE_MILLIS = 300;

    /** More than a connection holds on its way. */
    private static final byte[] FLOOD = new byte[32 * Faults.MAX_WAITING_BYTES];

    private EchoServer server;

    private void start(EchoProtocol protocol, long seed) throws IOException {
        ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(4).pool(4).maxSessions(64).build();
        server = EchoServer.start(new EchoOptions(options, protocol).withSeed(seed));
    }

    private ActiveFault start(String fault) throws IOException {
        start(EchoProtocol.MESSAGES, 1);
        return server.faults().add(Fault.parse(fault));
    }

    private TestClient connect() throws IOException {
        return TestClient.connect(server.localAddress());
    }

    private TestClient logIn() throws IOException {
        return TestClient.logIn(server.localAddress());
    }

    /** Whatever they have met, no session stays. */
    @AfterEach
    void nothingIsLeft() {
        if (server != null) {
            await().until(() -> server.statistics().server().connections().sessions() == 0);
            server.close();
            assertThat(server.statistics().server().faults().handlerFailures()).isZero();
            assertThat(server.statistics().server().resources().operationsPending()).isZero();
        }
    }

    @Test
    void latencyIsAtLeastSoLong() throws IOException {
        ActiveFault latency = start("latency=200ms,jitter=50ms");
        try (TestClient client = logIn()) {
            long start = System.nanoTime();
            client.sendBytes(packets(1, 5));
            client.expect(packets(1, 5));
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(150));
            assertThat(latency.count()).as("the login message and five").isEqualTo(6);

            latency.close();
            client.echo(6); // in order still
            assertThat(latency.count()).isEqualTo(6);
        }
    }

    @Test
    void whatIsLateComesThoughTheClientHasEndedItsOutput() throws IOException {
        start("latency=200ms");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 3));
            client.endOutput();
            client.expect(packets(1, 3));
            client.expectEndOfStream();
        }
    }

    @Test
    void whatIsLateComesThoughAWrongMessageFollows() throws IOException {
        start("latency=200ms");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 3));
            client.sendBytes((byte) 9, (byte) 0);
            await().until(() -> server.statistics().protocolErrors() == 1);
            client.sendBytes(packet(4));
            client.expect(packets(1, 3));
            client.expectEndOfStream();
        }
        assertThat(server.statistics().protocolErrors()).isEqualTo(1);
        assertThat(server.statistics().receivedMessages()).isEqualTo(3);
    }

    @Test
    void whatIsLateComesAtOnceToAClientThatHasEndedItsOutputWhenNoFaultIsInForce() throws IOException {
        ActiveFault latency = start("latency=5m");
        ActiveFault slicer = server.faults().add(Fault.slicer(7));
        try (TestClient client = connect()) {
            client.sendBytes(packets(1, 3));
            client.endOutput();
            await().until(() -> server.statistics().receivedMessages() == 3);
            latency.close();
            assertThat(client.hearsWithin(SILENCE_MILLIS)).as("with the other fault in force").isFalse();
            slicer.close();
            client.login();
            client.expect(packets(1, 3));
            client.expectEndOfStream();
        }
    }

    @Test
    void theResetBehindLateRepliesStillComesAfterThem() throws IOException {
        start("latency=5m");
        server.faults().add(Fault.resetPeer(25).withDelay(Duration.ofSeconds(2)));
        try (TestClient client = connect()) {
            client.sendBytes(packets(1, 2));
            client.endOutput();
            await().until(() -> server.statistics().receivedMessages() == 2);
            server.faults().clear();
            client.login();
            client.expect(Arrays.copyOf(packets(1, 2), 15));
            client.expectReset();
        }
    }

    /** {@link #nothingIsLeft} waits for a shorter time than replies are late. */
    @Test
    void noSessionIsKeptForTheLateRepliesOfAClientThatHasClosed() throws IOException {
        ActiveFault latency = start("latency=5m");
        try (TestClient client = connect()) {
            client.sendBytes(packet(1));
            await().until(() -> server.statistics().receivedMessages() == 1);
        }
        latency.close(); // the server may have noticed by now that its client has gone
    }

    @Test
    void norOfOneThatClosesWhenNoFaultIsInForce() throws IOException {
        ActiveFault latency = start("latency=5m");
        try (TestClient client = connect()) {
            client.sendBytes(packet(1));
            await().until(() -> server.statistics().receivedMessages() == 1);
            latency.close();
            assertThat(client.hearsWithin(SILENCE_MILLIS)).as("late replies come late").isFalse();
        }
    }

    @Test
    void everyNthMessageIsDropped() throws IOException {
        ActiveFault drop = start("drop=3");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 7));
            client.expect(packets(1, 2));
            client.expect(packets(4, 2));
            client.expect(packet(7));
            assertThat(client.hearsWithin(SILENCE_MILLIS)).isFalse();
        }
        assertThat(drop.count()).isEqualTo(2);
        assertThat(server.statistics().receivedMessages()).isEqualTo(7);
        assertThat(server.statistics().sentMessages()).as("five and the login message").isEqualTo(6);
    }

    @Test
    void answersComeInPieces() throws IOException {
        start("slicer=3,delay=100ms");
        long start = System.nanoTime();
        try (TestClient client = connect()) {
            byte[] login = client.readExactly(3);
            byte[] rest = client.readExactly(7);
            assertThat(System.nanoTime() - start).as("three pauses lie before the last of four pieces")
                    .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(300));
            assertThat(login[0]).isEqualTo((byte) 8);
            assertThat(rest[6]).isEqualTo((byte) 0x7F);
            client.echo(1);
        }
    }

    @Test
    void aResetComesAfterSoManyBytes() throws IOException {
        ActiveFault reset = start("reset-peer=25,delay=2s");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 5));
            client.expect(Arrays.copyOf(packets(1, 2), 15));
            client.expectReset();
        }
        assertThat(reset.count()).isEqualTo(1);
    }

    @Test
    void aResetMayComeBeforeAnything() throws IOException {
        start("reset-peer=0");
        try (TestClient client = connect()) {
            client.expectReset();
        }
    }

    @Test
    void outputEndsAfterSoManyMessages() throws IOException {
        ActiveFault halfClose = start("half-close=2");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 3));
            client.expect(packets(1, 2));
            client.expectEndOfStream();
        }
        assertThat(halfClose.count()).isEqualTo(1);
    }

    @Test
    void nothingIsRead() throws IOException {
        ActiveFault neverRead = start("never-read");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 3));
            assertThat(client.hearsWithin(SILENCE_MILLIS)).isFalse();
            assertThat(server.statistics().receivedMessages()).isZero();
            neverRead.close();
            client.sendBytes(packet(4));
            client.expect(packets(1, 4));
        }
        assertThat(neverRead.count()).isEqualTo(1);
    }

    @Test
    void aWrongMessageDoesNotEndTheConnection() throws IOException {
        ActiveFault neverClose = start("never-close");
        try (TestClient client = logIn()) {
            client.echo(1);
            client.sendBytes((byte) 9, (byte) 0);
            assertThat(client.hearsWithin(SILENCE_MILLIS)).isFalse();
            client.echo(2);
        }
        neverClose.close();
        assertThat(server.statistics().protocolErrors()).isEqualTo(1);
    }

    @Test
    void connectionsAreRefused() throws IOException {
        try (ActiveFault refuse = start("refuse-accepts")) {
            try (TestClient client = connect()) {
                client.expectReset();
            }
            assertThat(refuse.count()).isEqualTo(1);
        }
        try (TestClient client = logIn()) {
            client.echo(1);
        }
    }

    @Test
    void theLoginMessageIsWrong() throws IOException {
        start("wrong-login");
        try (TestClient client = connect()) {
            byte[] login = client.readExactly(10);
            assertThat(login).isNotEqualTo(new byte[] {8, 0, -1, -1, -1, -1, -1, -1, -1, 0x7F});
            client.echo(1);
        }
    }

    @Test
    void oneByteOfEveryNthAnswerIsAnother() throws IOException {
        start("corrupt=2");
        try (TestClient client = logIn()) {
            client.sendBytes(packets(1, 4));
            byte[] sent = packets(1, 4);
            byte[] got = client.readExactly(40);
            for (int message = 0; message < 4; message++) {
                int from = message * 10;
                long wrong = IntStream.range(from, from + 10).filter(i -> sent[i] != got[i]).count();
                assertThat(wrong).as("message %s", message + 1).isEqualTo(message % 2);
            }
        }
    }

    @Test
    void chanceIsTheSeeds() throws IOException {
        byte[] first = corrupted(7);
        byte[] again = corrupted(7);
        byte[] other = corrupted(8);
        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    private byte[] corrupted(long seed) throws IOException {
        start(EchoProtocol.MESSAGES, seed);
        server.faults().add(Fault.corrupt(1));
        server.faults().add(Fault.drop(2).withToxicity(0.5));
        ByteBuffer all = ByteBuffer.allocate(8 * 100).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 8; i++) {
            try (TestClient client = logIn()) {
                client.sendBytes(packets(i, 10));
                client.endOutput();
                all.put(client.readToEnd());
            }
        }
        nothingIsLeft();
        server = null;
        return all.array();
    }

    @Test
    void toxicityIsThePartOfTheConnections() throws IOException {
        ActiveFault some = start("refuse-accepts,toxicity=0.5");
        int served = 0;
        for (int i = 0; i < 40; i++) {
            try (TestClient client = connect()) {
                client.endOutput();
                served += client.readToEnd().length / 10;
            } catch (IOException e) {
                // refused
            }
        }
        assertThat(some.count()).isBetween(8L, 32L);
        assertThat(served).isEqualTo(40 - (int) some.count());
    }

    @Test
    void bandwidthIsLimited() throws IOException {
        start(EchoProtocol.RAW, 1);
        server.faults().add(Fault.bandwidth(10_000));
        try (TestClient client = connect()) {
            byte[] bytes = new byte[5_000];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) i;
            }
            long start = System.nanoTime();
            client.sendBytes(bytes);
            client.expect(bytes);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(500));
        }
    }

    @Test
    void severalAreInForceTogetherAndOpenConnectionsMeetThem() throws IOException {
        start(EchoProtocol.MESSAGES, 1);
        try (TestClient client = logIn()) {
            client.echo(1);
            server.faults().add(Fault.latency(Duration.ofMillis(100)));
            server.faults().add(Fault.drop(2));
            long start = System.nanoTime();
            client.sendBytes(packets(1, 3));
            client.expect(packet(1));
            client.expect(packet(3));
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
            assertThat(server.faults().active()).extracting(ActiveFault::fault)
                    .containsExactly(Fault.latency(Duration.ofMillis(100)), Fault.drop(2));
            server.faults().clear();
            client.sendBytes(packets(4, 2));
            client.expect(packets(4, 2));
        }
        assertThat(server.faults().active()).isEmpty();
    }

    @Test
    void whoLetsTooMuchWaitComesToWaitItself() throws Exception {
        start(EchoProtocol.RAW, 1);
        server.faults().add(Fault.latency(Duration.ofMinutes(5)));
        try (TestClient client = connect()) {
            Thread sender = flood(client);
            await().until(() -> server.statistics().receivedMessages() > 0);
            assertThat(client.hearsWithin(SILENCE_MILLIS)).isFalse();
            assertThat(sender.isAlive()).as("held up").isTrue();
            server.faults().clear();
            client.expect(FLOOD);
            sender.join();
        }
    }

    private static Thread flood(TestClient client) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                client.sendBytes(FLOOD);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void whoSendsWhatIsNotReadComesToWait() throws Exception {
        start(EchoProtocol.RAW, 1);
        ActiveFault neverRead = server.faults().add(Fault.neverRead());
        try (TestClient client = connect()) {
            Thread sender = flood(client);
            assertThat(client.hearsWithin(SILENCE_MILLIS)).isFalse();
            assertThat(sender.isAlive()).as("held up").isTrue();
            assertThat(server.statistics().receivedMessages()).isZero();
            neverRead.close();
            client.expect(FLOOD);
            sender.join();
        }
    }

    @Test
    void whoEndsItsOutputIsNotAnsweredByAnEnd() throws IOException {
        ActiveFault neverClose = start("never-close");
        try (TestClient client = logIn()) {
            client.echo(1);
            client.endOutput();
            assertThat(client.hearsWithin(SILENCE_MILLIS)).isFalse();
            neverClose.close();
            client.expectEndOfStream();
        }
        assertThat(neverClose.count()).isEqualTo(1);
    }

    @Test
    void theResetComesSoLongAfterItsLastByte() throws IOException {
        start("reset-peer=25,delay=400ms");
        try (TestClient client = logIn()) {
            long start = System.nanoTime();
            client.sendBytes(packets(1, 2));
            client.expect(Arrays.copyOf(packets(1, 2), 15));
            client.expectReset();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(400));
        }
    }

    @Test
    void aClientThatDoesNotReadIsIdleThoughRepliesWait() throws Exception {
        ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(4).pool(4).maxSessions(64)
                .idleTime(Duration.ofMillis(500)).disconnectTime(Duration.ofSeconds(1)).build();
        server = EchoServer.start(new EchoOptions(options, EchoProtocol.RAW));
        server.faults().add(Fault.latency(Duration.ofMillis(1)));
        try (TestClient client = connect()) {
            flood(client);
            await().until(() -> server.statistics().receivedMessages() > 0);
            await().until(() -> server.statistics().server().connections().sessions() == 0);
        }
    }

    @Test
    void theProtocolWithoutALoginMessageHasNoWrongOne() throws IOException {
        start(EchoProtocol.RAW, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> server.faults().add(Fault.wrongLogin()))
                .withMessage("wrong-login: the protocol has no login message");
        assertThat(server.faults().active()).isEmpty();
    }
}
