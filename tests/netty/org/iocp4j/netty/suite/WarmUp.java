package org.iocp4j.netty.suite;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One connection before the first test of a JVM, so that no test's time limit covers the loading of Netty: under Wine,
 * on a busy machine, that took 10 s, all that the first test has.
 */
final class WarmUp implements BeforeAllCallback {
    private static boolean done;

    @Override
    public synchronized void beforeAll(ExtensionContext context) throws InterruptedException {
        if (done) {
            return;
        }
        done = true;
        Combination combination = new Combination();
        ServerBootstrap server = combination.serverSocket().get(0).newInstance().childHandler(new Echo());
        Bootstrap client = combination.clientSocket().get(0).newInstance().handler(new CloseWhenRead());
        Channel listener = server.bind(new InetSocketAddress(NetUtil.LOCALHOST, 0)).sync().channel();
        Channel channel = client.connect(listener.localAddress()).sync().channel();
        channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).sync();
        channel.closeFuture().sync();
        listener.close().sync();
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }

    private static final class CloseWhenRead extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
            super.channelRead(context, message);
            context.close();
        }
    }
}
