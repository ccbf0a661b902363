package org.iocp4j.netty;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.function.Supplier;

/** What a test runs on: ours, and Netty's own as the yardstick. */
enum Transport {
    IOCP(IocpIoHandler::newFactory, IocpServerSocketChannel.class, IocpSocketChannel.class),
    NIO(NioIoHandler::newFactory, NioServerSocketChannel.class, NioSocketChannel.class);

    private final Supplier<IoHandlerFactory> factory;
    final Class<? extends ServerSocketChannel> serverClass;
    final Class<? extends SocketChannel> clientClass;

    Transport(Supplier<IoHandlerFactory> factory, Class<? extends ServerSocketChannel> serverClass,
            Class<? extends SocketChannel> clientClass) {
        this.factory = factory;
        this.serverClass = serverClass;
        this.clientClass = clientClass;
    }

    IoHandlerFactory factory() {
        return factory.get();
    }
}
