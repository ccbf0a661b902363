package org.iocp4j.port;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Memory off the heap of a fixed size, lent by a {@link BufferPool} to one holder at a time, who fills it from the
 * start on and consumes it from the start on. Used by one thread at a time, and only while it is lent.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class PooledBuffer {
    private static final byte[] ZEROS = new byte[8 * 1024];

    private final long address;
    private final int bytes;
    /** Java's view of the pool's memory, and where in it this buffer begins. Used by index alone: it is shared. */
    private final ByteBuffer pool;
    private final int offset;
    /** Made when first needed, since an idle connection has a buffer. */
    private @Nullable ByteBuffer readOnly;
    private boolean lent;
    /** How much the present holder has filled, from the start on, and how much of that is consumed. */
    private int filledBytes;
    private int consumedBytes;
    /** How much may have been written since it was wiped last, from the start on. */
    private int usedBytes;
    /** The next buffer in its holder's chain. */
    private @Nullable PooledBuffer next;

    PooledBuffer(long address, int bytes, ByteBuffer pool, int offset) {
        this.address = address;
        this.bytes = bytes;
        this.pool = pool;
        this.offset = offset;
    }

    /** Its address, for {@link IoThread#buffer}. */
    public long address() {
        return address;
    }

    /** The buffer that its holder has chained to it; null when newly lent. */
    public @Nullable PooledBuffer next() {
        return next;
    }

    /** Chains another buffer to it, or null. */
    public void next(@Nullable PooledBuffer buffer) {
        next = buffer;
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

    /** How many bytes are filled, the consumed ones included. */
    public int filledBytes() {
        return filledBytes;
    }

    /** How many of the filled bytes are consumed. */
    public int consumedBytes() {
        return consumedBytes;
    }

    /** How many bytes can be filled, behind those that are. */
    public int roomBytes() {
        return bytes - filledBytes;
    }

    /** Reads a byte of it, and of Java's view, as {@link CompletionHandler#prefetch}. Any thread. */
    public int prefetch() {
        ByteBuffer view = readOnly;
        return pool.get(offset) + (view == null ? 0 : view.limit());
    }

    /** Counts {@code count} more bytes as filled: the kernel or {@link #put} has written them. */
    public void fill(int count) {
        filledBytes += count;
        used(filledBytes);
    }

    /** Counts {@code count} more bytes as consumed. */
    public void consume(int count) {
        consumedBytes += count;
    }

    /** Moves the bytes that are not consumed to the start. Not while the kernel uses the buffer. */
    public void compact() {
        int left = filledBytes - consumedBytes;
        if (consumedBytes > 0 && left > 0) {
            pool.put(offset, pool, offset + consumedBytes, left);
        }
        filledBytes = left;
        consumedBytes = 0;
    }

    /**
     * Copies bytes into the buffer; changes neither what is filled nor the position of {@code data}.
     *
     * @param at    where, from the buffer's start
     * @param data  where from; it may be an application's, and throw
     * @param from  index in {@code data}
     * @param count how many bytes
     */
    public void put(int at, ByteBuffer data, int from, int count) {
        used(at + count);
        pool.put(offset + at, data, from, count);
    }

    /**
     * The filled bytes, to be shown to an application: the same view each time, at position 0 and big-endian. The
     * application may change its position and limit, and cannot write.
     */
    public ByteBuffer readOnly() {
        if (readOnly == null) {
            readOnly = pool.slice(offset, bytes).asReadOnlyBuffer();
        }
        return readOnly.clear().limit(filledBytes).order(ByteOrder.BIG_ENDIAN);
    }

    /**
     * Notes that the first {@code count} bytes may have been written, by the kernel for example: {@link #wipe} clears
     * them.
     */
    public void used(int count) {
        usedBytes = Math.max(usedBytes, count);
    }

    /** Clears what earlier holders have written, before the buffer is shown to an application. */
    public void wipe() {
        for (int done = 0; done < usedBytes; done += ZEROS.length) {
            pool.put(offset + done, ZEROS, 0, Math.min(ZEROS.length, usedBytes - done));
        }
        usedBytes = 0;
    }
}
