package org.iocp4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** On the JDK's selector, one thread: most writes are taken whole; only a remainder waits for the selector. */
final class SelectorEcho implements Peer {
    private final ByteBuffer input = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private Selector selector;

    @Override
    public int start() throws IOException {
        selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open().bind(Peer.anyPort(), BACKLOG);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        Thread.ofPlatform().name("selector").daemon().start(this::run);
        return listener.socket().getLocalPort();
    }

    private void run() {
        try {
            while (true) {
                selector.select(this::ready);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void ready(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                accept((ServerSocketChannel) key.channel());
            } else if (key.isWritable()) {
                write(key, (ByteBuffer) key.attachment());
            } else {
                read(key);
            }
        } catch (IOException e) {
            close(key);
        }
    }

    private void accept(ServerSocketChannel listener) throws IOException {
        for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ);
        }
    }

    private void read(SelectionKey key) throws IOException {
        if (((SocketChannel) key.channel()).read(input.clear()) < 0) {
            close(key);
            return;
        }
        write(key, input.flip());
    }

    private void write(SelectionKey key, ByteBuffer data) throws IOException {
        ((SocketChannel) key.channel()).write(data);
        if (data == input && data.hasRemaining()) {
            key.attach(ByteBuffer.allocate(data.remaining()).put(data).flip());
            key.interestOps(SelectionKey.OP_WRITE);
        } else if (data != input && !data.hasRemaining()) {
            key.attach(null);
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
