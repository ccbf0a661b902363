package org.iocp4j.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A pool's free buffers that rest with one thread, so that it need not come to the pool for each: it comes for half a
 * stock at a time. What was given last is taken first, since its memory is most likely still in the processor's caches.
 * Used by that thread alone, but for {@link #size}.
 */
final class BufferStock {
    private static final int HALF = BufferPool.STOCK / 2;

    private static final VarHandle SIZE;

    static {
        try {
            SIZE = MethodHandles.lookup().findVarHandle(BufferStock.class, "size", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BufferPool pool;
    private final @Nullable PooledBuffer[] buffers = new @Nullable PooledBuffer[BufferPool.STOCK];
    private int size;

    BufferStock(BufferPool pool) {
        this.pool = pool;
    }

    boolean isOf(BufferPool asked) {
        return pool == asked;
    }

    /** Null if the pool has none either. */
    @Nullable PooledBuffer take() {
        int left = size;
        if (left == 0) {
            left = pool.take(buffers, HALF);
            if (left == 0) {
                return null;
            }
        }
        PooledBuffer taken = buffers[--left];
        resize(left);
        return taken;
    }

    void give(PooledBuffer buffer) {
        int before = size;
        if (before == BufferPool.STOCK) {
            pool.give(buffers, HALF);
            System.arraycopy(buffers, HALF, buffers, 0, HALF);
            before = HALF;
        }
        buffers[before] = buffer;
        resize(before + 1);
    }

    /** The thread has nothing to do: others may need them, or the system their memory. */
    void giveAll() {
        if (size > 0) {
            pool.give(buffers, size);
            resize(0);
        }
    }

    /** Its thread ends. */
    void end() {
        giveAll();
        pool.forget(this);
    }

    private void resize(int now) {
        SIZE.setOpaque(this, now);
    }

    /** Any thread. */
    int size() {
        return (int) SIZE.getOpaque(this);
    }
}
