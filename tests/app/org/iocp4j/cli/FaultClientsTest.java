package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.server.Settled.LONGEST;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Clients that are not ours meet the faults of a server in a Windows JVM under Wine. */
@Timeout(180)
@EnabledOnOs(OS.LINUX)
class FaultClientsTest extends WineTestBed {
    private Process server;
    private int port;
    private int control;
    private final List<String> lines = new ArrayList<>();

    private void serve(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("serve", "--port", "0"));
        command.addAll(List.of(options));
        server = startWindows(command.toArray(String[]::new));
        BufferedReader out = server.inputReader();
        port = port("ready", out.readLine());
        if (command.contains("--control")) {
            control = port("control", out.readLine());
        }
        Thread.ofPlatform().daemon().start(() -> out.lines().forEach(this::keep));
    }

    private synchronized void keep(String line) {
        lines.add(line);
    }

    private static int port(String what, String line) {
        assertThat(line).startsWith(what + " 127.0.0.1:");
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    }

    private static void assumeThereIs(String program) {
        assumeTrue(Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))), program + " is not there");
    }

    private static Process run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
        return process;
    }

    /** Python's sockets and asyncio, and the control connection; the events tell the same. */
    @Test
    void pythonSeesEachFault() throws Exception {
        assumeThereIs("python3");
        serve("--control", "0", "--json", "--events");
        Process python = run("python3", BASE.resolve("tests/resources/clients/faults.py").toString(), "127.0.0.1",
                String.valueOf(port), String.valueOf(control));
        assertThat(python.inputReader().lines().toList()).hasSize(12).allMatch(line -> line.startsWith("ok "));
        assertThat(python.exitValue()).isZero();
        interrupt(server);
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
        synchronized (this) {
            assertThat(lines).anyMatch(line -> line.startsWith("{\"totals\":true"));
            long accepts = lines.stream().filter(line -> line.startsWith("{\"event\":\"accept\"")).count();
            assertThat(accepts).isEqualTo(11 + 50);
            assertThat(lines.stream().filter(line -> line.startsWith("{\"event\":\"disconnect\""))).hasSize(61)
                    .anyMatch(line -> line.contains("\"by\":\"server\",\"how\":\"rst\""))
                    .anyMatch(line -> line.contains("\"by\":\"client\",\"how\":\"fin\""));
        }
    }

    /** What comes back is the request itself, which is no answer of HTTP/1: so no more than the faults can be seen. */
    @Test
    void curlAndTheJdksHttpClientSeeAResetAndALateAnswer() throws Exception {
        serve("--protocol", "raw", "--fault", "reset-peer=0,toxicity=0", "--fault", "latency=60s", "--seed", "5");
        URI uri = URI.create("http://127.0.0.1:" + port + "/");
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofMillis(500)).build();
            assertThatExceptionOfType(HttpTimeoutException.class)
                    .isThrownBy(() -> client.send(request, BodyHandlers.ofString()));
        }
        assumeThereIs("curl");
        assertThat(run("curl", "--silent", "--max-time", "0.5", uri.toString()).exitValue()).as("a timeout")
                .isEqualTo(28);
        server.destroyForcibly();
        serve("--protocol", "raw", "--fault", "refuse-accepts");
        URI refusing = URI.create("http://127.0.0.1:" + port + "/");
        assertThat(run("curl", "--silent", refusing.toString()).exitValue()).as("a reset").isEqualTo(56);
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertThatIOException().isThrownBy(() ->
                    client.send(HttpRequest.newBuilder(refusing).build(), BodyHandlers.ofString()));
        }
    }
}
