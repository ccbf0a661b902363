package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.server.Settled.await;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.iocp4j.win32.generated.sockaddr_in;
import org.junit.jupiter.api.Test;

/** Who can reach a server, and what those who can may take of it. */
class SecurityTest extends ServerTest {
    private static final ValueLayout.OfShort NETWORK_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** The listener has its address alone, not the machine: 127.0.0.2 is the same machine, too. */
    @Test
    void listensOnItsAddressAndNoOther() throws IOException {
        start(small(), (session, data) -> session.send(data));
        InetSocketAddress address = server.localAddress();
        assertThat(address.getAddress()).isEqualTo(InetAddress.getByName("127.0.0.1"));
        for (String other : new String[] {"127.0.0.2", "::1"}) {
            assertThatIOException().as(other)
                    .isThrownBy(() -> TestClient.connect(new InetSocketAddress(other, address.getPort())).close())
                    .isInstanceOf(SocketException.class);
        }
        settled().cleanly();
    }

    /** Not even with SO_REUSEADDR, by which another process could else take connections away on Windows [doc]. */
    @Test
    void nobodyElseListensThere() throws IOException {
        start(small(), (session, data) -> session.send(data));
        InetSocketAddress address = server.localAddress();
        try (Other other = new Other()) {
            assertThat(other.bind(address, 0)).isEqualTo(WSAEADDRINUSE());
            assertThat(other.bind(address, SO_EXCLUSIVEADDRUSE())).isEqualTo(WSAEADDRINUSE());
            assertThat(other.bind(address, SO_REUSEADDR())).isEqualTo(WSAEACCES()); // [wt] [wine]
            serves();
        }
        settled().cleanly();
    }

    /**
     * What "exclusively" does not mean: that nobody else has the port. On Windows another's socket for all addresses
     * may come after ours, or have been there before [wt]; Wine refuses both, as Linux does [wine]. A client of our
     * address is ours in any case.
     */
    @Test
    void whoeverListensOnAllAddressesGetsNoneOfItsClients() throws IOException {
        InetSocketAddress all;
        try (Other other = new Other()) {
            start(small(), (session, data) -> session.send(data));
            all = new InetSocketAddress("0.0.0.0", server.localAddress().getPort());
            assertThat(other.bind(all, 0)).isEqualTo(other.isWine ? WSAEADDRINUSE() : 0);
            serves();
            assertThat(other.bind(all, SO_EXCLUSIVEADDRUSE())).isEqualTo(WSAEADDRINUSE());
            settled().cleanly();
            server.close();
        }
        try (Other other = new Other()) {
            assertThat(other.bind(all, 0)).isZero();
            ServerOptions.Builder ours = small().port(all.getPort());
            if (other.isWine) {
                assertThatExceptionOfType(Win32Exception.class).isThrownBy(() -> start(ours, (session, data) -> { }))
                        .withMessageStartingWith("bind: WSAEADDRINUSE (10048), 127.0.0.1:" + all.getPort());
            } else {
                start(ours, (session, data) -> session.send(data));
                serves();
                settled().cleanly();
            }
        }
    }

    /** Who takes all addresses exclusively takes each [wt] [wine]. */
    @Test
    void aPortThatIsTakenExclusivelyOnAllAddressesIsNotOurs() throws IOException {
        try (Other other = new Other()) {
            assertThat(other.bind(new InetSocketAddress("0.0.0.0", 0), SO_EXCLUSIVEADDRUSE())).isZero();
            int port = other.port();
            assertThatExceptionOfType(Win32Exception.class)
                    .isThrownBy(() -> start(small().port(port), (session, data) -> { }))
                    .withMessageStartingWith("bind: WSAEACCES (10013), 127.0.0.1:" + port);
        }
    }

    private void serves() throws IOException {
        try (TestClient client = connect()) {
            client.sendBytes((byte) 1);
            client.expect((byte) 1);
        }
    }

