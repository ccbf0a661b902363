package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What becomes of the bytes that a handler or another thread sends. */
class SendTest extends ServerTest {
    @Test
    void moreThanAQueueHoldsIsAnError() throws IOException {
        Reports<ByteBuffer> refused = new Reports<>();
        start(small().sendQueueBytes(20_000), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                ByteBuffer large = ByteBuffer.allocate(20_001);
                assertThatIllegalArgumentException().isThrownBy(() -> session.send(large))
                        .withMessageContainingAll("20001", "20000");
                refused.add(large);
                super.received(session, data);
            }
        });
        try (TestClient client = connect()) {
            long id = opened.next();
            echo(client, "x");
            assertThat(refused.next().remaining()).as("untouched").isEqualTo(20_001);
            assertThatIllegalArgumentException().isThrownBy(() -> server.send(id, ByteBuffer.allocate(20_001)));
            // The client may have the echo before the server has its send's packet: until then one byte more is queued.
            ByteBuffer full = ByteBuffer.allocate(20_000);
            await().until(() -> server.send(id, full) == SendResult.TAKEN);
            client.expect(new byte[20_000]);
        }
        settled().cleanly();
    }

    @Test
    void messagesFromManyThreadsArriveWholeAndInEachThreadsOrder() throws Exception {
        int threads = 4;
        int messages = 600;
        start(small(), new Echo());
        try (TestClient client = connect()) {
            long id = opened.next();
            List<CompletableFuture<Void>> senders = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                byte name = (byte) thread;
                senders.add(Background.run(() -> {
                    Random random = new Random(name);
                    for (int i = 0; i < messages; i++) {
                        ByteBuffer message = message(name, i, random.nextInt(400));
                        while (server.send(id, message) != SendResult.TAKEN) {
                            LockSupport.parkNanos(500_000);
                        }
                        assertThat(message.hasRemaining()).isFalse();
                    }
                }));
            }
            int[] next = new int[threads];
            for (int i = 0; i < threads * messages; i++) {
                ByteBuffer head = ByteBuffer.wrap(client.readExactly(7));
                int length = head.getShort();
                byte thread = head.get();
                int number = head.getInt();
                assertThat(number).isEqualTo(next[thread]++);
                byte[] body = new byte[length];
                Arrays.fill(body, (byte) (thread + number));
                client.expect(body);
            }
            for (CompletableFuture<Void> each : senders) {
                each.join();
            }
        }
        settled().cleanly();
    }

    private static ByteBuffer message(byte thread, int number, int length) {
        byte[] body = new byte[length];
        Arrays.fill(body, (byte) (thread + number));
        return ByteBuffer.allocate(7 + length).putShort((short) length).put(thread).putInt(number).put(body).flip();
    }

    @Test
    void smallBlocksAndManyOfThemKeepTheOrder() throws Exception {
        start(small().bufferBytes(64).sendQueueBytes(16 * 1024), new Echo());
        byte[] bytes = new byte[1 << 20];
        new Random(7).nextBytes(bytes);
        try (TestClient client = connect()) {
            long id = opened.next();
            CompletableFuture<Void> sender = Background.run(() -> {
                Random random = new Random(8);
                ByteBuffer all = ByteBuffer.wrap(bytes);
                while (all.hasRemaining()) {
                    int count = Math.min(all.remaining(), random.nextInt(10) == 0 ? 16 * 1024 : random.nextInt(300));
                    ByteBuffer part = all.slice(all.position(), count);
                    if (server.send(id, part) == SendResult.TAKEN) {
                        all.position(all.position() + count);
                    } else {
                        LockSupport.parkNanos(500_000);
                    }
                }
            });
            client.expect(bytes);
            sender.join();
        }
        settled().cleanly();
    }

    @Test
    void aSendToAnEndedOrUnknownSessionIsNotTaken() throws IOException {
        start(small(), new Echo() {
            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                if (session.send(ByteBuffer.allocate(1)) == SendResult.TAKEN) {
                    throw new AssertionError("taken in closed()");
                }
                super.closed(session, reason, failure);
            }
        });
        long id;
        try (TestClient client = connect()) {
            id = opened.next();
            echo(client, "x");
        }
        assertThat(closed.next()).isEqualTo(CloseReason.PEER_CLOSED);
        settled();
        ByteBuffer data = ByteBuffer.wrap("not for you".getBytes());
        for (long stranger : new long[] {id, id + 1, 0, 1, -1, Long.MIN_VALUE, SessionId.next(63, 0)}) {
            assertThat(server.send(stranger, data)).as("to session %s", Long.toUnsignedString(stranger))
                    .isEqualTo(SendResult.CLOSED);
            assertThat(data.remaining()).isEqualTo(11);
        }
        try (TestClient client = connect()) {
            echo(client, "mine");
        }
        settled().cleanly();
    }

    @Test
    void aBroadcastReachesEachAndNamesThoseThatAreGone() throws Exception {
        int count = 20;
        start(small(), new Echo());
        List<TestClient> clients = new ArrayList<>();
        long[] ids = new long[count];
        for (int i = 0; i < count; i++) {
            clients.add(connect());
            ids[i] = opened.next();
        }
        clients.removeLast().close();
        closed.next();
        ByteBuffer news = ByteBuffer.wrap("news, ".getBytes());
        var expected = new BroadcastResult(count - 1, List.of(), List.of(ids[count - 1]), List.of());
        Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 100; i++) {
                if (!server.broadcast(ids, news).equals(expected)) {
                    server.abort(ids[0]);
                }
            }
        }).join();
        for (TestClient client : clients) {
            client.expect("news, ".repeat(100).getBytes());
            client.close();
        }
        settled().cleanly();
    }

    /** A session object kept too long has the id 0, which is nobody's. */
    @Test
    void whatIsSentToAnObjectKeptTooLongReachesNobody() throws IOException {
        AtomicReference<Session> kept = new AtomicReference<>();
        start(small().maxSessions(1), new Echo() {
            @Override
            public void opened(Session session) {
                kept.set(session);
                super.opened(session);
            }
        });
        connect().close();
        closed.next();
        settled();
        assertThat(server.send(kept.get().id(), ByteBuffer.wrap("stale".getBytes()))).isEqualTo(SendResult.CLOSED);
        try (TestClient client = connect()) {
            echo(client, "mine");
        }
        settled().cleanly();
    }

    @Test
    void inputComesAgainAfterARefusedSendAndNothingIsLost() throws Exception {
        int requests = 3_000;
        start(small().sendQueueBytes(16 * 1024), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                while (data.remaining() >= 4) { // each request of 4 bytes has a reply of 1,000
                    int number = data.getInt(data.position());
                    ByteBuffer reply = ByteBuffer.allocate(1_000).putInt(0, number).putInt(996, ~number);
                    if (session.send(reply) != SendResult.TAKEN) {
                        return;
                    }
                    data.getInt();
                }
            }
        });
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            ByteBuffer all = ByteBuffer.allocate(4 * requests);
            for (int i = 0; i < requests; i++) {
                all.putInt(i);
            }
            client.sendBytes(all.array());
            await().until(() -> statistics().incidents().sendsRefused() > 0);
            for (int i = 0; i < requests; i++) {
                ByteBuffer reply = ByteBuffer.wrap(client.readExactly(1_000));
                assertThat(reply.getInt(0)).isEqualTo(i);
                assertThat(reply.getInt(996)).isEqualTo(~i);
            }
        }
        assertThat(settled().cleanly().incidents().sendsRefused()).isPositive();
    }

    /**
     * A reply is refused though the queue is less than half full, since it is larger than what is left. It waits for
     * the peer, like any other; there is one worker, and it must not wait with it.
     */
    @Test
    void aLargeRefusedSendDoesNotHoldTheWorker() throws Exception {
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        start(small().workers(1).sendQueueBytes(64 * 1024), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                if (data.get(0) != 'L') {
                    session.send(data);
                } else if (over.get() || session.send(ByteBuffer.allocate(60_000)) == SendResult.TAKEN) {
                    data.get();
                    taken.incrementAndGet();
                } else {
                    refused.incrementAndGet();
                }
            }
        });
        try (TestClient slow = TestClient.connectSlowReader(server.localAddress())) {
            long id = opened.next();
            int queued = fillWith(20_000, id);
            slow.sendBytes((byte) 'L');
            await().until(() -> taken.get() + refused.get() > 0);
            while (refused.get() == 0) { // the system has taken more, even from a peer that does not read: once more
                slow.readExactly(queued);
                slow.expect(new byte[60_000]);
                int answered = taken.get();
                queued = fillWith(20_000, id);
                slow.sendBytes((byte) 'L');
                await().until(() -> taken.get() > answered || refused.get() > 0);
            }
            try (TestClient neighbour = connect()) {
                echo(neighbour, "served");
            }
            assertThat(refused).as("calls in vain").hasValueLessThan(100);
            slow.readExactly(queued);
            slow.expect(new byte[60_000]);
        } finally {
            over.set(true);
        }
        settled().cleanly();
    }

    /** Sends to a client that does not read, until so many bytes stay in the queue; how many were sent in all. */
    private int fillWith(int bytes, long id) {
        int[] sent = {0};
        Settled.awaitStandstill(() -> {
            while (sent[0] - statistics().traffic().sentBytes() < bytes) {
                assertThat(server.send(id, ByteBuffer.allocate(1_000))).isEqualTo(SendResult.TAKEN);
                sent[0] += 1_000;
            }
            return sent[0];
        });
        return sent[0];
    }
}
