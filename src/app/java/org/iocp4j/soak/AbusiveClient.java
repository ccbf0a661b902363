package org.iocp4j.soak;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.load.LocalPorts;
import org.iocp4j.load.Protocol;

/** The moves that an {@link Abuse} is made of, and the connections of its present life. One thread's. */
final class AbusiveClient {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int POLL_MILLIS = 5;
    /** When nothing was sent for this many polls, nobody receives. */
    private static final int STANDSTILL_POLLS = 60;
    private static final int BATCH_MESSAGES = 400;

    final Random random;
    private final InetSocketAddress server;
    private final CountDownLatch stop;
    private final AtomicLong wrongReplies;
    private final List<SocketChannel> connections = new ArrayList<>();

    /**
     * @param stop         ends every life when it is open
     * @param wrongReplies counts what came back other than it was sent
     */
    AbusiveClient(InetSocketAddress server, Random random, CountDownLatch stop, AtomicLong wrongReplies) {
        this.server = server;
        this.random = random;
        this.stop = stop;
        this.wrongReplies = wrongReplies;
    }

    /** One life; afterwards every connection of it is closed. */
    void live(Abuse abuse) {
        try {
            abuse.live(this);
        } catch (IOException e) {
            // The server's answer to abuse, or we are stopped.
        } finally {
            resetAll();
        }
    }

    /** Messages of {@code count} values from {@code first} on. */
    static byte[] messages(long first, int count) {
        ByteBuffer buffer = ByteBuffer.allocate(count * Protocol.MESSAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            buffer.putShort((short) Protocol.PAYLOAD_BYTES).putLong(first + i);
        }
        return buffer.array();
    }

    SocketChannel connect() throws IOException {
        return connect(0);
    }

    /** @param bufferBytes of the client's socket, each way; 0 = as the system has it */
    SocketChannel connect(int bufferBytes) throws IOException {
        SocketChannel channel = SocketChannel.open();
        connections.add(channel);
        if (bufferBytes > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
        }
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        LocalPorts.SHARED.bind(channel, server);
        channel.socket().connect(server, CONNECT_MILLIS);
        channel.configureBlocking(false);
        return channel;
    }

    void logIn(SocketChannel channel) throws IOException {
        expect(channel, messages(Protocol.LOGIN_VALUE, 1));
    }

    void send(SocketChannel channel, byte... bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            if (channel.write(rest) == 0) {
                pause(POLL_MILLIS);
            }
        }
    }

    /** Sends messages 0, 1, 2, ... until the socket takes no more; returns how many were sent whole. */
    int sendWhileItGoes(SocketChannel channel, int most) throws IOException {
        int sent = 0;
        int polls = 0;
        ByteBuffer batch = ByteBuffer.allocate(0);
        while (polls < STANDSTILL_POLLS && (sent < most || batch.hasRemaining())) {
            if (!batch.hasRemaining()) {
                batch = ByteBuffer.wrap(messages(sent, BATCH_MESSAGES));
                sent += BATCH_MESSAGES;
            }
            if (channel.write(batch) > 0) {
                polls = 0;
            } else {
                polls++;
                pause(POLL_MILLIS);
            }
        }
        return sent - (batch.remaining() + Protocol.MESSAGE_BYTES - 1) / Protocol.MESSAGE_BYTES;
    }

    void expect(SocketChannel channel, byte[] expected) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(expected.length);
        while (buffer.hasRemaining()) {
            read(channel, buffer);
        }
        if (!Arrays.equals(buffer.array(), expected)) {
            wrongReplies.incrementAndGet();
        }
    }

    /** Ends only by an exception: at the end of the stream, after a reset, or when stopped. */
    void readToEnd(SocketChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1_024);
        while (true) {
            read(channel, buffer.clear());
        }
    }

    private void read(SocketChannel channel, ByteBuffer buffer) throws IOException {
        int n = channel.read(buffer);
        if (n < 0) {
            throw new EOFException("the server has ended the connection");
        }
        if (n == 0) {
            pause(POLL_MILLIS);
        }
    }

    void reset(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    /** Closes every connection of this life, and forgets them. */
    void resetAll() {
        for (SocketChannel channel : connections) {
            try {
                if (channel.isOpen()) {
                    reset(channel);
                }
            } catch (IOException e) {
                close(channel); // the server closed first: there is nothing left to reset
            }
        }
        connections.clear();
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released all the same.
        }
    }

    /** Being slow is what many of them do. @throws InterruptedIOException when it is time to stop */
    void pause(int millis) throws InterruptedIOException {
        try {
            if (!stop.await(millis, TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new InterruptedIOException("stopped");
    }
}