    /** Somebody else's listeners, by plain calls: Java's own sockets set SO_EXCLUSIVEADDRUSE and never SO_REUSEADDR. */
    private static final class Other implements AutoCloseable {
        private final Win32 win32 = WindowsWin32.attach();
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment address = arena.allocate(sockaddr_in.layout());
        private final List<Long> sockets = new ArrayList<>();
        final boolean isWine = !win32.wineVersion().isEmpty();

        /** Binds and listens, with one option set or 0; the error, or 0. */
        int bind(InetSocketAddress wanted, int option) {
            long socket = win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
            assertThat(socket).isPositive();
            sockets.add(socket);
            if (option != 0) {
                MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
                assertThat(win32.setsockopt(socket, SOL_SOCKET(), option, one.address(), Integer.BYTES)).isZero();
            }
            sockaddr_in.sin_family(address, (short) AF_INET());
            address.set(NETWORK_SHORT, sockaddr_in.sin_port$offset(), (short) wanted.getPort());
            MemorySegment.copy(wanted.getAddress().getAddress(), 0, address, ValueLayout.JAVA_BYTE,
                    sockaddr_in.sin_addr$offset(), Integer.BYTES);
            int error = win32.bind(socket, address.address(), (int) address.byteSize());
            return error != 0 ? error : win32.listen(socket, 1);
        }

        /** That of the last one. */
        int port() {
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) address.byteSize());
            assertThat(win32.getsockname(sockets.getLast(), address.address(), length.address())).isZero();
            return Short.toUnsignedInt(address.get(NETWORK_SHORT, sockaddr_in.sin_port$offset()));
        }

        @Override
        public void close() {
            sockets.forEach(win32::closesocket);
            arena.close();
            win32.close();
        }
    }

    /**
     * Each sends while anything goes out and reads nothing, and more come than there are sessions: memory and sockets
     * stay within the limits that the options set.
     */
    @Test
    void clientsCannotMakeItTakeMoreThanItsLimits() throws Exception {
        int sessions = 4;
        start(small().maxSessions(sessions).bufferBytes(1024).sendQueueBytes(4096).socketSendBufferBytes(8192),
                (session, data) -> session.send(data));
        // A receive buffer and a full queue each, with a block that is half full at both its ends.
        long most = sessions * (1024 + 4096 + 2 * 1024);
        List<TestClient> clients = new ArrayList<>();
        List<CompletableFuture<Void>> senders = new ArrayList<>();
        for (int i = 0; i < 3 * sessions; i++) {
            TestClient client = TestClient.connectSlowReader(server.localAddress());
            clients.add(client);
            senders.add(CompletableFuture.runAsync(() -> sendForEver(client),
                    task -> Thread.ofPlatform().daemon().start(task)));
        }
        await().until(() -> statistics().incidents().sessionsRefusedFull() >= 2 * sessions);
        long[] seen = {-1};
        await().during(Duration.ofMillis(500)).until(() -> {
            long received = statistics().traffic().receivedBytes();
            boolean stands = received == seen[0];
            seen[0] = received;
            return stands;
        });
        assertThat(statistics().resources().bufferBytes()).isLessThanOrEqualTo(roundedUp(most));
        assertThat(statistics().sockets().socketsCreated() - statistics().sockets().socketsDiscarded())
                .isLessThanOrEqualTo(sessions + options.acceptsPosted() + options.pool());
        for (TestClient client : clients) {
            client.closeByReset();
        }
        for (CompletableFuture<Void> each : senders) {
            each.join();
        }
        settled().cleanly();
    }

    /** Memory is committed in pieces of 64 KiB. */
    private static long roundedUp(long bytes) {
        return (bytes + 0xFFFF) & ~0xFFFFL;
    }

    private static void sendForEver(TestClient client) {
        byte[] block = new byte[4096];
        try {
            while (true) {
                client.sendBytes(block);
            }
        } catch (IOException e) {
            // closed by us, or refused
        }
    }
}
