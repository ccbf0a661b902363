package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.load.FakeServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(180)
class LoadCommandTest {
    /** For each client to connect, on a slow machine too: one that is still at it at the end is an error. */
    private static final String LONG_ENOUGH = "5";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void printsALineASecondAndASummary() throws IOException {
        try (FakeServer server = FakeServer.messages()) {
            assertThat(load(server, "--seconds", LONG_ENOUGH, "--echo-timeout", "20s")).isZero();
        }
        assertThat(out()).matches("(?s) +\\d+s  sessions \\d+  connects/s \\d+  sent messages/s [\\d,]+  .*errors 0\n"
                + ".*\ntotal: .* 50 connects, 50 closed by FIN, 0 by RST\nmessages: .*\n"
                + "round trip in microseconds: p50 [\\d.]+, p99 [\\d.]+, p99.9 [\\d.]+, max [\\d.]+\n"
                + "errors: connectFailures 0, disconnectsFromServer 0, loginDuplicates 0, loginMissing 0, "
                + "echoMissing 0, messageErrors 0\n");
        assertThat(err()).isEmpty();
    }

    @Test
    void jsonLinesParseAndTheLastIsTheSummary() throws IOException {
        try (FakeServer server = FakeServer.messages()) {
            assertThat(load(server, "--seconds", LONG_ENOUGH, "--json", "--clients", "3", "--echo-timeout", "20s"))
                    .isZero();
        }
        List<Map<String, Object>> lines = out().lines().map(LoadCommandTest::parse).toList();
        // Some seconds and the summary; fewer or more on a machine that stalls.
        assertThat(lines).hasSizeGreaterThanOrEqualTo(2);
        assertThat(lines.subList(0, lines.size() - 1)).allSatisfy(second ->
                assertThat(second).containsKey("sessions").doesNotContainKey("summary"));
        assertThat(lines.getLast()).containsEntry("summary", true).containsEntry("connects", 3L)
                .containsKeys("sentMessages", "receivedMessages", "receivedMessagesPerSecond")
                .containsKeys("p50", "p99", "p999", "max");
        String explained = Files.readString(Path.of("docs", "counters.md"));
        assertThat(lines.getLast().keySet()).allSatisfy(key -> assertThat(explained)
                .containsAnyOf("`" + key + "`", "`\"" + key + "\": true`"));
        for (String error : List.of("connectFailures", "disconnectsFromServer", "loginDuplicates", "loginMissing",
                "echoMissing", "messageErrors")) {
            assertThat(lines.getLast()).containsEntry(error, 0L);
        }
    }

    @Test
    void countedErrorsAreExitCode1() throws IOException {
        try (FakeServer server = new FakeServer((peer, connection) -> {
            byte[] twice = Arrays.copyOf(FakeServer.LOGIN, 2 * FakeServer.LOGIN.length);
            System.arraycopy(FakeServer.LOGIN, 0, twice, FakeServer.LOGIN.length, FakeServer.LOGIN.length);
            peer.out().write(twice); // at once, so that both count even if the time is up by then
            peer.echo();
        })) {
            assertThat(load(server, "--seconds", LONG_ENOUGH, "--clients", "2", "--echo-timeout", "20s")).isOne();
        }
        assertThat(out()).contains("loginDuplicates 2, loginMissing 0");
    }

    @Test
    void noFigureIsADashOrNull() throws IOException {
        try (FakeServer server = new FakeServer((peer, connection) -> { })) { // disconnects whoever comes
            assertThat(load(server, "--seconds", "1", "--json")).isOne();
            assertThat(parse(out().lines().toList().getLast())).containsEntry("p50", null);
            out.reset();
            assertThat(load(server, "--seconds", "1")).isOne();
            assertThat(out()).contains("p50 -, p99 -");
        }
    }

    @Test
    void absentServerIsOneLine() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        assertThat(Main.run(out, err, "load", "--port", String.valueOf(port))).isOne();
        String line = "connect: Connection refused, 127.0.0.1:" + port + "\n";
        assertThat(err()).isEqualTo(line);
        assertThat(out()).as("on a machine that stalls, a second may have passed").doesNotContain("total:");

        assertThat(Main.run(out, err, "load", "--port", String.valueOf(port), "--json")).isOne();
        assertThat(err()).isEqualTo(line + line);
        Map<String, Object> summary = parse(out().lines().toList().getLast());
        assertThat(summary).containsEntry("summary", true).containsEntry("p50", null);
        assertThat((Long) summary.get("connectFailures")).as("one for each client, and more if some were tried again")
                .isGreaterThanOrEqualTo(50);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void completionPortsNeedWindows() {
        assertThat(Main.run(out, err, "load", "--engine", "iocp")).isOne();
        assertThat(err()).startsWith("iocp4j needs Windows' completion ports, and this JVM runs on ").hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    @Test
    @NeedsCompletionPorts
    void completionPortsSayTheSame() throws IOException {
        try (FakeServer server = FakeServer.messages()) {
            assertThat(load(server, "--engine", "iocp", "--seconds", LONG_ENOUGH, "--clients", "3", "--echo-timeout",
                    "20s"))
                    .isZero();
        }
        assertThat(out()).contains(" 3 connects, 3 closed by FIN, 0 by RST\n");
        assertThat(err()).isEmpty();
    }

    @Test
    void unknownHostIsOneLine() {
        assertThat(Main.run(out, err, "load", "--host", "no-such-host.invalid")).isOne();
        assertThat(err()).isEqualTo("connect: unknown host, no-such-host.invalid\n");
    }

    private int load(FakeServer server, String... options) {
        String[] args = new String[options.length + 3];
        args[0] = "load";
        args[1] = "--port";
        args[2] = String.valueOf(server.port());
        System.arraycopy(options, 0, args, 3, options.length);
        return Main.run(out, err, args);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    /** The fields of a line; those of an inner object beside the others. */
    private static Map<String, Object> parse(String line) {
        Map<String, Object> fields = new LinkedHashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(line)) {
            assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
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
