package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Applications of frameworks on Netty, and of others on asynchronous channels (Tomcat, smart-socket, Apache MINA SSHD),
 * in {@code examples}: each is built by Maven from its own pom and what is installed, and checks itself on what the JDK
 * has and on completion ports.
 */
@Tag("packaged")
@Tag("slow")
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisabledIf("thereIsNoCompiler")
class NettyApplicationsTest {
    private static final String PROVIDER = "-Djava.nio.channels.spi.AsynchronousChannelProvider="
            + "org.iocp4j.channels.IocpAsynchronousChannelProvider";

    private final Map<String, Path> built = new HashMap<>();

    /** So the Windows JDK of the test bed: this test runs in Linux' JVM, and starts that one. */
    static boolean thereIsNoCompiler() {
        return ToolProvider.getSystemJavaCompiler() == null;
    }

    @ParameterizedTest
    @CsvSource({
        "channels-smartsocket, example.Check, iocp",
        "channels-tomcat, example.Check, iocp",
        "netty-grpc, example.Check, nio",
        "netty-grpc, example.Check, iocp",
        "netty-grpc-interop, io.grpc.testing.integration.Interop, nio",
        "netty-grpc-interop, io.grpc.testing.integration.Interop, iocp",
        "netty-spring, example.Check, nio",
        "netty-spring, example.Check, iocp",
        "netty-vertx, example.Check, nio",
        "netty-vertx, example.Check, iocp"})
    void everyCasePasses(String example, String main, String transport) throws Exception {
        passes(example, main, transport);
    }

    @Test
    @Tag("nightly")
    void anSshServerPasses() throws Exception {
        passes("channels-sshd", "example.Check", "iocp");
    }

    private void passes(String example, String main, String transport) throws Exception {
        Path folder = build(example);
        String path = "target/" + example + "-1.jar;target/lib/*";
        if (transport.equals("iocp") && Files.exists(folder.resolve("target/iocp4j"))) {
            path += ";target/iocp4j/*";
        }
        Path out = folder.resolve("target/" + transport + ".txt");
        List<String> command =
                new ArrayList<>(List.of(ExampleBuild.windowsJava(), "--enable-native-access=ALL-UNNAMED"));
        if (example.startsWith("channels") && transport.equals("iocp")) {
            command.add(PROVIDER);
        }
        command.addAll(List.of("-cp", path, main, "--transport", transport));
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(out.toFile()).start();
        try {
            assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("ended: %s", Files.readString(out)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(out)).isZero();
    }

    private Path build(String example) throws Exception {
        Path known = built.get(example);
        if (known != null) {
            return known;
        }
        ExampleBuild build = ExampleBuild.of(example, List.of("core", "channels", "netty", "reactor", "vertx"),
                "package");
        assertThat(build.exitCode()).as("Maven: %s", build.log()).isZero();
        built.put(example, build.folder());
        return build.folder();
    }
}
