package org.iocp4j.socket.check;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.iocp4j.win32.Win32;

/**
 * The client of a check: a channel that does not block, and is polled. So no proxy or socket factory of the application
 * is involved, and an interrupt of the calling thread closes nothing and stays set.
 */
final class LoopbackClient implements AutoCloseable {
    private static final int POLL_MILLIS = 1;

    private final Win32 win32;
    private final SocketChannel channel;
    private final ByteBuffer oneByte = ByteBuffer.allocate(1);

    /** Starts to connect: {@link #awaitConnected}. */
    LoopbackClient(InetSocketAddress address, Win32 win32) throws IOException {
        this.win32 = win32;
        channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.connect(address);
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    void awaitConnected(int millis) throws IOException, TimeoutException {
        await(channel::finishConnect, "the client's connect", millis);
    }

    void write(int value) throws IOException, TimeoutException {
        oneByte.clear().put((byte) value).flip();
        await(() -> channel.write(oneByte) > 0, "the client's write", LoopbackCheck.BOUND_MILLIS);
    }

    /** One byte, 0 to 255, or -1 at the end. */
    int read(int millis) throws IOException, TimeoutException {
        oneByte.clear();
        await(() -> channel.read(oneByte) != 0, "the client's read", millis);
        return oneByte.position() == 0 ? -1 : Byte.toUnsignedInt(oneByte.get(0));
    }

    /** What may have to be tried more than once. */
    @FunctionalInterface
    private interface Attempt {
        boolean succeeds() throws IOException;
    }

    private void await(Attempt attempt, String what, int millis) throws IOException, TimeoutException {
        long deadline = win32.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!attempt.succeeds()) {
            if (win32.nanoTime() - deadline >= 0) {
                throw new TimeoutException(what + ": nothing within " + millis + " ms");
            }
            win32.sleep(POLL_MILLIS);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
