package org.iocp4j.channels;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritePendingException;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * What a channel writes: copied to buffers of ours, {@link #MOST_BUFFERS} at a time, so that the kernel reads no memory
 * of the user's. A write is over when all of it has been sent, as on the JDK's channels.
 */
final class ChannelWriter extends ChannelTransfer {
    /** 1 MiB: what a longer write has more is copied when that has gone. */
    private static final int MOST_BUFFERS = IoThread.GATHER;

    /** What the kernel has, as a chain. */
    private @Nullable PooledBuffer sending;
    private boolean posted;
    /** A shutdown waits for the rest of a write. */
    private boolean endsLater;

    ChannelWriter(IocpSocketChannel channel) {
        super(channel);
    }

    @Override
    String name() {
        return "Writing";
    }

    @Override
    RuntimeException pendingAlready() {
        return new WritePendingException();
    }

    @Override
    boolean afterEnd() {
        return failed(new ClosedChannelException());
    }

    @Override
    boolean proceed(IoThread io) {
        while (true) {
            int outcome;
            try {
                int count = fill(io);
                if (count == 0) {
                    return awaitBuffer(io);
                }
                outcome = channel.socket().send(count, io);
            } catch (Throwable e) { // the user's arena was closed, for example
                releaseSent();
                return failed(e);
            }
            if (outcome == StreamSocket.PENDING) {
                posted = true;
                return false;
            }
            releaseSent();
            if (outcome <= 0) {
                return failed(outcome == 0 ? new IOException("nothing was sent") : IoFailure.ofCall(-outcome));
            }
            if (sent(outcome)) {
                return true;
            }
        }
    }

    /** Copies what is to be sent next; returns in how many buffers. */
    private int fill(IoThread io) {
        int count = 0;
        long filled = 0;
        PooledBuffer last = null;
        int most = transport.share(MOST_BUFFERS);
        while (count < most && filled < user.left()) {
            PooledBuffer next = transport.takeToWrite(io);
            if (next == null) {
                break; // what there is will do
            }
            if (last == null) {
                sending = next;
            } else {
                last.next(next);
            }
            last = next;
            int bytes = user.fill(next, filled);
            filled += bytes;
            io.buffer(count++, next.address(), bytes);
        }
        return count;
    }

    private void releaseSent() {
        transport.giveWritten(sending);
        sending = null;
    }

    /** Whether that was all. */
    private boolean sent(int bytes) {
        user.advance(bytes);
        transferred(bytes);
        if (user.left() > 0) {
            return false;
        }
        transport.counters.writes.increment();
        transport.counters.bytesWritten.add(transferred());
        return over(transferred());
    }

    void sent(int status, int bytes, IoThread io) {
        PendingOperation operation;
        boolean isOver = false;
        try (var _ = lock.hold()) {
            posted = false;
            releaseSent();
            operation = current();
            if (operation != null) {
                isOver = status < 0 ? failed(IoFailure.ofStatus(status)) : sent(bytes) || proceed(io);
            }
            proceeded(io);
        }
        if (isOver && operation != null) {
            channel.group().deliver(operation);
        }
    }

    @Override
    void proceeded(IoThread io) {
        if (endsLater && !posted && current() == null) {
            endsLater = false;
            channel.socket().shutdownSend(io); // its failure is the connection's, which its next read tells
        }
    }

    /** Sends no more than what has been begun; 0, or minus the error. */
    int shutDown(IoThread io) {
        try (var _ = lock.hold()) {
            if (ended || closed) { // a closed one may be another connection's socket by now
                return 0;
            }
            ended = true;
            if (posted || waits()) {
                endsLater = true;
                return 0;
            }
            return channel.socket().shutdownSend(io);
        }
    }

    @Override
    void cancelPost(StreamSocket socket, IoThread io) {
        if (posted) {
            socket.cancelSend(io);
        }
    }

    @Override
    void release() {
        endsLater = false; // and what the kernel has is released by its event
    }

    @Override
    boolean leavesNothing() {
        return !posted;
    }
}
