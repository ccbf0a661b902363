package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A server in a Windows JVM under Wine and its peers on Linux, as users have them: signals, and the demo. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class WineProcessTest extends WineTestBed {
    @Test
    void interruptDrainsPrintsTotalsAndEndsWith0() throws Exception {
        Process server = startWindows("serve", "--port", "0", "--json");
        BufferedReader out = server.inputReader();
        String ready = out.readLine();
        assertThat(ready).startsWith("ready 127.0.0.1:");
        String second = out.readLine();
        while (!second.contains("\"acceptsPosted\":200,")) {
            second = out.readLine();
        }
        try (Socket client = new Socket("127.0.0.1", Integer.parseInt(ready.substring(ready.indexOf(':') + 1)))) {
            assertThat(client.getInputStream().readNBytes(10)).hasSize(10);
            interrupt(server);
            List<String> lines = out.lines().toList();
            assertThat(lines.getLast()).startsWith("{\"totals\":true,").contains("\"sessions\":0,", "\"accepts\":1,")
                    .endsWith("}");
        }
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }

    /** The project's folder, in which this starts, has files. */
    @Test
    void asteriskIsOneLineAndNoFileNames() throws Exception {
        Process serve = started(windowsCommand("serve", "--host", "*"));
        assertThat(serve.errorReader().lines().toList()).containsExactly(
                "'*' is not allowed: no option takes * or ?, which java.exe replaces by names of files");
        assertThat(serve.waitFor()).isEqualTo(ExitCode.WRONG_OPTIONS);
    }

    @Test
    @Tag("slow")
    void demoShowsReuseAndTheBug() throws Exception {
        Process demo = started(hostCommand("demo", "--seconds", "2").redirectErrorStream(true));
        String text = demo.inputReader().lines().collect(Collectors.joining("\n"));
        assertThat(text).containsSubsequence("1. A server", "it listens on 127.0.0.1:", "echoed ",
                "every counter of both sides is 0", "2. The same", "packets named the wrong session",
                "as it should be");
        assertThat(demo.waitFor()).isZero();
        assertThat(shapes(text.lines())).containsAll(shapes(readmeSample()));
    }

    /** The lines that README shows of a demo. */
    private static Stream<String> readmeSample() throws IOException {
        return Files.readAllLines(BASE.resolve("README.md")).stream().dropWhile(line -> !line.equals("$ ./iocp4j demo"))
                .skip(1).takeWhile(line -> !line.equals("```"))
                .filter(line -> !line.isBlank() && !line.endsWith(" ..."));
    }

    /** The lines without what differs from run to run: figures, and how wide they are. */
    private static Set<String> shapes(Stream<String> lines) {
        return lines.map(line -> line.replaceAll("\\d[\\d,.:]*", "0").replaceAll(" +", " ").strip())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void interruptedDemoTakesItsServerAlong() throws Exception {
        Process demo = startHost("demo", "--seconds", "60");
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
        await().untilAsserted(() -> assertThat(servers).noneMatch(ProcessHandle::isAlive));
    }
}
