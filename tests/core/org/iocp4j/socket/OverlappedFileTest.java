package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.Background;
import org.iocp4j.socket.OverlappedFile.Access;
import org.iocp4j.socket.Recorder.Event;
import org.iocp4j.socket.TestDomain.Kind;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Files through the port, on Windows, and files sent to a peer of the JDK's. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class OverlappedFileTest {
    private static final int STATUS_END_OF_FILE = 0xC0000011;
    private static final int ERROR_HANDLE_EOF = 38;
    private static final int ERROR_INVALID_HANDLE = 6;
    private static final int LARGE = 3 << 20;

    @Parameter
    Kind kind;

    @TempDir
    Path folder;

    /** What the files have told. */
    private final List<Event> told = new CopyOnWriteArrayList<>();
    private final OverlappedFile.Events fileEvents = new OverlappedFile.Events() {
        @Override
        public void transferred(OverlappedFile file, int status, int bytes, IoThread io) {
            told.add(new Event("transferred", status, bytes));
        }

        @Override
        public void gone(OverlappedFile file, IoThread io) {
            told.add(new Event("gone", 0, 0));
        }
    };
    private final Recorder events = new Recorder();
    private TestDomain test;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(kind);
    }

    @AfterEach
    void end() throws Exception {
        test.close();
    }

    private Path write(String name, byte[] bytes) throws Exception {
        return Files.write(folder.resolve(name), bytes);
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return bytes;
    }

    private OverlappedFile open(Path path, Access access) throws Win32Exception {
        return test.domain.openFile(path.toString(), access, fileEvents, test.io);
    }

    private void close(OverlappedFile file) {
        assertThat(file.close(test.io)).isTrue();
        assertThat(file.close(test.io)).as("the second close").isFalse();
        test.until("gone", () -> told.contains(new Event("gone", 0, 0)));
        assertThat(told.getLast().name()).as("the last event").isEqualTo("gone");
        assertThat(file.isGone()).isTrue();
    }

    private Event transfer(int outcome) {
        assertThat(outcome).isEqualTo(PENDING);
        test.until("transferred", () -> !told.isEmpty());
        return told.removeFirst();
    }

    @Test
    void writesAndReadsWhereItIsToldTo() throws Exception {
        Path path = folder.resolve("new");
        OverlappedFile file = open(path, Access.WRITE);
        long memory = events.memory.address();
        int bytes = events.write("hello", 0);
        assertThat(transfer(file.write(0, memory, bytes, test.io))).isEqualTo(new Event("transferred", 0, 5));
        assertThat(transfer(file.write(3, memory, bytes, test.io))).isEqualTo(new Event("transferred", 0, 5));
        assertThat(file.size(test.io)).isEqualTo(8);
        assertThat(transfer(file.read(2, memory + 100, 4, test.io))).isEqualTo(new Event("transferred", 0, 4));
        assertThat(events.text(100, 4)).isEqualTo("lhel");
        assertThat(transfer(file.read(6, memory + 100, 50, test.io))).as("what is left")
                .isEqualTo(new Event("transferred", 0, 2));
        close(file);
        assertThat(path).hasContent("helhello");
    }

    @Test
    void thereIsNothingBehindTheEnd() throws Exception {
        OverlappedFile file = open(write("short", bytes(10)), Access.READ);
        int outcome = file.read(10, events.memory.address(), 4, test.io);
        if (outcome == PENDING) {
            assertThat(transfer(outcome)).isEqualTo(new Event("transferred", STATUS_END_OF_FILE, 0));
        } else {
            assertThat(outcome).isEqualTo(-ERROR_HANDLE_EOF);
        }
        assertThat(transfer(file.read(9, events.memory.address(), 4, test.io))).as("it reads on")
                .isEqualTo(new Event("transferred", 0, 1));
        close(file);
    }

    /** Windows would take the name to end at its NUL. */
    @Test
    void aNameWithANulIsRefused() throws Exception {
        String path = write("other", bytes(10)).toString();
        assertThatThrownBy(() -> test.domain.openFile(path + "\0.txt", Access.READ, fileEvents, test.io))
                .isInstanceOf(Win32Exception.class).hasMessageContaining("CreateFileW: ERROR_INVALID_NAME (123)");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> open(folder.resolve("missing"), Access.READ)).isInstanceOf(Win32Exception.class)
                .hasMessageContaining("CreateFileW").hasMessageContaining("2").hasMessageContaining("missing");
    }

    @Test
    void aNameMayBeOfAnyLetters() throws Exception {
        OverlappedFile file = open(folder.resolve("żółw-文件.txt"), Access.WRITE);
        int bytes = events.write("found", 0);
        assertThat(transfer(file.write(0, events.memory.address(), bytes, test.io)).bytes()).isEqualTo(5);
        close(file);
        assertThat(folder.resolve("żółw-文件.txt")).hasContent("found");
    }

    @Test
    void aClosedFileRefuses() throws Exception {
        OverlappedFile file = open(write("closed", bytes(10)), Access.READ);
        Connection connection = Connection.accepted(test, events);
        close(file);
        assertThat(file.read(0, events.memory.address(), 4, test.io)).isEqualTo(-ERROR_INVALID_HANDLE);
        assertThat(file.size(test.io)).isEqualTo(-ERROR_INVALID_HANDLE);
        assertThat(connection.socket().transmit(file, 0, 10, test.io)).isEqualTo(-ERROR_INVALID_HANDLE);
        assertThat(events.send(connection.socket(), "the socket is well", test.io)).isEqualTo(PENDING);
        test.until("sent", () -> events.has("sent"));
        connection.peer().close();
    }

    @Test
    void aPartOfItIsTransmitted() throws Exception {
        byte[] content = bytes(1000);
        OverlappedFile file = open(write("part", content), Access.READ);
        Connection connection = Connection.accepted(test, events);
        try (var peer = connection.peer()) {
            assertThat(connection.socket().transmit(file, 100, 500, test.io)).isEqualTo(PENDING);
            test.until("sent", () -> events.has("sent"));
            assertThat(events.told()).containsExactly(new Event("sent", 0, 500));
            assertThat(peer.getInputStream().readNBytes(500)).isEqualTo(Arrays.copyOfRange(content, 100, 600));
            assertThat(connection.socket().transmit(file, 900, 500, test.io)).isEqualTo(PENDING);
            test.until("sent", () -> events.count("sent") == 2);
            assertThat(events.told().getLast()).as("up to the end").isEqualTo(new Event("sent", 0, 100));
            assertThat(connection.socket().transmit(file, 1000, 500, test.io)).isEqualTo(PENDING);
            test.until("sent", () -> events.count("sent") == 3);
            assertThat(events.told().getLast()).as("behind the end").isEqualTo(new Event("sent", 0, 0));
        }
        close(file);
    }

    @Test
    void aHeadGoesOutBeforeThePart() throws Exception {
        byte[] content = bytes(1000);
        OverlappedFile file = open(write("part", content), Access.READ);
        Connection connection = Connection.accepted(test, events);
        int headBytes = events.write("head: ", 0);
        long head = events.memory.address();
        try (var peer = connection.peer()) {
            assertThat(connection.socket().transmit(file, 100, 500, head, headBytes, test.io)).isEqualTo(PENDING);
            test.until("sent", () -> events.has("sent"));
            assertThat(events.told()).containsExactly(new Event("sent", 0, headBytes + 500));
            assertThat(new String(peer.getInputStream().readNBytes(headBytes), StandardCharsets.US_ASCII))
                    .isEqualTo("head: ");
            assertThat(peer.getInputStream().readNBytes(500)).isEqualTo(Arrays.copyOfRange(content, 100, 600));
            assertThat(connection.socket().transmit(file, 1000, 500, head, headBytes, test.io)).isEqualTo(PENDING);
            test.until("sent", () -> events.count("sent") == 2);
            assertThat(events.told().getLast()).as("behind the end").isEqualTo(new Event("sent", 0, headBytes));
        }
        close(file);
    }

    @Test
    void aLargePieceOfAFileThatIsClosedRightAfterTheCall() throws Exception {
        byte[] content = bytes(LARGE);
        OverlappedFile file = open(write("large", content), Access.READ);
        Connection connection = Connection.accepted(test, events);
        try (var peer = connection.peer()) {
            assertThat(connection.socket().transmit(file, 0, LARGE, test.io)).isEqualTo(PENDING);
            assertThat(file.close(test.io)).isTrue();
            var reading = Background.call(() -> peer.getInputStream().readNBytes(LARGE));
            test.until("sent", () -> events.has("sent"));
            assertThat(events.first("sent")).isEqualTo(new Event("sent", 0, LARGE));
            assertThat(Arrays.equals(reading.get(), content)).as("the peer has all of it").isTrue();
        }
        test.until("gone", () -> told.contains(new Event("gone", 0, 0)));
    }

    @Test
    void aSecondTransmitIsRefusedAndTheFirstKeepsItsFile() throws Exception {
        OverlappedFile file = open(write("much", bytes(LARGE)), Access.READ);
        OverlappedFile other = open(write("other", bytes(10)), Access.READ);
        Connection connection = Connection.accepted(test, events);
        StreamSocket socket = connection.socket();
        assertThat(socket.transmit(file, 0, LARGE, test.io)).isEqualTo(PENDING);
        assertThatThrownBy(() -> socket.transmit(other, 0, 1, test.io)).isInstanceOf(IllegalStateException.class);
        close(other);
        assertThat(file.close(test.io)).isTrue();
        assertThat(file.isGone()).as("gone while it is sent").isFalse();
        var reading = Background.call(() -> connection.peer().getInputStream().readNBytes(LARGE).length);
        test.until("sent", () -> events.has("sent"));
        assertThat(events.told()).containsExactly(new Event("sent", 0, LARGE));
        test.until("gone", file::isGone);
        assertThat(reading.get()).isEqualTo(LARGE);
        connection.peer().close();
    }

    @Test
    void aPieceHasAPositionAndALength() throws Exception {
        OverlappedFile file = open(write("piece", bytes(10)), Access.READ);
        Connection connection = Connection.accepted(test, events);
        StreamSocket socket = connection.socket();
        assertThatThrownBy(() -> socket.transmit(file, 0, 0, test.io)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> socket.transmit(file, -1, 1, test.io)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> socket.transmit(file, 0, Integer.MAX_VALUE, test.io))
                .isInstanceOf(IllegalArgumentException.class);
        connection.peer().close();
        close(file);
    }

    @Test
    void filesUseASlotAfterAnother() throws Exception {
        Path path = write("often", "x".getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < 5; i++) {
            OverlappedFile file = open(path, Access.READ);
            assertThat(transfer(file.read(0, events.memory.address(), 4, test.io)).bytes()).isOne();
            assertThat(events.memory.get(JAVA_BYTE, 0)).isEqualTo((byte) 'x');
            close(file);
            told.clear();
        }
    }
}
