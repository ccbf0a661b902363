package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.resolver.AddressResolver;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.StringWriter;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apiguardian.api.API;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;

/**
 * The programs in {@code examples}, compiled against the jars that their poms name: as modules, and on the class path.
 */
@Tag("packaged")
@Timeout(120)
@DisabledIf("thereIsNoCompiler")
class ExamplesTest {
    private static final String NATIVE = "--enable-native-access=";

    private Path folder;
    private Path core;
    private Path server;
    private Path echo;
    private Path slf4j;

    @BeforeEach
    void findJars() throws Exception {
        core = Jars.library("iocp4j-core");
        server = Jars.library("iocp4j");
        echo = Jars.library("iocp4j-echo");
        slf4j = Jars.of(Logger.class);
        folder = Jars.newFolder(core);
    }

    /** So the Windows JDK of the test bed: this test runs in Linux' JVM, and starts that one. */
    static boolean thereIsNoCompiler() {
        return ToolProvider.getSystemJavaCompiler() == null;
    }

    @Test
    void eachCompilesAgainstWhatItsPomNames() throws Exception {
        compile("server", "--module-path", Jars.path(core, server, slf4j));
        compile("loop", "--module-path", Jars.path(core, slf4j));
        compile("test-peer", "--class-path", Jars.path(core, server, echo, Jars.of(Test.class), Jars.of(API.class)));
    }

    @Test
    void theServerServesAsAModule() throws Exception {
        Path classes = compile("server", "--module-path", Jars.path(core, server, slf4j));
        serves(NATIVE + "org.iocp4j.core", "--module-path", windowsPath(classes, core, server, slf4j),
                "-m", "example.server/example.Main");
    }

    @Test
    void theServerServesOnTheClassPath() throws Exception {
        Path classes = compile("server", "--module-path", Jars.path(core, server, slf4j));
        serves(NATIVE + "ALL-UNNAMED", "-cp", windowsPath(classes, core, server, slf4j), "example.Main");
    }

    private void serves(String... arguments) throws Exception {
        Process process = start(arguments);
        try {
            String line = process.inputReader().readLine();
            assertThat(line).startsWith("listening on /127.0.0.1:");
            try (Socket client = new Socket("127.0.0.1", Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)))) {
                client.setSoTimeout(30_000);
                client.getOutputStream().write("four\n\nno end".getBytes(StandardCharsets.US_ASCII));
                client.shutdownOutput();
                assertThat(client.getInputStream().readAllBytes()).asString(StandardCharsets.US_ASCII)
                        .isEqualTo("4\n0\n");
            }
        } finally {
            process.destroyForcibly();
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
        Path file = Files.writeString(folder.resolve("file.txt"), text);
        assertThat(loop("PrintFile", file.toString())).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"EchoServer", "Reuse"})
    void aNettyServerEchoesAsAModule(String name) throws Exception {
        Process process = start(NATIVE + "org.iocp4j.core", "--module-path", windowsPath(netty("netty")),
                "-m", "example.netty/example." + name);
        try {
            String line = process.inputReader().readLine();
            assertThat(line).startsWith("listening on /127.0.0.1:");
            try (Socket client = new Socket("127.0.0.1", Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)))) {
                client.setSoTimeout(30_000);
                byte[] words = "there and back again".getBytes(StandardCharsets.US_ASCII);
                client.getOutputStream().write(words);
                assertThat(client.getInputStream().readNBytes(words.length)).isEqualTo(words);
                client.shutdownOutput();
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /** The transport is chosen where it can be used, and elsewhere the cause is told. */
    @Test
    void aProgramForAllSystemsFindsOutWhereItIs() throws Exception {
        Process windows = start(NATIVE + "ALL-UNNAMED", "-cp", windowsPath(netty("netty")), "example.Anywhere");
        assertThat(windows.inputReader().readLine()).startsWith("IocpServerSocketChannel")
                .endsWith("why not ours: null");
        if (!OS.WINDOWS.isCurrentOs()) {
            assertThat(Jars.java(folder, List.of("-cp", Jars.path(netty("netty")), "example.Anywhere")).out())
                    .startsWith("NioServerSocketChannel").contains("iocp4j needs Windows' completion ports");
        }
    }

    /** The classes of an example, with what its pom names. */
    private Path[] netty(String example) throws Exception {
        List<Path> jars = new ArrayList<>(List.of(core, Jars.library("iocp4j-netty"), slf4j));
        for (Class<?> type : List.of(Channel.class, ByteBuf.class, Future.class, AddressResolver.class)) {
            jars.add(Jars.of(type));
        }
        jars.addFirst(compile(example, "--module-path", Jars.path(jars.toArray(Path[]::new))));
        return jars.toArray(Path[]::new);
    }

    /** What one of the loop's programs prints. */
    private String loop(String name, String... itsArguments) throws Exception {
        Path classes = compile("loop", "--module-path", Jars.path(core, slf4j));
        List<String> arguments = new ArrayList<>(List.of(NATIVE + "org.iocp4j.core", "--module-path",
                windowsPath(classes, core, slf4j), "-m", "example.loop/example." + name));
        arguments.addAll(List.of(itsArguments));
        Process process = start(arguments.toArray(String[]::new));
        try {
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            return printed;
        } finally {
            process.destroyForcibly();
        }
    }

    /** A Windows JVM: under Wine, where this is not Windows. */
    private Process start(String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        if (OS.WINDOWS.isCurrentOs()) {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        } else {
            String bed = Path.of("tests/wine").toAbsolutePath().toString();
            assumeTrue(new ProcessBuilder("bash", "-c", "source \"$0\"/environment.sh && bed_ready", bed).start()
                    .waitFor() == 0,
                    "the Wine test bed is not set up");
            command.add(bed + "/bin/java");
        }
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(folder.resolve("err.txt").toFile()).start();
    }

    /** As {@link Jars#path}, for the JVM that {@link #start} starts. */
    private static String windowsPath(Path... jars) {
        return Stream.of(jars).map(Path::toString).collect(Collectors.joining(";"));
    }

    /** The compiled example. */
    private Path compile(String example, String... options) throws IOException {
        Path classes = folder.resolve(example);
        List<Path> sources;
        try (Stream<Path> files = Files.walk(Path.of("examples", example))) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> arguments = new ArrayList<>(List.of("-Xlint:all,-classfile", "-Werror", "-d", classes.toString()));
        arguments.addAll(List.of(options));
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            assertThat(compiler.getTask(messages, files, null, arguments, null,
                    files.getJavaFileObjectsFromPaths(sources))
                    .call()).as("%s: %s", example, messages).isTrue();
        }
        return classes;
    }
}
