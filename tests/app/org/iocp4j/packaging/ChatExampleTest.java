package org.iocp4j.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;

/** {@code examples/chat} in a Windows JVM, with clients that are not ours. */
@Tag("packaged")
@Timeout(120)
@DisabledIf("org.iocp4j.packaging.Examples#thereIsNoCompiler")
class ChatExampleTest {
    private static ExampleServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new Examples().serve("chat", "example.chat/example.chat.Main", List.of(), "0");
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    private static final class Guest implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        /** Comes, and sees himself come. */
        Guest(String name) throws IOException {
            this(name, server.connect());
        }

        Guest(String name, Socket connected) throws IOException {
            socket = connected;
            in = new DataInputStream(socket.getInputStream());
            say(name);
            assertThat(hear()).isEqualTo(name + " has come");
        }

        void say(String text) throws IOException {
            byte[] bytes = text.getBytes(UTF_8);
            byte[] frame = new byte[2 + bytes.length];
            frame[0] = (byte) (bytes.length >> 8);
            frame[1] = (byte) bytes.length;
            System.arraycopy(bytes, 0, frame, 2, bytes.length);
            socket.getOutputStream().write(frame);
        }

        String hear() throws IOException {
            return new String(in.readNBytes(in.readUnsignedShort()), UTF_8);
        }

        /** All up to this text; a permit is released for each. */
        List<String> hearUntil(String last, Semaphore heard) throws IOException {
            List<String> all = new ArrayList<>();
            do {
                all.add(hear());
                heard.release();
            } while (!all.getLast().equals(last));
            return all;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void allHearTheSameInTheSameOrder() throws Exception {
        try (Guest ann = new Guest("Ann");
                Guest bob = new Guest("Bob");
                ExecutorService talking = Executors.newFixedThreadPool(2)) {
            assertThat(ann.hear()).isEqualTo("Bob has come");
            for (Guest guest : List.of(ann, bob)) {
                talking.submit(() -> {
                    for (int i = 0; i < 500; i++) {
                        guest.say("äöü " + i);
                    }
                    return null;
                });
            }
            List<String> heard = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                heard.add(ann.hear());
            }
            assertThat(heard).contains("Ann: äöü 499", "Bob: äöü 499").doesNotHaveDuplicates();
            for (String each : heard) {
                assertThat(bob.hear()).isEqualTo(each);
            }
            bob.socket.shutdownOutput();
            assertThat(ann.hear()).isEqualTo("Bob has left");
        }
    }

    /** The speaker speaks no faster than he hears himself, and than the listener hears him. */
    @Test
    void whoDoesNotReadIsDropped() throws Exception {
        try (Guest speaker = new Guest("Speaker");
                Guest listener = new Guest("Listener");
                var _ = new Guest("Sleeper", withSmallWindow());
                ExecutorService others = Executors.newFixedThreadPool(2)) {
            AtomicBoolean isDropped = new AtomicBoolean();
            Semaphore heard = new Semaphore(0);
            Future<?> speaking = others.submit(() -> {
                while (!isDropped.get()) {
                    for (int i = 0; i < 10; i++) {
                        speaker.say("x".repeat(900));
                    }
                    for (int i = 0; i < 10; i++) {
                        speaker.hear();
                    }
                    boolean isHeard = false; // a listener that is slow for once is not to be dropped, too
                    while (!isHeard && !isDropped.get()) {
                        isHeard = heard.tryAcquire(10, 50, TimeUnit.MILLISECONDS);
                    }
                }
                return null;
            });
            Future<List<String>> hearing = others.submit(() -> listener.hearUntil("Sleeper has left", heard));
            try {
                assertThat(hearing.get(60, TimeUnit.SECONDS)).as("and all before that").hasSizeGreaterThan(64);
            } finally {
                isDropped.set(true);
            }
            speaking.get(60, TimeUnit.SECONDS);
        }
    }

    /** So that the system keeps little of what its owner does not read. */
    private static Socket withSmallWindow() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4_096);
        socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
        return socket;
    }

    @Test
    void whatIsNoMessageEndsTheConnection() throws IOException {
        assertThat(server.exchange((byte) 0xff, (byte) 0xff, (byte) 'x')).isEmpty();
    }
}
