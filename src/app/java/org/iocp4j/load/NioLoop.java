package org.iocp4j.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/** A selector, on any system's JDK. */
final class NioLoop implements IoLoop {
    private final InetSocketAddress server;
    private final Selector selector = Selector.open();
    private final ByteBuffer readBuffer =
            ByteBuffer.allocateDirect(LoadThread.BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final Consumer<SelectionKey> onReady = key -> ((NioTransport) key.attachment()).ready();

    NioLoop(InetSocketAddress server) throws IOException {
        this.server = server;
    }

    @Override
    public Transport newTransport(Connection connection) throws IOException {
        return new NioTransport(connection);
    }

    @Override
    public void await(long millis) throws IOException {
        if (millis > 0) {
            selector.select(onReady, millis);
        } else {
            selector.selectNow(onReady);
        }
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public void close() throws IOException {
        // A channel is closed for good only when the selector has let go of its key.
        selector.selectNow();
        selector.close();
    }

    private final class NioTransport implements Transport {
        private final Connection connection;
        private final SocketChannel channel = SocketChannel.open();
        /** What has come of a message that is not whole yet. */
        private final byte[] partial = new byte[Protocol.MESSAGE_BYTES];
        private int partialBytes;
        private SelectionKey key;

        NioTransport(Connection connection) throws IOException {
            this.connection = connection;
        }

        @Override
        public boolean connect() throws IOException {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            LocalPorts.SHARED.bind(channel, server);
            boolean connected = channel.connect(server);
            key = channel.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
            return connected;
        }

        @Override
        public int send(ByteBuffer bytes) throws IOException {
            int taken = channel.write(bytes);
            if (bytes.hasRemaining()) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
            return taken;
        }

        /** The selector says that something can be done. */
        void ready() {
            if (key.isConnectable()) {
                finishConnect();
                return;
            }
            if (key.isWritable()) {
                key.interestOps(SelectionKey.OP_READ);
                connection.writable();
            }
            if (key.isValid() && key.isReadable()) {
                read();
            }
        }

        private void finishConnect() {
            try {
                if (!channel.finishConnect()) {
                    return;
                }
                key.interestOps(SelectionKey.OP_READ);
            } catch (IOException e) {
                connection.connectFailed(e);
                return;
            }
            connection.connected();
        }

        private void read() {
            ByteBuffer buffer = readBuffer.clear().put(partial, 0, partialBytes);
            int n;
            try {
                n = channel.read(buffer);
            } catch (IOException e) {
                n = -1;
            }
            if (n < 0) {
                connection.lost();
            } else if (n > 0) {
                connection.received(buffer.flip());
                if (channel.isOpen()) {
                    partialBytes = buffer.remaining();
                    buffer.get(partial, 0, partialBytes);
                }
            }
        }

        @Override
        public void close(boolean reset) {
            try {
                if (reset) {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
                }
            } catch (IOException e) {
                // The server closed first: there is nothing left to reset.
            }
            try {
                channel.close();
            } catch (IOException e) {
                // The descriptor is released all the same.
            }
        }
    }
}
