package org.iocp4j.port;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * The memory of operations: side by side at addresses that never change, so that one division finds the operation that
 * a packet's OVERLAPPED address names. Operations are added once and live as long as the slab; they are used again and
 * again.
 */
public final class OperationSlab {
    /**
     * A capacity for those who do not know how many they will need: some four million. Its addresses are 192 MiB, its
     * place on the heap 16 KiB. Reserved and not committed, they took no memory and 0.3 ms [wine].
     */
    public static final int MOST_OPERATIONS = 1 << 22;

    /** The numbers of {@link #counts}. */
    private static final int BEGUN = 0;
    private static final int ENDED = 1;

    private final Region region;
    /** The region's, at hand for {@link #at}. */
    private final long base;
    private final GrowingTable<Operation> operations;
    /** For how many operations {@link #commitMore} has committed memory. */
    private final AtomicInteger asked = new AtomicInteger();
    /** How often an operation began to be pending, and ended. */
    private final ThreadCounts counts = new ThreadCounts(2);

    /**
     * Reserves addresses.
     *
     * @param win32    the calling thread's view of Windows; not kept
     * @param capacity the most operations there can be, more than 0; {@link #MOST_OPERATIONS} costs little more than
     *                 few
     * @throws Win32Exception if Windows refuses
     */
    public OperationSlab(Win32 win32, int capacity) throws Win32Exception {
        region = new Region(win32, "operations", capacity * Operation.STRIDE);
        base = region.address();
        operations = new GrowingTable<>(capacity);
    }

    /**
     * Commits memory for this many operations in all, those that were added included. Any thread.
     *
     * @param win32          the calling thread's view of Windows
     * @param operationCount not more than the capacity
     * @throws Win32Exception if Windows has no memory now; it can be tried again
     */
    public void commit(Win32 win32, int operationCount) throws Win32Exception {
        region.commit(win32, operationCount * Operation.STRIDE);
    }

    /**
     * Commits memory for so many operations more than were asked for in this way before; the caller then adds them. For
     * threads that make operations at the same time. Any thread.
     *
     * @param win32 the calling thread's view of Windows
     * @throws Win32Exception if Windows has no memory now; it can be tried again
     */
    public void commitMore(Win32 win32, int more) throws Win32Exception {
        int now;
        do {
            now = asked.get();
            commit(win32, now + more);
        } while (!asked.compareAndSet(now, now + more));
    }

    /**
     * Adds an operation. Any thread.
     *
     * @param completion runs for each completion
     * @throws IllegalStateException if no memory was committed for one more, or there are as many as there may be
     */
    public Operation add(CompletionHandler completion) {
        Operation operation = operations.add(index -> {
            if ((index + 1) * Operation.STRIDE > region.committedBytes()) {
                throw new IllegalStateException("no memory was committed for operation " + index);
            }
            return new Operation(this, index, completion);
        });
        if (operation == null) {
            throw new IllegalStateException("the slab has its " + operations.capacity() + " operations");
        }
        return operation;
    }

    /** The operation whose OVERLAPPED is at {@code address}, or null if none is. */
    @Nullable Operation at(long address) {
        long offset = address - base;
        long index = offset / Operation.STRIDE;
        return index * Operation.STRIDE == offset ? operations.at(index) : null;
    }

    /** How many operations there are. */
    int size() {
        return operations.size();
    }

    /** The memory of all of them, side by side. */
    MemorySegment memory() {
        return region.memory();
    }

    void pendingBegins(IoThread io) {
        counts.add(BEGUN, 1, io);
    }

    void pendingEnds(IoThread io) {
        counts.add(ENDED, 1, io);
    }

    /**
     * How many are pending. Any thread. While others post and complete operations it may be a few too many, never too
     * few.
     */
    public int pendingCount() {
        long ended = counts.sum(ENDED); // first: each of these is among those that have begun
        return Math.toIntExact(counts.sum(BEGUN) - ended);
    }

    /**
     * Releases the memory: only when {@link #pendingCount} is 0 and stays so, for the kernel writes to a pending
     * operation. Afterwards a post throws {@link IllegalStateException}.
     *
     * @param win32 the calling thread's view of Windows
     */
    public void release(Win32 win32) {
        region.release(win32);
    }
}
