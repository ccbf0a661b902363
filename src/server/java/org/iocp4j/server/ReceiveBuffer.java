package org.iocp4j.server;

import java.nio.ByteBuffer;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a session receives into: a buffer of the pool, or none. A quiet connection gives its buffer back and waits with
 * a receive of no bytes, which completes when there is something to receive. While a receive is pending, the buffer is
 * the kernel's; else it belongs to the thread that may post the next receive. Other threads read the hint.
 */
final class ReceiveBuffer {
    /**
     * A connection is quiet when nothing has happened for this long. Giving a buffer back takes a cancel and two
     * receives: after one second they came in the midst of a burst of new connections and slowed it by a third [wine].
     */
    static final long QUIET_NANOS = 5_000_000_000L;

    private final BufferPool buffers;
    private @Nullable PooledBuffer buffer;
    private boolean waitsEmpty;

    ReceiveBuffer(BufferPool buffers) {
        this.buffers = buffers;
    }

    /**
     * Takes a buffer from the pool. It is wiped: the handler sees nothing of another connection, wherever it looks.
     *
     * @return false if the system has no memory for one
     */
    boolean take(IoThread io) {
        PooledBuffer taken = buffers.take(io);
        while (taken == null && buffers.grow(io.win32())) {
            taken = buffers.take(io);
        }
        if (taken == null) {
            return false;
        }
        taken.wipe();
        buffer = taken;
        return true;
    }

    /** Any thread; a hint to those that have not the right to receive. */
    boolean hasBuffer() {
        return buffer != null;
    }

    /** The next receive is one of no bytes, until {@link #take}. */
    void giveBack(IoThread io) {
        if (buffer != null) {
            buffers.give(buffer, io);
            buffer = null;
        }
    }

    /** Gives the buffer back after its receive was cancelled, unless bytes came in the last moment. */
    void giveBackIfEmpty(IoThread io) {
        if (isEmpty()) {
            giveBack(io);
        }
    }

    /** Whether nothing is unread. */
    boolean isEmpty() {
        return buffer == null || buffer.filledBytes() == 0;
    }

    boolean isFull() {
        assert buffer != null;
        return buffer.roomBytes() == 0;
    }

    /** Drops what is unread. */
    void discard() {
        if (buffer != null) {
            buffer.consume(buffer.filledBytes());
            buffer.compact();
        }
    }

    /** Names the free part as the buffer of the receive that the caller posts next. */
    void name(IoThread io) {
        if (buffer == null) {
            io.buffer(0, 0, 0);
        } else {
            io.buffer(0, buffer.address() + buffer.filledBytes(), buffer.roomBytes());
            waitsEmpty = buffer.filledBytes() == 0;
        }
    }

    /** A receive into the buffer has completed. */
    void received(int bytes) {
        assert buffer != null;
        buffer.fill(bytes);
    }

    /** A receive failed, and may have written anywhere in the free part. */
    void failed() {
        if (buffer != null) {
            buffer.used(buffers.bufferBytes());
        }
    }

    /** What is unread, for the handler, which reads by moving the position. */
    ByteBuffer lend() {
        assert buffer != null;
        return buffer.readOnly();
    }

    /** The handler has returned. Only the position counts, and only as far as there was something. */
    void readUpTo(int position) {
        assert buffer != null;
        buffer.consume(Math.min(position, buffer.filledBytes()));
        buffer.compact();
    }

    /**
     * Whether an empty buffer may have been waiting in the kernel for so long that it should come back. Any thread;
     * only a hint, and so without a fence.
     *
     * @param silentNanos for how long nothing has happened on the connection
     */
    boolean isQuiet(long silentNanos) {
        return waitsEmpty && silentNanos >= QUIET_NANOS;
    }

    /** The receive that waits with an empty buffer is being cancelled, which is done once. */
    void cancelled() {
        waitsEmpty = false;
    }
}
