package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions that the server ends. */
class DisconnectTest extends ServerTest {
    private static final byte[] LAST_WORDS = new byte[20_000];

    static {
        for (int i = 0; i < LAST_WORDS.length; i++) {
            LAST_WORDS[i] = (byte) (i * 31 >>> 3);
        }
    }

    private record End(long id, CloseReason reason) {
    }

    private final Reports<End> ends = new Reports<>();

    /** What it is told: w = last words, d = disconnect, a = abort, f = send as much as goes in, for ever. */
    private final SessionHandler obedient = new SessionHandler() {
        @Override
        public void opened(Session session) {
            opened.add(session.id());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            while (data.hasRemaining()) {
                switch (data.get()) {
                    case 'w' -> assertThat(session.send(ByteBuffer.wrap(LAST_WORDS))).isEqualTo(SendResult.TAKEN);
                    case 'd' -> session.disconnect();
                    case 'a' -> session.abort();
                    case 'f' -> {
                        while (session.send(ByteBuffer.allocate(8_000)) == SendResult.TAKEN) {
                            Thread.onSpinWait();
                        }
                        data.position(data.position() - 1);
                        return;
                    }
                    default -> { }
                }
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            ends.add(new End(session.id(), reason));
        }
    };

    private void assertClosedOnce(long id, CloseReason reason) {
        assertThat(ends.next()).isEqualTo(new End(id, reason));
        assertThat(ends.waiting()).isZero();
    }

    /**
     * Reads the FIN. Under Wine a socket disconnected by TransmitFile says it only when it is accepted into again, so
     * others connect meanwhile; Windows says it at once [doc].
     */
    private void expectFin(TestClient client, DisconnectMethod method) throws IOException {
        if (method == DisconnectMethod.TRANSMIT_FILE) {
            await().until(() -> {
                connect().close();
                return client.hearsWithin(50);
            });
        }
        client.expectFin();
    }

    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = "CLOSE", mode = EnumSource.Mode.EXCLUDE)
    void disconnectInTheHandlerSendsWhatIsQueuedThenFin(DisconnectMethod method) throws IOException {
        start(small(method), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            client.sendBytes((byte) 'w', (byte) 'w', (byte) 'd');
            client.expect(LAST_WORDS);
            client.expect(LAST_WORDS);
            if (method != DisconnectMethod.TRANSMIT_FILE) {
                client.expectFin();
                client.closeByFin();
                assertClosedOnce(id, CloseReason.DISCONNECTED);
            } else {
                assertClosedOnce(id, CloseReason.DISCONNECTED);
                expectFin(client, method);
            }
        }
        assertThat(settled().cleanly().incidents().closeTimeouts()).isZero();
    }

    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = "CLOSE", mode = EnumSource.Mode.EXCLUDE)
    void disconnectFromAnotherThreadSendsWhatIsQueuedThenFin(DisconnectMethod method) throws IOException {
        start(small(method), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            assertThat(server.send(id, ByteBuffer.wrap(LAST_WORDS))).isEqualTo(SendResult.TAKEN);
            server.disconnect(id);
            client.expect(LAST_WORDS);
            if (method != DisconnectMethod.TRANSMIT_FILE) {
                client.expectFin();
                client.closeByFin();
                assertClosedOnce(id, CloseReason.DISCONNECTED);
            } else {
                assertClosedOnce(id, CloseReason.DISCONNECTED);
                expectFin(client, method);
            }
        }
        settled().cleanly();
    }

    @Test
    void theCloseMethodResets() throws IOException {
        start(small(DisconnectMethod.CLOSE), obedient);
        for (String words : new String[] {"d", "a", "wd"}) {
            try (TestClient client = connect()) {
                long id = opened.next();
                client.sendBytes(words.getBytes());
                client.expectReset();
                assertClosedOnce(id, CloseReason.DISCONNECTED);
            }
        }
        try (TestClient client = connect()) {
            long id = opened.next();
            server.disconnect(id);
            client.expectReset();
            assertClosedOnce(id, CloseReason.DISCONNECTED);
        }
        assertThat(settled().cleanly().sockets().socketsReused()).isZero();
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void abortInTheHandlerEndsAtOnce(DisconnectMethod method) throws IOException {
        start(small(method), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            client.sendBytes((byte) 'a');
            assertAborted(id, client, method);
        }
        settled().cleanly();
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void abortFromAnotherThreadEndsAtOnce(DisconnectMethod method) throws IOException {
        start(small(method), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            server.abort(id);
            assertAborted(id, client, method);
        }
        settled().cleanly();
    }

    private void assertAborted(long id, TestClient client, DisconnectMethod method) throws IOException {
        assertClosedOnce(id, CloseReason.DISCONNECTED);
        await().until(() -> statistics().connections().sessions() == 0);
        client.expectReset();
        assertThat(statistics().sockets().socketsReused()).as("a socket that was reset is closed").isZero();
    }

    /** What a disconnect has begun, an abort cuts short: the server waits for this client's FIN. */
    @Test
    void abortCutsADisconnectShort() throws IOException {
        start(small(DisconnectMethod.DISCONNECT_EX).lingerTime(LONGEST), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            server.disconnect(id);
            client.expectEndOfStream();
            server.abort(id);
            assertClosedOnce(id, CloseReason.DISCONNECTED);
            await().until(() -> resets(client));
        }
        settled().cleanly();
    }

    /** Whether sending has become an error. */
    private static boolean resets(TestClient client) {
        try {
            client.sendBytes((byte) 'x');
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** The end of the server is no abort: who has got everything sees an end in order. */
    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = {"DISCONNECT_EX", "GRACEFUL"})
    void theEndOfTheServerResetsNobodyWhoHasGotEverything(DisconnectMethod method) throws IOException {
        start(small(method).drainTime(Duration.ZERO).lingerTime(LONGEST), obedient);
        try (TestClient client = connect()) {
            client.sendBytes((byte) 'w');
            client.expect(LAST_WORDS);
            long id = opened.next();
            server.close();
            client.expectFin();
            assertClosedOnce(id, CloseReason.SERVER_STOPPED);
        }
    }

    @Test
    void aGracefulEndWaitsForThePeerButNotForEver() throws IOException {
        Duration time = Duration.ofSeconds(3); // the client has to see the end of the stream before it is up
        start(small(DisconnectMethod.GRACEFUL).lingerTime(time), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            long asked = System.nanoTime();
            client.sendBytes((byte) 'w', (byte) 'd');
            client.expect(LAST_WORDS);
            client.expectEndOfStream();
            assertThatIOException().as("received and dropped, until the time is up").isThrownBy(() -> {
                while (true) {
                    client.sendBytes(new byte[1_000]);
                }
            });
            assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThanOrEqualTo(time);
            assertClosedOnce(id, CloseReason.DISCONNECTED);
            assertThat(settled().cleanly().incidents().lingerTimeouts()).isEqualTo(1);
        }
    }

    @Test
    void aGracefulEndIsNoTimeoutIfThePeerCloses() throws IOException {
        start(small(DisconnectMethod.GRACEFUL), obedient);
        try (TestClient client = connect()) {
            client.sendBytes((byte) 'd');
            client.expectEndOfStream();
            client.sendBytes(new byte[1_000_000]);
            client.endOutput();
            await().until(() -> statistics().connections().sessions() == 0);
        }
        ServerStatistics figures = settled().cleanly();
        assertThat(figures.incidents().closeTimeouts()).isZero();
        assertThat(figures.incidents().peerResets()).isZero();
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void aPeerThatNeverReadsCannotHoldASession(DisconnectMethod method) throws IOException {
        start(full(method).disconnectTime(Duration.ofMillis(500)), obedient);
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            long id = opened.next();
            fill(client);
            long asked = System.nanoTime();
            server.disconnect(id);
            assertClosedOnce(id, CloseReason.DISCONNECTED);
            assertThat(Duration.ofNanos(System.nanoTime() - asked)).isBetween(Duration.ofMillis(500), LONGEST);
            await().until(() -> statistics().connections().sessions() == 0);
        }
        ServerStatistics figures = settled().withLatePackets();
        assertThat(figures.incidents().closeTimeouts()).isEqualTo(1);
        // On Windows the disconnect itself may wait for the peer, too [doc]; then its packet comes late.
        assertThat(figures.incidents().latePackets()).isLessThanOrEqualTo(figures.incidents().disconnectTimeouts());
    }

    /** The time counts from the first call. */
    @Test
    @SuppressWarnings("try") // a client that only is there
    void disconnectingAgainAndAgainDoesNotPutTheEndOff() throws IOException {
        start(small(DisconnectMethod.GRACEFUL).lingerTime(Duration.ofMillis(500)), obedient);
        try (TestClient client = connect()) {
            long id = opened.next();
            await().untilAsserted(() -> {
                server.disconnect(id);
                assertThat(statistics().connections().sessions()).isZero();
            });
            assertClosedOnce(id, CloseReason.DISCONNECTED);
        }
        assertThat(settled().cleanly().incidents().lingerTimeouts()).isEqualTo(1);
    }

    @Test
    void abortDropsAFullQueueAtOnce() throws IOException {
        start(full(DisconnectMethod.DISCONNECT_EX), obedient);
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            long id = opened.next();
            fill(client);
            server.abort(id);
            assertClosedOnce(id, CloseReason.DISCONNECTED);
        }
        assertThat(settled().withLatePackets().incidents().closeTimeouts()).isZero();
    }

    /** The system takes little, and at once: what is queued stays there. */
    private static ServerOptions.Builder full(DisconnectMethod method) {
        return small(method).socketSendBufferBytes(16 * 1024);
    }

    /** Makes the handler send until nothing more goes in. */
    private void fill(TestClient client) throws IOException {
        client.sendBytes((byte) 'f');
        await().until(() -> statistics().incidents().sendsRefused() > 0);
        Settled.awaitStandstill(() -> List.of(statistics().incidents().sendsRefused(),
                statistics().traffic().sentBytes()));
    }

    @Test
    @SuppressWarnings("try") // a client that only is there
    void endsThatAreOverAlreadyOrWereNeverThereDoNothing() throws IOException {
        start(small(), obedient);
        long id;
        try (TestClient client = connect()) {
            id = opened.next();
        }
        assertClosedOnce(id, CloseReason.PEER_CLOSED);
        settled();
        try (TestClient other = connect()) {
            long otherId = opened.next();
            assertThat(otherId).isNotEqualTo(id);
            for (long stranger : new long[] {id, 0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, otherId + 1}) {
                server.disconnect(stranger);
                server.abort(stranger);
            }
            other.sendBytes((byte) 'w');
            other.expect(LAST_WORDS);
        }
        settled().cleanly();
    }

    /** Whoever ends it, and however many at once: closed() is called once, with the first cause. */
    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void closedIsCalledOnceHoweverManyEndIt(DisconnectMethod method) throws IOException {
        Map<Long, AtomicInteger> calls = new ConcurrentHashMap<>();
        start(small(method).disconnectTime(Duration.ofSeconds(1)), new SessionHandler() {
            @Override
            public void opened(Session session) {
                calls.put(session.id(), new AtomicInteger());
                opened.add(session.id());
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                session.send(data);
                session.disconnect();
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                assertThat(reason).isNotNull();
                calls.get(session.id()).incrementAndGet();
            }
        });
        for (int i = 0; i < 30; i++) {
            try (TestClient client = connect()) {
                long id = opened.next();
                List<CompletableFuture<Void>> enders = new ArrayList<>();
                for (int thread = 0; thread < 3; thread++) {
                    boolean abort = ThreadLocalRandom.current().nextBoolean();
                    enders.add(Background.run(() -> {
                        if (abort) {
                            server.abort(id);
                        } else {
                            server.disconnect(id);
                        }
                    }));
                }
                try {
                    client.sendBytes((byte) 'x');
                    if (i % 2 == 0) {
                        client.closeByReset();
                    }
                } catch (IOException e) {
                    // ended already
                }
                enders.forEach(CompletableFuture::join);
            }
        }
        ServerStatistics figures = settled().withLatePackets();
        assertThat(calls).hasSize(30);
        assertThat(calls.values()).allSatisfy(count -> assertThat(count).hasValue(1));
        assertThat(figures.incidents().latePackets()).isLessThanOrEqualTo(figures.incidents().disconnectTimeouts());
    }

    /** A disconnect in opened(): the greeting arrives, then the end. */
    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = {"DISCONNECT_EX", "GRACEFUL"})
    void aSessionMayEndInOpened(DisconnectMethod method) throws IOException {
        start(small(method), new SessionHandler() {
            @Override
            public void opened(Session session) {
                session.send(ByteBuffer.wrap(LAST_WORDS));
                session.disconnect();
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                throw new AssertionError("received after disconnect()");
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                ends.add(new End(session.id(), reason));
            }
        });
        for (int i = 0; i < 10; i++) {
            try (TestClient client = connect()) {
                client.expect(LAST_WORDS);
                client.expectEndOfStream();
            }
            assertThat(ends.next().reason()).isEqualTo(CloseReason.DISCONNECTED);
        }
        settled().cleanly();
    }

    @Test
    void thePeersFinIsTold() throws IOException {
        start(small(), obedient);
        TestClient client = connect();
        long id = opened.next();
        client.closeByFin();
        assertClosedOnce(id, CloseReason.PEER_CLOSED);
        assertThat(settled().cleanly().incidents().peerResets()).isZero();
    }

    /** A reset that comes before the receive is posted reads as a FIN under Wine, so it waits for the receive. */
    @Test
    void thePeersResetIsTold() throws IOException {
        start(small(), obedient);
        TestClient client = connect();
        long id = opened.next();
        await().until(() -> statistics().resources().operationsPending() == small().build().acceptsPosted() + 1);
        client.closeByReset();
        assertClosedOnce(id, CloseReason.PEER_RESET);
        assertThat(settled().cleanly().incidents().peerResets()).isEqualTo(1);
    }
}
