package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.iocp4j.port.Block;
import org.iocp4j.port.BlockPool;
import org.iocp4j.port.IoContext;

/**
 * What a session receives into: a block, or none while an idle connection waits with a receive of no bytes, which is over when
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

    private final BlockPool blocks;
    /** The bytes that the handler has not read are those before the buffer's position. */
    private Block block;
    private boolean waitsEmpty;
    private long receives;
    private long receivedBytes;

    ReceiveBuffer(BlockPool blocks) {
        this.blocks = blocks;
    }

    void borrow(Block lent) {
        block = lent;
    }

    boolean hasBlock() {
        return block != null;
    }

    /** The next receive is one of no bytes, until {@link #borrow}. */
    void giveBack() {
        if (block != null) {
            blocks.give(block);
            block = null;
        }
    }

    /** The block's, filled up to its position. */
    ByteBuffer buffer() {
        return block.buffer();
    }

    boolean isEmpty() {
        return block == null || block.buffer().position() == 0;
    }

    void drop() {
        if (block != null) {
            block.buffer().clear();
        }
    }

    /** Names what is free of it for the receive that the caller posts next. */
    void name(IoContext io) {
        if (block == null) {
            io.buffer(0, 0, 0);
        } else {
            ByteBuffer buffer = block.buffer();
            io.buffer(0, block.address() + buffer.position(), buffer.remaining());
            waitsEmpty = buffer.position() == 0;
        }
    }

    /** A receive into the block is home. */
    void received(int bytes) {
        block.buffer().position(block.buffer().position() + bytes);
        RECEIVES.setOpaque(this, receives + 1);
        RECEIVED_BYTES.setOpaque(this, receivedBytes + bytes);
    }

    /** Whether an empty block may be waiting in the kernel. Any thread; only a hint, and so without order. */
    boolean waitsEmpty() {
        return waitsEmpty;
    }

    /** The block that waits empty has been asked back, which is done once. */
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
