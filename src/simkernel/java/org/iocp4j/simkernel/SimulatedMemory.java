package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The process's memory as the kernel sees it: regions of VirtualAlloc, which it touches only while they are committed,
 * and whatever else the process has.
 */
final class SimulatedMemory {
    @SuppressWarnings("restricted") // a kernel reads what its callers name by address
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final long PAGE_BYTES = 4096;
    private static final int INVALID_ADDRESS = ERROR_INVALID_ADDRESS();
    private static final byte RELEASED = (byte) 0xDD;

    private static final class Region {
        final int number;
        final AddressSpace.Range range;
        final long bytes;
        final BitSet committed = new BitSet();
        boolean released;

        Region(int number, AddressSpace.Range range, long bytes) {
            this.number = number;
            this.range = range;
            this.bytes = bytes;
        }
    }

    private final SimulatedKernel kernel;
    /**
     * Those released stay, so that a late touch is seen; their addresses are not given out again in this simulation.
     */
    private final TreeMap<Long, Region> regions = new TreeMap<>();

    SimulatedMemory(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    // ---- VirtualAlloc ----

    /** The address, or -error. */
    long allocate(long address, long bytes, int type) {
        if (type == MEM_RESET()) {
            return reset(address, bytes);
        }
        if (bytes <= 0 || (type & ~(MEM_RESERVE() | MEM_COMMIT())) != 0 || type == 0) {
            return -ERROR_INVALID_PARAMETER();
        }
        int fault = kernel.faults.memory();
        if (fault != 0) {
            return -fault;
        }
        if ((type & MEM_RESERVE()) == 0 && address != 0) {
            return commit(address, bytes);
        }
        if (address != 0) {
            return -INVALID_ADDRESS; // a place of one's own choice is not simulated
        }
        long rounded = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        Region region = new Region(regions.size(), AddressSpace.take(rounded), rounded);
        regions.put(region.range.address(), region);
        if ((type & MEM_COMMIT()) != 0) {
            commit(region.range.address(), rounded);
        }
        return region.range.address();
    }

    /** Committed pages are zero, and those that were committed already stay as they are [doc]. */
    private long commit(long address, long bytes) {
        Region region = regionOf(address);
        if (region == null || region.released || address + bytes > region.range.address() + region.bytes) {
            return -INVALID_ADDRESS;
        }
        int first = page(region, address);
        int last = page(region, address + bytes - 1);
        for (int page = first; page <= last; page++) {
            if (!region.committed.get(page)) {
                ALL.asSlice(region.range.address() + page * PAGE_BYTES, PAGE_BYTES).fill((byte) 0);
            }
        }
        region.committed.set(first, last + 1);
        return region.range.address() + first * PAGE_BYTES;
    }

    /**
     * Nobody needs the contents any more: they may stay, or be zeros from any moment on [doc]; here they are, all or
     * none.
     */
    private long reset(long address, long bytes) {
        Region region = regionOf(address);
        if (bytes <= 0 || region == null) {
            return -INVALID_ADDRESS;
        }
        check(address, bytes);
        kernel.operations.checkFree(address, bytes, "reset");
        if (kernel.random.chance(0.5)) {
            ALL.asSlice(address, bytes).fill((byte) 0);
        }
        return address;
    }

    int free(long address, long bytes, int type) {
        Region region = regionOf(address);
        if (region == null || region.released) {
            return INVALID_ADDRESS;
        }
        if (type == MEM_RELEASE()) {
            if (bytes != 0 || address != region.range.address()) {
                return bytes != 0 ? ERROR_INVALID_PARAMETER() : INVALID_ADDRESS;
            }
            kernel.operations.checkFree(address, region.bytes, "released");
            region.released = true;
            decommit(region, 0, (int) (region.bytes / PAGE_BYTES));
            return 0;
        }
        if (type != MEM_DECOMMIT() || address + bytes > region.range.address() + region.bytes) {
            return ERROR_INVALID_PARAMETER();
        }
        long count = bytes == 0 ? region.bytes : bytes;
        kernel.operations.checkFree(address, count, "decommitted");
        decommit(region, page(region, address), page(region, address + count - 1) + 1);
        return 0;
    }

    private void decommit(Region region, int from, int to) {
        for (int page = region.committed.nextSetBit(from); page >= 0 && page < to;
                page = region.committed.nextSetBit(page + 1)) {
            ALL.asSlice(region.range.address() + page * PAGE_BYTES, PAGE_BYTES).fill(RELEASED);
        }
        region.committed.clear(from, to);
    }

    /** For the trace: addresses differ from run to run, numbers do not. */
    int number(long address) {
        Region region = regionOf(address);
        return region == null ? -1 : region.number;
    }

    long offset(long address) {
        Region region = regionOf(address);
        return region == null ? 0 : address - region.range.address();
    }

    long committedBytes() {
        return regions.values().stream().mapToLong(region -> region.committed.cardinality() * PAGE_BYTES).sum();
    }

    /** Regions not released. */
    long live() {
        return regions.values().stream().filter(region -> !region.released).count();
    }

    /** The simulation is over and nobody looks at the memory any more. */
    void giveBack() {
        regions.values().forEach(region -> AddressSpace.give(region.range));
        regions.clear();
    }

    /** Null if it is none of ours. */
    private @Nullable Region regionOf(long address) {
        Map.Entry<Long, Region> entry = regions.floorEntry(address);
        if (entry == null || address >= entry.getKey() + entry.getValue().bytes) {
            return null;
        }
        return entry.getValue();
    }

    private static int page(Region region, long address) {
        return (int) ((address - region.range.address()) / PAGE_BYTES);
    }

    // ---- what the kernel reads and writes ----

    /** Fails if any of it is memory that was released, or never committed. Where no bytes are is all the same. */
    void check(long address, long bytes) {
        if (bytes == 0) {
            return;
        }
        if (address == 0) {
            throw kernel.fail("the kernel is given the address 0");
        }
        Region region = regionOf(address);
        if (region == null) {
            return;
        }
        int first = page(region, address);
        int last = page(region, address + bytes - 1);
        int hole = region.committed.nextClearBit(first);
        if (region.released || hole <= last) {
            throw kernel.fail("the kernel is given " + bytes + " bytes at offset " + (address - region.range.address())
                    + " of region " + region.number + ", which is " + (region.released ? "released" : "not committed"));
        }
    }

    int getShort(long address) {
        check(address, Short.BYTES);
        return Short.toUnsignedInt(ALL.get(JAVA_SHORT_UNALIGNED, address));
    }

    int getInt(long address) {
        check(address, Integer.BYTES);
        return ALL.get(JAVA_INT_UNALIGNED, address);
    }

    long getLong(long address) {
        check(address, Long.BYTES);
        return ALL.get(JAVA_LONG_UNALIGNED, address);
    }

    void putInt(long address, int value) {
        check(address, Integer.BYTES);
        ALL.set(JAVA_INT_UNALIGNED, address, value);
    }

    void putLong(long address, long value) {
        check(address, Long.BYTES);
        ALL.set(JAVA_LONG_UNALIGNED, address, value);
    }

    void read(long address, byte[] target, int offset, int count) {
        if (count > 0) {
            check(address, count);
            MemorySegment.copy(ALL, JAVA_BYTE, address, target, offset, count);
        }
    }

    void write(long address, byte[] source, int offset, int count) {
        if (count > 0) {
            check(address, count);
            MemorySegment.copy(source, offset, ALL, JAVA_BYTE, address, count);
        }
    }

    void fill(long address, long count, byte value) {
        if (count > 0) {
            check(address, count);
            ALL.asSlice(address, count).fill(value);
        }
    }

    /** The first byte that differs, or -1. */
    long mismatch(long address, byte[] expected, int offset, int count) {
        check(address, count);
        return MemorySegment.ofArray(expected).asSlice(offset, count).mismatch(ALL.asSlice(address, count));
    }

    /** The first byte that is not {@code value}, or -1. */
    long mismatch(long address, long count, byte value) {
        check(address, count);
        for (long i = 0; i < count; i++) {
            if (ALL.get(JAVA_BYTE, address + i) != value) {
                return i;
            }
        }
        return -1;
    }
}
