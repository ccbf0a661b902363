package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.iocp4j.load.FakeServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own shows: line endings, the version, the end by a signal. */
@Timeout(120)
class MainProcessTest {
    @Test
    void linesEndInLineFeedOnEveryOs() throws Exception {
        Process help = start("load", "--help");
        String text = output(help);
        assertThat(text).contains("--clients").contains("Exit codes:\n").endsWith("\n").doesNotContain("\r");
        assertThat(help.exitValue()).isZero();

        Process wrong = start("load", "--port", "x");
        assertThat(output(wrong)).isEqualTo(
                "--port: 'x' is not allowed, must be 1 to 65535, see iocp4j load --help\n");
        assertThat(wrong.exitValue()).isEqualTo(2);
    }

    @Test
    void version() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(Main.run(out, out, "--version")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("iocp4j ").hasLineCount(1);
    }

    /** A script must not take half of an answer for the whole. */
    @Test
    void whatCannotBeWrittenIsAnError() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        assertThat(Main.run(full, err, "--version")).isOne();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("standard output: not all could be written: No space left on device\n");
        err.reset();
        assertThat(Main.run(new PrintStream(full), err, "--version")).isOne(); // as System.out
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("standard output: not all could be written: ")
                .hasLineCount(1);
    }

    /** Java on Windows can only end a process the hard way. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void signalDrainsAndPrintsTheSummary() throws Exception {
        try (FakeServer server = FakeServer.messages()) {
            Process load = start("load", "--port", String.valueOf(server.port()), "--seconds", "100", "--json",
                    "--echo-timeout", "20s");
            String second;
            do { // until each client is there: one that is still connecting at the end counts as an error
                second = load.inputReader().readLine();
                assertThat(second).as("a line a second").contains("\"sessions\":");
            } while (!second.contains("\"sessions\":50,"));
            // Not Process.destroy: that also closes the streams we still want to read.
            load.toHandle().destroy();
            String rest = output(load);
            assertThat(rest.lines().toList().getLast()).startsWith("{\"summary\":true").endsWith("}");
            assertThat(load.exitValue()).isZero();
        }
    }

    /** A command that cannot end in order does not look like one that did. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void signalThatNothingWaitsForIsALineAndExitCode130() throws Exception {
        Process study = start("study", "--simulated");
        assertThat(study.inputReader().readLine()).startsWith("platform: ");
        study.toHandle().destroy();
        assertThat(output(study).lines()).last().isEqualTo("interrupted before it could end in order");
        assertThat(study.exitValue()).isEqualTo(ExitCode.INTERRUPTED);
    }

    /** A load must end when its time is up or the signal comes, whoever does not read what it prints. */
    @ParameterizedTest
    @ValueSource(strings = {"1", "100"})
    @EnabledOnOs(OS.LINUX)
    void whoDoesNotReadCannotHoldUpARunNorItsEnd(String seconds) throws Exception {
        try (FakeServer server = FakeServer.messages()) {
            Process load = new ProcessBuilder("sh", "-c", BlockedOutputTest.FILL_AND_RUN, "1",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                    System.getProperty("java.class.path"), "org.iocp4j.cli.Main", "load", "--port",
                    String.valueOf(server.port()), "--clients", "1", "--seconds", seconds, "--json", "--echo-timeout",
                    "20s").start();
            try {
                await().until(() -> server.accepted.get() > 0);
                boolean interrupted = !seconds.equals("1");
                if (interrupted) {
                    load.toHandle().destroy();
                }
                assertThat(load.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
                assertThat(load.exitValue()).isEqualTo(interrupted ? ExitCode.OK : ExitCode.FAILED);
                assertThat(load.errorReader().lines().toList().getLast())
                        .matches("standard output: \\d lines? (was|were) dropped, for nobody read them");
            } finally {
                load.destroyForcibly();
            }
        }
    }

    /** A JVM whose own line separator is that of Windows, whatever the OS. */
    private static Process start(String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-PrintWarnings", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), "org.iocp4j.cli.Main"));
        if (!"\r\n".equals(System.lineSeparator())) {
            command.add(1, "-Dline.separator=\r\n");
        }
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String output(Process process) throws Exception {
        StringBuilder text = new StringBuilder();
        char[] buffer = new char[1024];
        for (int n = process.inputReader().read(buffer); n >= 0; n = process.inputReader().read(buffer)) {
            text.append(buffer, 0, n);
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return text.toString();
    }
}
