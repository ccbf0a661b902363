package org.iocp4j.simulation;

import io.netty.channel.ChannelFuture;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.iocp4j.netty.IocpChannelOption;
import org.iocp4j.netty.IocpServerSocketChannel;
import org.iocp4j.netty.IocpSocketChannel;

/** A listening channel of the program, and its one handler. */
final class NettyListener extends NettyEvents {
    private final IocpServerSocketChannel channel = new IocpServerSocketChannel();
    private InetSocketAddress address;

    NettyListener(NettySimulation simulation) {
        super(simulation);
        begin();
        channel.config().setAutoRead(random.chance(0.8)).setBacklog(1 + random.below(5))
                .setAllocator(simulation.memory);
        channel.config().setOption(IocpChannelOption.ACCEPTS, 1 + random.below(4));
    }

    /**
     * Binds in a task, as Netty's bootstrap does: where promises are nested deep, Netty tells later that the channel is
     * registered, and of one that is bound by then it tells twice that it is active.
     */
    void listen() {
        simulation.loop().register(channel);
        simulation.loop().execute(this::bind);
    }

    private void bind() {
        ChannelFuture bound = channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        if (bound.isDone() && !bound.isSuccess()) {
            require(simulation.callsFail() || !channel.isOpen(), "does not listen: " + bound.cause());
            channel.close();
        }
    }

    @Override
    IocpServerSocketChannel channel() {
        return channel;
    }

    /** Null if it never listened. */
    InetSocketAddress address() {
        return address;
    }

    @Override
    void act() {
        if (wasNeverRegistered()) {
            return; // its registration has failed
        }
        switch (random.below(20)) {
            case 0 -> call(channel::close);
            case 1, 2, 3, 4 -> autoRead(true);
            case 5, 6 -> autoRead(false);
            case 7 -> call(channel::deregister);
            case 8, 9 -> register();
            default -> call(channel::read);
        }
    }

    void register() {
        if (!channel.isRegistered() && channel.isOpen()) {
            call(() -> simulation.loop().register(channel));
        }
    }

    @Override
    void activated() {
        address = channel.localAddress();
    }

    @Override
    void deactivated() {
        // Nothing is to be told of it.
    }

    @Override
    void arrived(Object message) {
        simulation.accepted(new NettyConnection(simulation, (IocpSocketChannel) message));
    }

    @Override
    void failed(IOException cause) {
        // The next accept may succeed.
    }

    @Override
    public String toString() {
        return "listener " + (address == null ? "without a port" : String.valueOf(address.getPort()));
    }
}
