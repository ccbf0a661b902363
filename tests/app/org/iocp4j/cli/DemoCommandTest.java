package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(120)
class DemoCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** In the Windows JVM, which starts its server as it would on Windows. On Linux: {@link WineProcessTest}. */
    @Test
    @Tag("slow")
    @EnabledOnOs(OS.WINDOWS)
    void showsReuseAndTheBug() {
        int exit = Main.run(out, err, "demo", "--seconds", "2");
        assertThat(out()).containsSubsequence("1. A server", "it listens on 127.0.0.1:", "echoed ",
                "every counter of both sides is 0", "2. The same", "packets named the wrong session",
                "as it should be\n");
        assertThat(exit).isZero();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void withoutALauncherIsOneLine() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), Main.class.getName(), "demo");
        builder.environment().remove("IOCP4J_LAUNCHER");
        Process demo = builder.start();
        assertThat(demo.waitFor()).isOne();
        assertThat(demo.errorReader().readLine()).isEqualTo("IOCP4J_LAUNCHER does not name the launcher, which starts a"
                + " Windows JVM here: type ./iocp4j and the command");
        assertThat(demo.errorReader().readLine()).isNull();
    }

    @Test
    void figuresAreTheNumbersAndFlagsOfALine() throws IOException {
        assertThat(ServerProcess.parse("{\"totals\":true,\"sessions\":3,\"acceptsPerSecond\":1.5,\"cpuPercent\":null}"))
                .containsOnly(entry("totals", true), entry("sessions", 3L), entry("acceptsPerSecond", 1.5));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }
}
