package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/** The loops of a transport, and channels on them whose peers are sockets of the JDK's. */
final class Bed implements AutoCloseable {
    static final int SECONDS = 30;

    final Transport transport;
    final EventLoopGroup group;

    Bed(Transport transport) {
        this(transport, 1);
    }

    Bed(Transport transport, int loops) {
        this.transport = transport;
        group = new MultiThreadIoEventLoopGroup(loops, transport.factory());
    }

    /** A channel and the socket at its other end. */
    record Ends(Channel channel, Socket peer) implements AutoCloseable {
        @Override
        public void close() throws Exception {
            peer.close();
            channel.close().await(SECONDS, TimeUnit.SECONDS);
        }

        void peerSends(byte... bytes) throws IOException {
            peer.getOutputStream().write(bytes);
        }

        /** An RST, whatever is going on. */
        void peerResets() throws IOException {
            peer.setSoLinger(true, 0);
            peer.close();
        }
    }

    static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    Bootstrap client(ChannelHandler handler) {
        return new Bootstrap().group(group).channel(transport.clientClass).handler(handler);
    }

    ServerBootstrap server(ChannelHandler childHandler) {
        return new ServerBootstrap().group(group).channel(transport.serverClass).childHandler(childHandler);
    }

    /** A channel that connects to a socket of the JDK's. */
    Ends connected(ChannelHandler handler, Consumer<Bootstrap> more) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listener.setSoTimeout(SECONDS * 1000);
            Bootstrap bootstrap = client(handler);
            more.accept(bootstrap);
            Channel channel = bootstrap.connect(listener.getLocalSocketAddress()).sync().channel();
            return new Ends(channel, ready(listener.accept()));
        }
    }

    Ends connected(ChannelHandler handler) throws Exception {
        return connected(handler, any -> { });
    }

    /** A channel that is accepted from a socket of the JDK's. */
    Ends accepted(ChannelHandler handler, Consumer<ServerBootstrap> more) throws Exception {
        BlockingQueue<Channel> children = new LinkedBlockingQueue<>();
        ServerBootstrap bootstrap = server(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handler);
                children.add(channel);
            }
        });
        more.accept(bootstrap);
        Channel listener = bootstrap.bind(loopback()).sync().channel();
        Socket peer = new Socket();
        peer.connect(listener.localAddress());
        Channel child = children.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(child).as("accepted").isNotNull();
        await(() -> assertThat(child.isActive()).isTrue());
        listener.close().sync();
        return new Ends(child, ready(peer));
    }

    Ends accepted(ChannelHandler handler) throws Exception {
        return accepted(handler, any -> { });
    }

    private static Socket ready(Socket peer) throws IOException {
        peer.setSoTimeout(SECONDS * 1000);
        peer.setTcpNoDelay(true);
        return peer;
    }

    static ChannelHandler nothing() {
        return new Nothing();
    }

    @ChannelHandler.Sharable
    private static final class Nothing extends ChannelInboundHandlerAdapter {
    }

    /** Waits until it holds. */
    static void await(ThrowingRunnable holds) {
        Awaitility.await().atMost(SECONDS, TimeUnit.SECONDS).pollInterval(2, TimeUnit.MILLISECONDS)
                .untilAsserted(holds);
    }

    /** Until the loop of a channel has been through its packets and tasks, several times. */
    static void turns(Channel channel) throws Exception {
        for (int i = 0; i < 10; i++) {
            channel.eventLoop().schedule(() -> { }, 2, TimeUnit.MILLISECONDS).sync();
        }
    }

    @Override
    public void close() throws Exception {
        assertThat(group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(SECONDS, TimeUnit.SECONDS))
                .as("loops have ended").isTrue();
    }
}
