package org.iocp4j.port;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * Where operations live: side by side at addresses that never change, so that a packet's OVERLAPPED address gives its
 * Java side by one division. Operations are made once and never unmade before the slab is.
 */
public final class OperationSlab {
    private final Region region;
    private final AtomicReferenceArray<Operation> operations;
    private final AtomicInteger count = new AtomicInteger();

    /** @param capacity the most operations there can be */
    public OperationSlab(Win32 win32, int capacity) throws Win32Exception {
        region = new Region(win32, "operations", capacity * Operation.STRIDE);
        operations = new AtomicReferenceArray<>(capacity);
    }

    /** Sees to the memory for so many operations in all. Any thread. */
    public void commit(Win32 win32, int operationCount) throws Win32Exception {
        region.commit(win32, operationCount * Operation.STRIDE);
    }

    /** A new operation, in memory that was committed before. Any thread. */
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
    Operation at(long address) {
        long offset = address - region.address();
        long index = offset / Operation.STRIDE;
        boolean aligned = offset >= 0 && offset % Operation.STRIDE == 0;
        return aligned && index < operations.length() ? operations.get((int) index) : null;
    }

    /** How many the kernel holds. */
    public int out() {
        int out = 0;
        for (int i = 0; i < Math.min(count.get(), operations.length()); i++) {
            Operation operation = operations.get(i);
            if (operation != null && operation.isPending()) {
                out++;
            }
        }
        return out;
    }

    /** Gives the memory back; only when {@link #out()} is 0 and stays so. */
    public void free(Win32 win32) {
        region.free(win32);
    }
}
