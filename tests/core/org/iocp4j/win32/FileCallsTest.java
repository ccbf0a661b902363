package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.CREATE_ALWAYS;
import static org.iocp4j.win32.generated.WinTypes.CREATE_NEW;
import static org.iocp4j.win32.generated.WinTypes.ERROR_ACCESS_DENIED;
import static org.iocp4j.win32.generated.WinTypes.ERROR_FILE_EXISTS;
import static org.iocp4j.win32.generated.WinTypes.ERROR_FILE_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.ERROR_HANDLE_EOF;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_NAME;
import static org.iocp4j.win32.generated.WinTypes.ERROR_PATH_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.ERROR_SHARING_VIOLATION;
import static org.iocp4j.win32.generated.WinTypes.FILE_FLAG_OVERLAPPED;
import static org.iocp4j.win32.generated.WinTypes.FILE_FLAG_SEQUENTIAL_SCAN;
import static org.iocp4j.win32.generated.WinTypes.FILE_SHARE_READ;
import static org.iocp4j.win32.generated.WinTypes.GENERIC_READ;
import static org.iocp4j.win32.generated.WinTypes.GENERIC_WRITE;
import static org.iocp4j.win32.generated.WinTypes.OPEN_EXISTING;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_END_OF_FILE;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTCONN;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.win32.RealPort.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What CreateFileW, GetFileSizeEx, ReadFile, WriteFile and TransmitFile of a file do. */
@NeedsCompletionPorts
@Timeout(120)
class FileCallsTest {
    /** Bytes that no offset makes look alike. */
    private static final byte[] CONTENT = new byte[100_000];

    static {
        new Random(1).nextBytes(CONTENT);
    }

    @TempDir
    private Path folder;

    private final RealPort port = new RealPort();
    private final Win32 win32 = port.win32;
    private final MemorySegment buffer = port.arena.allocate(1000);
    private long file;

    @AfterEach
    void close() {
        if (file > 0) {
            win32.closeHandle(file);
        }
        port.close();
    }

    @Test
    void opensNoFileThatIsNotThere() {
        assertThat(open("none", GENERIC_READ(), OPEN_EXISTING())).isEqualTo(-ERROR_FILE_NOT_FOUND());
        assertThat(open("no/none", GENERIC_READ(), OPEN_EXISTING())).isEqualTo(-ERROR_PATH_NOT_FOUND());
        assertThat(win32.createFile(folder.toString(), GENERIC_READ(), FILE_SHARE_READ(), OPEN_EXISTING(),
                FILE_FLAG_OVERLAPPED())).as("a directory").isEqualTo(-ERROR_ACCESS_DENIED());
        assertThat(open("a?b", GENERIC_READ(), OPEN_EXISTING())).isEqualTo(-ERROR_INVALID_NAME());
    }

    @Test
    void makesAFileWhateverTheScriptOfItsName() {
        String name = "\u00e4\u0416\u4e2d\ud83d\ude00.bin";
        file = open(name, GENERIC_WRITE(), CREATE_ALWAYS());
        assertThat(file).isPositive();
        assertThat(folder.toFile().list()).containsExactly(name);
        assertThat(open(name, GENERIC_WRITE(), CREATE_NEW())).isEqualTo(-ERROR_FILE_EXISTS());
        assertThat(open(name, GENERIC_WRITE(), OPEN_EXISTING())).isEqualTo(-ERROR_SHARING_VIOLATION());
        assertThat(win32.getFileSizeEx(file)).isZero();
        assertThat(win32.closeHandle(file)).isZero();
        assertThat(win32.getFileSizeEx(file)).isEqualTo(-ERROR_INVALID_HANDLE());
        file = 0;
    }

    @Test
    void opensAFileWhosePathIsLong() throws IOException {
        String name = ("folder".repeat(20) + "/").repeat(3);
        Files.createDirectories(folder.resolve(name));
        Files.write(folder.resolve(name + "file"), CONTENT);
        file = open(name + "../" + "folder".repeat(20) + "/file", GENERIC_READ(), OPEN_EXISTING());
        assertThat(win32.getFileSizeEx(file)).isEqualTo(CONTENT.length);
    }

    /** Without a packet only where the call returned 0 and none was asked for. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsAndWritesWhereTheOperationSays(boolean skips) throws IOException {
        file = open("file", GENERIC_READ() | GENERIC_WRITE(), CREATE_ALWAYS());
        port.add(file);
        if (skips) {
            port.skipPacketsOnSuccess(file);
        }
        MemorySegment.copy(CONTENT, 0, buffer, JAVA_BYTE, 0, 1000);
        MemorySegment write = port.operationAt(500);
        assertThat(outcome(win32.writeFile(file, buffer.address(), 1000, write.address()), write, skips))
                .isEqualTo(Outcome.success(1000));
        assertThat(win32.getFileSizeEx(file)).isEqualTo(1500);

        buffer.fill((byte) 0);
        MemorySegment read = port.operationAt(1490);
        assertThat(outcome(win32.readFile(file, buffer.address(), 1000, read.address()), read, skips))
                .as("what is there").isEqualTo(Outcome.success(10));
        assertThat(buffer.asSlice(0, 10).toArray(JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(CONTENT, 990, 1000));
        MemorySegment nothing = port.operationAt(0);
        assertThat(outcome(win32.readFile(file, buffer.address(), 0, nothing.address()), nothing, skips))
                .isEqualTo(Outcome.success(0));
        port.assertNoPacket();
    }

    /** Either the call says so and no packet comes, or the packet does. */
    @ParameterizedTest
    @ValueSource(longs = {1000, 4_000_000_000L, 5_000_000_000L})
    void readsNothingBehindTheEnd(long offset) throws IOException {
        Files.write(folder.resolve("file"), new byte[1000]);
        file = open("file", GENERIC_READ(), OPEN_EXISTING());
        port.add(file);
        MemorySegment read = port.operationAt(offset);
        int error = win32.readFile(file, buffer.address(), 1000, read.address());
        if (port.wine || error != ERROR_HANDLE_EOF()) {
            assertThat(port.outcome(error, read)).isEqualTo(new Outcome(STATUS_END_OF_FILE(), 0));
        }
        assertThat(win32.rtlNtStatusToDosError(STATUS_END_OF_FILE())).isEqualTo(ERROR_HANDLE_EOF());
        port.assertNoPacket();
    }

