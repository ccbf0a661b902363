package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class ServeCommandTest {
    /** The login message, and one of ours. */
    private static final byte[] LOGIN = {8, 0, -1, -1, -1, -1, -1, -1, -1, 127};
    private static final byte[] PACKET = {8, 0, 1, 2, 3, 4, 5, 6, 7, 8};

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --port            | 65536  | 0 to 65535
            --disconnect      | abort  | disconnectex, transmitfile, close or graceful
            --identity        | slot   | overlapped, key or slot-key
            --protocol        | http   | messages or raw
            --profile         | best   | original
            --workers         | 0      | 1 to 1024
            --ports           | 0      | 1 to 128
            --concurrency     | -1     | 0 to 1024
            --accepts         | 0      | 1 to 10000
            --pool            | 100001 | 0 to 100000
            --max-sessions    | 1000001 | 1 to 1000000
            --idle-timeout    | 5      | a number with ms, s or m, 0s to 1440m
            --disconnect-time | 99ms   | a number with ms, s or m, 100ms to 10m
            --drain-time      | x      | a number with ms, s or m, 0s to 10m
            --buffer-bytes    | 63     | 64 to 1048576
            --send-queue      | 1      | 64 to 16777216
            --seconds         | 0      | 1 to 604800
            --control         | 65536  | 0 to 65535
            --seed            | x      | a number
            """)
    void wrongOptionIsOneLineAndExitCode2(String option, String value, String allowed) {
        assertThat(serve(option, value)).isEqualTo(2);
        assertThat(err()).isEqualTo(option + ": '" + value + "' is not allowed, must be " + allowed
                + ", see iocp4j serve --help\n");
        assertThat(out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"--protocol, seed, messages", "--profile, seed, original", "--profile, SEED, original"})
    void anOldNameIsRefusedWithTheNewOne(String option, String old, String now) {
        assertThat(serve(option, old)).isEqualTo(2);
        assertThat(err()).isEqualTo(option + ": " + old + " is called " + now + " now, see iocp4j serve --help\n");
        assertThat(out()).isEmpty();
    }

    @Test
    void optionsThatDoNotGoTogetherAreOneLineAndExitCode2() {
        assertThat(serve("--max-sessions", "1000000", "--send-queue", "16777216", "--buffer-bytes", "64")).isEqualTo(2);
        assertThat(err())
                .startsWith("--max-sessions: 1000000 with --send-queue 16777216 and --buffer-bytes 64 takes more than ")
                .endsWith("\n");
        assertThat(err().lines()).hasSize(1);
    }

    @Test
    void sendQueueHoldsAtLeastABuffer() {
        assertThat(serve("--buffer-bytes", "4096", "--send-queue", "4095")).isEqualTo(2);
        assertThat(err()).isEqualTo("--send-queue: '4095' is not allowed, must be --buffer-bytes (4096) or more\n");
    }

    @Test
    void eachPortNeedsAWorkerAndAKeyThatNamesTheSessionTakesOne() {
        assertThat(serve("--workers", "2", "--ports", "3")).isEqualTo(2);
        assertThat(err()).isEqualTo("--ports: '3' is not allowed, must be --workers (2) or less\n");
        assertThat(serve("--workers", "2", "--ports", "2", "--identity", "slot-key")).isEqualTo(2);
        assertThat(err()).endsWith("--ports: '2' is not allowed, must be 1, with --identity slot-key\n");
    }

    @Test
    void closeTimeIsNotBelowTheDisconnectTime() {
        assertThat(serve("--disconnect-time", "9s", "--close-time", "8s")).isEqualTo(2);
        assertThat(err()).isEqualTo("--close-time: '8s' is not allowed, must be --disconnect-time (9s) or more\n");
    }

    @Test
    void aWrongFaultIsOneLineAndExitCode2() {
        assertThat(serve("--fault", "drop=2", "--fault", "latency=5")).isEqualTo(2);
        assertThat(err()).isEqualTo("--fault: latency: '5' is not allowed, must be a number with ms, s or m\n");
    }

    @Test
    void eventsAreForProgramsAlone() {
        assertThat(serve("--events")).isEqualTo(2);
        assertThat(err()).isEqualTo("--events: must be given with --json\n");
    }

    @Test
    void unknownHostIsOneLine() {
        assertThat(serve("--host", "no-such-host.invalid")).isOne();
        assertThat(err()).isEqualTo("bind: unknown host, no-such-host.invalid\n");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereThanOnWindowsIsOneLine() {
        assertThat(serve()).isOne();
        assertThat(err()).startsWith("iocp4j needs Windows' completion ports, and this JVM runs on ").hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void echoesMonitorsAndGivesTotals() throws Exception {
        Path ready = Files.writeString(folder.resolve("ready"), "127.0.0.1:1\n");
        var exit = inBackground("--seconds", "5", "--json", "--ready-file", ready.toString());
        int port = awaitPort(ready);
        for (int i = 0; i < 3; i++) {
            try (Socket client = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
                client.setSoTimeout(20_000);
                client.getOutputStream().write(PACKET);
                assertThat(client.getInputStream().readNBytes(LOGIN.length)).isEqualTo(LOGIN);
                assertThat(client.getInputStream().readNBytes(PACKET.length)).isEqualTo(PACKET);
            }
        }
        assertThat(exit.get(40, TimeUnit.SECONDS)).isZero();

        List<String> lines = out().lines().toList();
        assertThat(lines.getFirst()).isEqualTo("ready 127.0.0.1:" + port);
        List<Map<String, Object>> figures = lines.stream().skip(1).map(ServeCommandTest::parse).toList();
        assertThat(figures).hasSize(6).allSatisfy(second -> assertThat(second).containsKeys("sessions",
                "acceptsPerSecond", "receivedMessagesPerSecond", "sentMessagesPerSecond", "receiveCompletionsPerSecond",
                "sendCompletionsPerSecond", "socketsCreated", "socketsReused", "socketsFree", "socketsRecycling",
                "socketsDiscarded", "socketsHighWater", "socketsGivenBack", "acceptsPosted",
                "processMemoryBytes", "nonPagedPoolBytes", "cpuPercent"));
        assertThat(figures.get(4)).doesNotContainKey("totals").containsEntry("acceptsPosted", 200L);
        assertThat(figures.getLast()).containsEntry("totals", true).containsEntry("accepts", 3L)
                .containsEntry("receivedMessages", 3L).containsEntry("sentMessages", 6L)
                .containsEntry("receivedBytes", 30L).containsEntry("sentBytes", 60L)
                .containsEntry("sessions", 0L).containsEntry("acceptsPosted", 0L).containsEntry("socketsFree", 0L);
        for (String counter : List.of("sessionsRefusedFull", "callFailures", "latePackets", "keyMismatches",
                "protocolErrors", "acceptFailures", "handlerFailures", "workerFailures", "strayPackets")) {
            assertThat(figures.getLast()).containsEntry(counter, 0L);
        }
        String explained = Files.readString(Path.of("docs", "counters.md"));
        assertThat(figures.getLast().keySet()).allSatisfy(key -> assertThat(explained)
                .containsAnyOf("`" + key + "`", "`\"" + key + "\": true`"));
        assertThat((Long) figures.getLast().get("processMemoryBytes")).isGreaterThan(1 << 20);
        assertThat(err()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void aFaultThatTheProtocolDoesNotHaveIsOneLineAndExitCode2() {
        assertThat(serve("--port", "0", "--protocol", "raw", "--fault", "wrong-login")).isEqualTo(2);
        assertThat(err()).isEqualTo("--fault: wrong-login: the protocol has no login message\n");
        assertThat(out()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void textHasAHeaderALineASecondAndTotals() {
        assertThat(serve("--seconds", "2", "--port", "0", "--profile", "original", "--accepts", "17")).isZero();
        assertThat(out()).matches("(?s)ready 127\\.0\\.0\\.1:\\d+\n +time sessions accepts/s .* cpu\n"
                + " +1s [^\n]*\n +2s +0 +0 +0 +0 +0 +0 +256 +0 +239 +0 +0 +17 [^\n]*\n"
                + "total: \\d+\\.\\d s, 0 accepts, 0 sessions left\nreceived: 0 completions, 0 messages, 0 bytes\n"
                + "sent: 0 completions, 0 messages, 0 bytes\nsockets: 256 created, 0 times reused, 256 closed\n"
                + "incidents: none\n");
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void portInUseIsOneLineAndLeavesNoReadyFile() throws IOException {
        Path ready = Files.writeString(folder.resolve("ready"), "stale");
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThat(serve("--port", String.valueOf(other.getLocalPort()), "--ready-file", ready.toString())).isOne();
            assertThat(err()).startsWith("bind: WSAEADDRINUSE (10048), 127.0.0.1:" + other.getLocalPort())
                    .hasLineCount(1);
        }
        assertThat(out()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void readyFileThatCannotBeWrittenIsOneLine() {
        assertThat(serve("--port", "0", "--ready-file", folder.resolve("none").resolve("ready").toString())).isOne();
        assertThat(err()).startsWith("--ready-file: cannot write ").endsWith(": no such folder\n").hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    /** A drive that is not there, a pipe that nobody serves, no console, and names that are no files'. */
    @ParameterizedTest
    @CsvSource({"q:ready, 1", "q:\\ready, 1", "\\\\.\\pipe\\none, 1", "con, 1", "/none/ready, 1", "none/, 1", "/, 1",
        "., 1", "'', 2", "' ', 2", "a?b, 2", "a<b, 2"})
    @EnabledOnOs(OS.WINDOWS)
    void readyFileThatCannotBeIsOneLine(String name, int exitCode) {
        assertThat(serve("--port", "0", "--seconds", "1", "--ready-file", name)).isEqualTo(exitCode);
        assertThat(err()).startsWith("--ready-file: ").hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void readyFileIsAloneInItsFolder() throws Exception {
        Path ready = folder.resolve("ready");
        var exit = inBackground("--seconds", "1", "--host", "::1", "--ready-file", ready.toString());
        awaitPort(ready);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(ready);
        }
        assertThat(Files.readString(ready)).matches("\\[::1]:\\d+\n");
        assertThat(exit.get(40, TimeUnit.SECONDS)).isZero();
        assertThat(out()).startsWith("ready " + Files.readString(ready));
    }

    private int serve(String... options) {
        List<String> args = new ArrayList<>(List.of("serve"));
        args.addAll(List.of(options));
        return Main.run(out, err, args.toArray(String[]::new));
    }

    private CompletableFuture<Integer> inBackground(String... options) {
        List<String> args = new ArrayList<>(List.of("--port", "0"));
        args.addAll(List.of(options));
        CompletableFuture<Integer> exit = new CompletableFuture<>();
        Thread.ofPlatform().name("serve").start(() -> exit.complete(serve(args.toArray(String[]::new))));
        return exit;
    }

    private static int awaitPort(Path ready) throws IOException {
        await().until(() -> Files.exists(ready) && !Files.readString(ready).equals("127.0.0.1:1\n"));
        String text = Files.readString(ready);
        return Integer.parseInt(text.substring(text.lastIndexOf(':') + 1).strip());
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> parse(String line) {
        Map<String, Object> fields = new LinkedHashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(line)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                switch (token) {
                    case VALUE_NUMBER_INT -> fields.put(parser.currentName(), parser.getLongValue());
                    case VALUE_NUMBER_FLOAT -> fields.put(parser.currentName(), parser.getDoubleValue());
                    case VALUE_TRUE -> fields.put(parser.currentName(), true);
                    case VALUE_NULL -> fields.put(parser.currentName(), null);
                    default -> { }
                }
            }
            return fields;
        } catch (IOException e) {
            throw new AssertionError(line, e);
        }
    }
}
