package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.WSAEADDRINUSE;
import static org.iocp4j.win32.generated.WinTypes.WSAEINVAL;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.iocp4j.FullListener;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients in a domain of one thread whose peers are java.net's: what {@code ConnectTest} does not have. */
@NeedsCompletionPorts
@Timeout(60)
class ConnectOutTest {
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final Win32 win32 = WindowsWin32.attach();
    private final IoThread io = new IoThread(win32);
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment memory = arena.allocate(64);
    private final List<String> told = new ArrayList<>();
    private IoDomain domain;
    private ServerSocket server;

    private final SocketEvents events = new SocketEvents() {
        @Override
        public void connected(StreamSocket socket, int status, IoThread on) {
            told.add("connected " + (status < 0 ? ConnectFailure.of(status) : "well"));
        }

        @Override
        public void received(StreamSocket socket, int status, int bytes, IoThread on) {
            told.add("received " + (status < 0 ? "nothing" : String.valueOf(bytes)));
        }

        @Override
        public void sent(StreamSocket socket, int status, int bytes, IoThread on) {
            told.add("sent " + (status < 0 ? "nothing" : String.valueOf(bytes)));
        }

        @Override
        public void gone(StreamSocket socket, IoThread on) {
            told.add("gone");
        }
    };

    @BeforeEach
    void open() throws IOException {
        domain = new IoDomain(DomainOptions.loop(), io);
        server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    }

    @AfterEach
    void end() throws IOException {
        assertThat(domain.end(io, LONGEST)).isZero();
        assertThat(domain.open()).isZero();
        server.close();
        win32.close();
    }

    private StreamSocket open(SocketEvents receiver) throws Win32Exception {
        return domain.open(AF_INET(), receiver, 0, io);
    }

