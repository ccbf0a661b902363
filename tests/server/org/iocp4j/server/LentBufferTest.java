package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What plain Java may do with the buffer that the handler is lent, beside reading it. */
class LentBufferTest extends ServerTest {
    private static final int BLOCK_BYTES = 64;
    private static final String SECRET = "what the first client sends is nobody else's business";

    /** One buffer for all connections, one after another. */
    private ServerOptions.Builder oneBuffer() {
        return ServerOptions.builder().bufferBytes(BLOCK_BYTES).sendQueueBytes(BLOCK_BYTES).workers(1).pool(0)
                .acceptsPosted(1)
                .reuseLatest(true);
    }

    private void startWith(Consumer<ByteBuffer> deed) throws IOException {
        start(oneBuffer(), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                deed.accept(data);
                session.send(data);
            }
        });
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void clearShowsNothingOfAnotherConnection() throws IOException {
        startWith(ByteBuffer::clear);
        nothingOfTheSecretComesBack();
    }

    @Test
    void aRaisedLimitShowsNothingOfAnotherConnection() throws IOException {
        startWith(data -> data.limit(data.capacity()));
        nothingOfTheSecretComesBack();
    }

    @Test
    void aDuplicateShowsNothingOfAnotherConnection() throws IOException {
        start(oneBuffer(), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                session.send(data.duplicate().clear());
                data.position(data.limit());
            }
        });
        nothingOfTheSecretComesBack();
    }

    /** Each answer is a whole block: what came on this connection, and zeros. */
    private void nothingOfTheSecretComesBack() throws IOException {
        for (String text : List.of(SECRET, "x", "yz")) {
            try (TestClient client = connect()) {
                client.sendBytes(text(text));
                byte[] answer = client.readExactly(BLOCK_BYTES);
                byte[] expected = new byte[BLOCK_BYTES];
                System.arraycopy(text(text), 0, expected, 0, text.length());
                assertThat(answer).isEqualTo(expected);
            }
            Settled.await().until(() -> statistics().connections().sessions() == 0);
        }
    }

    /** A send block of the first connection may be the receive block of the second. */
    @Test
    void whatWasSentShowsNotEither() throws IOException {
        start(oneBuffer(), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                if (data.get(data.position()) == 'f') {
                    data.position(data.limit());
                    session.send(ByteBuffer.wrap(text(SECRET)));
                } else {
                    session.send(data.clear());
                }
            }
        });
        for (int i = 0; i < 5; i++) {
            try (TestClient client = connect()) {
                client.sendBytes((byte) 'f');
                client.expect(text(SECRET));
            }
            Settled.await().until(() -> statistics().connections().sessions() == 0);
        }
        try (TestClient client = connect()) {
            client.sendBytes((byte) 'x');
            byte[] expected = new byte[BLOCK_BYTES];
            expected[0] = 'x';
            client.expect(expected);
        }
    }

    @Test
    void aLoweredLimitLosesNothing() throws IOException {
        startWith(data -> data.limit(data.position() + Math.min(4, data.remaining())));
        try (TestClient client = connect()) {
            client.sendBytes(text("aaaabbbbcccc"));
            client.expect(text("aaaa"));
            client.sendBytes(text("dddd"));
            client.expect(text("bbbb"));
            client.sendBytes(text("eeee"));
            client.expect(text("cccc"));
        }
    }

    @Test
    void whoeverWritesIntoItIsTold() throws IOException {
        Queue<Exception> told = new ConcurrentLinkedQueue<>();
        startWith(data -> {
            for (Consumer<ByteBuffer> write : List.<Consumer<ByteBuffer>>of(ByteBuffer::compact,
                    d -> d.put(0, (byte) 1),
                    d -> d.putLong(0, 1))) {
                try {
                    write.accept(data);
                } catch (ReadOnlyBufferException e) {
                    told.add(e);
                }
            }
        });
        try (TestClient client = connect()) {
            echo(client, "untouched");
        }
        assertThat(told).hasSize(3);
    }

    /**
     * Memory that nobody needs is given back, buffers that were lent included; the JVM lives, whatever was kept of
     * them.
     */
    @Test
    @Tag("slow")
    void aKeptBufferDoesNotEndTheJvm() throws IOException {
        int connections = 400;
        Queue<ByteBuffer> kept = new ConcurrentLinkedQueue<>();
        start(ServerOptions.builder().maxSessions(2 * connections), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                kept.add(data);
                session.send(data);
            }
        });
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            TestClient client = connect();
            clients.add(client);
            echo(client, "a");
        }
        long before = statistics().resources().bufferBytes();
        for (TestClient client : clients) {
            client.close();
        }
        Settled.await().atMost(Duration.ofSeconds(60)).until(() -> statistics().resources().bufferBytes() < before / 4);
        assertThat(kept).hasSize(connections).allMatch(buffer -> buffer.get(0) == 0 || buffer.get(0) == 'a');
    }
}
