package org.iocp4j.channels;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Connects each client to one server, and passes on what either sends, and each end; written from the JDK's
 * documentation of its channels alone.
 */
final class ProxyProgram implements AutoCloseable {
    private final AsynchronousChannelGroup group;
    private final InetSocketAddress server;
    private final Consumer<String> log;
    private final AsynchronousServerSocketChannel listener;

    ProxyProgram(AsynchronousChannelGroup group, InetSocketAddress server, Consumer<String> log) throws IOException {
        this.group = group;
        this.server = server;
        this.log = log;
        listener = AsynchronousServerSocketChannel.open(group)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
            @Override
            public void completed(AsynchronousSocketChannel client, Void none) {
                listener.accept(null, this);
                connect(client);
            }

            @Override
            public void failed(Throwable cause, Void none) {
                log.accept("no more clients: " + cause);
            }
        });
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void connect(AsynchronousSocketChannel client) {
        AsynchronousSocketChannel far;
        try {
            far = AsynchronousSocketChannel.open(group);
        } catch (IOException e) {
            log.accept("no channel: " + e);
            close(client);
            return;
        }
        far.connect(server, null, new CompletionHandler<Void, Void>() {
            @Override
            public void completed(Void nothing, Void none) {
                AtomicInteger open = new AtomicInteger(2);
                new Way("client", client, far, open).read();
                new Way("server", far, client, open).read();
            }

            @Override
            public void failed(Throwable cause, Void none) {
                log.accept("no server: " + cause);
                close(client);
                close(far);
            }
        });
    }

    private void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.accept("not closed: " + e);
        }
    }

    /** What one of the two sends to the other. */
    private final class Way implements CompletionHandler<Integer, Boolean> {
        private static final Boolean READ = true;
        private static final Boolean WRITE = false;

        private final String sender;
        private final AsynchronousSocketChannel from;
        private final AsynchronousSocketChannel to;
        private final AtomicInteger open;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(8192);

        Way(String sender, AsynchronousSocketChannel from, AsynchronousSocketChannel to, AtomicInteger open) {
            this.sender = sender;
            this.from = from;
            this.to = to;
            this.open = open;
        }

        void read() {
            from.read(buffer.clear(), READ, this);
        }

        @Override
        public void completed(Integer bytes, Boolean wasRead) {
            if (bytes < 0) {
                end();
                return;
            }
            if (wasRead) {
                buffer.flip();
            }
            if (buffer.hasRemaining()) {
                to.write(buffer, WRITE, this);
            } else {
                read();
            }
        }

        private void end() {
            try {
                to.shutdownOutput();
            } catch (IOException e) {
                failed(e, WRITE);
                return;
            }
            if (open.decrementAndGet() == 0) {
                log.accept("both have ended");
                close(from);
                close(to);
            }
        }

        @Override
        public void failed(Throwable cause, Boolean wasRead) {
            if (from.isOpen() && to.isOpen()) {
                log.accept(sender + (wasRead ? " was lost: " : "'s bytes do not go on: ") + cause);
            }
            close(from);
            close(to);
        }
    }
}
