package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What a handler is promised, and what it may do wrong. */
class HandlerTest extends ServerTest {
    // ---- exceptions ----

    @Test
    void anExceptionInOpenedEndsThatSessionOnly() throws IOException {
        AtomicBoolean broken = new AtomicBoolean();
        start(small(), new Echo() {
            @Override
            public void opened(Session session) {
                if (broken.get()) {
                    throw new IllegalStateException("provoked");
                }
            }
        });
        try (TestClient neighbour = connect()) {
            echo(neighbour, "before");
            broken.set(true);
            for (int i = 0; i < 5; i++) {
                try (TestClient client = connect()) {
                    client.expectEndOfStream();
                }
                assertThat(closed.next()).isEqualTo(CloseReason.HANDLER_FAILED);
            }
            echo(neighbour, "after");
        }
        assertThat(closed.next()).isEqualTo(CloseReason.PEER_CLOSED);
        settled().withHandlerFailures(5);
    }

    @Test
    void anExceptionOrErrorInReceivedEndsThatSessionOnly() throws IOException {
        start(small(), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                switch (data.get(0)) {
                    case 'x' -> throw new IllegalStateException("provoked");
                    case 'y' -> throw new AssertionError("provoked");
                    default -> session.send(data);
                }
            }
        });
        try (TestClient neighbour = connect()) {
            for (String bad : new String[] {"x", "y", "xx"}) {
                try (TestClient client = connect()) {
                    echo(client, "good");
                    client.sendBytes(bad.getBytes());
                    client.expectEndOfStream();
                }
                assertThat(closed.next()).isEqualTo(CloseReason.HANDLER_FAILED);
                echo(neighbour, "untouched");
            }
        }
        assertThat(closed.next()).isEqualTo(CloseReason.PEER_CLOSED);
        settled().withHandlerFailures(3);
    }

    @Test
    void anExceptionInClosedCostsNothing() throws IOException {
        start(small(), new Echo() {
            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                throw new IllegalStateException("provoked");
            }
        });
        for (int i = 0; i < 10; i++) {
            try (TestClient client = connect()) {
                echo(client, "fine");
            }
            settled();
        }
        assertThat(settled().withHandlerFailures(10).sockets().socketsReused()).isPositive();
    }

    // ---- the session object ----

    @Test
    void aSessionOutsideItsCallbackRefuses() throws IOException {
        AtomicReference<Session> kept = new AtomicReference<>();
        Reports<Throwable> inOthersCallback = new Reports<>();
        start(small(), new Echo() {
            @Override
            public void opened(Session session) {
                if (!kept.compareAndSet(null, session)) {
                    try {
                        kept.get().send(ByteBuffer.allocate(1));
                    } catch (IllegalStateException e) {
                        inOthersCallback.add(e);
                    }
                }
                super.opened(session);
            }
        });
        try (TestClient first = connect()) {
            opened.next();
            echo(first, "in its callback all is well");
            Session session = kept.get();
            for (ThrowingCallable each : List.<ThrowingCallable>of(session::disconnect, session::abort,
                    session::remoteAddress, session::localAddress, () -> session.attachment(Object.class),
                    session::pauseInput, session::resumeInput, session::shutdownOutput, session::queuedBytes,
                    session::sendRoomBytes, session::ref, () -> session.attach(1),
                    () -> session.send(ByteBuffer.allocate(1)))) {
                assertThatIllegalStateException().isThrownBy(each)
                        .withMessageContaining(Long.toUnsignedString(session.id()));
            }
            assertThatCode(session::id).doesNotThrowAnyException();
            connect().close();
            assertThat(inOthersCallback.next()).isNotNull();
            echo(first, "still there");
        }
        settled().cleanly();
    }

    @Test
    void anAttachmentIsItsSessionsOwn() throws IOException {
        Reports<Object> found = new Reports<>();
        start(small(), new Echo() {
            @Override
            public void opened(Session session) {
                found.add(session.attachment(Object.class) == null ? "nothing" : session.attachment(Object.class));
                session.attach("of " + session.remoteAddress().getPort());
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                found.add(session.attachment(String.class));
                super.received(session, data);
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                found.add(session.attachment(String.class));
            }
        });
        for (int i = 0; i < 10; i++) {
            try (TestClient client = connect()) {
                echo(client, "x");
                assertThat(found.next()).isEqualTo("nothing");
                assertThat(found.next()).isEqualTo("of " + client.localAddress().getPort());
            }
            found.next();
        }
        settled().cleanly();
    }

    // ---- receiving ----

    @Test
    void aFrameLongerThanTheBufferEndsTheSession() throws IOException {
        start(small().bufferBytes(1024), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                // waits for ever
            }
        });
        try (TestClient client = connect()) {
            client.sendBytes(new byte[1023]);
            await().until(() -> statistics().traffic().receivedBytes() == 1023);
            assertThat(statistics().incidents().framesTooLong()).isZero();
            client.sendBytes((byte) 0);
            client.expectEndOfStream();
        }
        assertThat(closed.next()).isEqualTo(CloseReason.FRAME_TOO_LONG);
        assertThat(settled().cleanly().incidents().framesTooLong()).isEqualTo(1);
    }

    @Test
    void aFrameAsLongAsTheBufferIsServed() throws IOException {
        start(small().bufferBytes(1024), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                if (data.remaining() == 1024) {
                    session.send(data);
                }
            }
        });
        try (TestClient client = connect()) {
            byte[] frames = new byte[10 * 1024];
            new Random(3).nextBytes(frames);
            client.sendBytes(frames);
            client.expect(frames);
        }
        settled().cleanly();
    }

    /** "Bytes have come": every call has some, also those after a pause for want of room. */
    @Test
    void receivedAlwaysHasBytes() throws Exception {
        AtomicInteger empty = new AtomicInteger();
        start(small().bufferBytes(4096).sendQueueBytes(8192), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                if (!data.hasRemaining()) {
                    empty.incrementAndGet();
                }
                super.received(session, data);
            }
        });
        byte[] bytes = new byte[4 << 20];
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            CompletableFuture<Void> sender = Background.run(() -> client.sendBytes(bytes));
            client.expect(bytes);
            sender.join();
        }
        settled().cleanly();
        assertThat(empty).hasValue(0);
    }

    @Test
    void theCallsOfOneSessionNeverOverlap() throws Exception {
        AtomicInteger overlaps = new AtomicInteger();
        int clients = 6;
        start(small().workers(4).bufferBytes(512).sendQueueBytes(2048), new Echo() {
            private void guarded(Session session, Runnable call) {
                AtomicInteger inside = session.attachment(AtomicInteger.class);
                if (inside.getAndIncrement() != 0) {
                    overlaps.incrementAndGet();
                }
                Thread.yield();
                call.run();
                inside.getAndDecrement();
            }

            @Override
            public void opened(Session session) {
                session.attach(new AtomicInteger());
                guarded(session, () -> super.opened(session));
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                guarded(session, () -> super.received(session, data));
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                guarded(session, () -> super.closed(session, reason, failure));
            }
        });
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            byte[] bytes = new byte[128 * 1024];
            new Random(i).nextBytes(bytes);
            running.add(Background.run(() -> {
                try (TestClient client = connect()) {
                    CompletableFuture<Void> sender = Background.run(() -> client.sendBytes(bytes));
                    client.expect(bytes);
                    sender.join();
                }
            }));
        }
        running.forEach(CompletableFuture::join);
        settled().cleanly();
        assertThat(overlaps).hasValue(0);
    }
}
