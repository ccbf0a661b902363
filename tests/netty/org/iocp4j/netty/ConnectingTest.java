package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.socket.SocketChannel;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.iocp4j.FullListener;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connect comes to; the same for Netty's NIO transport unless a test says otherwise. */
@NeedsCompletionPorts
@Timeout(120)
class ConnectingTest {
    private final Seen seen = new Seen();

    private Channel registered(Bed bed) throws Exception {
        return bed.client(seen).register().sync().channel();
    }

    private static Throwable causeOf(ChannelFuture future) throws Exception {
        assertThat(future.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
        return future.cause();
    }

    private static InetSocketAddress nobody() throws Exception {
        try (ServerSocket once = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) once.getLocalSocketAddress();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aConnectIsRefused(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel channel = registered(bed);
            InetSocketAddress address = nobody();
            assertThat(causeOf(channel.connect(address))).isInstanceOf(ConnectException.class)
                    .hasMessageContaining("Connection refused").hasMessageContaining(address.toString());
            channel.closeFuture().await(Bed.SECONDS, TimeUnit.SECONDS);
            assertThat(channel.isOpen()).isFalse();
            Bed.await(() -> assertThat(seen.events).contains("unregistered").doesNotContain("active", "inactive"));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aChannelNamesItsPeerFromTheConnectOn(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); FullListener full = new FullListener()) {
            Channel channel = registered(bed);
            assertThat(channel.remoteAddress()).isNull();
            ChannelFuture connect = channel.connect(full.address());
            Bed.turns(channel);
            assertThat(channel.remoteAddress()).isEqualTo(full.address());
            full.accept();
            assertThat(causeOf(connect)).isNull();
            assertThat(channel.remoteAddress()).isEqualTo(full.address());
            channel.close().sync();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void anAddressHasToBeUsable(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
            assertThat(causeOf(registered(bed).connect(unresolved))).isInstanceOf(UnresolvedAddressException.class);
            assertThat(causeOf(registered(bed).connect(new io.netty.channel.local.LocalAddress("x"))))
                    .isInstanceOfAny(UnsupportedAddressTypeException.class, ClassCastException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aSecondConnectFails(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.connected(seen)) {
            InetSocketAddress again = (InetSocketAddress) ends.channel().remoteAddress();
            assertThat(causeOf(ends.channel().connect(again))).isInstanceOf(AlreadyConnectedException.class);
        }
    }

    /** The connection that is there goes on. (NIO closes it.) */
    @Test
    void aSecondConnectDoesNoHarm() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.connected(seen)) {
            causeOf(ends.channel().connect(ends.channel().remoteAddress()));
            ends.peerSends((byte) 1);
            Bed.await(() -> assertThat(seen.read()).containsExactly(1));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aClosedChannelDoesNotConnect(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel channel = registered(bed);
            channel.close().sync();
            assertThat(causeOf(channel.connect(nobody()))).isInstanceOf(ClosedChannelException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void nothingIsSentOrShutDownBeforeTheConnect(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            SocketChannel channel = (SocketChannel) registered(bed);
            assertThat(causeOf(channel.writeAndFlush(Unpooled.buffer().writeByte(1))))
                    .isInstanceOf(NotYetConnectedException.class);
            assertThat(causeOf(channel.shutdownInput())).isInstanceOf(NotYetConnectedException.class);
            assertThat(channel.localAddress()).isNull();
            assertThat(channel.remoteAddress()).isNull();
            channel.close().sync();
            assertThat(causeOf(channel.writeAndFlush(Unpooled.buffer().writeByte(1))))
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(causeOf(channel.shutdownInput())).isInstanceOf(ClosedChannelException.class);
            assertThat(causeOf(channel.shutdownOutput())).isInstanceOf(ClosedChannelException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aConnectTimesOut(Transport transport) throws Exception {
        try (var full = new FullListener(); Bed bed = new Bed(transport)) {
            Channel channel = bed.client(seen).option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 100).register().sync()
                    .channel();
            List<ChannelFuture> connects = new ArrayList<>();
            channel.eventLoop().submit(() -> { // in one task, which the time-out has to wait for
                connects.add(channel.connect(full.address()));
                connects.add(channel.connect(full.address()));
            }).sync();
            assertThat(causeOf(connects.getLast())).isInstanceOf(ConnectionPendingException.class);
            assertThat(causeOf(connects.getFirst())).isInstanceOf(ConnectTimeoutException.class)
                    .hasMessageContaining(full.address().toString());
            Bed.await(() -> assertThat(seen.events).contains("unregistered"));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aConnectIsCancelledOrClosed(Transport transport) throws Exception {
        try (var full = new FullListener(); Bed bed = new Bed(transport)) {
            Channel channel = registered(bed);
            ChannelFuture connect = channel.connect(full.address());
            Bed.turns(channel);
            assertThat(connect.cancel(true)).isTrue();
            assertThat(channel.closeFuture().await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            Channel second = registered(bed);
            ChannelFuture pending = second.connect(full.address());
            Bed.turns(second);
            second.close().sync();
            assertThat(causeOf(pending)).isInstanceOf(ClosedChannelException.class);
            Bed.await(() -> assertThat(seen.events.stream().filter("unregistered"::equals)).hasSize(2));
        }
    }

    /** Cancelled in the moment that it succeeds or fails. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void cancellingRacesWithTheConnect(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport, 2); ServerSocket listener = new ServerSocket(0, 200,
                InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 100; i++) {
                ChannelFuture connect = bed.client(Bed.nothing()).connect(listener.getLocalSocketAddress());
                if (i % 3 != 0) {
                    Thread.onSpinWait();
                }
                connect.cancel(true);
                assertThat(connect.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
                if (connect.isSuccess()) {
                    connect.channel().close();
                }
                assertThat(connect.channel().closeFuture().await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    /** netty#6770, netty#7047: what was accepted and not registered is closed by force, without a word. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void anAcceptedChannelIsClosedBeforeItIsRegistered(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            List<Channel> closed = new CopyOnWriteArrayList<>();
            ServerBootstrap bootstrap = bed.server(Bed.nothing()).handler(
                    new io.netty.channel.ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext context, Object message) {
                            Channel child = (Channel) message;
                            closed.add(child); // first, for the peer sees its end at once
                            child.unsafe().closeForcibly();
                        }
                    });
            Channel listener = bootstrap.bind(Bed.loopback()).sync().channel();
            try (Socket peer = new Socket()) {
                peer.connect(listener.localAddress());
                peer.setSoTimeout(Bed.SECONDS * 1000);
                assertThat(peer.getInputStream().read()).isEqualTo(-1);
            }
            assertThat(closed).hasSize(1);
            Bed.await(() -> assertThat(closed.getFirst().isOpen()).isFalse());
        }
    }

    /** A channel that is bound keeps its address; both families reach a server that listens at all of them. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void bothFamiliesReachAServer(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel listener = bed.server(Bed.nothing()).bind(0).sync().channel();
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            for (String host : new String[] {"127.0.0.1", "::1"}) {
                InetAddress address = InetAddress.getByName(host);
                SocketChannel client = (SocketChannel) bed.client(Bed.nothing())
                        .connect(new InetSocketAddress(address, port), new InetSocketAddress(address, 0)).sync()
                        .channel();
                assertThat(client.remoteAddress()).isEqualTo(new InetSocketAddress(address, port));
                assertThat(client.localAddress().getAddress()).isEqualTo(address).isInstanceOf(
                        address instanceof Inet4Address ? Inet4Address.class : Inet6Address.class);
                client.close().sync();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aPortIsTakenOnce(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel listener = bed.server(Bed.nothing()).bind(Bed.loopback()).sync().channel();
            assertThat(causeOf(bed.server(Bed.nothing()).option(ChannelOption.SO_REUSEADDR, true)
                    .bind(listener.localAddress()))).isInstanceOf(java.net.BindException.class);
            assertThat(causeOf(listener.bind(Bed.loopback()))).as("bound already").isNotNull();
            listener.close().sync();
            bed.server(Bed.nothing()).bind(listener.localAddress()).sync().channel().close().sync();
        }
    }
}