    @Test
    void writesOnlyWhereThatWasAskedFor() throws IOException {
        Files.write(folder.resolve("file"), CONTENT);
        file = open("file", GENERIC_READ(), OPEN_EXISTING());
        port.add(file);
        int error = win32.writeFile(file, buffer.address(), 10, port.operation().address());
        assertThat(error).isEqualTo(ERROR_ACCESS_DENIED());
        port.assertNoPacket();
        assertThat(win32.readFile(-1, buffer.address(), 10, port.operation().address()))
                .isEqualTo(ERROR_INVALID_HANDLE());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void transmitsFromTheOffsetOn(boolean skips) throws IOException {
        Files.write(folder.resolve("file"), CONTENT);
        file = win32.createFile(folder.resolve("file").toString(), GENERIC_READ(), FILE_SHARE_READ(), OPEN_EXISTING(),
                FILE_FLAG_OVERLAPPED() | FILE_FLAG_SEQUENTIAL_SCAN());
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
            long socket = port.connected(address(server));
            if (skips) {
                port.skipPacketsOnSuccess(socket);
            }
            try (Socket peer = server.accept()) {
                assertTransmits(socket, peer, 0, 0, CONTENT.length, skips);
                assertTransmits(socket, peer, 1000, 500, 500, skips);
                assertTransmits(socket, peer, 99_990, 100, 10, skips);
                assertTransmits(socket, peer, 99_990, 0, 10, skips);
                assertTransmits(socket, peer, 100_000, 0, 0, skips);
                assertTransmits(socket, peer, 200_000, 10, 0, skips);
                port.closesocket(socket);
                assertThat(peer.getInputStream().read()).as("nothing more").isEqualTo(-1);
            }
        }
        port.assertNoPacket();
    }

    private void assertTransmits(long socket, Socket peer, int offset, int asked, int sent, boolean skips)
            throws IOException {
        MemorySegment operation = port.operationAt(offset);
        int error = win32.transmitFile(socket, file, asked, 0, operation.address(), 0, 0);
        assertThat(outcome(error, operation, skips)).isEqualTo(Outcome.success(sent));
        assertThat(peer.getInputStream().readNBytes(sent))
                .isEqualTo(sent == 0 ? new byte[0] : Arrays.copyOfRange(CONTENT, offset, offset + sent));
    }

    @Test
    void transmitsOnAConnectionOnly() throws IOException {
        Files.write(folder.resolve("file"), CONTENT);
        file = open("file", GENERIC_READ(), OPEN_EXISTING());
        long socket = port.socket(InetAddress.getByName("127.0.0.1"));
        assertThat(win32.transmitFile(socket, file, 0, 0, port.operation().address(), 0, 0)).isEqualTo(WSAENOTCONN());
        port.assertNoPacket();
    }

    /** The byte count of a transmission that was cancelled is what the peer gets. */
    @Test
    void tellsHowMuchACancelledTransmissionHasSent() throws IOException {
        int length = 20_000_000;
        Files.write(folder.resolve("file"), new byte[length]);
        file = open("file", GENERIC_READ(), OPEN_EXISTING());
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
            long socket = port.connected(address(server));
            try (Socket peer = server.accept()) {
                MemorySegment operation = port.operation();
                int error = win32.transmitFile(socket, file, 0, 0, operation.address(), 0, 0);
                assertThat(error).isEqualTo(WSA_IO_PENDING());
                assertThat(win32.cancelIoEx(socket, operation.address())).isZero();
                assertThat(port.closesocket(socket)).isZero();
                Outcome outcome = port.outcome(operation);
                assertThat(outcome.status()).isEqualTo(STATUS_CANCELLED());
                assertThat(outcome.bytes()).isLessThan(length);
                if (port.wine) {
                    assertThat(peer.getInputStream().readAllBytes()).hasSize((int) outcome.bytes());
                }
            }
        }
    }

    private Outcome outcome(int error, MemorySegment operation, boolean skips) {
        return skips ? port.outcomeSkipping(error, operation) : port.outcome(error, operation);
    }

    private long open(String name, int access, int disposition) {
        String path = folder + File.separator + name;
        return win32.createFile(path, access, FILE_SHARE_READ(), disposition, FILE_FLAG_OVERLAPPED());
    }

    private static InetSocketAddress address(ServerSocket server) {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }
}
