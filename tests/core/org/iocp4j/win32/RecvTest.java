package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.FIONBIO;
import static org.iocp4j.win32.generated.WinTypes.MSG_PEEK;
import static org.iocp4j.win32.generated.WinTypes.SD_RECEIVE;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_RESET;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTCONN;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSAESHUTDOWN;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.win32.RealPort.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What recv does on a socket that ioctlsocket has made non-blocking, and that overlapped calls do as before there. */
@NeedsCompletionPorts
@Timeout(120)
class RecvTest {
    private static final int ROOM = 100;

    private final RealPort port = new RealPort();
    private final Win32 win32 = port.win32;
    private final MemorySegment buffer = port.arena.allocate(ROOM);
    private long socket;
    private Socket peer;

    @BeforeEach
    void connect() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
            socket = port.connected(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
            peer = server.accept();
        }
        peer.setTcpNoDelay(true);
        assertThat(nonBlocking(socket)).isZero();
    }

    @AfterEach
    void close() throws IOException {
        peer.close();
        port.close();
    }

    @Test
    void whereNothingIsThereItSaysSo() {
        assertThat(recv(0)).isEqualTo(-WSAEWOULDBLOCK());
        assertThat(recv(MSG_PEEK())).isEqualTo(-WSAEWOULDBLOCK());
    }

    @Test
    void aWatchTellsOfBytesAndTakesNone() throws IOException {
        MemorySegment watch = port.operation();
        assertThat(port.wsaRecv(socket, watch, buffer.asSlice(0, 0))).isEqualTo(WSA_IO_PENDING());
        port.assertNoPacket();
        send(1, 2, 3, 4);
        assertThat(port.outcome(watch)).isEqualTo(Outcome.success(0));
        assertThat(recv(MSG_PEEK())).isEqualTo(4);
        assertThat(win32.recv(socket, buffer.address(), 3, 0)).isEqualTo(3);
        assertReceived(0, 1, 2, 3);
        assertThat(recv(0)).isEqualTo(1);
        assertReceived(0, 4);
        assertThat(recv(0)).isEqualTo(-WSAEWOULDBLOCK());
    }

    @Test
    void theEndOfTheStreamIsZeroAndStaysSo() throws IOException {
        MemorySegment watch = port.operation();
        assertThat(port.wsaRecv(socket, watch, buffer.asSlice(0, 0))).isEqualTo(WSA_IO_PENDING());
        peer.shutdownOutput();
        assertThat(port.outcome(watch)).isEqualTo(Outcome.success(0));
        assertThat(recv(MSG_PEEK())).isZero();
        assertThat(recv(0)).isZero();
        assertThat(recv(0)).isZero();
    }

    /** Wine tells of a reset once: what comes after the packet reads as the end of the stream. */
    @Test
    void aWatchTellsOfAReset() throws IOException {
        MemorySegment watch = port.operation();
        assertThat(port.wsaRecv(socket, watch, buffer.asSlice(0, 0))).isEqualTo(WSA_IO_PENDING());
        peer.setSoLinger(true, 0);
        peer.close();
        assertThat(port.outcome(watch)).isEqualTo(new Outcome(STATUS_CONNECTION_RESET(), 0));
        assertThat(recv(0)).isEqualTo(port.wine ? 0 : -WSAECONNRESET());
    }

    @Test
    void needsAConnectionThatIsNotShutDown() throws IOException {
        assertThat(win32.shutdown(socket, SD_RECEIVE())).isZero();
        assertThat(recv(0)).isEqualTo(-WSAESHUTDOWN());
        long unconnected = port.socket(InetAddress.getByName("127.0.0.1"));
        assertThat(nonBlocking(unconnected)).isZero();
        assertThat(win32.recv(unconnected, buffer.address(), ROOM, 0)).isEqualTo(-WSAENOTCONN());
        assertThat(win32.recv(-1, buffer.address(), ROOM, 0)).isEqualTo(-WSAENOTSOCK());
        assertThat(nonBlocking(-1)).isEqualTo(WSAENOTSOCK());
    }

    @Test
    void overlappedReceiveFillsItsBuffersInOrder() throws IOException {
        MemorySegment receive = port.operation();
        assertThat(port.wsaRecv(socket, receive, buffer.asSlice(0, 2), buffer.asSlice(50, 3), buffer.asSlice(10, 4)))
                .isEqualTo(WSA_IO_PENDING());
        assertThat(recv(0)).as("meanwhile").isEqualTo(-WSAEWOULDBLOCK());
        send(1, 2, 3, 4, 5, 6);
        assertThat(port.outcome(receive)).isEqualTo(Outcome.success(6));
        assertReceived(0, 1, 2);
        assertReceived(50, 3, 4, 5);
        assertReceived(10, 6);
    }

    @Test
    void overlappedSendPendsUntilTheSystemHasTakenAll() throws Exception {
        int bytes = 20_000_000;
        MemorySegment send = port.operation();
        MemorySegment array = port.buffers(port.arena.allocate(bytes));
        assertThat(win32.wsaSend(socket, array.address(), 1, 0, send.address())).isEqualTo(WSA_IO_PENDING());
        port.assertNoPacket();
        CompletableFuture<Integer> received = CompletableFuture.supplyAsync(() -> {
            try {
                return peer.getInputStream().readNBytes(bytes).length;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(port.outcome(send)).isEqualTo(Outcome.success(bytes));
        assertThat(received.get()).isEqualTo(bytes);
    }

    private int nonBlocking(long socket) {
        return win32.ioctlsocket(socket, FIONBIO(), port.arena.allocateFrom(JAVA_INT, 1).address());
    }

    private int recv(int flags) {
        return win32.recv(socket, buffer.address(), ROOM, flags);
    }

    private void send(int... bytes) throws IOException {
        peer.getOutputStream().write(bytes(bytes));
    }

    private void assertReceived(long offset, int... bytes) {
        assertThat(buffer.asSlice(offset, bytes.length).toArray(JAVA_BYTE)).isEqualTo(bytes(bytes));
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
