package org.iocp4j.port;

import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/** Blocks for receives and sends, made when first needed and used again. Any thread. */
public final class BlockPool {
    private final Region region;
    private final int blockBytes;
    private final int capacity;
    private final AtomicInteger made = new AtomicInteger();
    private final FreeList<Block> free;

    /** @param capacity the most blocks there can be */
    public BlockPool(Win32 win32, int blockBytes, int capacity) throws Win32Exception {
        this.blockBytes = blockBytes;
        this.capacity = capacity;
        region = new Region(win32, "buffers", (long) blockBytes * capacity);
        free = new FreeList<>(capacity, FreeList.Order.LIFO);
    }

    public int blockBytes() {
        return blockBytes;
    }

    /**
     * An empty block, its buffer cleared, or null if none is free: then {@link #grow}, outside any lock, and ask again.
     * Makes no call to Windows.
     */
    public Block take() {
        Block block = free.take();
        if (block != null) {
            block.buffer().clear().order(ByteOrder.BIG_ENDIAN);
            block.next(null);
            block.lent(true);
        }
        return block;
    }

    /** Makes one more free block; false if all that there may be are made, or the system has no memory. */
    public boolean grow(Win32 win32) {
        int index;
        try {
            do {
                index = made.get();
                if (index == capacity) {
                    return false;
                }
                region.commit(win32, (index + 1L) * blockBytes); // first, so that a refusal uses no place up
            } while (!made.compareAndSet(index, index + 1));
        } catch (Win32Exception e) {
            return false;
        }
        free.give(new Block(region.memory().asSlice((long) index * blockBytes, blockBytes)));
        return true;
    }

    /** The kernel and the giver have done with it. */
    public void give(Block block) {
        if (!block.lent()) {
            throw new IllegalStateException("given back twice: the block at " + Long.toHexString(block.address()));
        }
        block.lent(false);
        free.give(block);
    }

    public long committedBytes() {
        return region.committedBytes();
    }

    public int lent() {
        return made.get() - free.size();
    }

    /** Gives the memory back, when the kernel holds none of it. */
    public void free(Win32 win32) {
        region.free(win32);
    }
}
