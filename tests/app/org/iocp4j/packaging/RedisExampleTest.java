package org.iocp4j.packaging;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code examples/redis} in a Windows JVM, with clients that are not ours. */
@Tag("packaged")
@Timeout(120)
@DisabledIf("org.iocp4j.packaging.Examples#thereIsNoCompiler")
class RedisExampleTest {
    private static ExampleServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new Examples().serve("redis", "example.redis/example.redis.Main", List.of("-Xmx64m"), "0");
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    /** All replies to what is sent, until the server ends the connection. */
    private static String answer(String commands) throws IOException {
        return new String(server.exchange(commands.getBytes(ISO_8859_1)), ISO_8859_1);
    }

    /** As clients send it. */
    private static String command(String... arguments) {
        StringBuilder command = new StringBuilder("*" + arguments.length + "\r\n");
        for (String argument : arguments) {
            command.append(bulk(argument));
        }
        return command.toString();
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    @Test
    void aValueIsStoredCountedAndDeleted() throws IOException {
        assertThat(answer(command("SET", "stored", "41") + command("incr", "stored") + command("GET", "stored")
                + command("DEL", "stored", "none") + command("GET", "stored") + command("INCR", "stored")
                + command("DEL", "stored")))
                .isEqualTo("+OK\r\n:42\r\n$2\r\n42\r\n:1\r\n$-1\r\n:1\r\n:1\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, value = {
        "PING                        | +PONG",
        "ping word                   | $4#word",
        "PING a b                    | -ERR wrong number of arguments for 'ping' command",
        "GET                         | -ERR wrong number of arguments for 'get' command",
        "SET a b EX 1                | -ERR syntax error",
        "CONFIG GET save             | *2#$4#save#$0#",
        "CONFIG GET none             | *0",
        "CONFIG SET save 1           | -ERR unknown subcommand 'SET'. Try CONFIG HELP.",
        "FLY me to                   | -ERR unknown command 'FLY', with args beginning with: 'me' 'to' "})
    void aCommandMayBeALine(String line, String reply) throws IOException {
        String expected = reply.replace("#", "\r\n");
        assertThat(answer("\r\n" + line + "\r\n").stripTrailing()).isEqualTo(expected.stripTrailing());
    }

    @Test
    void infoTellsWhatThereIs() throws IOException {
        assertThat(answer("SET info 1\nINFO\n")).contains("redis_version:", "\r\nconnected_clients:", "\r\ndb0:keys=");
    }

    @Test
    void whatIsNoNumberIsNotCounted() throws IOException {
        String max = Long.toString(Long.MAX_VALUE);
        assertThat(answer("SET word one\nINCR word\nSET most " + max + "\nINCR most\nGET most\nDEL word most\n"))
                .isEqualTo("+OK\r\n-ERR value is not an integer or out of range\r\n"
                        + "+OK\r\n-ERR increment or decrement would overflow\r\n" + bulk(max) + ":2\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "*x#        | invalid multibulk length",
        "*100000#   | invalid multibulk length",
        "*1#+PING#  | expected '$', got '+'",
        "*1#$-5#    | invalid bulk length",
        "*1#$20000000000# | invalid bulk length",
        "*1#$x#     | invalid bulk length"})
    void whatIsNoCommandEndsTheConnection(String sent, String message) throws IOException {
        try (Socket socket = server.connect()) { // it does not end its output
            send(socket, "PING\n" + sent.replace("#", "\r\n") + "PING\n");
            assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
                    .isEqualTo("+PONG\r\n-ERR Protocol error: " + message + "\r\n");
        }
        assertThat(answer("x".repeat(5_000))).isEqualTo("-ERR Protocol error: too big inline request\r\n");
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    /** There, and back to who asks for it twice. */
    @Test
    void aValueMayBeMuchLongerThanABuffer() throws IOException {
        byte[] bytes = new byte[4 * 1024 * 1024];
        new Random(1).nextBytes(bytes);
        String value = new String(bytes, ISO_8859_1);
        String get = command("GET", "long");
        assertThat(answer(command("SET", "long", value) + get + get + "PING\n"))
                .isEqualTo("+OK\r\n" + bulk(value) + bulk(value) + "+PONG\r\n");
        assertThat(answer("DEL long\n")).isEqualTo(":1\r\n");
        server.requireBoundedMemory();
    }

    /** Replies of 20 MB to someone who reads only when he has asked for all. */
    @Test
    void whoAsksForMuchIsSentItAsHeReads() throws IOException {
        String value = "0123456789".repeat(10_000);
        answer(command("SET", "much", value));
        try (Socket socket = server.connect()) {
            send(socket, "GET much\n".repeat(200));
            assertThat(answer("PING\n")).as("to somebody else").isEqualTo("+PONG\r\n");
            byte[] expected = bulk(value).getBytes(ISO_8859_1);
            InputStream in = socket.getInputStream();
            for (int i = 0; i < 200; i++) {
                assertThat(in.readNBytes(expected.length)).isEqualTo(expected);
            }
            server.requireBoundedMemory();
        }
    }

    /** Ten commands that stop in their midst: their bytes count, though nothing is stored yet. */
    @Test
    void whatIsComingIsBounded() throws Exception {
        long before = usedMemory();
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 10; i++) {
                Socket socket = server.connect();
                silent.add(socket);
                sendAsFarAsTaken(socket, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$16000000\r\n" + "v".repeat(15_000_000));
            }
            assertThat(answer("PING\n")).as("to somebody else").isEqualTo("+PONG\r\n");
            byte[] refusal = silent.getLast().getInputStream().readNBytes("-OOM ".length());
            assertThat(new String(refusal, ISO_8859_1)).isEqualTo("-OOM ");
        } finally {
            close(silent);
        }
        requireAllGivenBack(before);
    }

    /** Ten clients that do not read the value, which is replaced after each has asked. */
    @Test
    void whatIsReplacedCountsUntilItIsSent() throws Exception {
        String value = "v".repeat(12_000_000);
        long before = usedMemory();
        List<Socket> silent = new ArrayList<>();
        List<String> replies = new ArrayList<>();
        try {
            for (int i = 0; i < 10; i++) {
                try (Socket writer = server.connect()) {
                    sendAsFarAsTaken(writer, command("SET", "replaced", value));
                    replies.add(new String(writer.getInputStream().readNBytes(5), ISO_8859_1));
                }
                Socket socket = server.connect();
                silent.add(socket);
                send(socket, "GET replaced\n");
                assertThat(socket.getInputStream().read()).as("what is there is never refused").isEqualTo('$');
            }
            assertThat(replies.getFirst()).isEqualTo("+OK\r\n");
            assertThat(replies.getLast()).isEqualTo("-OOM ");
            assertThat(answer("PING\n")).as("to somebody else").isEqualTo("+PONG\r\n");
        } finally {
            close(silent);
        }
        assertThat(answer("DEL replaced\n")).isEqualTo(":1\r\n");
        requireAllGivenBack(before);
    }

    /** Who is refused may see a reset while he sends on. */
    private static void sendAsFarAsTaken(Socket socket, String text) throws Exception {
        CompletableFuture.runAsync(() -> {
            try {
                send(socket, text);
            } catch (IOException e) {
                // the server has ended the connection
            }
        }).get(30, TimeUnit.SECONDS);
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static long usedMemory() throws IOException {
        String line = answer("INFO\n").lines().filter(each -> each.startsWith("used_memory:")).findFirst()
                .orElseThrow();
        return Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
    }

    /** Soon: a session ends behind its client's FIN. */
    private static void requireAllGivenBack(long usedMemory) throws Exception {
        while (usedMemory() > usedMemory) {
            Thread.sleep(10);
        }
    }

    @Test
    void aCommandMayComeByteByByte() throws IOException {
        try (Socket socket = server.connect()) {
            socket.setTcpNoDelay(true);
            for (byte each : (command("SET", "slow", "value\r\n") + "GET slow\r\n").getBytes(ISO_8859_1)) {
                socket.getOutputStream().write(each);
            }
            socket.shutdownOutput();
            assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
                    .isEqualTo("+OK\r\n" + bulk("value\r\n"));
        }
    }

    @Test
    void noCountIsLostAmongManyClients() throws Exception {
        try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
            List<Callable<String>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(() -> answer(command("INCR", "shared").repeat(1_000)));
            }
            for (Future<String> each : clients.invokeAll(all)) {
                assertThat(each.get().lines()).hasSize(1_000);
            }
        }
        assertThat(answer("GET shared\n")).isEqualTo(bulk("8000"));
    }
}
