package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.ERROR_CONNECTION_REFUSED;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_IPV6;
import static org.iocp4j.win32.generated.WinTypes.IPV6_V6ONLY;
import static org.iocp4j.win32.generated.WinTypes.SD_SEND;
import static org.iocp4j.win32.generated.WinTypes.SO_ERROR;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_ABORTED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_REFUSED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_PENDING;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNREFUSED;
import static org.iocp4j.win32.generated.WinTypes.WSAEINVAL;
import static org.iocp4j.win32.generated.WinTypes.WSAEISCONN;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTCONN;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.List;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.win32.RealPort.Outcome;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.sockaddr_in6;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What ConnectEx and getpeername do. */
@NeedsCompletionPorts
@Timeout(120)
class ConnectExTest {
    private final RealPort port = new RealPort();
    private final Win32 win32 = port.win32;

    private static List<InetAddress> loopbacks() throws UnknownHostException {
        return List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1"));
    }

    @AfterEach
    void closePort() {
        port.close();
    }

    @ParameterizedTest
    @MethodSource("loopbacks")
    void connectsABoundSocket(InetAddress loopback) throws IOException {
        try (ServerSocket server = listen(loopback)) {
            long socket = port.connected(address(server));
            try (Socket accepted = server.accept()) {
                assertThat(port.peer(socket)).isEqualTo(accepted.getLocalSocketAddress());
                assertThat(port.local(socket)).isEqualTo(accepted.getRemoteSocketAddress());
                assertThat(port.option(socket, SO_ERROR())).isZero();
                assertThat(win32.shutdown(socket, SD_SEND())).isZero();
                assertThat(accepted.getInputStream().read()).isEqualTo(-1);
            }
            assertThat(port.connectEx(socket, address(server), port.operation())).isEqualTo(WSAEISCONN());
            port.assertNoPacket();
        }
    }

    @ParameterizedTest
    @MethodSource("loopbacks")
    void refusesAnUnboundSocket(InetAddress loopback) throws IOException {
        try (ServerSocket server = listen(loopback)) {
            long socket = port.unbound(Sockaddr.family(loopback));
            port.add(socket);
            MemorySegment operation = port.operation();
            assertThat(port.connectEx(socket, address(server), operation)).isEqualTo(WSAEINVAL());
            port.assertNoPacket();
            if (port.wine) {
                assertThat((int) OVERLAPPED.Internal(operation)).as("not to be asked").isEqualTo(STATUS_PENDING());
            }
            assertThat(port.noPeer(socket)).isEqualTo(WSAENOTCONN());
            assertThat(win32.shutdown(socket, SD_SEND())).isEqualTo(WSAENOTCONN());
        }
    }

    @Test
    void needsASocketThatIsOpenAndNoListener() throws IOException {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (ServerSocket server = listen(loopback)) {
            assertThat(port.connectEx(-1, address(server), port.operation())).isEqualTo(WSAENOTSOCK());
            long listener = port.socket(loopback);
            assertThat(win32.listen(listener, 1)).isZero();
            assertThat(port.connectEx(listener, address(server), port.operation())).isEqualTo(WSAEINVAL());
            port.assertNoPacket();
        }
    }

    /** Windows tries for some two seconds before it says so. */
    @ParameterizedTest
    @MethodSource("loopbacks")
    void tellsThatNobodyListens(InetAddress loopback) throws IOException {
        InetSocketAddress closed;
        try (ServerSocket server = listen(loopback)) {
            closed = address(server);
        }
        long socket = port.socket(loopback);
        port.skipPacketsOnSuccess(socket);
        MemorySegment operation = port.operation();
        assertThat(port.outcome(port.connectEx(socket, closed, operation), operation))
                .isEqualTo(new Outcome(STATUS_CONNECTION_REFUSED(), 0));
        assertThat(win32.rtlNtStatusToDosError(STATUS_CONNECTION_REFUSED())).isEqualTo(ERROR_CONNECTION_REFUSED());
        assertThat(port.noPeer(socket)).isEqualTo(WSAENOTCONN());
        if (port.wine) {
            assertThat(port.option(socket, SO_ERROR())).isEqualTo(WSAECONNREFUSED());
        }
    }

