package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.iocp4j.FullListener;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.TestDomain.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections out, on Windows. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class ConnectTest {
    @Parameter
    Kind kind;

    private final Recorder client = new Recorder();
    private TestDomain test;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(kind);
    }

    @AfterEach
    void end() throws Exception {
        test.close();
    }

    private void echoes(StreamSocket socket) {
        assertThat(client.receive(socket, test.io)).isEqualTo(PENDING);
        test.io.buffer(0, client.memory.address() + 1000, client.write("hello", 1000));
        assertThat(socket.send(1, test.io)).isEqualTo(PENDING);
        test.until("echo", () -> client.has("received") && client.has("sent"));
        assertThat(client.first("sent")).isEqualTo(new Recorder.Event("sent", 0, 5));
        assertThat(client.first("received")).isEqualTo(new Recorder.Event("received", 0, 5));
        assertThat(client.text(0, 5)).isEqualTo("hello");
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> client.has("gone"));
    }

    private StreamListener listen(String address) throws Exception {
        var at = new InetSocketAddress(InetAddress.getByName(address), 0);
        StreamListener listener = test.domain.listen(ListenerOptions.at(at), Recorder.echoes(), test.io);
        listener.depth(2, test.io);
        return listener;
    }

    @Test
    void aClientAndAServerShareADomain() throws Exception {
        StreamListener listener = listen("127.0.0.1");
        StreamSocket socket = test.connect(listener.localAddress(), client);
        assertThat(socket.remoteAddress()).isEqualTo(listener.localAddress());
        assertThat(socket.localAddress().getAddress()).isEqualTo(InetAddress.getByName("127.0.0.1"));
        assertThat(socket.localAddress().getPort()).isPositive();
        echoes(socket);
    }

    @Test
    void overIpv6() throws Exception {
        StreamListener listener = listen("::1");
        StreamSocket socket = test.connect(listener.localAddress(), client);
        assertThat(socket.remoteAddress()).isEqualTo(listener.localAddress());
        echoes(socket);
    }

    @Test
    void anIpv6SocketReachesAnIpv4Address() throws Exception {
        StreamListener listener = listen("127.0.0.1");
        StreamSocket socket = test.domain.open(AF_INET6(), client, 0, test.io);
        assertThat(socket.connect(listener.localAddress(), test.io)).isEqualTo(PENDING);
        test.until("connected", () -> client.has("connected"));
        assertThat(socket.remoteAddress()).isEqualTo(listener.localAddress());
        echoes(socket);
    }

    @Test
    void fromAnAddressOfTheCallersChoice() throws Exception {
        StreamListener listener = listen("127.0.0.1");
        var local = new InetSocketAddress(InetAddress.getByName("127.0.0.2"), 0);
        StreamSocket socket = test.domain.open(Sockaddr.family(local.getAddress()), client, 0, test.io);
        assertThat(socket.bind(local, test.io)).isZero();
        assertThat(socket.connect(listener.localAddress(), test.io)).isEqualTo(PENDING);
        test.until("connected", () -> client.has("connected"));
        assertThat(socket.localAddress().getAddress()).isEqualTo(local.getAddress());
        echoes(socket);
    }

    @Test
    void aPortWhereNobodyListensRefuses() throws Exception {
        StreamListener listener = listen("127.0.0.1");
        listener.close(test.io);
        test.until("the listener's end", listener::isGone);
        StreamSocket socket = test.domain.open(Sockaddr.family(listener.localAddress().getAddress()), client, 0,
                test.io);
        int outcome = socket.connect(listener.localAddress(), test.io);
        int failure = -outcome;
        if (outcome == PENDING) {
            test.until("the outcome", () -> client.has("connected"));
            failure = client.first("connected").status();
        }
        assertThat(ConnectFailure.of(failure)).isEqualTo(ConnectFailure.REFUSED);
        assertThatThrownBy(socket::remoteAddress).isInstanceOf(IllegalStateException.class);
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> client.has("gone"));
    }

    /** A connect that pends. On Windows, where a full backlog refuses, it is retried for a while [rep]. */
    private StreamSocket pend(FullListener full) throws Exception {
        StreamSocket socket = test.domain.open(Sockaddr.family(full.address().getAddress()), client, 0, test.io);
        assertThat(socket.connect(full.address(), test.io)).isEqualTo(PENDING);
        return socket;
    }

    @Test
    void aPendingConnectIsCancelled() throws Exception {
        try (var full = new FullListener()) {
            StreamSocket socket = pend(full);
            socket.cancelConnect(test.io);
            test.until("the outcome", () -> client.has("connected"));
            assertThat(ConnectFailure.of(client.first("connected").status())).isEqualTo(ConnectFailure.CANCELLED);
            assertThat(socket.isOpen()).isTrue();
            socket.close(Closing.FIN, test.io);
            test.until("gone", () -> client.has("gone"));
            assertThat(client.names()).containsExactly("connected", "gone");
        }
    }

    @Test
    void aPendingConnectEndsWithItsSocket() throws Exception {
        try (var full = new FullListener()) {
            pend(full).close(Closing.RST, test.io);
            test.until("gone", () -> client.has("gone"));
            assertThat(client.names()).containsExactly("connected", "gone");
            assertThat(ConnectFailure.of(client.first("connected").status())).isEqualTo(ConnectFailure.CANCELLED);
        }
    }

    @Test
    void anotherConnectLeavesTheFirstAsItWas() throws Exception {
        StreamListener listener = listen("127.0.0.1");
        StreamSocket socket = test.domain.open(Sockaddr.family(listener.localAddress().getAddress()), client, 0,
                test.io);
        var other = new InetSocketAddress(InetAddress.getByName("127.0.0.3"), 1);
        assertThat(socket.connect(listener.localAddress(), test.io)).isEqualTo(PENDING);
        if (kind == Kind.LOOP) { // in a pool the first may have its event by now
            assertThatThrownBy(() -> socket.connect(other, test.io)).isInstanceOf(IllegalStateException.class);
        }
        test.until("connected", () -> client.has("connected"));
        assertThat(socket.connect(other, test.io)).as("connected already").isNegative();
        assertThat(socket.bind(other, test.io)).as("bound already").isNegative();
        assertThat(socket.remoteAddress()).isEqualTo(listener.localAddress());
        assertThat(socket.localAddress().getPort()).isNotEqualTo(1);
        echoes(socket);
    }

    @Test
    void anAddressThatIsNoAddressLeavesTheSocketAsItWas() throws Exception {
        StreamListener listener = listen("127.0.0.1");
        StreamSocket socket = test.domain.open(Sockaddr.family(listener.localAddress().getAddress()), client, 0,
                test.io);
        assertThatThrownBy(() -> socket.connect(InetSocketAddress.createUnresolved("nowhere", 1), test.io))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(socket.connect(listener.localAddress(), test.io)).isEqualTo(PENDING);
        test.until("connected", () -> client.has("connected"));
        echoes(socket);
    }
}
