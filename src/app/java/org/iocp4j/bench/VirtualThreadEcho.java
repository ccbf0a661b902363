package org.iocp4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** On blocking channels, each connection with a virtual thread of its own. */
final class VirtualThreadEcho implements Peer {
    @Override
    public int start() throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open().bind(Peer.anyPort(), BACKLOG);
        Thread.ofPlatform().name("accept").daemon().start(() -> accept(listener));
        return listener.socket().getLocalPort();
    }

    private static void accept(ServerSocketChannel listener) {
        try {
            while (true) {
                SocketChannel channel = listener.accept();
                Thread.startVirtualThread(() -> echo(channel));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void echo(SocketChannel accepted) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try (SocketChannel channel = accepted) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (channel.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        } catch (IOException e) {
            // The peer's reset: the connection is over either way.
        }
    }
}
