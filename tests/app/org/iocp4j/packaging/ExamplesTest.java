package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.packaging.ExampleServer.sendAndEnd;
import static org.iocp4j.packaging.Examples.NATIVE;
import static org.iocp4j.packaging.Examples.windowsPath;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.resolver.AddressResolver;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apiguardian.api.API;
import org.iocp4j.server.Background;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The programs in {@code examples}, compiled against the jars that their poms name: as modules, and on the class path.
 */
@Tag("packaged")
@Timeout(120)
@DisabledIf("org.iocp4j.packaging.Examples#thereIsNoCompiler")
class ExamplesTest {
    private Examples examples;
    private Path core;
    private Path server;
    private Path echo;
    private Path slf4j;

    @BeforeEach
    void findJars() throws Exception {
        examples = new Examples();
        core = examples.core;
        server = examples.server;
        echo = Jars.library("iocp4j-echo");
        slf4j = examples.slf4j;
    }

    @Test
    void eachCompilesAgainstWhatItsPomNames() throws Exception {
        examples.compile("server", "--module-path", Jars.path(core, server, slf4j));
        examples.compile("proxy", "--module-path", Jars.path(core, server, slf4j));
        examples.compile("loop", "--module-path", Jars.path(core, slf4j));
        examples.compile("test-peer", "--class-path",
                Jars.path(core, server, echo, Jars.of(Test.class), Jars.of(API.class)));
    }

    @Test
    void theServerServesAsAModule() throws Exception {
        Path classes = examples.compile("server", "--module-path", Jars.path(core, server, slf4j));
        serves(NATIVE + "org.iocp4j.core", "--module-path", windowsPath(classes, core, server, slf4j),
                "-m", "example.server/example.Main");
    }

    @Test
    void theServerServesOnTheClassPath() throws Exception {
        Path classes = examples.compile("server", "--module-path", Jars.path(core, server, slf4j));
        serves(NATIVE + "ALL-UNNAMED", "-cp", windowsPath(classes, core, server, slf4j), "example.Main");
    }

    private void serves(String... arguments) throws Exception {
        try (ExampleServer lines = new ExampleServer(examples.start(arguments))) {
            assertThat(lines.exchange("four\n\nno end".getBytes(StandardCharsets.US_ASCII)))
                    .asString(StandardCharsets.US_ASCII).isEqualTo("4\n0\n");
        }
    }

