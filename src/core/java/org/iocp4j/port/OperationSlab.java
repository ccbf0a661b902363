package org.iocp4j.port;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * The memory of operations: side by side at addresses that never change, so that one division finds the operation that
 * a packet's OVERLAPPED address names. Operations are added once and live as long as the slab; they are used again and
 * again.
 */
public final class OperationSlab {
    private final Region region;
    private final AtomicReferenceArray<Operation> operations;
    private final AtomicInteger count = new AtomicInteger();

    /**
     * Reserves addresses.
     *
     * @param win32    the calling thread's view of Windows; not kept
     * @param capacity the most operations there can be
     * @throws Win32Exception if Windows refuses
     */
    public OperationSlab(Win32 win32, int capacity) throws Win32Exception {
        region = new Region(win32, "operations", capacity * Operation.STRIDE);
        operations = new AtomicReferenceArray<>(capacity);
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
     * Adds an operation. Any thread.
     *
     * @param completion runs for each completion
     * @throws IllegalStateException if no memory was committed for one more
     */
    public Operation add(CompletionHandler completion) {
        int index = count.getAndIncrement();
        if (index >= operations.length() || (index + 1) * Operation.STRIDE > region.committedBytes()) {
            throw new IllegalStateException("no memory was committed for operation " + index);
        }
        Operation operation = new Operation(region.memory(), index, completion);
        operations.set(index, operation);
        return operation;
    }

    /** The operation whose OVERLAPPED is at {@code address}, or null if none is. */
    @Nullable Operation at(long address) {
        long offset = address - region.address();
        long index = offset / Operation.STRIDE;
        boolean aligned = offset >= 0 && offset % Operation.STRIDE == 0;
        return aligned && index < operations.length() ? operations.get((int) index) : null;
    }

    /** How many are pending. Looks at each of them; any thread. */
    public int pendingCount() {
        int pending = 0;
        for (int i = 0; i < Math.min(count.get(), operations.length()); i++) {
            Operation operation = operations.get(i);
            if (operation != null && operation.isPending()) {
                pending++;
            }
        }
        return pending;
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
