package org.iocp4j.vertx;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.net.TcpConfig;
import io.vertx.core.net.TcpOption;
import io.vertx.core.spi.transport.Transport;
import java.util.function.BiConsumer;
import org.iocp4j.netty.IocpChannelOption;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;
import org.iocp4j.netty.IocpSocketChannel;

/** What Vert.x takes from a transport. Beside the options of NIO's sockets it sets those of TCP's keep-alive. */
final class IocpTransport implements Transport {
    @Override
    public IoHandlerFactory ioHandlerFactory() {
        return IocpIoHandler.newFactory();
    }

    @Override
    public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
        if (domainSocket) {
            throw noDomainSockets();
        }
        return IocpSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
        if (domainSocket) {
            throw noDomainSockets();
        }
        return IocpServerSocketChannel::new;
    }

    /** The exception that Vert.x' own transports throw where they have none. */
    private static IllegalArgumentException noDomainSockets() {
        return new IllegalArgumentException("the transport on completion ports has no domain sockets");
    }

    @Override
    @SuppressWarnings("deprecation") // Vert.x names the old type
    public DatagramChannel datagramChannel(InternetProtocolFamily family) {
        throw noDatagrams();
    }

    /** Vert.x asks for it when it makes its resolver of names, and takes the JDK's when this fails. */
    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannelFactory() {
        throw noDatagrams();
    }

    private static UnsupportedOperationException noDatagrams() {
        return new UnsupportedOperationException("the transport on completion ports has no datagrams");
    }

    @Override
    public void configure(TcpConfig config, boolean domainSocket, Bootstrap bootstrap) {
        Transport.super.configure(config, domainSocket, bootstrap);
        keepAlive(config, bootstrap::option);
    }

    @Override
    public void configure(TcpConfig config, boolean domainSocket, ServerBootstrap bootstrap) {
        Transport.super.configure(config, domainSocket, bootstrap);
        keepAlive(config, bootstrap::childOption);
    }

    private static void keepAlive(TcpConfig config, BiConsumer<ChannelOption<Integer>, Integer> set) {
        set(config, TcpOption.KEEPIDLE, IocpChannelOption.TCP_KEEPIDLE, set);
        set(config, TcpOption.KEEPINTVL, IocpChannelOption.TCP_KEEPINTVL, set);
        set(config, TcpOption.KEEPCNT, IocpChannelOption.TCP_KEEPCNT, set);
    }

    /** Vert.x knows 0 for what the system has by itself. */
    private static void set(TcpConfig config, TcpOption<Integer> from, ChannelOption<Integer> option,
            BiConsumer<ChannelOption<Integer>, Integer> set) {
        Integer value = config.getOption(from);
        if (value != null && value != 0) {
            set.accept(option, value);
        }
    }
}
