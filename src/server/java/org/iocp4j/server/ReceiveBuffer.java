package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;

/**
 * What a session receives into: a buffer, or none while an idle connection waits with a receive of no bytes, which is over when
 * there is something. The kernel's while a receive is out, and else that of the thread that has the session's receive; others
 * read the counts and the hint.
 */
final class ReceiveBuffer {
    private static final VarHandle RECEIVES;
    private static final VarHandle RECEIVED_BYTES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            RECEIVES = lookup.findVarHandle(ReceiveBuffer.class, "receives", long.class);
            RECEIVED_BYTES = lookup.findVarHandle(ReceiveBuffer.class, "receivedBytes", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BufferPool buffers;
    private PooledBuffer buffer;
    private boolean waitsEmpty;
    private long receives;
    private long receivedBytes;

    ReceiveBuffer(BufferPool buffers) {
        this.buffers = buffers;
    }

    /** Wiped first: nothing of another connection is shown to the handler, wherever in the buffer it looks. */
    void borrow(PooledBuffer lent) {
        lent.wipe();
        buffer = lent;
    }

    boolean hasBuffer() {
        return buffer != null;
    }

    /** The next receive is one of no bytes, until {@link #borrow}. */
    void giveBack() {
        if (buffer != null) {
            buffers.give(buffer);
            buffer = null;
        }
    }

    /** Whether nothing is unread. */
    boolean isEmpty() {
        return buffer == null || buffer.filledBytes() == 0;
    }

    boolean isFull() {
        return buffer.roomBytes() == 0;
    }

    /** What is unread is dropped. */
    void discard() {
        if (buffer != null) {
            buffer.consume(buffer.filledBytes());
            buffer.compact();
        }
    }

    /** Names what is free of it for the receive that the caller posts next. */
    void name(IoThread io) {
        if (buffer == null) {
            io.buffer(0, 0, 0);
        } else {
            io.buffer(0, buffer.address() + buffer.filledBytes(), buffer.roomBytes());
            waitsEmpty = buffer.filledBytes() == 0;
        }
    }

    /** A receive into the buffer is home. */
    void received(int bytes) {
        buffer.fill(bytes);
        RECEIVES.setOpaque(this, receives + 1);
        RECEIVED_BYTES.setOpaque(this, receivedBytes + bytes);
    }

    /** A receive failed: what it has written, nobody says. */
    void failed() {
        if (buffer != null) {
            buffer.used(buffers.bufferBytes());
        }
    }

    /** What is unread, for the handler: it reads by moving the position. */
    ByteBuffer lend() {
        return buffer.readOnly();
    }

    /** The handler has returned. Only the position counts, and only as far as there was something. */
    void readUpTo(int position) {
        buffer.consume(Math.min(position, buffer.filledBytes()));
        buffer.compact();
    }

    /** Whether an empty buffer may be waiting in the kernel. Any thread; only a hint, and so without order. */
    boolean waitsEmpty() {
        return waitsEmpty;
    }

    /** The buffer that waits empty has been asked back, which is done once. */
    void askedBack() {
        waitsEmpty = false;
    }

    /** Receives that brought something, of all connections that this has served. Any thread. */
    long receives() {
        return (long) RECEIVES.getOpaque(this);
    }

    /** Any thread. */
    long receivedBytes() {
        return (long) RECEIVED_BYTES.getOpaque(this);
    }
}
