package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client with the peers that any JVM can run, and with servers that do wrong. */
@Timeout(120)
class BenchClientTest {
    private static final String GET = "GET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final Duration TIME = Duration.ofMillis(50);

    @ParameterizedTest
    @EnumSource(names = {"JDK_ASYNC", "JDK_SELECTOR", "JDK_VIRTUAL", "NETTY_NIO"})
    void everyPeerEchoesInEveryKindOfLoad(ServerKind kind) throws IOException {
        assertServes(kind, Service.ECHO);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK_HTTP", "NETTY_NIO"})
    void everyHttpServerAnswersInEveryKindOfLoad(ServerKind kind) throws IOException {
        assertServes(kind, Service.HTTP);
        assertServes(kind, Service.HTTPS);
    }

    @ParameterizedTest
    @EnumSource(names = {"HANDLERS_SELECTOR", "HANDLERS_NETTY"})
    void theHandlersOfTheExamplesServeOnEach(ServerKind kind) throws IOException {
        assertServes(kind, Service.HTTP);
        assertServes(kind, Service.REDIS);
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP", "REDIS"})
    @NeedsCompletionPorts
    void soTheyDoOnOurServer(Service service) throws IOException {
        assertServes(ServerKind.HANDLERS_IOCP4J, service);
    }

    @ParameterizedTest
    @EnumSource(names = {"ECHO", "HTTP", "HTTPS"})
    @NeedsCompletionPorts
    void soDoesNettyOnOurTransport(Service service) throws IOException {
        assertServes(ServerKind.NETTY_IOCP, service);
        assertServes(ServerKind.NETTY_IOCP_REUSE, service);
    }

    private static void assertServes(ServerKind kind, Service service) throws IOException {
        InetSocketAddress server = address(kind.peer(service).start());
        assertWorks(new Load("small", service, Load.Kind.EXCHANGE, 3, 3, 64, 1), server);
        assertWorks(new Load("more than a buffer", service, Load.Kind.EXCHANGE, 3, 2, 3_000_000, 1), server);
        assertWorks(new Load("churn", service, Load.Kind.CHURN, 3, 3, 64, 1), server);
    }

    private static void assertWorks(Load load, InetSocketAddress server) throws IOException {
        try (BenchClient client = client(load, server)) {
            client.open();
            BenchClient.Counted counted = client.work(TIME);
            assertThat(counted.all()).as(load.name()).isGreaterThanOrEqualTo(load.active())
                    .isGreaterThanOrEqualTo(counted.operations())
                    .isEqualTo(counted.micros().getTotalCount());
            assertThat(counted.nanos()).isGreaterThanOrEqualTo(TIME.toNanos());
            client.leave();
        }
    }

    @Test
    void aBatchCountsForItsMessages() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
        try (BenchClient client = client(new Load("over-send", Load.Kind.EXCHANGE, 1, 1, 1_000, 100), server)) {
            client.open();
            BenchClient.Counted counted = client.work(TIME);
            assertThat(counted.all()).isPositive().isEqualTo(100 * counted.micros().getTotalCount());
            client.leave();
        }
    }

    @Test
    void connectionsThatAreLeftAloneAreStillThere() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
        try (BenchClient client = client(new Load("held", Load.Kind.EXCHANGE, 3, 1, 64, 1), server)) {
            client.open();
            long start = System.nanoTime();
            client.idle(TIME);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TIME.toNanos());
            assertThat(client.work(TIME).operations()).isPositive();
            client.leave();
        }
    }

    @Test
    void stoppingEndsWhateverIsUnderWay() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
        AtomicBoolean stopped = new AtomicBoolean();
        try (BenchClient client = new BenchClient(new Load("held", Load.Kind.EXCHANGE, 3, 1, 64, 1), server,
                stopped::get)) {
            client.open();
            stopped.set(true);
            assertStopped(() -> client.idle(Duration.ofHours(1)));
            assertStopped(() -> client.work(Duration.ofHours(1)));
            assertStopped(client::leave);
        }
        try (BenchClient client = new BenchClient(new Load("held", Load.Kind.EXCHANGE, 3, 1, 64, 1), server,
                stopped::get)) {
            assertStopped(client::open);
        }
    }

    private static void assertStopped(ThrowingCallable phase) {
        assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(phase).withMessage("held: stopped");
    }

    /** Else a server that needs longer than a turn for its connections would have done nothing in it. */
    @Test
    void aTurnLastsUntilEachConnectionHasHadAnOperation() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
        try (BenchClient client = client(new Load("slow", Load.Kind.EXCHANGE, 20, 20, 64, 1), server)) {
            client.open();
            BenchClient.Counted counted = client.work(Duration.ofNanos(1));
            assertThat(counted.operations()).isGreaterThanOrEqualTo(20);
            assertThat(counted.all()).isGreaterThanOrEqualTo(counted.operations());
            client.leave();
        }
    }

    @Test
    void connectionsThatAreHeldCountOnceEach() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
        try (BenchClient client = client(new Load("held", Load.Kind.HOLD, 200, 0, 64, 1), server)) {
            BenchClient.Counted counted = client.open();
            assertThat(counted.operations()).isEqualTo(200);
            assertThat(counted.all()).isEqualTo(200);
            assertThat(counted.micros().getTotalCount()).isEqualTo(200);
            client.leave();
        }
    }

    @Test
    void aWrongByteIsAnError() throws Exception {
        assertFails("what came is not what was due", socket -> {
            byte[] bytes = socket.getInputStream().readNBytes(64);
            bytes[63]++;
            socket.getOutputStream().write(bytes);
        });
    }

    @Test
    void soIsAByteTooMany() throws Exception {
        assertFails("the server sent 65 bytes too many", socket -> {
            byte[] bytes = socket.getInputStream().readNBytes(64);
            byte[] more = new byte[65];
            System.arraycopy(bytes, 0, more, 0, 64);
            socket.getOutputStream().write(more);
        });
    }

    @Test
    void soIsAConnectionThatTheServerCloses() throws Exception {
        assertFails("the server closed a connection that was WAITING",
                socket -> socket.getInputStream().readNBytes(64));
    }

    @Test
    void soIsOneThatItClosesWhileItIsHeld() throws Exception {
        assertFails("the server closed a connection that was HELD",
                socket -> socket.getOutputStream().write(socket.getInputStream().readNBytes(64)));
    }

    @Test
    void ofAnAnswerHeadAndLengthAreCheckedToo() throws Exception {
        assertGetFails("not the answer that was due: HTTP/1.1 404 Not Found",
                "HTTP/1.1 404 Not Found\r\n\r\n");
        assertGetFails("not the answer that was due: HTTP/1.1 200 OK\r\nContent-Length: 1",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
        assertGetFails("what came is not what was due", "HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n\0\2");
        assertGetFails("the server sent 1 bytes too many", "HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n\0\1\2");
    }

    private static void assertGetFails(String message, String answer) throws Exception {
        assertFails(message, new Load("wrong", Service.HTTP, Load.Kind.EXCHANGE, 1, 1, 2, 1), socket -> {
            assertThat(socket.getInputStream().readNBytes(GET.length())).asString().isEqualTo(GET);
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        });
    }

    /** What a server does with its one connection, before it closes it. */
    private interface Server {
        void serve(Socket socket) throws IOException;
    }

    private static void assertFails(String message, Server server) throws Exception {
        assertFails(message, new Load("wrong", Load.Kind.EXCHANGE, 1, 1, 64, 1), server);
    }

    private static void assertFails(String message, Load load, Server server) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread thread = Thread.ofPlatform().start(() -> {
                try (Socket socket = listener.accept()) {
                    server.serve(socket);
                } catch (IOException e) {
                    // The client has gone.
                }
            });
            try (BenchClient client = client(load, address(listener.getLocalPort()))) {
                assertThatExceptionOfType(IOException.class).isThrownBy(() -> {
                    client.open();
                    client.idle(Duration.ofSeconds(60));
                }).withMessage("wrong: " + message + ", 1 of 1 connections made");
            }
            thread.join();
        }
    }

    /** One that nothing stops. */
    private static BenchClient client(Load load, InetSocketAddress server) throws IOException {
        return new BenchClient(load, server, () -> false);
    }

    private static InetSocketAddress address(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
