package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Pausing for a full send queue, and the time that a handler takes, cost no session and no byte. */
class BackPressureTest extends ServerTest {
    private static final int MESSAGE_BYTES = 40;
    private static final int ROUNDS = 1_000;

    private final Reports<Long> atWork = new Reports<>();

    /**
     * Another thread fills the queue while the handler reads: so now and then the worker finds the queue empty, then
     * full, and pauses with nothing out. In that state a session once ended by itself, within a few rounds.
     */
    @Test
    void aSessionWhoseQueueAnotherThreadFillsStaysOpen() throws Exception {
        start(small().bufferBytes(64).sendQueueBytes(64), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                data.position(data.limit());
            }
        });
        try (TestClient client = connect()) {
            long id = opened.next();
            CountDownLatch done = new CountDownLatch(1);
            CompletableFuture<Void> filler = Background.run(() -> {
                ByteBuffer message = ByteBuffer.allocate(MESSAGE_BYTES);
                while (done.getCount() > 0) {
                    server.send(id, message.clear());
                }
            });
            try {
                for (int i = 0; i < ROUNDS; i++) {
                    client.sendBytes((byte) i);
                    client.readExactly(MESSAGE_BYTES);
                }
            } finally {
                done.countDown();
            }
            filler.join();
            assertThat(closed.waiting()).as("sessions ended").isZero();
        }
        assertThat(closed.next()).isIn(CloseReason.PEER_CLOSED, CloseReason.PEER_RESET);
    }

    /** The disconnect time begins when the handler has asked for the end, not when its packet was dequeued. */
    @Test
    void whatASlowHandlerSendsLastStillGoesOut() throws Exception {
        int answerBytes = 4 << 20;
        Duration disconnectTime = Duration.ofSeconds(2);
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
        assertThat(statistics().incidents().closeTimeouts()).isZero();
    }

    /** A handler at work is not an idle session: it outlasts one that came later and is silent. */
    @Test
    @SuppressWarnings("try") // a client that only is there
    void aHandlerLongerThanTheIdleTimeDoesNotEndItsSession() throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        CountDownLatch idleEnded = new CountDownLatch(1);
        start(small().idleTime(Duration.ofSeconds(3)), new Echo() {
            @Override
            public void opened(Session session) {
                await(sent); // so that the client, however slow, is not idle before it begins
                super.opened(session);
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                atWork.add(session.id());
                await(idleEnded);
                super.received(session, data);
            }
        });
        try (TestClient client = connect()) {
            client.sendBytes((byte) 7);
            sent.countDown();
            atWork.next();
            try (TestClient silent = connect()) {
                assertThat(closed.next()).isEqualTo(CloseReason.IDLE);
            }
            assertThat(statistics().incidents().idleTimeouts()).isEqualTo(1);
            idleEnded.countDown();
            client.expect((byte) 7);
        } finally {
            sent.countDown();
            idleEnded.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
