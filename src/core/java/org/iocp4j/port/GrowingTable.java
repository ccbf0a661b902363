package org.iocp4j.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Objects by number, made when they are first needed and kept from then on. Its memory grows with them, a chunk at a
 * time, so that a table may be told to hold millions and cost little while it holds few. Any thread; a look-up takes no
 * lock.
 *
 * @param <T> the objects, never null
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class GrowingTable<T> {
    private static final int CHUNK_BITS = 10;
    private static final int CHUNK = 1 << CHUNK_BITS;

    private static final VarHandle CHUNKS = MethodHandles.arrayElementVarHandle(Object[][].class);
    private static final VarHandle OBJECTS = MethodHandles.arrayElementVarHandle(Object[].class);

    private final int capacity;
    /** Elements of both arrays are published through the handles above. */
    private final @Nullable Object[][] chunks;
    private volatile int size;

    /**
     * An empty table.
     *
     * @param capacity the most objects that it takes
     */
    public GrowingTable(int capacity) {
        this.capacity = capacity;
        chunks = new Object[(capacity + CHUNK - 1) >>> CHUNK_BITS][];
    }

    /**
     * Adds the object of the next number.
     *
     * @param make makes it; runs under the table's lock, so it must do no more than that. If it throws, nothing was
     *             added
     * @return what was made; null if there are as many as there may be
     */
    public synchronized @Nullable T add(IntFunction<? extends T> make) {
        int index = size;
        if (index == capacity) {
            return null;
        }
        T made = make.apply(index);
        @Nullable Object[] chunk = chunks[index >>> CHUNK_BITS];
        if (chunk == null) {
            chunk = new Object[CHUNK];
            CHUNKS.setRelease(chunks, index >>> CHUNK_BITS, chunk);
        }
        OBJECTS.setRelease(chunk, index & CHUNK - 1, made);
        size = index + 1;
        return made;
    }

    /**
     * Puts another object in the place of one. Who looks it up meanwhile may still find the one before.
     *
     * @param index of an object that there is
     */
    public void replace(int index, T object) {
        @Nullable Object[] chunk = index < size ? chunks[index >>> CHUNK_BITS] : null;
        if (chunk == null) {
            throw new IllegalArgumentException("no object " + index + " in place of which to put another");
        }
        OBJECTS.setRelease(chunk, index & CHUNK - 1, object);
    }

    /** The object of a number; null if there is none, whatever the number is. */
    @SuppressWarnings("unchecked") // only add puts objects in
    public @Nullable T at(long index) {
        long number = index >>> CHUNK_BITS; // of a negative index it is too large, too
        if (number >= chunks.length) {
            return null;
        }
        @Nullable Object[] chunk = (Object[]) CHUNKS.getAcquire(chunks, (int) number);
        return chunk == null ? null : (T) OBJECTS.getAcquire(chunk, (int) index & CHUNK - 1);
    }

    /** How many objects there are: their numbers are 0 to one less. */
    public int size() {
        return size;
    }

    /** The most objects that it takes. */
    public int capacity() {
        return capacity;
    }
}
