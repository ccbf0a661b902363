package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Pausing for a full send queue, and the time that a handler takes, cost no session and no byte. */
class BackPressureTest extends ServerTest {
    private static final int MESSAGE_BYTES = 40;
    private static final int ROUNDS = 3_000;

    /**
     * Another thread fills the queue while the handler reads: so now and then the worker finds the queue empty, then full,
     * and pauses with nothing out. In that state a session once ended by itself, within a few rounds.
     */
    @Test
    void aSessionWhoseQueueAnotherThreadFillsStaysOpen() throws Exception {
        Reports<Long> ids = new Reports<>();
        Reports<CloseReason> ends = new Reports<>();
        start(small().bufferBytes(64).sendQueueBytes(64), new SessionHandler() {
            @Override
            public void opened(Session session) {
                ids.add(session.id());
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                data.position(data.limit());
            }

            @Override
            public void closed(Session session, CloseReason reason) {
                ends.add(reason);
            }
        });
        try (TestClient client = connect()) {
            long id = ids.next();
            CountDownLatch done = new CountDownLatch(1);
            Thread filler = Thread.ofPlatform().start(() -> {
                ByteBuffer message = ByteBuffer.allocate(MESSAGE_BYTES);
                while (done.getCount() > 0) {
                    server.send(id, message.clear());
                }
            });
            for (int i = 0; i < ROUNDS; i++) {
                client.sendBytes((byte) i);
                client.readExactly(MESSAGE_BYTES);
            }
            done.countDown();
            filler.join();
            assertThat(ends.waiting()).as("sessions ended").isZero();
        }
        assertThat(ends.next()).isIn(CloseReason.PEER_CLOSED, CloseReason.PEER_RESET);
    }

    /** The disconnect time begins when the handler has asked for the end, not when its packet was dequeued. */
    @Test
    void whatASlowHandlerSendsLastStillGoesOut() throws Exception {
        int answerBytes = 4 << 20;
        Duration disconnectTime = Duration.ofSeconds(1);
        start(small().sendQueueBytes(answerBytes).disconnectTime(disconnectTime), (session, data) -> {
            data.position(data.limit());
            work(disconnectTime.plusMillis(200));
            session.send(ByteBuffer.allocate(answerBytes));
            session.disconnect();
        });
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            client.sendBytes((byte) 1);
            assertThat(client.readToEnd()).hasSize(answerBytes);
        }
        assertThat(statistics().closeTimeouts()).isZero();
    }

    /** A handler at work is not an idle session. */
    @Test
    void aHandlerLongerThanTheIdleTimeDoesNotEndItsSession() throws Exception {
        Duration idleTime = Duration.ofMillis(400);
        start(small().idleTime(idleTime), (session, data) -> {
            work(idleTime.multipliedBy(3));
            session.send(data);
        });
        try (TestClient client = connect()) {
            client.sendBytes((byte) 7);
            client.expect((byte) 7);
        }
        assertThat(statistics().idleTimeouts()).isZero();
    }

    /** What a handler that takes so long does: here it waits for a latch that nobody opens. */
    private static void work(Duration time) {
        try {
            assertThat(new CountDownLatch(1).await(time.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
