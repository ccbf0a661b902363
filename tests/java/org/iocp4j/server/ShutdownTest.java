package org.iocp4j.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a server, in whatever state it is. */
class ShutdownTest extends ServerTest {
    private final Set<Thread> threadsBefore = Thread.getAllStackTraces().keySet();
    private final Reports<Long> opened = new Reports<>();
    private final Reports<CloseReason> closed = new Reports<>();

    private final SessionHandler echo = new SessionHandler() {
        @Override
        public void opened(Session session) {
            opened.add(session.id());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason reason) {
            closed.add(reason);
        }
    };

    private static ServerOptions.Builder brisk() {
        return small().disconnectTime(Duration.ofSeconds(1)).drainTime(Duration.ofMillis(400));
    }

    /** What must hold after every close(). */
    private void assertGone() {
        assertThat(Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !threadsBefore.contains(thread))
                .map(Thread::getName).collect(Collectors.toList()))
                .as("threads left").noneMatch(name -> name.startsWith("iocp-worker-"));
        assertThatIOException().as("a connect afterwards").isThrownBy(() -> connect().close());
        ServerStatistics now = statistics();
        assertThat(now.sessions()).as("sessions").isZero();
        assertThat(now.acceptsPosted()).as("acceptsPosted").isZero();
        assertThat(now.socketsCreated()).as("sockets made, and closed").isEqualTo(now.socketsDiscarded());
        assertThat(now.workerFailures()).as("workerFailures").isZero();
        assertThat(now.handlerFailures()).as("handlerFailures").isZero();
        assertThat(now.strayPackets()).as("strayPackets").isZero();
    }

    private Duration timeToClose() {
        long before = System.nanoTime();
        server.close();
        return Duration.ofNanos(System.nanoTime() - before);
    }

    @Test
    void aServerNobodyCameTo() throws IOException {
        start(small(), echo);
        assertThat(timeToClose()).isLessThan(Duration.ofSeconds(5));
        assertGone();
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void idleSessionsEnd(DisconnectMethod method) throws IOException {
        start(brisk().disconnectMethod(method), echo);
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(connect());
            opened.next();
        }
        assertThat(timeToClose()).isLessThan(Duration.ofSeconds(8));
        for (TestClient client : clients) {
            if (method.reuses()) {
                client.expectFin();
            } else {
                client.expectEnd();
            }
            assertThat(closed.next()).isEqualTo(CloseReason.SERVER_STOPPED);
            client.close();
        }
        assertThat(closed.waiting()).isZero();
        assertGone();
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void sessionsInFullLoadEnd(DisconnectMethod method) throws Exception {
        start(brisk().disconnectMethod(method), echo);
        List<CompletableFuture<Long>> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            clients.add(onThread(() -> loadUntilTheEnd()));
        }
        await().until(() -> statistics().receivedBytes() > 2_000_000);
        assertThat(timeToClose()).isLessThan(Duration.ofSeconds(10));
        assertGone();
        for (CompletableFuture<Long> each : clients) {
            assertThat(each.get(20, SECONDS)).isPositive();
        }
    }

    private interface Task<T> {
        T run() throws IOException;
    }

    private static <T> CompletableFuture<T> onThread(Task<T> task) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return task.run();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }, command -> Thread.ofPlatform().start(command));
    }

    /** Echoes blocks for as long as the server is there; what comes back must be right up to its last byte. */
    private long loadUntilTheEnd() throws IOException {
        long echoed = 0;
        byte[] block = new byte[4096];
        try (TestClient client = connect()) {
            while (true) {
                new Random(echoed).nextBytes(block);
                byte[] back;
                try {
                    client.sendBytes(block);
                    back = client.readExactly(block.length);
                } catch (IOException end) {
                    return echoed;
                }
                assertThat(back).isEqualTo(block);
                echoed += block.length;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = {"DISCONNECT_EX", "GRACEFUL"})
    void whatIsQueuedGoesOutIfTheClientReads(DisconnectMethod method) throws Exception {
        start(small(method).drainTime(Duration.ofSeconds(20)), echo);
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            int queued = fill(opened.next());
            CompletableFuture<Duration> closing = CompletableFuture.supplyAsync(this::timeToClose);
            await().until(() -> statistics().acceptsPosted() == 0);
            assertThat(statistics().sessions()).isEqualTo(1);
            for (int i = 0; i < queued; i++) {
                assertThat(ByteBuffer.wrap(client.readExactly(4096)).getInt()).isEqualTo(i);
            }
            client.expectFin();
            client.closeByFin();
            assertThat(closing.get(20, SECONDS)).isLessThan(Duration.ofSeconds(20));
        }
        assertThat(closed.next()).isEqualTo(CloseReason.SERVER_STOPPED);
        assertGone();
    }

    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void whatIsQueuedIsCutOffAfterTheDrainTimeIfTheClientDoesNotRead(DisconnectMethod method) throws Exception {
        start(brisk().disconnectMethod(method), echo);
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            fill(opened.next());
            assertThat(timeToClose()).isBetween(Duration.ofMillis(350), Duration.ofSeconds(8));
            assertThat(closed.next()).isEqualTo(CloseReason.SERVER_STOPPED);
            client.expectEnd();
        }
        assertGone();
    }

    /** Numbered blocks, until no more goes in; how many. */
    private int fill(long id) {
        int[] queued = {0};
        long[] seen = {-1};
        await().during(Duration.ofMillis(250)).until(() -> {
            while (server.send(id, ByteBuffer.allocate(4096).putInt(0, queued[0]))) {
                queued[0]++;
            }
            boolean still = queued[0] == seen[0];
            seen[0] = queued[0];
            return still;
        });
        return queued[0];
    }

    @Test
    void closingTwiceIsClosingOnce() throws Exception {
        start(brisk(), echo);
        CompletableFuture<Void> other = CompletableFuture.runAsync(server::close);
        server.close();
        other.get(20, SECONDS);
        server.close();
        assertGone();
    }

    @Test
    void closingInAHandlerIsAnError() throws IOException {
        Reports<String> refusals = new Reports<>();
        start(small(), new SessionHandler() {
            @Override
            public void received(Session session, ByteBuffer data) {
                try {
                    server.close();
                } catch (IllegalStateException e) {
                    refusals.add(e.getMessage());
                }
                session.send(data);
            }
        });
        try (TestClient client = connect()) {
            client.sendBytes((byte) 1);
            assertThat(refusals.next()).contains("handler");
            client.expect((byte) 1);
        }
        settled().cleanly();
        server.close();
        assertGone();
    }

    /** The closer waits for the handler then: so the handler must not wait for the closer. */
    @Test
    void closingInAHandlerWhileTheServerClosesIsAnErrorToo() throws Exception {
        int clients = 8;
        Reports<String> refusals = new Reports<>();
        AtomicReference<IocpServer> own = new AtomicReference<>(); // not the test's: if this fails, close() hangs
        own.set(IocpServer.start(brisk().build(), new SessionHandler() {
            @Override
            public void opened(Session session) {
                opened.add(session.id());
            }

            @Override
            public void received(Session session, ByteBuffer data) {
            }

            @Override
            public void closed(Session session, CloseReason reason) {
                try {
                    own.get().close();
                    refusals.add("none, on " + Thread.currentThread().getName());
                } catch (IllegalStateException e) {
                    refusals.add(e.getMessage());
                }
            }
        }));
        List<TestClient> connected = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            connected.add(TestClient.connect(own.get().localAddress()));
            opened.next();
        }
        long before = System.nanoTime();
        own.get().close();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(4));
        for (TestClient client : connected) {
            assertThat(refusals.next()).contains("handler");
            client.expectFin();
            client.close();
        }
    }

    /** Whoever is told to stop by an interrupt closes what it has open: this must work as ever. */
    @Test
    void anInterruptedThreadClosesTheServerAllTheSame() throws Exception {
        start(brisk(), echo);
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            clients.add(connect());
            opened.next();
        }
        CompletableFuture<Boolean> closing = onThread(() -> {
            Thread.currentThread().interrupt();
            server.close();
            return Thread.interrupted();
        });
        assertThat(closing.get(20, SECONDS)).as("still interrupted").isTrue();
        assertGone();
        for (TestClient client : clients) {
            client.expectFin();
            client.close();
        }
    }

    @Test
    void aClosedServersMethodsDoNothing() throws IOException {
        start(brisk(), echo);
        long id;
        try (TestClient client = connect()) {
            id = opened.next();
            client.sendBytes((byte) 1);
            client.expect((byte) 1);
        }
        InetSocketAddress address = server.localAddress();
        server.close();
        assertThat(server.localAddress()).isEqualTo(address);
        assertThat(server.send(id, ByteBuffer.allocate(1))).isFalse();
        assertThatCode(() -> server.disconnect(id)).doesNotThrowAnyException();
        assertThatCode(() -> server.abort(id)).doesNotThrowAnyException();
        assertGone();
    }

    /** Windows gives a closed port's handle to the next: what is asked of the old server must not reach a new one. */
    @Test
    void aClosedServerDoesNotReachIntoTheNext() throws IOException {
        List<IocpServer> old = new ArrayList<>();
        long id = 0;
        for (int i = 0; i < 4; i++) {
            old.add(IocpServer.start(brisk().build(), echo));
            TestClient.connect(old.get(i).localAddress()).close();
            id = opened.next();
        }
        old.forEach(IocpServer::close);

        List<IocpServer> later = new ArrayList<>();
        List<TestClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 8; i++) { // some of them get the handles
                later.add(IocpServer.start(brisk().build(), echo));
                clients.add(TestClient.connect(later.get(i).localAddress()));
                assertThat(opened.next()).as("the first session of each").isEqualTo(id);
            }
            for (IocpServer each : old) {
                try {
                    each.disconnect(id);
                    each.abort(id);
                } catch (IllegalStateException e) {
                    // another test's matter
                }
                assertThat(each.send(id, ByteBuffer.wrap(new byte[] {2}))).isFalse();
            }
            for (TestClient client : clients) {
                client.sendBytes((byte) 1);
                client.expect((byte) 1);
            }
        } finally {
            for (TestClient client : clients) {
                client.close();
            }
            later.forEach(IocpServer::close);
        }
    }

    /** Clients end first: no connection of the server's is in TIME_WAIT, and Windows lets the port go at once [doc]. */
    @Test
    void theSamePortIsFreeAtOnce() throws IOException {
        int port = 0;
        for (int i = 0; i < 5; i++) {
            start(brisk().port(port), echo);
            port = server.localAddress().getPort();
            for (int n = 0; n < 3; n++) {
                try (TestClient client = connect()) {
                    client.sendBytes((byte) n);
                    client.expect((byte) n);
                }
            }
            settled().cleanly();
            server.close();
            assertGone();
        }
    }

    /** The server first: TIME_WAIT is the server's, and does not keep it from its port for long. */
    @Test
    void theSamePortIsFreeAfterSessionsWereEndedByTheServer() throws IOException {
        int[] port = {0};
        for (int i = 0; i < 3; i++) {
            await().ignoreException(Win32Exception.class).until(() -> {
                start(brisk().port(port[0]), echo);
                return true;
            });
            port[0] = server.localAddress().getPort();
            try (TestClient client = connect()) {
                client.sendBytes((byte) 1);
                client.expect((byte) 1);
                server.close();
                client.expectFin();
            }
            assertGone();
        }
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource(DisconnectMethod.class)
    void closingWhileClientsConnect(DisconnectMethod method) throws Exception {
        for (int round = 0; round < 2; round++) {
            start(brisk().disconnectMethod(method), echo);
            AtomicBoolean over = new AtomicBoolean();
            List<CompletableFuture<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(onThread(() -> connectUntilRefused(over)));
            }
            await().until(() -> statistics().accepts() > 50);
            assertThat(timeToClose()).isLessThan(Duration.ofSeconds(10));
            over.set(true);
            for (CompletableFuture<Integer> each : clients) {
                assertThat(each.get(20, SECONDS)).isPositive();
            }
            assertGone();
        }
    }

    private int connectUntilRefused(AtomicBoolean over) {
        int connects = 0;
        while (!over.get()) {
            try (TestClient client = connect()) {
                connects++;
                client.sendBytes((byte) 1);
                client.expect((byte) 1);
            } catch (ConnectException e) {
                return connects;
            } catch (IOException e) {
                // caught by the end
            }
        }
        return connects;
    }

    @Test
    void aStartThatFailsLeavesNothing() throws IOException {
        start(small(), echo);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        for (int i = 0; i < 50; i++) {
            assertThatIOException().isThrownBy(() -> IocpServer.start(
                    ServerOptions.builder().port(server.localAddress().getPort()).build(), echo).close());
        }
        assertThat(Thread.getAllStackTraces().keySet()).filteredOn(thread -> thread.getName().startsWith("iocp-"))
                .allMatch(before::contains);
        settled().cleanly();
    }
}
