package org.iocp4j.port;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A piece of off-heap memory of one fixed size, lent by a {@link BufferPool} to one holder at a time, who fills it from the start on.
 * Its own fields are few, and its view is made when first needed: an idle connection has a block.
 */
public final class PooledBuffer {
    private static final byte[] ZEROS = new byte[8 * 1024];

    private final long address;
    private final int bytes;
    /** Java's view of the pool's memory, and where in it this block begins. Used by index alone, since others use it, too. */
    private final ByteBuffer pool;
    private final int offset;
    private ByteBuffer readOnly;
    private boolean lent;
    /** From the start on, so much is the present holder's, and of that so much is consumed. */
    private int filledBytes;
    private int consumedBytes;
    /** From the start on, so much may hold what holders have put there since it was wiped. */
    private int usedBytes;
    /** The next one in its holder's chain. */
    private PooledBuffer next;

    PooledBuffer(long address, int bytes, ByteBuffer pool, int offset) {
        this.address = address;
        this.bytes = bytes;
        this.pool = pool;
        this.offset = offset;
    }

    public long address() {
        return address;
    }

    public PooledBuffer next() {
        return next;
    }

    public void next(PooledBuffer block) {
        next = block;
    }

    boolean lent() {
        return lent;
    }

    void lend() {
        lent = true;
        filledBytes = 0;
        consumedBytes = 0;
        next = null;
    }

    void takeBack() {
        lent = false;
    }

    public int filledBytes() {
        return filledBytes;
    }

    public int consumedBytes() {
        return consumedBytes;
    }

    /** Room behind what is filled. */
    public int roomBytes() {
        return bytes - filledBytes;
    }

    /** So many bytes more are there, behind the others. */
    public void fill(int count) {
        filledBytes += count;
        used(filledBytes);
    }

    /** The first so many of those that are left are not needed any more. */
    public void consume(int count) {
        consumedBytes += count;
    }

    /** What is left moves to the start. */
    public void compact() {
        int left = filledBytes - consumedBytes;
        if (consumedBytes > 0 && left > 0) {
            pool.put(offset, pool, offset + consumedBytes, left);
        }
        filledBytes = left;
        consumedBytes = 0;
    }

    /** Copies bytes to a place in the block. Leaves it and {@code data} as they are but for these bytes, whatever is thrown. */
    public void put(int at, ByteBuffer data, int from, int count) {
        used(at + count);
        pool.put(offset + at, data, from, count);
    }

    /**
     * What is filled, for code that is not ours: the same view each time, at its start and big-endian. Whoever has it may do as
     * he likes with its position and limit, and cannot write.
     */
    public ByteBuffer readOnly() {
        if (readOnly == null) {
            readOnly = pool.slice(offset, bytes).asReadOnlyBuffer();
        }
        return readOnly.clear().limit(filledBytes).order(ByteOrder.BIG_ENDIAN);
    }

    /** The holder, or the kernel for him, may have written so far: {@link #wipe} reaches as far. */
    public void used(int count) {
        usedBytes = Math.max(usedBytes, count);
    }

    /** What earlier holders have put there becomes zeros: before it is shown to code that is not ours. */
    public void wipe() {
        for (int done = 0; done < usedBytes; done += ZEROS.length) {
            pool.put(offset + done, ZEROS, 0, Math.min(ZEROS.length, usedBytes - done));
        }
        usedBytes = 0;
    }
}
