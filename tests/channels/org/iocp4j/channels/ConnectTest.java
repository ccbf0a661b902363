package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.concurrent.Future;
import jdk.net.ExtendedSocketOptions;
import org.iocp4j.FullListener;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of connects, addresses and options, on the JDK's channels and on ours. */
class ConnectTest {
    private static final String ALL = "org.iocp4j.channels.Providers#all";

    private static InetSocketAddress closedPort() throws IOException {
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) closed.getLocalSocketAddress();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aConnectionHasBothAddresses(AsynchronousChannelProvider provider) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            assertThat(channel.getLocalAddress()).isNull();
            assertThat(channel.getRemoteAddress()).isNull();
            assertThat(channel.provider()).isSameAs(provider);
            Outcome<Void> outcome = new Outcome<>();
            channel.connect(listener.getLocalSocketAddress(), "mine", outcome);
            assertThat(outcome.get()).isNull();
            assertThat(outcome.attachment).isEqualTo("mine");
            assertThat(channel.getRemoteAddress()).isEqualTo(listener.getLocalSocketAddress());
            InetSocketAddress seen = (InetSocketAddress) listener.accept().getRemoteSocketAddress();
            InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
            if (Providers.isJdkOnWindows(provider)) { // its is the wildcard that it was bound to [wine]
                assertThat(local.getPort()).isEqualTo(seen.getPort());
            } else {
                assertThat(local).isEqualTo(seen);
            }
            assertThatThrownBy(() -> channel.connect(listener.getLocalSocketAddress()))
                    .isInstanceOf(AlreadyConnectedException.class);
            assertThatThrownBy(() -> channel.bind(null)).isInstanceOf(AlreadyBoundException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aRefusedConnectClosesTheChannel(AsynchronousChannelProvider provider) throws Exception {
        Outcome<Void> outcome = new Outcome<>();
        AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null);
        channel.connect(closedPort(), null, outcome);
        // The JDK's translates a packet's status to a plain IOException [wine].
        Class<?> refused = Providers.isJdkOnWindows(provider) ? IOException.class : ConnectException.class;
        assertThat(outcome.failure()).isInstanceOf(refused).hasMessageContaining("Connection refused");
        if (Providers.isOurs(provider)) {
            assertThat(outcome.failure()).hasMessageContaining("127.0.0.1:");
        }
        assertThat(channel.isOpen()).isFalse();
        AsynchronousSocketChannel other = provider.openAsynchronousSocketChannel(null);
        assertThat(Outcome.failure(other.connect(closedPort()))).isInstanceOf(refused);
        assertThat(other.isOpen()).isFalse();
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void mistakesAreThrownAndAClosedChannelIsToldOf(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null);
        assertThatThrownBy(() -> channel.connect(InetSocketAddress.createUnresolved("nowhere", 1)))
                .isInstanceOf(UnresolvedAddressException.class);
        assertThatThrownBy(() -> channel.connect(new SocketAddress() {
        })).isInstanceOf(UnsupportedAddressTypeException.class);
        assertThatThrownBy(() -> channel.connect(closedPort(), null, null)).isInstanceOf(NullPointerException.class);
        assertThat(channel.isOpen()).isTrue();
        channel.close();
        assertThat(Outcome.failure(channel.connect(closedPort()))).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> channel.bind(null)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> channel.getOption(StandardSocketOptions.SO_RCVBUF))
                .isInstanceOf(ClosedChannelException.class);
    }

    /** A listener whose backlog is full answers nothing, where the system does not refuse. */
    @ParameterizedTest
    @MethodSource(ALL)
    void aPendingConnectIsCancelledAndForbidsAllElse(AsynchronousChannelProvider provider) throws Exception {
        try (FullListener full = new FullListener();
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            Future<Void> waits = channel.connect(full.address());
            if (waits.isDone() || !waits.cancel(false)) {
                return; // this system refuses
            }
            assertThat(waits.isCancelled()).isTrue();
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                    .isExactlyInstanceOf(NotYetConnectedException.class);
            assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1)))
                    .isExactlyInstanceOf(NotYetConnectedException.class);
            assertThatThrownBy(() -> channel.connect(full.address())).isInstanceOf(ConnectionPendingException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void whatIsSetDuringAConnectIsSetOnTheConnection(AsynchronousChannelProvider provider) throws Exception {
        try (FullListener full = new FullListener();
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            Future<Void> waits = channel.connect(full.address());
            if (waits.isDone()) {
                return; // this system refuses
            }
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true)
                    .setOption(StandardSocketOptions.TCP_NODELAY, false);
            assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
            full.accept();
            Outcome.get(waits);
            assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aBoundChannelConnectsFromThere(AsynchronousChannelProvider provider) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
            assertThat(bound.getAddress().isLoopbackAddress()).isTrue();
            assertThat(bound.getPort()).isPositive();
            assertThatThrownBy(() -> channel.bind(null)).isInstanceOf(AlreadyBoundException.class);
            Outcome.get(channel.connect(listener.getLocalSocketAddress()));
            assertThat(((InetSocketAddress) listener.accept().getRemoteSocketAddress()).getPort())
                    .isEqualTo(bound.getPort());
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void optionsAreSetAndRead(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            assertThat(channel.supportedOptions()).contains(StandardSocketOptions.SO_SNDBUF,
                    StandardSocketOptions.SO_RCVBUF, StandardSocketOptions.SO_KEEPALIVE,
                    StandardSocketOptions.SO_REUSEADDR, StandardSocketOptions.TCP_NODELAY);
            assertThat(channel.setOption(StandardSocketOptions.TCP_NODELAY, true)).isSameAs(channel);
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
            channel.setOption(StandardSocketOptions.TCP_NODELAY, false)
                    .setOption(StandardSocketOptions.SO_KEEPALIVE, true)
                    .setOption(StandardSocketOptions.SO_REUSEADDR, true)
                    .setOption(StandardSocketOptions.SO_SNDBUF, 128 * 1024)
                    .setOption(StandardSocketOptions.SO_RCVBUF, Integer.MAX_VALUE);
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
            assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThat(channel.getOption(StandardSocketOptions.SO_REUSEADDR)).isTrue();
            assertThat(channel.getOption(StandardSocketOptions.SO_SNDBUF)).isGreaterThanOrEqualTo(128 * 1024);
            assertThat(channel.getOption(StandardSocketOptions.SO_RCVBUF)).isPositive();
            if (channel.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
                channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 77)
                        .setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 7)
                        .setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 5);
                assertThat(channel.getOption(ExtendedSocketOptions.TCP_KEEPIDLE)).isEqualTo(77);
                assertThat(channel.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL)).isEqualTo(7);
                assertThat(channel.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT)).isEqualTo(5);
            }
            assertThatThrownBy(() -> channel.setOption(StandardSocketOptions.SO_RCVBUF, -1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> channel.getOption(StandardSocketOptions.IP_MULTICAST_LOOP))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }
}
