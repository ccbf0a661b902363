package org.iocp4j.races;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.Settled;
import org.iocp4j.server.TestClient;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real sockets and four workers, while other threads end sessions as they like and clients go without a word. */
@NeedsCompletionPorts
@Timeout(180)
class KillsTest {
    private static final int CLIENTS = 6;
    private static final int KILLERS = 2;
    private static final int MESSAGE_BYTES = 16;

    /** How often each session was closed. */
    private final Map<Long, AtomicInteger> sessions = new ConcurrentHashMap<>();
    private final List<Long> ids = Collections.synchronizedList(new ArrayList<>());
    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final AtomicInteger exchanges = new AtomicInteger();
    private final Set<TestClient> visitors = ConcurrentHashMap.newKeySet();
    private volatile boolean over;

    private final SessionHandler echo = new SessionHandler() {
        @Override
        public void opened(Session session) {
            if (sessions.put(session.id(), new AtomicInteger()) != null) {
                violations.add("two sessions have the id " + session);
            }
            ids.add(session.id());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            if (sessions.get(session.id()).incrementAndGet() != 1) {
                violations.add("session " + session + " is closed again");
            }
        }
    };

    @Test
    void eachSessionEndsOnceAndNothingIsLost() throws Exception {
        run(Duration.ofSeconds(2), DisconnectMethod.DISCONNECT_EX);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource
    void eachSessionEndsOnceAndNothingIsLostForLong(DisconnectMethod method) throws Exception {
        run(Duration.ofSeconds(3), method);
    }

    private void run(Duration time, DisconnectMethod method) throws Exception {
        ServerOptions options = ServerOptions.builder().workers(4).acceptsPosted(4).pool(4).maxSessions(64)
                .disconnectMethod(method).disconnectTime(Duration.ofSeconds(20)).build();
        IocpServer server = IocpServer.start(echo, options);
        try (server; ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + KILLERS)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                all.add(threads.submit(() -> visit(server)));
            }
            for (int i = 0; i < KILLERS; i++) {
                all.add(threads.submit(() -> kill(server)));
            }
            Thread.sleep(time.toMillis());
            Settled.await().until(() -> exchanges.get() > 0 && !sessions.isEmpty()); // on a slow machine, later
            over = true;
            // Under Wine a client whose session TransmitFile has ended sees that at the socket's next accept: maybe
            // never.
            Settled.await().until(() -> {
                visitors.forEach(KillsTest::close);
                return all.stream().allMatch(Future::isDone);
            });
            for (Future<?> each : all) {
                each.get();
            }
            ServerStatistics end = Settled.of(server::statistics, options).withLatePackets();
            assertThat(violations).isEmpty();
            assertThat(sessions).as("sessions").isNotEmpty()
                    .allSatisfy((id, closed) -> assertThat(closed).as("closed, session %d", id).hasValue(1));
            assertThat(end.connections().accepts()).isEqualTo(sessions.size() + end.sessionsRefused());
            assertThat(exchanges).as("messages that came back").hasPositiveValue();
        }
        ServerStatistics closed = server.statistics();
        assertThat(closed.sockets().socketsCreated()).as("sockets made, and closed")
                .isEqualTo(closed.sockets().socketsDiscarded());
    }

    private void visit(IocpServer server) {
        for (long visit = 0; !over; visit++) {
            try (TestClient client = TestClient.connect(server.localAddress())) {
                visitors.add(client);
                exchange(client, visit);
                if (ThreadLocalRandom.current().nextInt(3) == 0) {
                    client.closeByReset();
                }
                visitors.remove(client);
            } catch (IOException e) {
                continue; // its session was killed
            }
        }
    }

    private static void close(TestClient client) {
        try {
            client.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What comes back is what was sent, and nobody else's. */
    private void exchange(TestClient client, long visit) throws IOException {
        for (int i = ThreadLocalRandom.current().nextInt(8); i > 0; i--) {
            byte[] message = ByteBuffer.allocate(MESSAGE_BYTES).putInt(client.localAddress().getPort()).putLong(visit)
                    .putInt(i).array();
            client.sendBytes(message);
            byte[] answer = client.readExactly(MESSAGE_BYTES);
            if (!Arrays.equals(answer, message)) {
                violations.add("a client is sent what it has not sent");
            }
            exchanges.incrementAndGet();
        }
    }

    private void kill(IocpServer server) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        while (!over) {
            int count = ids.size();
            if (count > 0) {
                // Mostly one of the latest, which may live; else one that is long over, whose place is another's.
                long id = ids.get(random.nextInt(Math.max(0, count - CLIENTS), count));
                long old = ids.get(random.nextInt(count));
                if (random.nextBoolean()) {
                    server.abort(id);
                } else {
                    server.disconnect(id);
                }
                server.abort(old);
            }
            try {
                Thread.sleep(random.nextInt(3));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
