package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real files, as a client gets them. */
class SendFileOnWindowsTest extends ServerTest {
    private static final int BYTES = 5_000_000;
    private static final byte[] HEAD = "the head of it: ".getBytes();
    private static final byte[] TAIL = ", and its end\n".getBytes();
    private static final byte[] CONTENTS = new byte[BYTES];

    static {
        new Random(1).nextBytes(CONTENTS);
    }

    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void makeFile() throws IOException {
        file = Files.write(folder.resolve("a file, ä"), CONTENTS);
    }

    private enum How {
        PATH, CHANNEL, LENT_MEMORY, PATH_OF_ANOTHER_THREAD
    }

    /** Asked for so many bytes from a position on, it sends them between a head and a tail; for -1, it disconnects. */
    private class Sender extends Echo {
        private final How how;

        Sender(How how) {
            this.how = how;
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            try {
                while (data.remaining() >= 2 * Integer.BYTES) {
                    send(session, data.getInt(), data.getInt());
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private void send(Session session, int position, int count) throws IOException {
            if (count < 0) {
                session.disconnect();
                return;
            }
            requireTaken(session.send(ByteBuffer.wrap(HEAD)));
            switch (how) {
                case PATH -> requireTaken(session.sendFile(file, position, count));
                case PATH_OF_ANOTHER_THREAD -> requireTaken(session.ref().sendFile(file, position, count));
                case CHANNEL -> {
                    try (FileChannel channel = FileChannel.open(file)) {
                        requireTaken(session.sendFile(channel, position, count));
                    }
                }
                case LENT_MEMORY -> {
                    try (LentMemory memory = Objects.requireNonNull(session.group().lend(BYTES))) {
                        memory.bytes().put(CONTENTS);
                        requireTaken(session.send(memory, position, count));
                    }
                }
            }
            requireTaken(session.send(ByteBuffer.wrap(TAIL)));
        }
    }

    private static void requireTaken(SendResult result) {
        assertThat(result).isEqualTo(SendResult.TAKEN);
    }

    private static void ask(TestClient client, int position, int count) throws IOException {
        client.sendBytes(ByteBuffer.allocate(8).putInt(position).putInt(count).array());
    }

    private static void expect(TestClient client, int position, int count) throws IOException {
        client.expect(HEAD);
        assertThat(Arrays.equals(client.readExactly(count), Arrays.copyOfRange(CONTENTS, position, position + count)))
                .as("%d bytes from %d on", count, position).isTrue();
        client.expect(TAIL);
    }

    @ParameterizedTest
    @EnumSource
    void eachPartComesInOrder(How how) throws IOException {
        start(small(), new Sender(how));
        try (TestClient client = connect()) {
            for (int count : new int[] {0, 1, 65_535, 65_536, 65_537, 3_000_000}) {
                ask(client, 1_234_567, count);
                expect(client, 1_234_567, count);
            }
            ask(client, 0, BYTES);
            ask(client, BYTES - 10, 10);
            ask(client, 7, 70_000);
            expect(client, 0, BYTES);
            expect(client, BYTES - 10, 10);
            expect(client, 7, 70_000);
        }
        closed.next();
        assertThat(settled().cleanly().resources().lentBytes()).isZero();
        Files.delete(file); // which Windows does not let one do while it is open or mapped
    }

    @Test
    void aSlowReaderHasTwoFilesAndWhatIsBetweenBeforeTheEnd() throws IOException {
        start(small().socketSendBufferBytes(16 * 1024), new Sender(How.PATH));
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            ask(client, 100, 300_000);
            ask(client, 200, 300_000);
            ask(client, 0, -1);
            Settled.awaitStandstill(() -> statistics().traffic());
            expect(client, 100, 300_000);
            expect(client, 200, 300_000);
            client.expectFin();
        }
        settled().cleanly();
    }

    @Test
    void aResetInTheMidstClosesTheFileBeforeTheHandlerIsTold() throws IOException {
        Reports<Boolean> deleted = new Reports<>();
        start(small().socketSendBufferBytes(16 * 1024), new Sender(How.PATH) {
            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                super.closed(session, reason, failure);
                deleted.add(file.toFile().delete());
            }
        });
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            ask(client, 0, BYTES);
            client.expect(HEAD);
            client.closeByReset();
        }
        assertThat(closed.next()).isIn(CloseReason.PEER_RESET, CloseReason.PEER_CLOSED);
        assertThat(deleted.next()).isTrue();
        settled().cleanly();
    }

    @Test
    void aFileThatBecomesShorterResetsTheConnection() throws IOException {
        Reports<Throwable> failures = new Reports<>();
        start(small().socketSendBufferBytes(16 * 1024), new Sender(How.PATH) {
            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                super.closed(session, reason, failure);
                failures.add(failure);
            }
        });
        try (TestClient client = TestClient.connectSlowReader(server.localAddress())) {
            ask(client, 0, BYTES);
            client.expect(HEAD);
            try (RandomAccessFile shorter = new RandomAccessFile(file.toFile(), "rw")) {
                shorter.setLength(100);
            }
            client.expectReset();
        }
        assertThat(closed.next()).isEqualTo(CloseReason.FILE_FAILED);
        assertThat(failures.next()).hasMessageContaining(file.toString());
        assertThat(settled().cleanly().faults().fileFailures()).isOne();
    }

    @Test
    void whatCannotBeSentIsToldInTheCall() throws IOException {
        Reports<String> done = new Reports<>();
        start(small(), (session, data) -> {
            data.position(data.limit());
            assertThatThrownBy(() -> session.sendFile(folder, 0, 0)).isInstanceOf(FileSystemException.class)
                    .hasMessageContaining("is a directory");
            assertThatThrownBy(() -> session.sendFile(folder.resolve("none"), 0, 0))
                    .isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> session.sendFile(folder.resolve("none").resolve("none"), 0, 0))
                    .isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> session.sendFile(file, 1, BYTES)).isInstanceOf(EOFException.class);
            session.send(ByteBuffer.wrap(TAIL));
            done.add("all");
        });
        try (TestClient client = connect()) {
            client.sendBytes(TAIL);
            done.next();
            client.expect(TAIL);
        }
        settled().cleanly();
    }
}
