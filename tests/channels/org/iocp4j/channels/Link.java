package org.iocp4j.channels;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;

/** A channel that is connected to a plain socket. */
record Link(AsynchronousSocketChannel channel, Socket peer) implements AutoCloseable {
    /** The channel has connected. */
    static Link connected(AsynchronousChannelProvider provider, AsynchronousChannelGroup group) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(group);
            Outcome.get(channel.connect(listener.getLocalSocketAddress()));
            return new Link(channel, listener.accept());
        }
    }

    /** The channel was accepted. */
    static Link accepted(AsynchronousChannelProvider provider, AsynchronousChannelGroup group) throws Exception {
        try (AsynchronousServerSocketChannel listener = listen(provider, group)) {
            Socket peer = connect(listener);
            return new Link(Outcome.get(listener.accept()), peer);
        }
    }

    static AsynchronousServerSocketChannel listen(AsynchronousChannelProvider provider, AsynchronousChannelGroup group)
            throws IOException {
        return provider.openAsynchronousServerSocketChannel(group)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    static Socket connect(AsynchronousServerSocketChannel listener) throws IOException {
        InetSocketAddress address = (InetSocketAddress) listener.getLocalAddress();
        return new Socket(address.getAddress(), address.getPort());
    }

    @Override
    public void close() throws IOException {
        channel.close();
        peer.close();
    }
}
