package example;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Sends back what comes. It knows java.nio alone, and says whose channels these are. */
final class Echo {
    private static final int IDLE_SECONDS = 60;
    /** Until the next accept behind one that has failed: the process may be out of sockets. */
    private static final int RETRY_MILLIS = 100;

    private Echo() {
    }

    /** Args: the port to listen on; without one, a free one. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int port = args.length == 0 ? 0 : Integer.parseInt(args[0]);
        try (var listener = AsynchronousServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
            System.out.println("listening on " + listener.getLocalAddress() + " by "
                    + listener.provider().getClass().getName());
            listener.accept(listener, new Accepted());
            new CountDownLatch(1).await(); // until Ctrl-C
        }
    }

    private static final class Accepted
            implements CompletionHandler<AsynchronousSocketChannel, AsynchronousServerSocketChannel> {
        @Override
        public void completed(AsynchronousSocketChannel client, AsynchronousServerSocketChannel listener) {
            listener.accept(listener, this);
            new Connection(client).read();
        }

        @Override
        public void failed(Throwable cause, AsynchronousServerSocketChannel listener) {
            if (listener.isOpen()) {
                System.err.println("a client was not accepted: " + cause);
                CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS) // the next may fail at once
                        .execute(() -> listener.accept(listener, this));
            }
        }
    }

    /** One client: what was read is written, and then more is read. */
    private static final class Connection implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel client;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
        private boolean writes;

        Connection(AsynchronousSocketChannel client) {
            this.client = client;
        }

        void read() {
            writes = false;
            client.read(buffer.clear(), IDLE_SECONDS, TimeUnit.SECONDS, null, this);
        }

        private void write() {
            writes = true;
            client.write(buffer, null, this);
        }

        @Override
        public void completed(Integer bytes, Void attachment) {
            if (bytes < 0) {
                close();
            } else if (!writes) {
                buffer.flip();
                write();
            } else if (buffer.hasRemaining()) {
                write();
            } else {
                read();
            }
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            close();
        }

        private void close() {
            try {
                client.close();
            } catch (IOException e) {
                System.err.println(e);
            }
        }
    }
}
