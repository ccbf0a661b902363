package org.iocp4j.port;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * Buffers of one size for receives and sends, made when first needed and used again. Those that have not been needed
 * for some time offer their memory to the system until they are. Any thread.
 *
 * <p>One lock guards what is free, held for a few instructions and never across a call to Windows. A thread with an
 * {@link IoThread} rarely needs it: a stock of up to {@value #STOCK} free buffers rests with it, and it exchanges
 * half of one at a time.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class BufferPool {
    /** The most free buffers that rest with one thread. */
    public static final int STOCK = 64;
    /** This many free buffers keep their memory, however long they have not been needed. */
    private static final int WARM = 32;
    /** Unused buffers are looked for once in this many calls of {@link #trim}. */
    private static final int TRIM_INTERVAL_CALLS = 10;
    /** The most calls to the system that one call of {@link #trim} makes. */
    private static final int MOST_RESETS_PER_TRIM = 16;
    /** The most buffers, side by side, that one such call resets. */
    private static final int MOST_PER_RESET = 64;

    /** A Java buffer has room for less than 2 GiB. */
    private static final int VIEW_BYTES = 1 << 30;
    private static final int FEW = 64;

    private final Region region;
    /** Of the whole region, in parts of whole buffers. */
    private final ByteBuffer[] views;
    private final int buffersPerView;
    private final int bufferBytes;
    private final int capacity;
    /** How many buffers there are. Written under the lock. */
    private volatile int made;

    // Guarded by this. Buffers have numbers, from 0 by address. What is taken is the lowest: so after a burst it is the
    // highest that are not needed, side by side.
    private @Nullable PooledBuffer[] buffers = new @Nullable PooledBuffer[FEW];
    private final BitSet free = new BitSet();
    private int freeCount;
    /** None lower is free. */
    private int lowestFree;
    /** Free, too, but their memory was reset. */
    private final BitSet trimmed = new BitSet();
    private int trimmedCount;
    /** Calls of {@link #trim} in this interval, and the fewest free buffers at one of them. */
    private int calls;
    private int fewestFree = Integer.MAX_VALUE;
    /** How many of the free ones were not needed in the last interval, and are still to be reset. */
    private int spare;
    private final List<BufferStock> stocks = new ArrayList<>();
    private long exchanges;

    /**
     * Reserves addresses; there are no buffers yet.
     *
     * @param win32       the calling thread's view of Windows; not kept
     * @param bufferBytes the size of each
     * @param capacity    the most buffers there can be. Up to {@value #STOCK} of them may rest with each
     *                    thread that takes and gives with its {@link IoThread}
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
    public synchronized @Nullable PooledBuffer take() {
        exchanges++;
        PooledBuffer buffer = freeCount == 0 ? null : takeLowest();
        if (buffer != null) {
            buffer.lend();
        }
        return buffer;
    }

    /**
     * The same by way of the thread's stock.
     *
     * @param io the calling thread's own; null if it has none
     */
    public @Nullable PooledBuffer take(@Nullable IoThread io) {
        BufferStock stock = io == null ? null : io.stock(this);
        if (stock == null) {
            return take();
        }
        PooledBuffer buffer = stock.take();
        if (buffer != null) {
            buffer.lend();
        }
        return buffer;
    }

    /** There is one. */
    private PooledBuffer takeLowest() {
        int index = free.nextSetBit(lowestFree);
        free.clear(index);
        freeCount--;
        lowestFree = index + 1;
        return at(index);
    }

    private PooledBuffer at(int index) {
        PooledBuffer buffer = buffers[index];
        assert buffer != null;
        return buffer;
    }

    /** Takes up to {@code most}; returns how many. */
    synchronized int take(@Nullable PooledBuffer[] into, int most) {
        exchanges++;
        int count = Math.min(most, freeCount);
        for (int i = count - 1; i >= 0; i--) { // the lowest last, where they are used first
            into[i] = takeLowest();
        }
        return count;
    }

    /**
     * Makes one more buffer free.
     *
     * @param win32 the calling thread's view of Windows
     * @return false if there are as many as there may be, or the system has no memory now
     */
    public boolean grow(Win32 win32) {
        if (reuseTrimmed()) {
            return true;
        }
        int index;
        try {
            do {
                index = made;
                if (index == capacity) {
                    return false;
                }
                region.commit(win32, (index + 1L) * bufferBytes); // first: a refusal must cost no buffer
            } while (!make(index));
        } catch (Win32Exception e) {
            return false;
        }
        return true;
    }

    private synchronized boolean reuseTrimmed() {
        int index = trimmedCount == 0 ? -1 : trimmed.nextSetBit(0);
        if (index < 0) {
            return false;
        }
        trimmed.clear(index);
        trimmedCount--;
        region.reuse(bufferBytes);
        setFree(index);
        return true;
    }

    /** False if another thread has made that one. It counts last: what the heap refuses must cost no buffer either. */
    private synchronized boolean make(int index) {
        if (made != index) {
            return false;
        }
        if (index >= buffers.length) {
            buffers = Arrays.copyOf(buffers, Math.min(Math.max(2 * buffers.length, index + 1), capacity));
        }
        buffers[index] = new PooledBuffer(region.address() + (long) index * bufferBytes, bufferBytes,
                views[index / buffersPerView], index % buffersPerView * bufferBytes);
        setFree(index);
        made = index + 1;
        return true;
    }

    private void setFree(int index) {
        free.set(index); // first: a new one may need room
        freeCount++;
        lowestFree = Math.min(lowestFree, index);
    }

    /**
     * Offers the memory of unused buffers to the system: every {@value #TRIM_INTERVAL_CALLS} calls it finds how many
     * were free at each of these, less {@value #WARM}, and this call and the next ones reset so many, the highest
     * addresses first. A call resets {@value #MOST_RESETS_PER_TRIM} times up to {@value #MOST_PER_RESET} buffers that
     * lie side by side, so its cost is bounded, and the memory of 60,000 buffers that one burst needed is back after 70
     * calls. Buffers that are not whole pages are left alone. To be called now and then, by a clock.
     *
     * @param win32 the calling thread's view of Windows
     */
    public void trim(Win32 win32) {
        if (!findSpare()) {
            return;
        }
        boolean goesOn = true;
        for (int resets = 0; goesOn && resets < MOST_RESETS_PER_TRIM; resets++) {
            goesOn = resetRun(win32);
        }
    }

    /** Whether there is anything to reset. */
    private synchronized boolean findSpare() {
        fewestFree = Math.min(fewestFree, freeCount);
        if (++calls >= TRIM_INTERVAL_CALLS && bufferBytes % Region.PAGE_BYTES == 0) {
            spare = Math.max(0, fewestFree - WARM);
            calls = 0;
            fewestFree = Integer.MAX_VALUE;
        }
        return spare > 0;
    }

    /** Whether there may be more. */
    private boolean resetRun(Win32 win32) {
        long run = takeRun();
        int first = (int) (run >>> Integer.SIZE);
        int count = (int) run;
        if (count == 0) {
            return false;
        }
        boolean reset = false;
        try {
            reset = region.reset(win32, region.address() + (long) first * bufferBytes, (long) count * bufferBytes);
        } finally {
            giveRun(first, count, reset);
        }
        return reset;
    }

    /** Takes the highest free ones that lie side by side; the first one's number in the upper half, and how many. */
    private synchronized long takeRun() {
        int most = Math.min(Math.min(spare, MOST_PER_RESET), freeCount - WARM);
        if (most <= 0) {
            spare = 0;
            return 0;
        }
        int last = free.previousSetBit(buffers.length - 1);
        int first = Math.max(free.previousClearBit(last) + 1, last + 1 - most);
        int count = last + 1 - first;
        free.clear(first, last + 1);
        freeCount -= count;
        spare -= count;
        return (long) first << Integer.SIZE | count;
    }

    private synchronized void giveRun(int first, int count, boolean reset) {
        if (reset) {
            trimmed.set(first, first + count);
            trimmedCount += count;
        } else {
            spare = 0;
            for (int index = first; index < first + count; index++) {
                setFree(index);
            }
        }
    }

    /**
     * Takes a buffer back. No pending operation uses it, and the caller does not use it any more.
     *
     * @throws IllegalStateException if it was given back before
     */
    public void give(PooledBuffer buffer) {
        takeBack(buffer);
        synchronized (this) {
            exchanges++;
            setFree(index(buffer));
        }
    }

    /**
     * The same by way of the thread's stock. Whoever took it may have been another thread.
     *
     * @param io the calling thread's own; null if it has none
     */
    public void give(PooledBuffer buffer, @Nullable IoThread io) {
        BufferStock stock = io == null ? null : io.stock(this);
        if (stock == null) {
            give(buffer);
        } else {
            takeBack(buffer);
            stock.give(buffer);
        }
    }

    private static void takeBack(PooledBuffer buffer) {
        if (!buffer.lent()) {
            throw new IllegalStateException("given back twice: the buffer at " + Long.toHexString(buffer.address()));
        }
        buffer.takeBack();
    }

    /** Takes back the first {@code count} of a stock. */
    synchronized void give(@Nullable PooledBuffer[] from, int count) {
        exchanges++;
        for (int i = 0; i < count; i++) {
            PooledBuffer buffer = from[i];
            assert buffer != null;
            setFree(index(buffer));
        }
    }

    private int index(PooledBuffer buffer) {
        return (int) ((buffer.address() - region.address()) / bufferBytes);
    }

    /** A new one, of a thread that had none. */
    synchronized BufferStock newStock() {
        BufferStock stock = new BufferStock(this);
        stocks.add(stock);
        return stock;
    }

    /** The thread has ended, and its stock is empty. */
    synchronized void forget(BufferStock stock) {
        stocks.remove(stock);
    }

    /**
     * The memory that is committed for buffers, without what {@link #trim} has offered to the system; 0 after
     * {@link #release}.
     */
    public long committedBytes() {
        return region.committedBytes();
    }

    /**
     * How many buffers are lent now; 0 after {@link #release}. While threads take and give, it may be some too many or
     * too few.
     */
    public synchronized int lent() {
        if (region.isReleased()) {
            return 0;
        }
        int resting = 0;
        for (BufferStock stock : stocks) {
            resting += stock.size();
        }
        return made - freeCount - trimmedCount - resting;
    }

    /** How often a thread has come to what all threads share, to take buffers or to give them. */
    public synchronized long exchanges() {
        return exchanges;
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
