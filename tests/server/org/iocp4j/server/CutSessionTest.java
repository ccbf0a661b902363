package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A session that ends with bytes still queued: its peer sees a reset, not a FIN behind a part of them. */
class CutSessionTest extends ServerTest {
    private static final int BLOCK_BYTES = 4 * 1024;
    private static final int QUEUE_BYTES = 64 * 1024;
    private static final int SOCKET_BYTES = 16 * 1024;

    /** Does what each byte asks for: f = send as much as goes in, t = throw. */
    private final SessionHandler filler = new SessionHandler() {
        @Override
        public void opened(Session session) {
            opened.add(session.id());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            while (data.hasRemaining()) {
                switch (data.get()) {
                    case 'f' -> {
                        while (session.send(ByteBuffer.allocate(BLOCK_BYTES)) == SendResult.TAKEN) {
                            Thread.onSpinWait();
                        }
                    }
                    case 't' -> throw new IllegalStateException("provoked");
                    default -> { }
                }
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            closed.add(reason);
        }
    };

    private enum End {
        ABORT, HANDLER_THROWS, NO_PROGRESS, SERVER_CLOSES
    }

    private ServerOptions.Builder slow() {
        return small().bufferBytes(BLOCK_BYTES).sendQueueBytes(QUEUE_BYTES).socketSendBufferBytes(SOCKET_BYTES);
    }

    /** A client that reads nothing yet, when no more goes into the queue that the server has for it. */
    private TestClient full(String deeds) throws IOException {
        TestClient client = TestClient.connectSlowReader(server.localAddress());
        client.sendBytes(deeds.getBytes());
        Settled.await().until(() -> statistics().incidents().sendsRefused() > 0);
        Settled.awaitStandstill(() -> List.of(statistics().incidents().sendsRefused(),
                statistics().traffic().sentBytes()));
        return client;
    }

    private void end(End end, long id) {
        switch (end) {
            case ABORT -> server.abort(id);
            case NO_PROGRESS -> server.disconnect(id);
            case SERVER_CLOSES -> server.close();
            case HANDLER_THROWS -> { } // it has, by the second byte
        }
    }

    @ParameterizedTest
    @EnumSource(End.class)
    void thePeerSeesAReset(End end) throws IOException {
        start(slow().disconnectTime(Duration.ofMillis(500)).drainTime(Duration.ofMillis(500)), filler);
        try (TestClient client = full(end == End.HANDLER_THROWS ? "ft" : "f")) {
            end(end, opened.next());
            closed.next();
            Settled.await().until(() -> statistics().connections().sessions() == 0);
            client.expectReset();
        }
        assertThat(statistics().incidents().sessionsCut()).isEqualTo(1);
    }

    /** Its socket is closed, not used again, whatever the method; with nothing left to send it would be. */
    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void whateverTheMethod(DisconnectMethod method) throws IOException {
        start(slow().disconnectMethod(method), filler);
        try (TestClient client = full("f")) {
            server.abort(opened.next());
            closed.next();
            Settled.await().until(() -> statistics().connections().sessions() == 0);
            client.expectReset();
        }
        assertThat(settled().cleanly().incidents().sessionsCut()).isEqualTo(1);
    }

    /** Its peer is reset all the same, but has missed nothing. */
    @Test
    void anAbortedSessionWithNothingLeftToSendIsNotCut() throws IOException {
        start(slow(), new Echo());
        try (TestClient client = connect()) {
            echo(client, "all of it");
            server.abort(opened.next());
            client.expectReset();
        }
        assertThat(settled().cleanly().incidents().sessionsCut()).isZero();
    }

    /** Whose handler fails with nothing left to send has missed nothing either. */
    @Test
    void aHandlerThatThrowsWithNothingLeftToSendEndsInOrder() throws IOException {
        start(slow(), filler);
        try (TestClient client = connect()) {
            client.sendBytes((byte) 't');
            client.expectFin();
        }
        assertThat(settled().withHandlerFailures(1).incidents().sessionsCut()).isZero();
    }

    /**
     * The disconnect time is one without progress: whoever reads steadily, however slowly, has all of it, and then the
     * FIN.
     */
    @Test
    void aSlowReaderThatGoesOnReadingHasAllOfIt() throws IOException {
        Duration disconnectTime = Duration.ofSeconds(2);
        start(slow().disconnectTime(disconnectTime).closeTime(Settled.LONGEST.multipliedBy(4)), filler);
        try (TestClient client = full("f")) {
            long taken = statistics().traffic().sentBytes() + QUEUE_BYTES;
            server.disconnect(opened.next());
            long start = System.nanoTime();
            int read = 0;
            while (read < taken) { // as slowly as takes three times the disconnect time in all
                read += client.readExactly((int) Math.min(1_000, taken - read)).length;
                awaitPart(start, 3 * disconnectTime.toNanos() * read / taken);
            }
            client.expectEndOfStream();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(disconnectTime.multipliedBy(2));
        }
        assertThat(closed.next()).isEqualTo(CloseReason.DISCONNECTED);
        ServerStatistics figures = settled().cleanly();
        assertThat(figures.incidents().sessionsCut()).isZero();
        assertThat(figures.incidents().closeTimeouts()).isZero();
    }

    /** But not for ever. */
    @Test
    void theCloseTimeBoundsAllOfIt() throws IOException {
        Duration closeTime = Duration.ofSeconds(2);
        start(slow().disconnectTime(closeTime).closeTime(closeTime), filler);
        try (TestClient client = full("f")) {
            server.disconnect(opened.next());
            long start = System.nanoTime();
            for (int read = 0; statistics().connections().sessions() > 0 && read < SOCKET_BYTES; read++) {
                client.readExactly(1);
                awaitPart(start, closeTime.toNanos() * 2 * read / SOCKET_BYTES);
            }
            Settled.await().until(() -> statistics().connections().sessions() == 0);
            client.expectReset();
        }
        assertThat(statistics().incidents().closeTimeouts()).isEqualTo(1);
        assertThat(statistics().incidents().sessionsCut()).isEqualTo(1);
    }

    private static void awaitPart(long start, long nanos) {
        Settled.await().atMost(Settled.LONGEST).until(() -> System.nanoTime() - start >= nanos);
    }
}
