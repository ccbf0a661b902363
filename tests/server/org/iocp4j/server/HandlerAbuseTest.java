package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything a handler may do wrong in each of its callbacks. A session beside it is served all the while. */
class HandlerAbuseTest extends ServerTest {
    private static final int SESSIONS = 3;

    enum Callback {
        OPENED, RECEIVED, CLOSED
    }

    enum Deed {
        THROWS, BLOCKS, DISCONNECTS, ABORTS
    }

    /** The first session is the neighbour; the callback of all others does the deed. */
    private static final class Handler implements SessionHandler {
        private final Callback callback;
        private final Deed deed;
        final Reports<Long> deeds = new Reports<>();
        final Reports<CloseReason> ends = new Reports<>();
        final CountDownLatch release = new CountDownLatch(1);
        private volatile long neighbour;

        Handler(Callback callback, Deed deed) {
            this.callback = callback;
            this.deed = deed;
        }

        @Override
        public void opened(Session session) {
            if (neighbour == 0) {
                neighbour = session.id();
            }
            in(Callback.OPENED, session);
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            in(Callback.RECEIVED, session);
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            ends.add(reason);
            in(Callback.CLOSED, session);
        }

        private void in(Callback present, Session session) {
            if (present != callback || session.id() == neighbour) {
                return;
            }
            deeds.add(session.id());
            switch (deed) {
                case THROWS -> throw new IllegalStateException("provoked");
                case BLOCKS -> block();
                case DISCONNECTS -> session.disconnect();
                case ABORTS -> session.abort();
            }
        }

        private void block() {
            try {
                assertThat(release.await(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    static Stream<Arguments> deeds() {
        return Stream.of(Callback.values()).flatMap(callback ->
                Stream.of(Deed.values()).map(deed -> Arguments.of(callback, deed)));
    }

    @ParameterizedTest
    @MethodSource("deeds")
    void theNeighbourIsServed(Callback callback, Deed deed) throws IOException {
        Handler handler = new Handler(callback, deed);
        start(small().workers(SESSIONS + 1), handler); // one worker that is not blocked
        try (TestClient neighbour = connect()) {
            echo(neighbour);
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                TestClient client = connect();
                clients.add(client);
                if (callback != Callback.OPENED) { // else it may be reset by now
                    client.sendBytes((byte) i);
                }
                if (callback == Callback.CLOSED) {
                    client.expect((byte) i);
                    client.closeByFin();
                }
                handler.deeds.next();
                echo(neighbour);
            }
            if (deed == Deed.BLOCKS) {
                assertThat(handler.ends.waiting()).isEqualTo(callback == Callback.CLOSED ? SESSIONS : 0);
                handler.release.countDown();
            }
            for (TestClient client : clients) {
                if (deed == Deed.ABORTS && callback != Callback.CLOSED) {
                    client.expectReset();
                }
                client.close();
            }
            for (int i = 0; i < SESSIONS; i++) {
                handler.ends.next();
            }
            echo(neighbour);
        }
        handler.ends.next();
        settled().withHandlerFailures(deed == Deed.THROWS ? SESSIONS : 0);
        assertThat(handler.ends.waiting()).as("ends told twice").isZero();
    }

    private static void echo(TestClient client) throws IOException {
        client.sendBytes((byte) 42);
        client.expect((byte) 42);
    }
}
