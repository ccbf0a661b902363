package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs that know java.nio's documentation alone do the same on the JDK's channels and on ours, error for error. */
@Timeout(120)
class SameProgramsTest {
    private static final String ALL = "org.iocp4j.channels.Providers#all";
    private static final int LIMIT_MILLIS = (int) TimeUnit.SECONDS.toMillis(Outcome.LIMIT_SECONDS);

    /** What a program writes into its log. */
    private static final class Log {
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

        void add(String line) {
            lines.add(line);
        }

        String next() throws InterruptedException {
            return String.valueOf(lines.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS));
        }
    }

    private static AsynchronousChannelGroup group(AsynchronousChannelProvider provider) throws IOException {
        return provider.openAsynchronousChannelGroup(2, Executors.defaultThreadFactory());
    }

    // ---- the chat ----

    /** Somebody in the chat. */
    private static final class Guest implements AutoCloseable {
        private final Socket socket;
        private final BufferedReader reader;

        Guest(ChatProgram chat) throws IOException {
            InetSocketAddress address = chat.address();
            socket = new Socket(address.getAddress(), address.getPort());
            socket.setSoTimeout(LIMIT_MILLIS);
            reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        }

        void say(String line) throws IOException {
            socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        /** Null at the end. */
        String hear() throws IOException {
            return reader.readLine();
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aChat(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = group(provider);
        Log log = new Log();
        try (ChatProgram chat = new ChatProgram(group, LIMIT_MILLIS, log::add);
                Guest anna = new Guest(chat)) {
            anna.say("anna");
            assertThat(anna.hear()).isEqualTo("* anna is here");
            assertThat(log.next()).isEqualTo("anna has come");
            try (Guest ben = new Guest(chat)) {
                ben.say("ben");
                assertThat(anna.hear()).isEqualTo("* ben is here");
                assertThat(ben.hear()).isEqualTo("* ben is here");
                anna.say("grüß dich, ben");
                assertThat(anna.hear()).isEqualTo("anna: grüß dich, ben");
                assertThat(ben.hear()).isEqualTo("anna: grüß dich, ben");
                String much = "so much to say ".repeat(20_000);
                ben.say(much);
                assertThat(anna.hear()).isEqualTo("ben: " + much);
                assertThat(ben.hear()).isEqualTo("ben: " + much);
                ben.say("/quit\nwho listens?");
                assertThat(ben.hear()).isEqualTo("bye");
                assertThat(ben.hear()).isNull();
            }
            assertThat(anna.hear()).isEqualTo("* ben has left");
            assertThat(log.next()).isEqualTo("ben has come");
            assertThat(log.next()).isEqualTo("ben has left");
            Guest carl = new Guest(chat);
            carl.say("carl");
            assertThat(anna.hear()).isEqualTo("* carl is here");
            assertThat(carl.hear()).isEqualTo("* carl is here");
            anna.say("hello"); // by the time it is heard, a read waits for carl: Wine shows a later one the end [wine]
            assertThat(anna.hear()).isEqualTo("anna: hello");
            assertThat(carl.hear()).isEqualTo("anna: hello");
            carl.reset();
            assertThat(anna.hear()).isEqualTo("* carl has left");
            assertThat(log.next()).isEqualTo("carl has come");
            assertThat(log.next()).startsWith("carl was lost: java."); // whose words are not the same
            chat.close();
            assertThat(anna.hear()).isNull();
            assertThat(List.of(log.next(), log.next())).containsExactlyInAnyOrder(
                    "nobody can come any more: java.nio.channels.AsynchronousCloseException",
                    "anna was lost: java.nio.channels.AsynchronousCloseException");
        } finally {
            group.shutdownNow();
        }
        assertThat(group.awaitTermination(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aChatWithSomebodyWhoTellsNoName(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = group(provider);
        Log log = new Log();
        try (ChatProgram chat = new ChatProgram(group, 100, log::add); Guest silent = new Guest(chat)) {
            assertThat(silent.hear()).isNull();
            assertThat(log.next()).isEqualTo(
                    "one without a name was lost: java.nio.channels.InterruptedByTimeoutException");
        } finally {
            group.shutdownNow();
        }
    }

    // ---- the proxy ----

    private static byte[] random(int bytes, long seed) {
        byte[] random = new byte[bytes];
        new Random(seed).nextBytes(random);
        return random;
    }

    private static Socket connect(ProxyProgram proxy) throws IOException {
        InetSocketAddress address = proxy.address();
        Socket client = new Socket(address.getAddress(), address.getPort());
        client.setSoTimeout(LIMIT_MILLIS);
        return client;
    }

    private static CompletableFuture<Void> sendAndEnd(Socket socket, byte... bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aProxy(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = group(provider);
        Log log = new Log();
        byte[] there = random(1_000_003, 1);
        byte[] back = random(700_001, 2);
        try (ServerSocket server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
                ProxyProgram proxy = new ProxyProgram(group, (InetSocketAddress) server.getLocalSocketAddress(),
                        log::add)) {
            try (Socket client = connect(proxy); Socket far = server.accept()) {
                far.setSoTimeout(LIMIT_MILLIS);
                CompletableFuture<Void> sending = sendAndEnd(client, there);
                assertThat(Arrays.equals(far.getInputStream().readAllBytes(), there)).isTrue();
                Outcome.get(sending);
                sending = sendAndEnd(far, back); // the other way is open still
                assertThat(Arrays.equals(client.getInputStream().readAllBytes(), back)).isTrue();
                Outcome.get(sending);
                assertThat(log.next()).isEqualTo("both have ended");
            }
            try (Socket client = connect(proxy); Socket far = server.accept()) {
                far.setSoTimeout(LIMIT_MILLIS);
                client.getOutputStream().write(1);
                assertThat(far.getInputStream().read()).isEqualTo(1);
                far.getOutputStream().write(2); // as in aChat: then a read waits for the client
                assertThat(client.getInputStream().read()).isEqualTo(2);
                client.setSoLinger(true, 0);
                client.close();
                assertThat(log.next()).startsWith("client was lost: java.");
                assertThat(far.getInputStream().read()).isEqualTo(-1);
            }
            proxy.close();
            assertThat(log.next()).isEqualTo("no more clients: java.nio.channels.AsynchronousCloseException");
        } finally {
            group.shutdownNow();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aProxyWhoseServerIsDown(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = group(provider);
        Log log = new Log();
        ServerSocket down = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        InetSocketAddress address = (InetSocketAddress) down.getLocalSocketAddress();
        down.close();
        try (ProxyProgram proxy = new ProxyProgram(group, address, log::add); Socket client = connect(proxy)) {
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            assertThat(log.next()).startsWith("no server: java.").contains("Connection refused");
        } finally {
            group.shutdownNow();
        }
    }

    // ---- mistakes ----

    /**
     * Where ours differs on purpose. The exceptions are those of java.net, as the JDK's other channels have them, where
     * its Windows provider has an IOException with the system's words; and without a buffer there is no room, as on the
     * JDK's of other systems, where that one waits for bytes [wine].
     */
    private static final Map<String, String> OURS = Map.of(
            "connect to nobody", "gives ConnectException",
            "connect with a handler to nobody", "gives ConnectException",
            "connect to port 0", "gives ConnectException",
            "read into no buffers", "gives 0",
            "the read that waited, when reset", "fails with SocketException (Connection reset)",
            "write after the reset", "fails with SocketException (Connection reset)",
            "the write that waited, when reset", "fails with SocketException (Connection reset)",
            "accept after a cancel", "throws IllegalStateException"); // the JDK's is a plain RuntimeException

    @Test
    @NeedsCompletionPorts
    void allMistakes() throws Exception {
        Map<String, String> expected = new LinkedHashMap<>(MistakesProgram.run(Providers.JDK));
        OURS.forEach((what, ours) -> {
            String jdks = expected.put(what, ours);
            assertThat(jdks).as("known to differ: %s", what).isNotNull().isNotEqualTo(ours);
        });
        Map<String, String> came = MistakesProgram.run(Providers.ours());
        assertThat(came).containsExactlyEntriesOf(expected);
    }
}