    /** More than its queue holds, and one answer behind the other. */
    @Test
    void aServerSendsAsMuchAsItsClientTakes() throws Exception {
        try (ExampleServer numbers = examples.serve("server", "example.server/example.Others", List.of(), "count-up",
                "0")) {
            String once = IntStream.rangeClosed(1, 1_000_000).mapToObj(i -> i + "\n").collect(Collectors.joining());
            assertThat(numbers.exchange((byte) 1, (byte) 0, (byte) 1)).asString(StandardCharsets.US_ASCII)
                    .isEqualTo(once + once);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lookups", "blocking-lookups"})
    void aServerAnswersInOrderThoughOtherThreadsFindTheAnswers(String handler) throws Exception {
        try (ExampleServer lookups = examples.serve("server", "example.server/example.Others", List.of(), handler,
                "0")) {
            assertThat(lookups.exchange("127.0.0.1\n127.0.0.2\n127.0.0.3\n".getBytes(StandardCharsets.US_ASCII)))
                    .asString(StandardCharsets.US_ASCII)
                    .isEqualTo("[/127.0.0.1]\n[/127.0.0.2]\n[/127.0.0.3]\n");
        }
    }

    /** What has come is passed on, however much it is, and each end of a stream by itself. */
    @Test
    void theProxyPassesOnBothWaysAndBothEnds() throws Exception {
        byte[] sent = new byte[3_000_000];
        for (int i = 0; i < sent.length; i++) {
            sent[i] = (byte) (i * 31 >> 8);
        }
        try (ServerSocket target = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
                ExampleServer proxy = examples.serve("proxy", "example.proxy/example.Main", List.of(), "0",
                        "127.0.0.1:" + target.getLocalPort());
                Socket client = proxy.connect();
                Socket far = target.accept()) {
            far.setSoTimeout(30_000);
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendAndEnd(client, sent));
            assertThat(far.getInputStream().readAllBytes()).as("all, and the end").isEqualTo(sent);
            sending.get(30, TimeUnit.SECONDS);
            CompletableFuture<Void> answering = CompletableFuture.runAsync(() -> sendAndEnd(far, sent));
            assertThat(client.getInputStream().readAllBytes()).as("the way back").isEqualTo(sent);
            answering.get(30, TimeUnit.SECONDS);
        }
    }

    /** Whoever resets: the other one sees no end in order. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theProxyPassesAResetOn(boolean fromClient) throws Exception {
        try (ServerSocket target = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
                ExampleServer proxy = examples.serve("proxy", "example.proxy/example.Main", List.of(), "0",
                        "127.0.0.1:" + target.getLocalPort());
                Socket client = proxy.connect();
                Socket far = target.accept()) {
            far.setSoTimeout(30_000);
            client.getOutputStream().write('x');
            assertThat(far.getInputStream().read()).isEqualTo('x');
            Socket resetting = fromClient ? client : far;
            resetting.setSoLinger(true, 0);
            resetting.close();
            Socket other = fromClient ? far : client;
            assertThatIOException().isThrownBy(other.getInputStream()::read).withMessageContaining("reset");
        }
    }

    @Test
    void aClientAndAServerPlayInOneLoop() throws Exception {
        assertThat(loop("PingPong")).isEqualToNormalizingNewlines("""
                ping
                pong
                ping
                pong
                ping goes home
                pong goes home
                """);
    }

    @Test
    void aFileIsPrintedThroughThePort() throws Exception {
        String text = "a line of 20 letters\n".repeat(1000);
        Path file = Files.writeString(examples.folder.resolve("file.txt"), text);
        assertThat(loop("PrintFile", file.toString())).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"EchoServer", "Reuse"})
    void aNettyServerEchoesAsAModule(String name) throws Exception {
        try (ExampleServer server = new ExampleServer(examples.start(NATIVE + "org.iocp4j.core", "--module-path",
                windowsPath(netty("netty")), "-m", "example.netty/example." + name));
                Socket client = server.connect()) {
            byte[] words = "there and back again".getBytes(StandardCharsets.US_ASCII);
            client.getOutputStream().write(words);
            assertThat(client.getInputStream().readNBytes(words.length)).isEqualTo(words);
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** What it is to send back would fill the server's memory. */
    @Test
    void aNettyServerDoesNotReadFromAClientThatDoesNot() throws Exception {
        int total = 192 << 20;
        try (ExampleServer server = new ExampleServer(examples.start(NATIVE + "ALL-UNNAMED", "-cp",
                windowsPath(netty("netty")), "example.EchoServer"));
                Socket client = server.connect()) {
            AtomicInteger sent = new AtomicInteger();
            CompletableFuture<Void> sending = Background.run(() -> {
                byte[] piece = new byte[1 << 16];
                while (sent.get() < total) {
                    client.getOutputStream().write(piece);
                    sent.addAndGet(piece.length);
                }
            });
            int before;
            do {
                before = sent.get();
                Thread.sleep(1000); // too short on a slow machine, it finds no fault; it never finds a wrong one
            } while (sent.get() > before);
            assertThat(before).isLessThan(total);
            client.getInputStream().skipNBytes(total);
            sending.get();
        }
    }

    /** A program that knows java.nio alone, switched by the property that docs/channels.md names. */
    @Test
    void aProgramOnTheChannelsOfJavaNioIsSwitchedByAProperty() throws Exception {
        Path classes = examples.compile("channels");
        String property = "-Djava.nio.channels.spi.AsynchronousChannelProvider="
                + "org.iocp4j.channels.IocpAsynchronousChannelProvider";
        String jars = windowsPath(classes, core, Jars.library("iocp4j-channels"), slf4j);
        echoes("org.iocp4j.channels", property, NATIVE + "ALL-UNNAMED", "-cp", jars, "example.Echo");
        echoes("sun.nio.ch", "-cp", classes.toString(), "example.Echo");
    }

    private void echoes(String provider, String... arguments) throws Exception {
        Process process = examples.start(arguments);
        try {
            String line = process.inputReader().readLine();
            assertThat(line).startsWith("listening on /127.0.0.1:").contains(" by " + provider);
            int port = Integer.parseInt(line.replaceFirst(".*127.0.0.1:([0-9]+).*", "$1"));
            byte[] words = "there and back again".getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < 3; i++) {
                try (Socket client = new Socket("127.0.0.1", port)) {
                    client.setSoTimeout(30_000);
                    client.getOutputStream().write(words);
                    assertThat(client.getInputStream().readNBytes(words.length)).isEqualTo(words);
                    client.shutdownOutput();
                    assertThat(client.getInputStream().read()).isEqualTo(-1);
                }
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /** The transport is chosen where it can be used, and elsewhere the cause is told. */
    @Test
    void aProgramForAllSystemsFindsOutWhereItIs() throws Exception {
        Process windows = examples.start(NATIVE + "ALL-UNNAMED", "-cp", windowsPath(netty("netty")),
                "example.Anywhere");
        assertThat(windows.inputReader().readLine()).startsWith("IocpServerSocketChannel")
                .endsWith("why not ours: null");
        if (!OS.WINDOWS.isCurrentOs()) {
            assertThat(Jars.java(examples.folder, List.of("-cp", Jars.path(netty("netty")), "example.Anywhere")).out())
                    .startsWith("NioServerSocketChannel").contains("iocp4j needs Windows' completion ports");
        }
    }

    /** The classes of an example, with what its pom names. */
    private Path[] netty(String example) throws Exception {
        List<Path> jars = new ArrayList<>(List.of(core, Jars.library("iocp4j-netty"), slf4j));
        for (Class<?> type : List.of(Channel.class, ByteBuf.class, Future.class, AddressResolver.class)) {
            jars.add(Jars.of(type));
        }
        jars.addFirst(examples.compile(example, "--module-path", Jars.path(jars.toArray(Path[]::new))));
        return jars.toArray(Path[]::new);
    }

    /** What one of the loop's programs prints. */
    private String loop(String name, String... itsArguments) throws Exception {
        Path classes = examples.compile("loop", "--module-path", Jars.path(core, slf4j));
        List<String> arguments = new ArrayList<>(List.of(NATIVE + "org.iocp4j.core", "--module-path",
                windowsPath(classes, core, slf4j), "-m", "example.loop/example." + name));
        arguments.addAll(List.of(itsArguments));
        Process process = examples.start(arguments.toArray(String[]::new));
        try {
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            return printed;
        } finally {
            process.destroyForcibly();
        }
    }
}
