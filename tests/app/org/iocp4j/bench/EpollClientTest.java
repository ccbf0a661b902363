package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class EpollClientTest {
    private static final Path SOURCE = Path.of("tests/bench/client.c");
    private static final Duration TIME = Duration.ofMillis(50);

    @Test
    void readsWhatItCounts() throws IOException {
        BenchClient.Counted counted = EpollClient.parse(
                "{\"operations\":7,\"nanos\":1000000,\"all\":9,\"later\":[1],\"micros\":[[40,8],[3000000,1]]}");
        assertThat(counted.operations()).isEqualTo(7);
        assertThat(counted.nanos()).isEqualTo(1_000_000);
        assertThat(counted.all()).isEqualTo(9);
        Histogram micros = counted.micros();
        assertThat(micros.getTotalCount()).isEqualTo(9);
        assertThat(micros.getValueAtPercentile(50)).isEqualTo(40);
        assertThat(micros.getMaxValue()).isBetween(3_000_000L, 3_003_000L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "left", "[]", "{}", "{\"operations\":7,\"nanos\":1,\"all\":9}",
        "{\"operations\":7,\"nanos\":1,\"all\":9,\"micros\":[[40,8]]", "{\"operations\":\"many\"}",
        "{\"operations\":7,\"nanos\":1,\"all\":9,\"micros\":[[40]]}"})
    void nothingElseIsACount(String line) {
        assertThatExceptionOfType(Exception.class).isThrownBy(() -> EpollClient.parse(line));
    }

    @Test
    void aLoadThatItCannotDoIsTheJavaClients() {
        assertThat(Load.all().stream().filter(ClientKind.EPOLL::drives).map(Load::name)).containsExactly(
                "ping-pong-1", "ping-pong-50", "ping-pong-500", "over-send-50", "16k-50");
        assertThat(Load.all()).allMatch(ClientKind.JAVA::drives);
    }

    @Test
    void withoutACompilerItSaysWhatToDo(@TempDir Path folder) {
        assertThatIOException().isThrownBy(() -> CCompiler.client(SOURCE, folder, "no-such-compiler"))
                .withMessageStartingWith("cannot compile the client on epoll: ")
                .withMessageContaining("no-such-compiler")
                .withMessageEndingWith(". Install a compiler, or leave --client out");
    }

    @Test
    void withoutTheLauncherItSaysWhereTheSourceIs() throws IOException {
        try (Machine machine = new Machine(null, false)) {
            assertThatIOException().isThrownBy(() -> ClientKind.EPOLL.factory(machine)).withMessage(
                    "the source of the client on epoll is found through the launcher: type ./iocp4j bench,"
                    + " or leave --client out");
        }
    }

    /** With the program itself, and servers of this process. */
    @Nested
    @EnabledOnOs(OS.LINUX)
    class OnLinux {
        @TempDir
        private static Path folder;
        private static Path program;

        @BeforeAll
        static void compile() throws IOException {
            assumeTrue(hasCompiler(), "there is no gcc");
            program = CCompiler.client(SOURCE, folder);
        }

        private static boolean hasCompiler() {
            try {
                return !Command.run(List.of("gcc", "--version")).isEmpty();
            } catch (IOException e) {
                return false;
            }
        }

        @Test
        void isCompiledOnceForEachStateOfTheSource() throws IOException {
            assertThat(CCompiler.client(SOURCE, folder)).isEqualTo(program);
            Path other = Files.writeString(folder.resolve("other.c"), "int main(void) { return 0; }\n");
            assertThat(CCompiler.client(other, folder)).isNotEqualTo(program).exists();
        }

        @Test
        void doesItsLoads() throws IOException {
            InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
            assertWorks(new Load("small", Load.Kind.EXCHANGE, 3, 3, 64, 1), server);
            assertWorks(new Load("of one byte", Load.Kind.EXCHANGE, 3, 3, 1, 1), server);
            assertWorks(new Load("more than a buffer", Load.Kind.EXCHANGE, 3, 3, 3_000_000, 1), server);
            assertWorks(new Load("many", Load.Kind.EXCHANGE, 200, 200, 64, 1), server);
        }

        private static void assertWorks(Load load, InetSocketAddress server) throws IOException {
            try (Client client = client(load, server)) {
                BenchClient.Counted opened = client.open();
                assertThat(opened.operations()).isEqualTo(load.connections());
                assertThat(opened.micros().getTotalCount()).isEqualTo(load.connections());
                for (int turn = 0; turn < 2; turn++) {
                    BenchClient.Counted counted = client.work(TIME);
                    assertThat(counted.all()).as(load.name()).isGreaterThanOrEqualTo(load.active())
                            .isGreaterThanOrEqualTo(counted.operations())
                            .isEqualTo(counted.micros().getTotalCount());
                    assertThat(counted.nanos()).isGreaterThanOrEqualTo(TIME.toNanos());
                    assertThat(counted.micros().getMaxValue()).isPositive();
                }
                client.leave();
            }
        }

        @Test
        void aBatchCountsForItsMessages() throws IOException {
            InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
            try (Client client = client(new Load("over-send", Load.Kind.EXCHANGE, 1, 1, 1_000, 100), server)) {
                client.open();
                BenchClient.Counted counted = client.work(TIME);
                assertThat(counted.all()).isPositive().isEqualTo(100 * counted.micros().getTotalCount());
                client.leave();
            }
        }

        @Test
        void stoppingEndsWhateverIsUnderWay() throws IOException {
            InetSocketAddress server = address(ServerKind.JDK_SELECTOR.peer(Service.ECHO).start());
            AtomicBoolean stopped = new AtomicBoolean();
            try (Client client = new EpollClient(program, new Load("held", Load.Kind.EXCHANGE, 3, 3, 64, 1), server,
                    stopped::get)) {
                client.open();
                stopped.set(true);
                assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(() ->
                        client.work(Duration.ofMinutes(1))).withMessage("held: stopped");
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
                socket.getInputStream().readNBytes(64);
                socket.getOutputStream().write(new byte[65]);
            });
        }

        @Test
        void soIsAConnectionThatTheServerCloses() throws Exception {
            assertFails("the server closed a connection that was WAITING",
                    socket -> socket.getInputStream().readNBytes(64));
        }

        @Test
        void soIsOneThatItResets() throws Exception {
            assertFails("recv: Connection reset by peer", socket -> {
                socket.getInputStream().readNBytes(64);
                socket.setSoLinger(true, 0);
            });
        }

        @Test
        void soIsAServerThatIsNotThere() throws IOException {
            int port;
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = listener.getLocalPort();
            }
            try (Client client = client(new Load("none", Load.Kind.EXCHANGE, 1, 1, 64, 1), address(port))) {
                assertThatExceptionOfType(BenchClient.Failure.class).isThrownBy(client::open).withMessage(
                        "none: the client cannot connect: Connection refused, 0 of 1 connections made");
            }
        }

        @Test
        void aProgramThatIsAnotherIsToldByWhatItSays() throws IOException {
            Path other = Files.writeString(folder.resolve("says.sh"), "#!/bin/sh\necho hello $3\n");
            assertThat(other.toFile().setExecutable(true)).isTrue();
            Load load = new Load("other", Load.Kind.EXCHANGE, 7, 7, 64, 1);
            try (Client client = new EpollClient(other, load, address(9), () -> false)) {
                assertThatExceptionOfType(BenchClient.Failure.class).isThrownBy(client::open)
                        .withMessage("other: the client says hello 7");
                assertThatExceptionOfType(BenchClient.Failure.class).isThrownBy(client::leave)
                        .withMessage("other: the client has ended");
            }
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
                Load load = new Load("wrong", Load.Kind.EXCHANGE, 1, 1, 64, 1);
                try (Client client = client(load, address(listener.getLocalPort()))) {
                    assertThatExceptionOfType(BenchClient.Failure.class).isThrownBy(() -> {
                        client.open();
                        client.work(Duration.ofSeconds(60));
                    }).withMessage("wrong: " + message + ", 1 of 1 connections made");
                }
                thread.join();
            }
        }

        /** One that nothing stops. */
        private static Client client(Load load, InetSocketAddress server) throws IOException {
            return new EpollClient(program, load, server, () -> false);
        }
    }

    private static InetSocketAddress address(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
