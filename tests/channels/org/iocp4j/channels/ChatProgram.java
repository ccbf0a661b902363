package org.iocp4j.channels;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A room where everybody hears what each one says, written from the JDK's documentation of its channels alone. The
 * first line of a connection is its name; who says {@code /quit} is told {@code bye}.
 */
final class ChatProgram implements AutoCloseable {
    private final AsynchronousServerSocketChannel listener;
    private final List<Member> members = new CopyOnWriteArrayList<>();
    private final long nameMillis;
    private final Consumer<String> log;

    /** @param nameMillis how long somebody may take to tell a name */
    ChatProgram(AsynchronousChannelGroup group, long nameMillis, Consumer<String> log) throws IOException {
        this.nameMillis = nameMillis;
        this.log = log;
        listener = AsynchronousServerSocketChannel.open(group)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
            @Override
            public void completed(AsynchronousSocketChannel channel, Void none) {
                listener.accept(null, this);
                new Member(channel).read();
            }

            @Override
            public void failed(Throwable cause, Void none) {
                log.accept("nobody can come any more: " + cause);
            }
        });
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Member member : members) {
            member.close();
        }
    }

    private void tellAll(String line) {
        for (Member member : members) {
            member.tell(line);
        }
    }

    /** Reads one after the other; what it is told is queued while a write goes on. */
    private final class Member implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel channel;
        private final ByteBuffer input = ByteBuffer.allocate(4096);
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private String name;
        private boolean quits;

        // Guarded by this.
        private final Queue<ByteBuffer> output = new ArrayDeque<>();
        private boolean writes;
        private boolean endsOutput;

        Member(AsynchronousSocketChannel channel) {
            this.channel = channel;
        }

        void read() {
            if (name == null) {
                channel.read(input, nameMillis, TimeUnit.MILLISECONDS, null, this);
            } else {
                channel.read(input, null, this);
            }
        }

        @Override
        public void completed(Integer bytes, Void none) {
            if (bytes < 0) {
                leave("has left");
                return;
            }
            input.flip();
            while (input.hasRemaining()) {
                byte next = input.get();
                if (next == '\n') {
                    said(line.toString(StandardCharsets.UTF_8));
                    line.reset();
                } else {
                    line.write(next);
                }
            }
            input.clear();
            read();
        }

        @Override
        public void failed(Throwable cause, Void none) {
            leave("was lost: " + cause);
        }

        private void said(String what) {
            if (name == null) {
                name = what;
                members.add(this);
                log.accept(name + " has come");
                tellAll("* " + name + " is here");
            } else if (what.equals("/quit")) {
                quits = true;
                members.remove(this);
                tell("bye");
                endOutput();
            } else if (!quits) {
                tellAll(name + ": " + what);
            }
        }

        private void leave(String how) {
            members.remove(this);
            log.accept((name == null ? "one without a name" : name) + " " + how);
            if (name != null) {
                tellAll("* " + name + " has left");
            }
            close();
        }

        synchronized void tell(String what) {
            output.add(ByteBuffer.wrap((what + "\n").getBytes(StandardCharsets.UTF_8)));
            if (!writes) {
                writeNext();
            }
        }

        private synchronized void endOutput() {
            endsOutput = true;
            if (!writes) {
                writeNext();
            }
        }

        private void writeNext() {
            ByteBuffer next = output.peek();
            writes = next != null;
            if (writes) {
                channel.write(next, null, new Written());
            } else if (endsOutput) {
                try {
                    channel.shutdownOutput();
                } catch (IOException e) {
                    log.accept(name + " cannot be told the end: " + e);
                }
            }
        }

        private final class Written implements CompletionHandler<Integer, Void> {
            @Override
            public void completed(Integer bytes, Void none) {
                synchronized (Member.this) {
                    if (!output.element().hasRemaining()) {
                        output.remove();
                    }
                    writeNext();
                }
            }

            @Override
            public void failed(Throwable cause, Void none) {
                close(); // and the read that goes on fails, too
            }
        }

        void close() {
            try {
                channel.close();
            } catch (IOException e) {
                log.accept(name + " cannot be closed: " + e);
            }
        }
    }
}
