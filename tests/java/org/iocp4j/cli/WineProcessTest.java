package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A server in a Windows JVM under Wine and its peers on Linux, as users have them: signals, and the demo. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class WineProcessTest {
    private static final Path BASE = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
    private static final Path BED = BASE.resolve("tests/wine");

    private final List<Process> processes = new ArrayList<>();

    @TempDir
    private Path folder;

    @BeforeEach
    void onlyWhereTheTestBedIsSetUp() throws Exception {
        Process ready = new ProcessBuilder("bash", "-c", "source \"$0\"/environment.sh && bed_ready", BED.toString())
                .redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start();
        assumeTrue(ready.waitFor() == 0, "the Wine test bed is not set up");
    }

    @AfterEach
    void endWhatIsLeft() {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void interruptDrainsPrintsTotalsAndEndsWith0() throws Exception {
        Process server = start(windowsJava(), "serve", "--port", "0", "--json");
        BufferedReader out = server.inputReader();
        String ready = out.readLine();
        assertThat(ready).startsWith("ready 127.0.0.1:");
        assertThat(out.readLine()).contains("\"acceptsPosted\":200");
        try (Socket client = new Socket("127.0.0.1", Integer.parseInt(ready.substring(ready.indexOf(':') + 1)))) {
            assertThat(client.getInputStream().readNBytes(10)).hasSize(10);
            interrupt(server);
            List<String> lines = out.lines().toList();
            assertThat(lines.getLast()).startsWith("{\"totals\":true,").contains("\"sessions\":0,", "\"accepts\":1,")
                    .endsWith("}");
        }
        assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }

    @Test
    @Tag("slow")
    void demoShowsReuseAndTheBug() throws Exception {
        Process demo = demo("--seconds", "2");
        String text = demo.inputReader().lines().collect(Collectors.joining("\n"));
        assertThat(text).containsSubsequence("1. A server", "it listens on 127.0.0.1:", "echoed ",
                "every counter of both sides is 0", "2. The same", "packets named the wrong session",
                "as it should be");
        assertThat(demo.waitFor()).isZero();
    }

    @Test
    void interruptedDemoTakesItsServerAlong() throws Exception {
        Process demo = demo("--seconds", "60");
        List<String> lines = new ArrayList<>();
        BufferedReader out = demo.inputReader();
        while (lines.isEmpty() || !lines.getLast().contains(" sockets made")) {
            String line = out.readLine();
            assertThat(line).as(String.join("\n", lines)).isNotNull();
            lines.add(line);
        }
        List<ProcessHandle> servers = demo.descendants().toList();
        assertThat(servers).isNotEmpty();
        interrupt(demo);
        assertThat(out.lines().toList().getLast()).isEqualTo("interrupted: the server has ended");
        assertThat(demo.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(servers).noneMatch(ProcessHandle::isAlive);
    }

    /** This JVM runs the demo, and a stand-in for the launcher starts the server with the classes under test. */
    private Process demo(String... options) throws IOException {
        Path launcher = Files.writeString(folder.resolve("launcher"), "#!/bin/sh\nexec "
                + windowsJava().stream().map(word -> "'" + word + "'").collect(Collectors.joining(" ")) + " \"$@\"\n");
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
        List<String> java = new ArrayList<>(List.of("env", "IOCP4J_LAUNCHER=" + launcher,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Main.class.getName(), "demo"));
        return start(java, options);
    }

    private static List<String> windowsJava() {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .collect(Collectors.joining(";"));
        return List.of(BED.resolve("bin/java").toString(), "--enable-native-access=ALL-UNNAMED", "-cp", classPath,
                Main.class.getName());
    }

    private Process start(List<String> command, String... options) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(options));
        Process process = new ProcessBuilder(all).redirectError(Redirect.DISCARD).start();
        processes.add(process);
        return process;
    }

    private static void interrupt(Process process) throws Exception {
        assertThat(new ProcessBuilder("sh", "-c", "kill -INT " + process.pid()).start().waitFor()).isZero();
    }
}
