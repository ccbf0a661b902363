package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of listening channels, on the JDK's and on ours. */
class AcceptTest {
    private static final String ALL = "org.iocp4j.channels.Providers#all";

    @ParameterizedTest
    @MethodSource(ALL)
    void eachAcceptGetsOneConnection(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null)) {
            Outcome<AsynchronousSocketChannel> first = new Outcome<>();
            listener.accept("mine", first);
            List<Socket> peers = new ArrayList<>();
            List<AsynchronousSocketChannel> channels = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                peers.add(Link.connect(listener));
            }
            channels.add(first.get());
            assertThat(first.attachment).isEqualTo("mine");
            while (channels.size() < peers.size()) {
                channels.add(Outcome.get(listener.accept()));
            }
            for (int i = 0; i < peers.size(); i++) {
                Socket peer = peers.get(i);
                AsynchronousSocketChannel channel = take(channels, peer.getLocalSocketAddress());
                assertThat(channel.provider()).isSameAs(provider);
                assertThat(channel.getLocalAddress()).isEqualTo(listener.getLocalAddress());
                Outcome.get(channel.write(ByteBuffer.wrap(new byte[] {(byte) i})));
                assertThat(peer.getInputStream().read()).isEqualTo(i);
                channel.close();
                peer.close();
            }
        }
    }

    /** By its peer's address: several threads dequeue accepts, so connections may come in another order than made. */
    private static AsynchronousSocketChannel take(List<AsynchronousSocketChannel> channels, SocketAddress peer)
            throws IOException {
        for (AsynchronousSocketChannel channel : channels) {
            if (peer.equals(channel.getRemoteAddress())) {
                channels.remove(channel);
                return channel;
            }
        }
        throw new AssertionError("no channel of " + peer);
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void mistakesAreThrown(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = provider.openAsynchronousServerSocketChannel(null)) {
            assertThat(listener.getLocalAddress()).isNull();
            assertThatThrownBy(listener::accept).isInstanceOf(NotYetBoundException.class);
            assertThatThrownBy(() -> listener.accept(null, null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> listener.bind(InetSocketAddress.createUnresolved("nowhere", 1)))
                    .isInstanceOf(UnresolvedAddressException.class);
            listener.bind(null);
            assertThatThrownBy(() -> listener.bind(null)).isInstanceOf(AlreadyBoundException.class);
            Future<AsynchronousSocketChannel> waits = listener.accept();
            assertThatThrownBy(listener::accept).isInstanceOf(AcceptPendingException.class);
            assertThat(waits.isDone()).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void anAddressInUseIsRefused(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null);
                AsynchronousServerSocketChannel other = provider.openAsynchronousServerSocketChannel(null)) {
            assertThatThrownBy(() -> other.bind(listener.getLocalAddress())).isInstanceOf(BindException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void closeEndsThePendingAcceptAndForbidsLaterOnes(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousServerSocketChannel listener = Link.listen(provider, null);
        Outcome<AsynchronousSocketChannel> waits = new Outcome<>();
        listener.accept(null, waits);
        listener.close();
        assertThat(waits.failure()).isInstanceOf(AsynchronousCloseException.class);
        assertThat(Outcome.failure(listener.accept())).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(listener::getLocalAddress).isInstanceOf(ClosedChannelException.class);
        assertThat(listener.isOpen()).isFalse();
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aCancelledAcceptForbidsLaterOnes(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null)) {
            Future<AsynchronousSocketChannel> waits = listener.accept();
            assertThat(waits.cancel(false)).isTrue();
            assertThatThrownBy(listener::accept).isInstanceOf(RuntimeException.class);
            assertThat(listener.isOpen()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void anAcceptedConnectionOutlivesItsListener(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.accepted(provider, null)) {
            link.peer().getOutputStream().write(7);
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void optionsAreSetAndRead(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = provider.openAsynchronousServerSocketChannel(null)) {
            assertThat(listener.supportedOptions())
                    .contains(StandardSocketOptions.SO_RCVBUF, StandardSocketOptions.SO_REUSEADDR);
            listener.setOption(StandardSocketOptions.SO_RCVBUF, 256 * 1024)
                    .setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(null);
            assertThat(listener.getOption(StandardSocketOptions.SO_RCVBUF)).isGreaterThanOrEqualTo(256 * 1024);
            assertThat(listener.getOption(StandardSocketOptions.SO_REUSEADDR)).isTrue();
            assertThatThrownBy(() -> listener.setOption(StandardSocketOptions.TCP_NODELAY, true))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }
}
