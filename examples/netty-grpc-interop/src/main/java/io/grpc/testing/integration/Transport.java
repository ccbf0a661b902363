package io.grpc.testing.integration;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;
import org.iocp4j.netty.IocpSocketChannel;

/** The three things that a gRPC server or client is told of its transport. All else is the same for both. */
enum Transport {
    NIO(NioIoHandler::newFactory, NioServerSocketChannel.class, NioSocketChannel.class),
    IOCP(IocpIoHandler::newFactory, IocpServerSocketChannel.class, IocpSocketChannel.class);

    private final Supplier<IoHandlerFactory> handlers;
    final Class<? extends ServerChannel> serverChannel;
    final Class<? extends SocketChannel> channel;

    Transport(Supplier<IoHandlerFactory> handlers, Class<? extends ServerChannel> serverChannel,
            Class<? extends SocketChannel> channel) {
        this.handlers = handlers;
        this.serverChannel = serverChannel;
        this.channel = channel;
    }

    EventLoopGroup loops(int threads) {
        return new MultiThreadIoEventLoopGroup(threads,
                new DefaultThreadFactory(name().toLowerCase(Locale.ROOT), true), handlers.get());
    }

    /** What follows {@code --transport} on the command line; without it, completion ports. */
    static Transport of(String... arguments) {
        int at = List.of(arguments).indexOf("--transport");
        return valueOf(at < 0 ? "IOCP" : arguments[at + 1].toUpperCase(Locale.ROOT));
    }
}
