package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;

/** Where a server listens, and what it and its clients are told of addresses. */
class ListenTest extends ServerTest {
    private final Reports<InetSocketAddress[]> addresses = new Reports<>();

    private final SessionHandler echo = new SessionHandler() {
        @Override
        public void opened(Session session) {
            addresses.add(new InetSocketAddress[] {session.localAddress(), session.remoteAddress()});
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }
    };

    private void serves(InetSocketAddress target) throws IOException {
        try (TestClient client = TestClient.connect(target)) {
            client.sendBytes((byte) 5);
            client.expect((byte) 5);
            InetSocketAddress[] seen = addresses.next();
            assertThat(seen[0]).as("the session's local address").isEqualTo(target);
            assertThat(seen[1]).as("the session's remote address").isEqualTo(client.localAddress());
        }
    }

    @Test
    void localAddressTellsThePortThatWasPicked() throws IOException {
        start(small(), echo);
        assertThat(server.localAddress().getAddress()).isEqualTo(InetAddress.getByName("127.0.0.1"));
        assertThat(server.localAddress().getPort()).isPositive();
        for (int i = 0; i < 10; i++) { // on reused sockets, too
            serves(server.localAddress());
            settled();
        }
        settled().cleanly();
    }

    @Test
    void aPortInUseIsNamedWithTheSystemsError() throws IOException {
        start(small(), echo);
        int port = server.localAddress().getPort();
        assertThatExceptionOfType(Win32Exception.class)
                .isThrownBy(() -> IocpServer.start(echo, small().port(port).build()).close())
                .withMessageContaining("bind: WSAEADDRINUSE (10048), 127.0.0.1:" + port);
        serves(server.localAddress());
        settled().cleanly();
    }

    @Test
    void anAddressThatIsNotOursIsNamedWithTheSystemsError() {
        // From a block kept for documentation: nobody has it.
        assertThatExceptionOfType(Win32Exception.class)
                .isThrownBy(() -> start(small().address(new InetSocketAddress("192.0.2.1", 0)), echo))
                .withMessageContaining("bind: WSAEADDRNOTAVAIL (10049), 192.0.2.1:0");
    }

    @Test
    void ipv6Loopback() throws IOException {
        start(small().address(new InetSocketAddress("::1", 0)), echo);
        assertThat(server.localAddress().getAddress()).isEqualTo(InetAddress.getByName("::1"));
        for (int i = 0; i < 10; i++) {
            serves(server.localAddress());
            settled();
        }
        assertThat(settled().cleanly().sockets().socketsReused()).isPositive();
    }

    @Test
    void theIpv6WildcardServesBothAndTellsIpv4AddressesAsSuch() throws IOException {
        start(small().address(new InetSocketAddress("::", 0)), echo);
        int port = server.localAddress().getPort();
        for (int i = 0; i < 5; i++) {
            serves(new InetSocketAddress("127.0.0.1", port));
            serves(new InetSocketAddress("::1", port));
            settled();
        }
        assertThat(settled().cleanly().sockets().socketsReused()).isPositive();
    }

    @Test
    void theIpv4WildcardServesEveryInterface() throws IOException {
        start(small().address(new InetSocketAddress("0.0.0.0", 0)), echo);
        serves(new InetSocketAddress("127.0.0.1", server.localAddress().getPort()));
        settled().cleanly();
    }

    @Test
    void twoServersListenSideBySide() throws IOException {
        start(small(), echo);
        try (IocpServer other = IocpServer.start(echo, small().build())) {
            assertThat(other.localAddress()).isNotEqualTo(server.localAddress());
            serves(other.localAddress());
            serves(server.localAddress());
        }
        serves(server.localAddress());
        settled().cleanly();
    }
}
