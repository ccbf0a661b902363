package org.iocp4j.simkernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Addresses for what the kernels in memory reserve. Those for the regions of all simulations of this JVM are made once,
 * and lent to one simulation after another, since to make memory, and to give it back, costs more than a short
 * simulation.
 */
final class AddressSpace {
    /** Windows places regions at multiples of this [doc]. */
    private static final long GRANULARITY = 64 * 1024;
    /** A larger range is not made of memory, but of a file with holes: it takes room only where it is touched. */
    private static final long SPARSE_BYTES = 32 << 20;

    private static final Map<Long, ArrayDeque<Range>> FREE = new HashMap<>();

    record Range(long address, long bytes) {
    }

    private AddressSpace() {
    }

    static synchronized Range take(long bytes) {
        long rounded = Math.max(GRANULARITY, Long.highestOneBit(2 * bytes - 1));
        ArrayDeque<Range> free = FREE.get(rounded);
        Range range = free == null ? null : free.poll();
        return range != null ? range : make(rounded);
    }

    static synchronized void give(Range range) {
        FREE.computeIfAbsent(range.bytes, size -> new ArrayDeque<>()).push(range);
    }

    private static Range make(long bytes) {
        return new Range(allocate(bytes, Arena.global()).address(), bytes);
    }

    /** Zeros that live as long as the arena. */
    static MemorySegment allocate(long bytes, Arena arena) {
        return bytes > SPARSE_BYTES ? sparse(bytes, arena) : arena.allocate(bytes, GRANULARITY);
    }

    private static MemorySegment sparse(long bytes, Arena arena) {
        try {
            // Named here: createTempFile's random names cost half a minute on a busy Wine, with the baton in hand.
            String name = "iocp4j-" + ProcessHandle.current()
                    .pid() + "-" + Long.toHexString(System.nanoTime()) + ".memory";
            Path file = Path.of(System.getProperty("java.io.tmpdir"), name);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE,
                    StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
                // What is touched is memory of our own then: the system would write a file's pages to the disk.
                return channel.map(FileChannel.MapMode.PRIVATE, 0, bytes, arena);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
