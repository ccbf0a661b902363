package org.iocp4j.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.spi.AsynchronousChannelProvider;
import org.iocp4j.channels.IocpAsynchronousChannelProvider;

/** On asynchronous channels: the JDK's, which on Windows are on completion ports too, or this project's. */
final class AsyncChannelEcho implements Peer {
    private final AsynchronousChannelProvider provider;

    private AsyncChannelEcho(AsynchronousChannelProvider provider) {
        this.provider = provider;
    }

    static AsyncChannelEcho jdk() {
        return new AsyncChannelEcho(AsynchronousChannelProvider.provider());
    }

    /** In a process of its own: the setting is a system property. */
    static AsyncChannelEcho iocp4j(boolean reuse) {
        System.setProperty("iocp4j.reuse", String.valueOf(reuse));
        return new AsyncChannelEcho(new IocpAsynchronousChannelProvider());
    }

    @Override
    public int start() throws IOException {
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(THREADS, Thread.ofPlatform().daemon().factory());
        AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group);
        listener.bind(Peer.anyPort(), BACKLOG);
        listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
            @Override
            public void completed(AsynchronousSocketChannel channel, Void none) {
                listener.accept(null, this);
                new Connection(channel).begin();
            }

            @Override
            public void failed(Throwable failure, Void none) {
                listener.accept(null, this); // one connection broke before it was accepted
            }
        });
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    private static final class Connection implements CompletionHandler<Integer, Boolean> {
        private static final Boolean READ = true;
        private static final Boolean WRITE = false;

        private final AsynchronousSocketChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

        Connection(AsynchronousSocketChannel channel) {
            this.channel = channel;
        }

        void begin() {
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.read(buffer, READ, this);
            } catch (IOException e) {
                close();
            }
        }

        @Override
        public void completed(Integer bytes, Boolean read) {
            if (bytes < 0) {
                close();
                return;
            }
            if (read) {
                buffer.flip();
            }
            if (buffer.hasRemaining()) {
                channel.write(buffer, WRITE, this);
            } else {
                channel.read(buffer.clear(), READ, this);
            }
        }

        @Override
        public void failed(Throwable failure, Boolean read) {
            close();
        }

        private void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
