package org.iocp4j.port;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * Blocks for receives and sends, made when first needed and used again; those that nobody has needed for a while give their
 * memory back until they are. Any thread.
 */
public final class BufferPool {
    /** So many free blocks keep their memory, however long nobody needs them. */
    private static final int WARM = 32;
    /** The most that one {@link #trim} puts to rest. */
    private static final int MOST_AT_ONCE = 512;
    /** So many calls of {@link #trim} make a while. */
    private static final int WHILE = 10;

    /** A Java buffer has room for less than 2 GiB. */
    private static final int VIEW_BYTES = 1 << 30;

    private final Region region;
    /** Of the whole region, in parts of whole blocks. */
    private final ByteBuffer[] views;
    private final int blocksPerView;
    private final int bufferBytes;
    private final int capacity;
    private final AtomicInteger made = new AtomicInteger();
    private final FreeList<PooledBuffer> free;
    /** Free, too, but their memory is the system's until they are needed. */
    private final FreeList<PooledBuffer> resting;
    /** Calls of {@link #trim} since the last while ended, and the fewest free blocks that one has seen. */
    private int calls;
    private int fewestFree = Integer.MAX_VALUE;

    /** @param capacity the most blocks there can be */
    public BufferPool(Win32 win32, int bufferBytes, int capacity) throws Win32Exception {
        this.bufferBytes = bufferBytes;
        this.capacity = capacity;
        region = new Region(win32, "buffers", (long) bufferBytes * capacity);
        blocksPerView = VIEW_BYTES / bufferBytes;
        views = new ByteBuffer[(capacity + blocksPerView - 1) / blocksPerView];
        for (int i = 0; i < views.length; i++) {
            long from = (long) i * blocksPerView * bufferBytes;
            long bytes = Math.min((long) blocksPerView * bufferBytes, region.memory().byteSize() - from);
            views[i] = region.memory().asSlice(from, bytes).asByteBuffer();
        }
        free = new FreeList<>(capacity, FreeList.Order.LIFO);
        resting = new FreeList<>(capacity, FreeList.Order.LIFO);
    }

    public int bufferBytes() {
        return bufferBytes;
    }

    /**
     * An empty block, or null if none is free: then {@link #grow}, outside any lock, and ask again.
     * Makes no call to Windows.
     */
    public PooledBuffer take() {
        PooledBuffer block = free.take();
        if (block != null) {
            block.lend();
        }
        return block;
    }

    /** Makes one more free block; false if all that there may be are made, or the system has no memory. */
    public boolean grow(Win32 win32) {
        PooledBuffer block = resting.take();
        if (block != null) {
            region.wake(bufferBytes);
            return free.give(block);
        }
        try {
            block = make(win32);
        } catch (Win32Exception e) {
            return false;
        }
        return block != null && free.give(block);
    }

    /** Null if all that there may be are made. */
    private PooledBuffer make(Win32 win32) throws Win32Exception {
        int index;
        do {
            index = made.get();
            if (index == capacity) {
                return null;
            }
            region.commit(win32, (index + 1L) * bufferBytes); // first, so that a refusal uses no place up
        } while (!made.compareAndSet(index, index + 1));
        return new PooledBuffer(region.address() + (long) index * bufferBytes, bufferBytes, views[index / blocksPerView],
                index % blocksPerView * bufferBytes);
    }

    /**
     * Puts blocks to rest that nobody has needed for a while, {@value #WHILE} calls of this: of all that were free at each of
     * them, all but {@value #WARM}. Blocks that are not whole pages never rest.
     */
    public void trim(Win32 win32) {
        for (int left = spare(); left > 0 && free.size() > WARM; left--) {
            PooledBuffer block = free.take();
            if (block == null) {
                return;
            }
            boolean rests = false;
            try {
                rests = region.rest(win32, block.address(), bufferBytes);
            } finally {
                (rests ? resting : free).give(block);
            }
            if (!rests) {
                return;
            }
        }
    }

    private synchronized int spare() {
        fewestFree = Math.min(fewestFree, free.size());
        if (++calls < WHILE || bufferBytes % Region.PAGE_BYTES != 0) {
            return 0;
        }
        int spare = Math.clamp(fewestFree - WARM, 0, MOST_AT_ONCE);
        calls = 0;
        fewestFree = Integer.MAX_VALUE;
        return spare;
    }

    /** The kernel and the giver have done with it. */
    public void give(PooledBuffer block) {
        if (!block.lent()) {
            throw new IllegalStateException("given back twice: the block at " + Long.toHexString(block.address()));
        }
        block.takeBack();
        free.give(block);
    }

    /** The memory that the blocks have, those that rest not counted. */
    public long committedBytes() {
        return region.committedBytes();
    }

    public int lent() {
        return made.get() - free.size() - resting.size();
    }

    /** Gives the memory back, when the kernel holds none of it. */
    public void free(Win32 win32) {
        region.free(win32);
    }
}
