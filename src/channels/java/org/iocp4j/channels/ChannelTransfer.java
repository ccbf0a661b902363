package org.iocp4j.channels;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.nio.channels.NotYetConnectedException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection: one operation at a time, with a time limit, whose cancellation forbids all later ones.
 * Everything happens under its lock, but for the user's handlers: the calls to Windows do not block.
 */
abstract class ChannelTransfer implements PendingOperation.Owner {
    /** How long a transfer waits before it looks again for a buffer: others, or the system, may have given one back. */
    private static final long RETRY_NANOS = 20_000_000;
    /** 73 years: what is longer, as Tomcat's Long.MAX_VALUE, would make differences of times overflow. */
    private static final long LONGEST_LIMIT_NANOS = Long.MAX_VALUE / 4;

    final IocpSocketChannel channel;
    final Transport transport;
    final ChannelLock lock;

    // What follows is guarded by the lock.

    final UserBuffers user = new UserBuffers();
    private @Nullable PendingOperation current;
    /** For the next operation with a handler. */
    private @Nullable PendingOperation spare;
    /** How many bytes the operation has transferred. */
    private long transferred;
    private boolean killed;
    private boolean hasFailed;
    /** Shut down. */
    boolean ended;
    boolean closed;
    /** Whether it was when it was closed, see {@link #isClean}. */
    private boolean wasClean;
    private @Nullable Limit limit;
    /** Whether the current operation has a limit, and when its time is over. */
    private boolean limited;
    private long dueNanos;
    /** The current operation has no buffer to go on with. */
    private boolean waits;
    private @Nullable Retry retry;

    ChannelTransfer(IocpSocketChannel channel) {
        this.channel = channel;
        transport = channel.group().transport();
        lock = transport.surroundings.newLock();
    }

    // ---- for the channel ----