    private InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    private void dequeueUntil(BooleanSupplier seen) throws Win32Exception {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!seen.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("nanoseconds over time; told so far: %s", told).isNegative();
            domain.dequeue(io, 100);
        }
    }

    private void dequeueUntilTold(String... expected) throws Win32Exception {
        dequeueUntil(() -> told.size() >= expected.length);
        assertThat(told).containsExactly(expected);
    }

    private StreamSocket connected() throws Win32Exception {
        StreamSocket socket = open(events);
        assertThat(socket.connect(address(), io)).isEqualTo(StreamSocket.PENDING);
        dequeueUntilTold("connected well");
        told.clear();
        return socket;
    }

    @Test
    void talksAndKnowsBothAddresses() throws Exception {
        StreamSocket socket = connected();
        try (Socket peer = server.accept()) {
            assertThat(socket.remoteAddress()).isEqualTo(address());
            assertThat(socket.localAddress()).isEqualTo(peer.getRemoteSocketAddress());
            memory.copyFrom(MemorySegment.ofArray("hello".getBytes(StandardCharsets.US_ASCII)));
            io.buffer(0, memory.address(), 5);
            assertThat(socket.send(1, io)).isEqualTo(StreamSocket.PENDING);
            assertThat(peer.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            peer.getOutputStream().write("welcome".getBytes(StandardCharsets.US_ASCII));
            io.buffer(0, memory.address(), 64);
            assertThat(socket.receive(1, io)).isEqualTo(StreamSocket.PENDING);
            dequeueUntilTold("sent 5", "received 7");
            assertThat(memory.asSlice(0, 7).toArray(ValueLayout.JAVA_BYTE)).asString().isEqualTo("welcome");
        }
    }

    /** What it may look like: a client says what it wants, ends its own stream, and reads to the end of the other. */
    @Test
    void receivesAfterItHasShutItsSendDown() throws Exception {
        StreamSocket socket = connected();
        try (Socket peer = server.accept()) {
            assertThat(socket.shutdownSend(io)).isZero();
            assertThat(peer.getInputStream().read()).isEqualTo(-1);
            peer.getOutputStream().write(new byte[3]);
            peer.shutdownOutput();
            io.buffer(0, memory.address(), 64);
            assertThat(socket.receive(1, io)).isEqualTo(StreamSocket.PENDING);
            dequeueUntilTold("received 3");
            io.buffer(0, memory.address(), 64);
            assertThat(socket.receive(1, io)).isEqualTo(StreamSocket.PENDING);
            dequeueUntilTold("received 3", "received 0");
        }
    }

    @Test
    void resetEndsTheReceive() throws Exception {
        StreamSocket socket = connected();
        Socket peer = server.accept();
        io.buffer(0, memory.address(), 64);
        assertThat(socket.receive(1, io)).isEqualTo(StreamSocket.PENDING);
        peer.setSoLinger(true, 0);
        peer.close();
        dequeueUntilTold("received nothing");
        socket.close(Closing.FIN, io);
        dequeueUntilTold("received nothing", "gone");
    }

    /** The domain's timers wait for it, and the dequeue no longer than for them. */
    @Test
    void deadlineEndsAConnectThatIsPending() throws Exception {
        try (var full = new FullListener()) {
            StreamSocket socket = open(events);
            Deadline deadline = new Deadline(domain.timers()) {
                @Override
                protected void expired(IoThread on) {
                    told.add("time is up");
                    socket.cancelConnect(on);
                }
            };
            assertThat(socket.connect(full.address(), io)).isEqualTo(StreamSocket.PENDING);
            deadline.arm(io.nowNanos() + SHORT.toNanos());
            while (told.size() < 2) {
                domain.dequeue(io, -1);
            }
            assertThat(told).containsExactly("time is up", "connected CANCELLED");
        }
    }

    @Test
    void placeThatIsTakenIsRefusedAndAnotherOneIsUsed() throws Exception {
        StreamSocket socket = open(events);
        assertThat(socket.bind(address(), io)).isEqualTo(-WSAEADDRINUSE());
        assertThat(socket.bind(new InetSocketAddress("127.0.0.9", 0), io)).isZero();
        assertThat(socket.connect(address(), io)).isEqualTo(StreamSocket.PENDING);
        dequeueUntilTold("connected well");
        assertThat(socket.localAddress().getAddress().getHostAddress()).isEqualTo("127.0.0.9");
    }

    @Test
    void secondBindIsRefusedAndTheFirstOneCounts() throws Exception {
        StreamSocket socket = open(events);
        assertThat(socket.bind(new InetSocketAddress("127.0.0.9", 0), io)).isZero();
        assertThat(socket.bind(ANY_PORT, io)).isEqualTo(-WSAEINVAL());
        assertThat(socket.connect(address(), io)).isEqualTo(StreamSocket.PENDING);
        dequeueUntilTold("connected well");
        assertThat(socket.localAddress().getAddress().getHostAddress()).isEqualTo("127.0.0.9");
    }

    /** An object that its owner gives up serves the next connection, however that one goes. */
    @Test
    void recycledSocketsComeAndGo() throws Exception {
        int rounds = 50;
        SocketEvents recycling = new SocketEvents() {
            @Override
            public void connected(StreamSocket socket, int status, IoThread on) {
                told.add("connected");
                socket.close(told.size() % 4 == 1 ? Closing.FIN : Closing.RST, on);
            }

            @Override
            public void received(StreamSocket socket, int status, int bytes, IoThread on) {
                throw new AssertionError("nothing was received");
            }

            @Override
            public void sent(StreamSocket socket, int status, int bytes, IoThread on) {
                throw new AssertionError("nothing was sent");
            }

            @Override
            public void gone(StreamSocket socket, IoThread on) {
                told.add("gone");
                socket.recycle();
            }
        };
        try (ServerSocket patient = new ServerSocket(0, rounds, InetAddress.getByName("127.0.0.1"))) {
            for (int i = 1; i <= rounds; i++) {
                StreamSocket socket = open(recycling);
                int outcome = socket.connect((InetSocketAddress) patient.getLocalSocketAddress(), io);
                assertThat(outcome).isEqualTo(StreamSocket.PENDING);
                int events = 2 * i;
                dequeueUntil(() -> told.size() == events);
            }
        }
        assertThat(domain.created()).isEqualTo(rounds);
        assertThat(domain.closed()).isEqualTo(rounds);
        assertThat(domain.pendingCount()).isZero();
    }

    @Test
    void endCancelsConnects() throws Exception {
        try (var full = new FullListener()) {
            for (int i = 0; i < 3; i++) {
                assertThat(open(events).connect(full.address(), io)).isEqualTo(StreamSocket.PENDING);
            }
            assertThat(domain.end(io, LONGEST)).isZero();
            assertThat(told).hasSize(6).filteredOn("gone"::equals).hasSize(3);
            assertThat(domain.open()).isZero();
        }
        domain = new IoDomain(DomainOptions.loop(), io);
    }
}
