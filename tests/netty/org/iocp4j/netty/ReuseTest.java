package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sockets that serve one connection after the other, on the loops of a group. */
@NeedsCompletionPorts
@Timeout(60)
class ReuseTest {
    private static final int CONNECTIONS = 100;

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aClosedConnectionsSocketServesTheNext(int loops) throws Exception {
        IocpEventLoopGroup group = new IocpEventLoopGroup(loops);
        Set<String> threads = ConcurrentHashMap.newKeySet();
        try {
            Channel server = new ServerBootstrap().group(group).channel(IocpServerSocketChannel.class)
                    .option(IocpChannelOption.ACCEPTS, 8)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                                @Override
                                public void channelRead(ChannelHandlerContext context, Object message) {
                                    threads.add(Thread.currentThread().getName());
                                    context.writeAndFlush(message);
                                }
                            });
                        }
                    }).bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            for (int i = 0; i < CONNECTIONS; i++) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    client.setSoTimeout(20_000);
                    client.getOutputStream().write(i);
                    assertThat(client.getInputStream().read()).isEqualTo(i);
                    client.shutdownOutput();
                    assertThat(client.getInputStream().read()).isEqualTo(-1);
                }
            }
            assertThat(group.reusedSockets()).isGreaterThan(CONNECTIONS / 2);
            assertThat(threads).hasSize(loops);
        } finally {
            assertThat(group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(20, TimeUnit.SECONDS)).isTrue();
        }
    }
}
