package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client with the peers that any JVM can run, and with servers that do wrong. */
@Timeout(120)
class BenchClientTest {
    private static final Duration TIME = Duration.ofMillis(50);

    @ParameterizedTest
    @EnumSource(names = {"JDK_ASYNC", "JDK_SELECTOR", "JDK_VIRTUAL", "NETTY"})
    void everyPeerServesEveryKindOfLoad(ServerKind kind) throws IOException {
        InetSocketAddress server = address(kind.peer().start());
        assertWorks(new Load("ping-pong", Load.Kind.ECHO, 3, 3, 64, 1), server);
        assertWorks(new Load("more than a buffer", Load.Kind.ECHO, 3, 2, 3_000_000, 1), server);
        assertWorks(new Load("churn", Load.Kind.CHURN, 3, 3, 64, 1), server);
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
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer().start());
        try (BenchClient client = client(new Load("over-send", Load.Kind.ECHO, 1, 1, 1_000, 100), server)) {
            client.open();
            BenchClient.Counted counted = client.work(TIME);
            assertThat(counted.all()).isPositive().isEqualTo(100 * counted.micros().getTotalCount());
            client.leave();
        }
    }

    @Test
    void connectionsThatAreLeftAloneAreStillThere() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer().start());
        try (BenchClient client = client(new Load("held", Load.Kind.ECHO, 3, 1, 64, 1), server)) {
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
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer().start());
        AtomicBoolean stopped = new AtomicBoolean();
        try (BenchClient client = new BenchClient(new Load("held", Load.Kind.ECHO, 3, 1, 64, 1), server,
                stopped::get)) {
            client.open();
            stopped.set(true);
            assertStopped(() -> client.idle(Duration.ofHours(1)));
            assertStopped(() -> client.work(Duration.ofHours(1)));
            assertStopped(client::leave);
        }
        try (BenchClient client = new BenchClient(new Load("held", Load.Kind.ECHO, 3, 1, 64, 1), server,
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
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer().start());
        try (BenchClient client = client(new Load("slow", Load.Kind.ECHO, 20, 20, 64, 1), server)) {
            client.open();
            BenchClient.Counted counted = client.work(Duration.ofNanos(1));
            assertThat(counted.operations()).isGreaterThanOrEqualTo(20);
            assertThat(counted.all()).isGreaterThanOrEqualTo(counted.operations());
            client.leave();
        }
    }

    @Test
    void connectionsThatAreHeldCountOnceEach() throws IOException {
        InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer().start());
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
        assertFails("an echo differs from what was sent", socket -> {
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
        assertFails("the server closed a connection that was ECHO", socket -> socket.getInputStream().readNBytes(64));
    }

    @Test
    void soIsOneThatItClosesWhileItIsHeld() throws Exception {
        assertFails("the server closed a connection that was HELD",
                socket -> socket.getOutputStream().write(socket.getInputStream().readNBytes(64)));
    }

    /** What a server does with its one connection, before it closes it. */
    private interface Server {
        void serve(Socket socket) throws IOException;
    }

    private static void assertFails(String message, Server server) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread thread = Thread.ofPlatform().start(() -> {
                try (Socket socket = listener.accept()) {
                    server.serve(socket);
                } catch (IOException e) {
                    // The client has gone.
                }
            });
            try (BenchClient client = client(new Load("wrong", Load.Kind.ECHO, 1, 1, 64, 1),
                    address(listener.getLocalPort()))) {
                assertThatExceptionOfType(IOException.class).isThrownBy(() -> {
                    client.open();
                    client.idle(Duration.ofSeconds(60));
                }).withMessage("wrong: " + message);
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
