package org.iocp4j.netty.suite;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;
import org.iocp4j.netty.IocpSocketChannel;

/**
 * What one side of a test runs on. The system property {@code suite.combination} says it for this JVM: {@code iocp-nio}
 * has servers on completion ports and clients of Netty's NIO transport; {@code nio-nio} tells NIO's own failures from
 * ours.
 */
enum Transport {
    IOCP(IocpIoHandler.newFactory(), IocpServerSocketChannel.class, IocpSocketChannel.class),
    NIO(NioIoHandler.newFactory(), NioServerSocketChannel.class, NioSocketChannel.class);

    private static final String COMBINATION = System.getProperty("suite.combination", "iocp-iocp");
    static final Transport SERVER = of(COMBINATION.split("-")[0]);
    static final Transport CLIENT = of(COMBINATION.split("-")[1]);

    final IoHandlerFactory handlers;
    final Class<? extends ServerChannel> serverChannel;
    final Class<? extends Channel> channel;
    private EventLoopGroup loops;

    Transport(IoHandlerFactory handlers, Class<? extends ServerChannel> serverChannel,
            Class<? extends Channel> channel) {
        this.handlers = handlers;
        this.serverChannel = serverChannel;
        this.channel = channel;
    }

    private static Transport of(String name) {
        for (Transport transport : values()) {
            if (transport.name().equalsIgnoreCase(name)) {
                return transport;
            }
        }
        throw new IllegalArgumentException("suite.combination is " + COMBINATION);
    }

    /** The loops of all tests in this JVM; the same for servers and clients, as Netty's own suite has it for NIO. */
    synchronized EventLoopGroup loops(int threads) {
        if (loops == null) {
            loops = new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name(), true), handlers);
        }
        return loops;
    }
}
