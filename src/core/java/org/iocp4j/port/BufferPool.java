package org.iocp4j.port;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * Buffers of one size for receives and sends, made when first needed and used again. Those that have not been needed
 * for some time offer their memory to the system until they are. Any thread.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class BufferPool {
    /** This many free buffers keep their memory, however long they have not been needed. */
    private static final int WARM = 32;
    /** The most buffers whose memory one call of {@link #trim} resets. */
    private static final int MOST_PER_TRIM = 512;
    /** Unused buffers are reset once in this many calls of {@link #trim}. */
    private static final int TRIM_INTERVAL_CALLS = 10;

    /** A Java buffer has room for less than 2 GiB. */
    private static final int VIEW_BYTES = 1 << 30;

    private final Region region;
    /** Of the whole region, in parts of whole buffers. */
    private final ByteBuffer[] views;
    private final int buffersPerView;
    private final int bufferBytes;
    private final int capacity;
    private final AtomicInteger made = new AtomicInteger();
    private final FreeList<PooledBuffer> free;
    /** Free, too, but their memory was reset. */
    private final FreeList<PooledBuffer> trimmed;
    /** Calls of {@link #trim} in this interval, and the fewest free buffers at one of them. */
    private int calls;
    private int fewestFree = Integer.MAX_VALUE;

    /**
     * Reserves addresses; there are no buffers yet.
     *
     * @param win32       the calling thread's view of Windows; not kept
     * @param bufferBytes the size of each
     * @param capacity    the most buffers there can be
     * @throws Win32Exception if Windows refuses
     */
    public BufferPool(Win32 win32, int bufferBytes, int capacity) throws Win32Exception {
        this.bufferBytes = bufferBytes;
        this.capacity = capacity;
        region = new Region(win32, "buffers", (long) bufferBytes * capacity);
        buffersPerView = VIEW_BYTES / bufferBytes;
        views = new ByteBuffer[(capacity + buffersPerView - 1) / buffersPerView];
        for (int i = 0; i < views.length; i++) {
            long from = (long) i * buffersPerView * bufferBytes;
            long bytes = Math.min((long) buffersPerView * bufferBytes, region.memory().byteSize() - from);
            views[i] = region.memory().asSlice(from, bytes).asByteBuffer();
        }
        free = new FreeList<>(capacity, FreeList.Order.LIFO);
        trimmed = new FreeList<>(capacity, FreeList.Order.LIFO);
    }

    /** The size of each buffer. */
    public int bufferBytes() {
        return bufferBytes;
    }

    /**
     * Lends an empty buffer to the caller. Makes no call to Windows.
     *
     * @return null if none is free: then call {@link #grow}, outside any lock, and try again
     */
    public @Nullable PooledBuffer take() {
        PooledBuffer buffer = free.take();
        if (buffer != null) {
            buffer.lend();
        }
        return buffer;
    }

    /**
     * Makes one more buffer free.
     *
     * @param win32 the calling thread's view of Windows
     * @return false if there are as many as there may be, or the system has no memory now
     */
    public boolean grow(Win32 win32) {
        PooledBuffer buffer = trimmed.take();
        if (buffer != null) {
            region.reuse(bufferBytes);
            return free.give(buffer);
        }
        try {
            buffer = make(win32);
        } catch (Win32Exception e) {
            return false;
        }
        return buffer != null && free.give(buffer);
    }

    /** Null if there are as many as there may be. */
    private @Nullable PooledBuffer make(Win32 win32) throws Win32Exception {
        int index;
        do {
            index = made.get();
            if (index == capacity) {
                return null;
            }
            region.commit(win32, (index + 1L) * bufferBytes); // first: a refusal must cost no buffer
        } while (!made.compareAndSet(index, index + 1));
        return new PooledBuffer(region.address() + (long) index * bufferBytes, bufferBytes,
                views[index / buffersPerView], index % buffersPerView * bufferBytes);
    }

    /**
     * Offers the memory of unused buffers to the system, at every {@value #TRIM_INTERVAL_CALLS}th call: as many buffers
     * as were free at every call of that interval, less {@value #WARM}. Buffers that are not whole pages are left
     * alone. To be called now and then, by a clock.
     *
     * @param win32 the calling thread's view of Windows
     */
    public void trim(Win32 win32) {
        for (int left = spare(); left > 0 && free.size() > WARM; left--) {
            PooledBuffer buffer = free.take();
            if (buffer == null) {
                return;
            }
            boolean reset = false;
            try {
                reset = region.reset(win32, buffer.address(), bufferBytes);
            } finally {
                (reset ? trimmed : free).give(buffer);
            }
            if (!reset) {
                return;
            }
        }
    }

    private synchronized int spare() {
        fewestFree = Math.min(fewestFree, free.size());
        if (++calls < TRIM_INTERVAL_CALLS || bufferBytes % Region.PAGE_BYTES != 0) {
            return 0;
        }
        int spare = Math.clamp(fewestFree - WARM, 0, MOST_PER_TRIM);
        calls = 0;
        fewestFree = Integer.MAX_VALUE;
        return spare;
    }

    /**
     * Takes a buffer back. No pending operation uses it, and the caller does not use it any more.
     *
     * @throws IllegalStateException if it was given back before
     */
    public void give(PooledBuffer buffer) {
        if (!buffer.lent()) {
            throw new IllegalStateException("given back twice: the buffer at " + Long.toHexString(buffer.address()));
        }
        buffer.takeBack();
        free.give(buffer);
    }

    /** The memory that is committed for buffers, without what {@link #trim} has offered to the system. */
    public long committedBytes() {
        return region.committedBytes();
    }

    /** How many buffers are lent now. */
    public int lent() {
        return made.get() - free.size() - trimmed.size();
    }

    /**
     * Releases the memory. No pending operation uses any buffer; a read-only view that someone has kept throws from now
     * on.
     *
     * @param win32 the calling thread's view of Windows
     */
    public void release(Win32 win32) {
        region.release(win32);
    }
}