    @Test
    void sendsItsFirstBytes() throws IOException {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (ServerSocket server = listen(loopback)) {
            long socket = port.socket(loopback);
            MemorySegment peer = port.sockaddr(address(server));
            MemorySegment bytes = port.arena.allocateFrom("hello", US_ASCII);
            MemorySegment operation = port.operation();
            int error = win32.connectEx(socket, peer.address(), (int) peer.byteSize(), bytes.address(), 5,
                    port.arena.allocate(JAVA_INT).address(), operation.address());
            assertThat(port.outcome(error, operation)).isEqualTo(Outcome.success(5));
            try (Socket accepted = server.accept()) {
                assertThat(accepted.getInputStream().readNBytes(5)).isEqualTo("hello".getBytes(US_ASCII));
            }
        }
    }

    /** A connect pends even where success sends no packet. */
    @ParameterizedTest
    @MethodSource("loopbacks")
    void goesTogetherWithSkippedPackets(InetAddress loopback) throws IOException {
        try (ServerSocket server = listen(loopback)) {
            long socket = port.socket(loopback);
            port.skipPacketsOnSuccess(socket);
            MemorySegment operation = port.operation();
            assertThat(port.outcomeSkipping(port.connectEx(socket, address(server), operation), operation))
                    .isEqualTo(Outcome.success(0));
            port.assertNoPacket();
        }
    }

    @Test
    void reachesIpv4FromADualStackSocket() throws IOException {
        try (ServerSocket server = listen(InetAddress.getByName("127.0.0.1"))) {
            long socket = port.unbound(AF_INET6());
            port.add(socket);
            MemorySegment no = port.arena.allocateFrom(JAVA_INT, 0);
            assertThat(win32.setsockopt(socket, IPPROTO_IPV6(), IPV6_V6ONLY(), no.address(), 4)).isZero();
            MemorySegment any = port.sockaddr(new InetSocketAddress(InetAddress.getByName("::"), 0));
            assertThat(win32.bind(socket, any.address(), (int) any.byteSize())).isZero();

            MemorySegment peer = port.sockaddr(new InetSocketAddress(mapped(127, 0, 0, 1), server.getLocalPort()));
            MemorySegment operation = port.operation();
            int error = win32.connectEx(socket, peer.address(), (int) sockaddr_in6.sizeof(), 0, 0, 0,
                    operation.address());
            assertThat(port.outcome(error, operation)).isEqualTo(Outcome.success(0));
        }
    }

    @Test
    void canBeCancelled() throws IOException {
        MemorySegment operation = port.operation();
        long socket = pending(operation);
        assertThat(win32.cancelIoEx(socket, operation.address())).isZero();
        assertThat(port.outcome(operation)).isEqualTo(new Outcome(STATUS_CANCELLED(), 0));
        assertThat(win32.cancelIoEx(socket, operation.address())).isEqualTo(ERROR_NOT_FOUND());
        assertThat(port.noPeer(socket)).isEqualTo(WSAENOTCONN());
    }

    @Test
    void endsWithItsSocket() throws IOException {
        MemorySegment operation = port.operation();
        long socket = pending(operation);
        assertThat(port.closesocket(socket)).isZero();
        Outcome outcome = port.outcome(operation);
        assertThat(outcome.status()).isIn(STATUS_CANCELLED(), STATUS_CONNECTION_ABORTED());
        assertThat(outcome.bytes()).isZero();
        port.assertNoPacket();
    }

    /** A socket whose connect pends: it is the last of many to a listener that has room for one and accepts none. */
    private long pending(MemorySegment operation) throws IOException {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        long listener = port.socket(loopback);
        assertThat(win32.listen(listener, 1)).isZero();
        InetSocketAddress full = port.local(listener);
        for (int i = 1; i < 10; i++) {
            long earlier = port.unattached(loopback);
            assertThat(port.connectEx(earlier, full, port.operation())).isEqualTo(WSA_IO_PENDING());
        }
        long socket = port.socket(loopback);
        assertThat(port.connectEx(socket, full, operation)).isEqualTo(WSA_IO_PENDING());
        return socket;
    }

    private static ServerSocket listen(InetAddress address) throws IOException {
        return new ServerSocket(0, 50, address);
    }

    private static InetSocketAddress address(ServerSocket server) {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    /** Inet6Address.getByAddress would make an IPv4 address of it. */
    private static InetAddress mapped(int a, int b, int c, int d) throws UnknownHostException {
        return Inet6Address.getByAddress(null,
                new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, (byte) a, (byte) b, (byte) c, (byte) d}, 0);
    }
}
