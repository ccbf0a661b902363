package org.iocp4j.channels;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;

import java.io.IOException;
import java.net.SocketException;
import java.nio.channels.ReadPendingException;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * What a channel reads. The kernel receives into a buffer of ours, and what comes is copied to the user's when a read
 * is due; so the kernel never writes to memory that the user has back, after a time-out, a cancel or a close. A read
 * that has waited for {@link #QUIET_NANOS} gives the buffer back: a receive of no bytes takes the place of the first.
 */
final class ChannelReader extends ChannelTransfer {
    static final long QUIET_NANOS = 1_000_000_000;

    /** What the kernel has: nothing, a receive without a buffer, or one into {@link #buffer}. */
    private enum Posted { NONE, WATCH, DATA }

    private Posted posted = Posted.NONE;
    private long postedNanos;
    /** The kernel's while DATA is posted; otherwise what has come and was not read, as it did not fit. */
    private @Nullable PooledBuffer buffer;
    /** Came behind what was read, and is to be told next. */
    private @Nullable IOException heldFailure;
    /** The current read is to be posted by {@link #postDeferred}. */
    private boolean deferred;
    /** The posted receive was cancelled to be replaced by one without a buffer. */
    private boolean replacing;
    /** The last receive has brought all that it asked for: the kernel may have more, which nobody has seen. */
    private boolean lastWasFull;
    private @Nullable Quiet quiet;

    ChannelReader(IocpSocketChannel channel) {
        super(channel);
    }

    @Override
    String name() {
        return "Reading";
    }

    @Override
    RuntimeException pendingAlready() {
        return new ReadPendingException();
    }

    @Override
    boolean afterEnd() {
        return over(-1);
    }

    @Override
    boolean proceed(IoThread io) {
        PooledBuffer held = buffer;
        IOException failure = heldFailure;
        if (held != null) {
            return copied(held);
        }
        if (failure != null) {
            heldFailure = null;
            return failed(failure);
        }
        PendingOperation operation = current();
        // A Future may be asked for in the same handler: that one is told what can be done at once.
        if (operation != null && operation.hasHandler() && HandlerThread.defer(channel.group(), this)) {
            deferred = true;
            return false;
        }
        return post(Posted.DATA, io);
    }

    /** By the thread that has put it off, unless the read has ended untimely. */
    void postDeferred(IoThread io) {
        PendingOperation operation;
        boolean isOver;
        try (var _ = lock.hold()) {
            operation = current();
            if (!deferred || operation == null) {
                return;
            }
            deferred = false;
            try {
                isOver = post(Posted.DATA, io);
            } catch (Throwable e) {
                isOver = failed(operation, e);
            }
        }
        if (isOver) {
            channel.group().deliver(operation);
        }
    }

    private boolean post(Posted what, IoThread io) {
        StreamSocket socket = channel.socket();
        PooledBuffer into = what == Posted.DATA ? transport.takeToWait(io) : null;
        int outcome;
        boolean isMade = false;
        try {
            if (into != null) {
                io.buffer(0, into.address(), bufferBytes());
                outcome = socket.receive(1, io);
            } else {
                outcome = socket.waitReadable(io);
            }
            isMade = true;
        } finally {
            if (!isMade && into != null) {
                transport.giveBuffer(into);
            }
        }
        if (outcome == StreamSocket.PENDING) {
            posted = into == null ? Posted.WATCH : Posted.DATA;
            buffer = into;
            if (into != null) {
                postedNanos = io.win32().nanoTime();
                transport.timers.arm(quiet(), postedNanos + QUIET_NANOS, io);
            } else if (what == Posted.DATA) {
                transport.counters.watches.increment();
            }
            return false;
        }
        if (into == null) {
            return outcome < 0 ? failed(IoFailure.ofCall(-outcome)) : receiveNow(io);
        }
        if (outcome < 0) {
            transport.giveBuffer(into);
            return failed(IoFailure.ofCall(-outcome));
        }
        return received(into, outcome, bufferBytes(), io);
    }

    private Quiet quiet() {
        Quiet present = quiet;
        if (present == null) {
            present = new Quiet();
            quiet = present;
        }
        return present;
    }

    /** The end of a second without data: then the kernel gets no buffer. */
    private final class Quiet extends Deadline {
        Quiet() {
            super(transport.timers.wheel());
        }

        @Override
        protected void expired(IoThread io) {
            try (var _ = lock.hold()) {
                if (posted == Posted.DATA && current() != null && io.nowNanos() - postedNanos >= QUIET_NANOS) {
                    replacing = true;
                    transport.counters.watches.increment();
                    channel.socket().cancelReceive(io);
                } // else it has run out for an earlier one
            }
        }
    }

    /**
     * There are bytes, or the end, and no buffer yet. No more is asked for than the user has room for: so nothing is
     * held, and one buffer serves many such reads.
     */
    private boolean receiveNow(IoThread io) {
        PooledBuffer into = transport.takeBuffer(io);
        if (into == null) {
            return awaitBuffer(io);
        }
        int asked = roomBytes();
        int outcome = -WSAEWOULDBLOCK();
        boolean isMade = false;
        try {
            outcome = channel.socket().tryReceive(into.address(), asked, io);
            isMade = true;
        } finally {
            if (!isMade || outcome < 0) {
                transport.giveBuffer(into);
            }
        }
        if (outcome >= 0) {
            return received(into, outcome, asked, io);
        }
        return outcome == -WSAEWOULDBLOCK() ? post(Posted.WATCH, io) : failed(IoFailure.ofCall(-outcome));
    }

    private boolean received(PooledBuffer from, int bytes, int asked, IoThread io) {
        lastWasFull = bytes == asked;
        if (bytes == 0) {
            transport.giveBuffer(from);
            return over(-1);
        }
        from.fill(bytes);
        if (bytes == bufferBytes() && user.left() > bytes) {
            return receivedMore(from, io);
        }
        return copied(from);
    }

    /** A buffer is full, and the user has room for more, as the JDK would fill it. No more is asked for than fits. */
    private boolean receivedMore(PooledBuffer from, IoThread io) {
        int last;
        do {
            if (!copy(from)) {
                return failedCopy(from);
            }
            from.compact();
            last = user.left() == 0 ? 0 : tryReceive(from, roomBytes(), io);
            if (last > 0) {
                from.fill(last);
            }
        } while (last == bufferBytes());
        if (last < 0 && last != -WSAEWOULDBLOCK()) {
            heldFailure = IoFailure.ofCall(-last);
        }
        return copied(from); // what has come last; at the end of the stream the next read finds it again
    }

    /** What it throws is told by the next read: this one has bytes. */
    private int tryReceive(PooledBuffer into, int asked, IoThread io) {
        try {
            int outcome = channel.socket().tryReceive(into.address(), asked, io);
            lastWasFull = outcome == asked;
            return outcome;
        } catch (Throwable e) {
            SocketException failure = new SocketException("recv");
            failure.initCause(e);
            heldFailure = failure;
            return 0;
        }
    }

    private int bufferBytes() {
        return transport.settings.bufferBytes();
    }

    /** What a buffer can take for the user, who has room for all of it. */
    private int roomBytes() {
        return (int) Math.min(bufferBytes(), user.left());
    }

    private @Nullable Throwable copyFailure;

    /** Whether the user's memory could be written. */
    private boolean copy(PooledBuffer from) {
        try {
            transferred(user.put(from));
            return true;
        } catch (Throwable e) { // the user's arena was closed, for example
            copyFailure = e;
            return false;
        }
    }

    /** Ends the read with what has been received, and holds the rest for the next one. */
    private boolean copied(PooledBuffer from) {
        buffer = null;
        if (!copy(from)) {
            return failedCopy(from);
        }
        if (from.consumedBytes() < from.filledBytes()) {
            buffer = from;
        } else {
            transport.giveBuffer(from);
        }
        transport.counters.reads.increment();
        transport.counters.bytesRead.add(transferred());
        return over(transferred());
    }

    private boolean failedCopy(PooledBuffer from) {
        Throwable cause = copyFailure;
        assert cause != null;
        copyFailure = null;
        buffer = from;
        return failed(cause);
    }

    // ---- what the socket tells ----

    void readable(int status, IoThread io) {
        PendingOperation operation;
        boolean isOver;
        try (var _ = lock.hold()) {
            posted = Posted.NONE;
            operation = current();
            if (operation == null) {
                return; // it ended untimely
            }
            try {
                isOver = status < 0 ? failed(IoFailure.ofStatus(status)) : receiveNow(io);
            } catch (Throwable e) {
                isOver = failed(operation, e);
            }
        }
        if (isOver) {
            channel.group().deliver(operation);
        }
    }

    void received(int status, int bytes, IoThread io) {
        PendingOperation operation;
        boolean isOver;
        try (var _ = lock.hold()) {
            PooledBuffer from = buffer;
            assert from != null; // it was posted with one
            boolean isReplaced = replacing && status == STATUS_CANCELLED();
            buffer = null;
            posted = Posted.NONE;
            replacing = false;
            operation = current();
            if (operation == null || status < 0) {
                transport.giveBuffer(from);
            }
            if (operation == null) {
                return; // it ended untimely, and no read can come any more
            }
            try {
                isOver = isReplaced ? post(Posted.WATCH, io)
                        : status < 0 ? failed(IoFailure.ofStatus(status)) : received(from, bytes, bufferBytes(), io);
            } catch (Throwable e) {
                isOver = failed(operation, e);
            }
        }
        if (isOver) {
            channel.group().deliver(operation);
        }
    }

    // ---- its ends ----

    /** Reads no more. A pending read, which the JDK leaves waiting on Windows, ends as at the end of the stream. */
    void shutDown(IoThread io) {
        PendingOperation operation;
        try (var _ = lock.hold()) {
            ended = true;
            operation = current();
            if (operation != null) {
                over(-1);
                cancelPost(channel.socket(), io);
            }
            releaseHeld();
        }
        if (operation != null) {
            channel.group().deliver(operation);
        }
    }

    @Override
    void cancelPost(StreamSocket socket, IoThread io) {
        if (posted != Posted.NONE) {
            socket.cancelReceive(io);
        }
    }

    @Override
    void release() {
        releaseHeld();
        retire(quiet);
        quiet = null;
    }

    /** Nobody reads what has come. */
    private void releaseHeld() {
        PooledBuffer held = buffer;
        if (posted != Posted.DATA && held != null) {
            buffer = null;
            transport.giveBuffer(held);
        }
    }

    @Override
    void proceeded(IoThread io) {
        // nothing waits for that
    }

    @Override
    boolean leavesNothing() {
        return posted == Posted.NONE && buffer == null && heldFailure == null && !lastWasFull;
    }
}