    /**
     * Begins a transfer.
     *
     * @param single  null if there are several
     * @param several null if there is a single one
     * @param handler null if the caller gets a Future
     * @return the Future; null with a handler
     */
    final @Nullable PendingOperation begin(@Nullable ByteBuffer single, ByteBuffer @Nullable [] several, long timeout,
            TimeUnit unit, @Nullable Object attachment, @Nullable CompletionHandler<?, ?> handler) {
        // It may throw, and nothing has begun yet.
        long nanos = timeout > 0 ? Math.min(unit.toNanos(timeout), LONGEST_LIMIT_NANOS) : 0;
        PendingOperation operation;
        boolean isOver;
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                requireUsable();
                operation = newOperation(handler, attachment);
                isOver = begin(operation, single, several, io);
                if (!isOver && timeout > 0) {
                    armLimit(nanos, io);
                }
            }
        } finally {
            transport.give(io);
        }
        if (isOver) {
            channel.group().invoke(operation);
        }
        return handler == null ? operation : null;
    }

    private void requireUsable() {
        if (closed) {
            return; // told as a failure
        }
        if (!channel.isConnected()) { // first, as the JDK's: so it says, too, after a cancelled connect
            throw new NotYetConnectedException();
        }
        if (killed) {
            throw new IllegalStateException(name() + " is not allowed after a time-out or a cancellation");
        }
        if (current != null) {
            throw pendingAlready();
        }
    }

    private PendingOperation newOperation(@Nullable CompletionHandler<?, ?> handler, @Nullable Object attachment) {
        if (handler == null) {
            return new PendingOperation(this);
        }
        PendingOperation operation = spare != null ? spare : new PendingOperation(this);
        spare = null;
        operation.begin(handler, attachment);
        return operation;
    }

    private boolean begin(PendingOperation operation, @Nullable ByteBuffer single, ByteBuffer @Nullable [] several,
            IoThread io) {
        if (closed) {
            operation.fail(new ClosedChannelException());
            return true;
        }
        if (single != null) {
            user.set(single);
        } else if (several != null) {
            user.set(several);
        }
        transferred = 0;
        current = operation;
        try {
            return ended ? afterEnd() : user.left() == 0 ? over(0) : proceed(io);
        } catch (Throwable e) { // a post that threw was not made: the caller hears it, and the channel can be used
            if (current == operation) {
                current = null;
                waits = false;
                user.clear();
            }
            throw e;
        }
    }

    /** {@code Reading} or {@code Writing}. */
    abstract String name();

    abstract RuntimeException pendingAlready();

    /** Ends the operation, which has begun after a shutdown; returns true. */
    abstract boolean afterEnd();

    /** Goes on with the current operation; whether it is over. */
    abstract boolean proceed(IoThread io);

    /** Cancels what the kernel has, if anything, since nobody waits for it any more. */
    abstract void cancelPost(StreamSocket socket, IoThread io);

    /** Releases what the kernel does not have. */
    abstract void release();

    // ---- for the directions, under the lock ----

    /** Null if there is none. */
    final @Nullable PendingOperation current() {
        return current;
    }

    final void transferred(long bytes) {
        transferred += bytes;
    }

    final long transferred() {
        return transferred;
    }

    /** Ends the current operation with its result; returns true. */
    final boolean over(long result) {
        Object boxed = user.isSeveral() ? (Object) result : (Object) (int) result;
        user.movePositions();
        takeCurrent().succeed(boxed);
        return true;
    }

    /** Ends the current operation; returns true. */
    final boolean failed(Throwable cause) {
        hasFailed = true;
        takeCurrent().fail(cause);
        return true;
    }

    private PendingOperation takeCurrent() {
        PendingOperation operation = current;
        assert operation != null; // the callers have looked
        current = null;
        waits = false;
        user.clear();
        Limit armed = limit;
        if (limited && armed != null) {
            armed.disarm();
        }
        limited = false;
        return operation;
    }

    /** An event that has thrown ends its operation, which would wait for ever: no other event will come. */
    final boolean failed(PendingOperation operation, Throwable cause) {
        if (current != operation) {
            throw new IllegalStateException(name() + " is over, and its event has thrown", cause);
        }
        return failed(cause);
    }

    // ---- want of buffers ----

    /** The current operation goes on when there may be a buffer; returns false. */
    final boolean awaitBuffer(IoThread io) {
        transport.counters.bufferShortages.increment();
        Retry present = retry;
        if (present == null) {
            present = new Retry();
            retry = present;
        }
        waits = true;
        transport.timers.arm(present, io.win32().nanoTime() + RETRY_NANOS, io);
        return false;
    }

    final boolean waits() {
        return waits;
    }

    private final class Retry extends Deadline {
        Retry() {
            super(transport.timers.wheel());
        }

        @Override
        protected void expired(IoThread io) {
            PendingOperation operation;
            boolean isOver;
            try (var _ = lock.hold()) {
                operation = current;
                if (operation == null || !waits) {
                    return; // it has ended untimely
                }
                waits = false;
                try {
                    isOver = proceed(io);
                } catch (Throwable e) {
                    isOver = failed(operation, e);
                }
                proceeded(io);
            }
            if (isOver) {
                channel.group().deliver(operation);
            }
        }
    }

    /** It has gone on, and is perhaps over. Under the lock. */
    abstract void proceeded(IoThread io);

    // ---- its untimely ends ----

    private void armLimit(long nanos, IoThread io) {
        Limit present = limit;
        if (present == null) {
            present = new Limit();
            limit = present;
        }
        limited = true;
        dueNanos = io.win32().nanoTime() + nanos;
        transport.timers.arm(present, dueNanos, io);
    }

    /** How long an operation may take. */
    private final class Limit extends Deadline {
        Limit() {
            super(transport.timers.wheel());
        }

        @Override
        protected void expired(IoThread io) {
            PendingOperation operation;
            try (var _ = lock.hold()) {
                operation = current;
                if (operation == null || !limited || io.nowNanos() - dueNanos < 0) {
                    return; // it has run out for an earlier one
                }
                kill(new InterruptedByTimeoutException(), io);
            }
            transport.counters.timeouts.increment();
            channel.group().deliver(operation);
        }
    }

    private void kill(Exception cause, IoThread io) {
        killed = true;
        takeCurrent().fail(cause);
        cancelPost(channel.socket(), io);
        proceeded(io); // of one that waited for a buffer no event comes
    }

    @Override
    public final boolean cancel(PendingOperation operation) {
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                if (current != operation) {
                    return false;
                }
                kill(new CancellationException(), io);
                return true;
            }
        } finally {
            transport.give(io);
        }
    }

    @Override
    public final void closeChannel() {
        channel.close();
    }

    @Override
    public final void recycle(PendingOperation operation) {
        try (var _ = lock.hold()) {
            spare = operation;
        }
    }

    /** A connect was cancelled: nothing can be transferred any more. */
    final void kill() {
        try (var _ = lock.hold()) {
            killed = true;
        }
    }

    /** The channel is closed. Returns the operation that this has ended, if any. */
    final @Nullable PendingOperation close() {
        try (var _ = lock.hold()) {
            wasClean = isClean(); // in one step: what is begun from now on is told of the close, and touches nothing
            closed = true;
            PendingOperation operation = current == null ? null : takeCurrent();
            if (operation != null) {
                operation.fail(new AsynchronousCloseException());
            }
            release();
            retire(limit);
            retire(retry);
            limit = null;
            retry = null;
            return operation;
        }
    }

    static void retire(@Nullable Deadline last) {
        if (last != null) {
            last.retire();
        }
    }

    /** Whether nothing had happened, when it was closed, that the next user of the socket might notice. */
    final boolean wasClean() {
        try (var _ = lock.hold()) {
            return wasClean;
        }
    }

    private boolean isClean() {
        return !killed && !ended && !hasFailed && current == null && leavesNothing();
    }

    /** Whether the kernel has nothing, and nothing is left to be told. Under the lock. */
    abstract boolean leavesNothing();
}
