package org.iocp4j.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.server.Settled.LONGEST;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a server, in whatever state it is. */
class ShutdownTest extends ServerTest {
    private final Set<Thread> threadsBefore = Thread.getAllStackTraces().keySet();
    private final SessionHandler echo = new Echo();

    private static ServerOptions.Builder brisk() {
        return small().disconnectTime(Duration.ofSeconds(1)).drainTime(Duration.ofMillis(400));
    }

    /** Were any of its time waited out, that would be noticed. */
    private static ServerOptions.Builder patient() {
        return small().disconnectTime(LONGEST.multipliedBy(2)).drainTime(LONGEST.multipliedBy(2));
    }

    /** What must hold after every close(). */
    private void assertGone() {
        // They have left the server, but each may still have its last step to take.
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !threadsBefore.contains(thread)).map(Thread::getName))
                .as("threads left").noneMatch(name -> name.startsWith("iocp-worker-")));
        assertThatIOException().as("a connect afterwards").isThrownBy(() -> connect().close());
        ServerStatistics now = statistics();
        assertThat(now.connections().sessions()).as("sessions").isZero();
        assertThat(now.connections().acceptsPosted()).as("acceptsPosted").isZero();
        assertThat(now.sockets().socketsCreated()).as("sockets made, and closed")
                .isEqualTo(now.sockets().socketsDiscarded());
        assertThat(now.faults().workerFailures()).as("workerFailures").isZero();
        assertThat(now.faults().handlerFailures()).as("handlerFailures").isZero();
        assertThat(now.faults().strayPackets()).as("strayPackets").isZero();
    }

    private Duration timeToClose() {
        long before = System.nanoTime();
        server.close();
        Duration time = Duration.ofNanos(System.nanoTime() - before);
        assertThat(time).as("time to close").isLessThan(LONGEST);
        return time;
    }

    @Test
    void aServerNobodyCameTo() throws IOException {
        start(patient(), echo);
        timeToClose();
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
        timeToClose();
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
        CountDownLatch atWork = new CountDownLatch(6);
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            clients.add(Background.run(() -> loadUntilTheEnd(atWork)));
        }
        awaitAllAtWork(atWork, clients);
        await().until(() -> statistics().traffic().receivedBytes() > 2_000_000);
        timeToClose();
        assertGone();
        for (CompletableFuture<Void> each : clients) {
            each.get(LONGEST.toSeconds(), SECONDS);
        }
    }

    /** Echoes blocks for as long as the server is there; what comes back must be right up to its last byte. */
    private void loadUntilTheEnd(CountDownLatch atWork) throws IOException {
        byte[] block = new byte[4096];
        try (TestClient client = connect()) {
            for (int number = 0; true; number++) {
                new Random(number).nextBytes(block);
                byte[] back;
                try {
                    client.sendBytes(block);
                    back = client.readExactly(block.length);
                } catch (IOException end) {
                    return;
                }
                assertThat(back).isEqualTo(block);
                if (number == 0) {
                    atWork.countDown();
                }
            }
        }
    }

    /** Until each client has had an echo. */
    private static void awaitAllAtWork(CountDownLatch atWork, List<CompletableFuture<Void>> clients) {
        await().until(() -> atWork.getCount() == 0 || clients.stream().anyMatch(CompletableFuture::isDone));
        assertThat(clients).as("clients that have given up").noneMatch(CompletableFuture::isDone);
    }

    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = {"DISCONNECT_EX", "GRACEFUL"})
    void whatIsQueuedGoesOutIfTheClientReads(DisconnectMethod method) throws Exception {
        start(patient().disconnectMethod(method), echo);
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            int queued = fill(opened.next());
            CompletableFuture<Duration> closing = Background.call(this::timeToClose);
            await().until(() -> statistics().connections().acceptsPosted() == 0);
            assertThat(statistics().connections().sessions()).isEqualTo(1);
            for (int i = 0; i < queued; i++) {
                assertThat(ByteBuffer.wrap(client.readExactly(4096)).getInt()).isEqualTo(i);
            }
            client.expectFin();
            client.closeByFin();
            closing.get(LONGEST.toSeconds(), SECONDS);
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
            assertThat(timeToClose()).isGreaterThan(Duration.ofMillis(350));
            assertThat(closed.next()).isEqualTo(CloseReason.SERVER_STOPPED);
            client.expectEnd();
        }
        assertGone();
    }

    /** Numbered blocks, until no more goes in; how many. */
    private int fill(long id) {
        int[] queued = {0};
        Settled.awaitStandstill(() -> {
            while (server.send(id, ByteBuffer.allocate(4096).putInt(0, queued[0])) == SendResult.TAKEN) {
                queued[0]++;
            }
            return queued[0];
        });
        return queued[0];
    }

    @Test
    void closingTwiceIsClosingOnce() throws Exception {
        start(brisk(), echo);
        CompletableFuture<Void> other = Background.run(server::close);
        server.close();
        other.get(LONGEST.toSeconds(), SECONDS);
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
        own.set(IocpServer.start(new SessionHandler() {
            @Override
            public void opened(Session session) {
                opened.add(session.id());
            }

            @Override
            public void received(Session session, ByteBuffer data) {
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                try {
                    own.get().close();
                    refusals.add("none, on " + Thread.currentThread().getName());
                } catch (IllegalStateException e) {
                    refusals.add(e.getMessage());
                }
            }
        }, brisk().build()));
        List<TestClient> connected = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            connected.add(TestClient.connect(own.get().localAddress()));
            opened.next();
        }
        own.get().close();
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
        CompletableFuture<Boolean> closing = Background.call(() -> {
            Thread.currentThread().interrupt();
            server.close();
            return Thread.interrupted();
        });
        assertThat(closing.get(LONGEST.toSeconds(), SECONDS)).as("still interrupted").isTrue();
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
        assertThat(server.send(id, ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
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
            old.add(IocpServer.start(echo, brisk().build()));
            TestClient.connect(old.get(i).localAddress()).close();
            id = opened.next();
        }
        old.forEach(IocpServer::close);

        List<IocpServer> later = new ArrayList<>();
        List<TestClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 8; i++) { // some of them get the handles
                later.add(IocpServer.start(echo, brisk().build()));
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
                assertThat(each.send(id, ByteBuffer.wrap(new byte[] {2}))).isEqualTo(SendResult.CLOSED);
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
            CountDownLatch atWork = new CountDownLatch(4);
            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(Background.run(() -> connectUntilRefused(atWork, over)));
            }
            awaitAllAtWork(atWork, clients);
            await().until(() -> statistics().connections().accepts() > 50);
            timeToClose();
            over.set(true);
            for (CompletableFuture<Void> each : clients) {
                each.get(LONGEST.toSeconds(), SECONDS);
            }
            assertGone();
        }
    }

    private void connectUntilRefused(CountDownLatch atWork, AtomicBoolean over) {
        boolean first = true;
        while (!over.get()) {
            try (TestClient client = connect()) {
                client.sendBytes((byte) 1);
                client.expect((byte) 1);
            } catch (ConnectException e) {
                return;
            } catch (IOException e) {
                continue; // caught by the end
            }
            if (first) {
                first = false;
                atWork.countDown();
            }
        }
    }

    @Test
    void aStartThatFailsLeavesNothing() throws IOException {
        start(small(), echo);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        for (int i = 0; i < 10; i++) {
            assertThatIOException().isThrownBy(() -> IocpServer.start(
                    echo, ServerOptions.builder().port(server.localAddress().getPort()).build()).close());
        }
        assertThat(Thread.getAllStackTraces().keySet()).filteredOn(thread -> thread.getName().startsWith("iocp-"))
                .allMatch(before::contains);
        settled().cleanly();
    }
}
