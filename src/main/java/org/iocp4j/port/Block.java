package org.iocp4j.port;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A piece of off-heap memory of one fixed size, lent by a {@link BlockPool} to one holder at a time. */
public final class Block {
    private final MemorySegment memory;
    private final ByteBuffer buffer;
    private boolean lent;
    /** The next one in its holder's chain. */
    private Block next;

    Block(MemorySegment memory) {
        this.memory = memory;
        this.buffer = memory.asByteBuffer();
    }

    public long address() {
        return memory.address();
    }

    public Block next() {
        return next;
    }

    public void next(Block block) {
        next = block;
    }

    boolean lent() {
        return lent;
    }

    void lent(boolean now) {
        lent = now;
    }

    /** The holder's view of it, with the position and limit that the holder gives it. */
    public ByteBuffer buffer() {
        return buffer;
    }
}
