package org.iocp4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.SessionHandler;

/**
 * iocp4j's handlers on the JDK's selectors: a thread with a selector for each processor; the first one accepts, too,
 * and deals the connections out. What is sent is written when the handler has returned, small parts together. A large
 * part that lies outside the heap is written at once, without a copy, when nothing is queued before it. A connection
 * that rests holds no buffer.
 */
final class SelectorHandlers implements Peer {
    private final SessionHandler handler;

    SelectorHandlers(SessionHandler handler) {
        this.handler = handler;
    }

    @Override
    public int start() throws IOException {
        Loop[] loops = new Loop[THREADS];
        for (int i = 0; i < loops.length; i++) {
            loops[i] = new Loop(loops);
        }
        ServerSocketChannel listener = ServerSocketChannel.open().bind(Peer.anyPort(), BACKLOG);
        listener.configureBlocking(false);
        listener.register(loops[0].selector, SelectionKey.OP_ACCEPT);
        for (Loop loop : loops) {
            Thread.ofPlatform().name("selector").daemon().start(loop::run);
        }
        return listener.socket().getLocalPort();
    }

    private final class Loop {
        private final Selector selector = Selector.open();
        private final Loop[] all;
        private final Queue<SocketChannel> dealt = new ConcurrentLinkedQueue<>();
        private final Deque<ByteBuffer> inputs = new ArrayDeque<>();
        private final Deque<ByteBuffer> outputs = new ArrayDeque<>();
        /** Accepted so far, of the loop that accepts. */
        private int accepted;

        Loop(Loop[] all) throws IOException {
            this.all = all;
        }

        private void run() {
            try {
                while (true) {
                    selector.select(this::ready);
                    for (SocketChannel channel = dealt.poll(); channel != null; channel = dealt.poll()) {
                        begin(channel);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (ClosedSelectorException e) {
                // The server ends.
            }
        }

        private void ready(SelectionKey key) {
            if (key.channel() instanceof ServerSocketChannel listener) {
                try {
                    accept(listener);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            } else {
                ((SelectorSession) key.attachment()).ready();
            }
        }

        private void accept(ServerSocketChannel listener) throws IOException {
            for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
                Loop loop = all[accepted++ % all.length];
                if (loop == this) {
                    begin(channel);
                } else {
                    loop.dealt.add(channel);
                    loop.selector.wakeup();
                }
            }
        }

        private void begin(SocketChannel channel) throws IOException {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            SelectorSession session = new SelectorSession(this, channel);
            session.open();
            session.ready();
        }

        private static ByteBuffer take(Deque<ByteBuffer> free, int bytes) {
            ByteBuffer buffer = free.poll();
            return buffer != null ? buffer : ByteBuffer.allocateDirect(bytes);
        }
    }

    private final class SelectorSession extends HandlerSession {
        private final Loop loop;
        private final SocketChannel channel;
        private final SelectionKey key;
        /** What is unread, ready to be read; null if nothing. */
        private ByteBuffer input;
        /** What is queued, ready for more; null if nothing. */
        private ByteBuffer output;
        private boolean outputEnded;

        SelectorSession(Loop loop, SocketChannel channel) throws IOException {
            super(handler);
            this.loop = loop;
            this.channel = channel;
            key = channel.register(loop.selector, 0, this);
        }

        void ready() {
            try {
                if (takesInput()) {
                    receive();
                }
            } catch (IOException e) {
                fail(e);
                return;
            }
            goOn();
            if (!isClosed()) {
                int ops = (takesInput() ? SelectionKey.OP_READ : 0) | (output != null ? SelectionKey.OP_WRITE : 0);
                if (key.interestOps() != ops) {
                    key.interestOps(ops);
                }
            }
        }

        private void receive() throws IOException {
            if (input == null) {
                input = Loop.take(loop.inputs, INPUT_BYTES);
            } else {
                input.compact();
            }
            if (!input.hasRemaining()) {
                throw new IOException("the handler waits for more than a buffer holds");
            }
            int bytes = channel.read(input);
            input.flip();
            if (isEnding()) {
                input.position(input.limit()); // it is dropped
            }
            if (bytes > 0) {
                received();
            } else if (bytes < 0) {
                inputEnded();
            }
            haveRead();
        }

        @Override
        ByteBuffer unread() {
            return input;
        }

        @Override
        void haveRead() {
            if (input != null && !input.hasRemaining()) {
                loop.inputs.push(input.clear());
                input = null;
            }
        }

        @Override
        void take(ByteBuffer data) throws IOException {
            if (output == null && data.isDirect() && data.remaining() >= LARGE_BYTES) {
                channel.write(data);
            }
            if (data.hasRemaining()) {
                if (output == null) {
                    output = Loop.take(loop.outputs, QUEUE_BYTES);
                }
                output.put(data);
            }
        }

        @Override
        public int queuedBytes() {
            return output == null ? 0 : output.position();
        }

        @Override
        void flush() throws IOException {
            if (output != null) {
                channel.write(output.flip());
                output.compact();
                if (output.position() == 0) {
                    loop.outputs.push(output);
                    output = null;
                }
            }
        }

        /** Our FIN, and then the peer's, which {@link #receive} waits for. */
        @Override
        void finish() throws IOException {
            if (!outputEnded) {
                outputEnded = true;
                channel.shutdownOutput();
            }
            if (!takesInput()) {
                close();
                ended(CloseReason.DISCONNECTED, null);
            }
        }

        @Override
        void close() {
            if (input != null) {
                loop.inputs.push(input.clear());
                input = null;
            }
            if (output != null) {
                loop.outputs.push(output.clear());
                output = null;
            }
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return (InetSocketAddress) channel.socket().getRemoteSocketAddress();
        }

        @Override
        public InetSocketAddress localAddress() {
            return (InetSocketAddress) channel.socket().getLocalSocketAddress();
        }
    }
}
