package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.iocp4j.win32.generated.PROCESS_MEMORY_COUNTERS_EX;
import org.jspecify.annotations.Nullable;

/**
 * Memory of this process, in bytes. A figure that the platform does not give is null: Wine reports 0 for it [wine],
 * a figure that no process on Windows has.
 *
 * @param processBytes      PagefileUsage: committed memory that is this process's alone; may be null
 * @param nonPagedPoolBytes QuotaNonPagedPoolUsage: the kernel's unpageable memory on its account; may be null
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public record ProcessMemory(@Nullable Long processBytes, @Nullable Long nonPagedPoolBytes) {
    /** What it is now; both figures are null if the call fails. */
    public static ProcessMemory now(Win32 win32) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment counters = arena.allocate(PROCESS_MEMORY_COUNTERS_EX.layout());
            int bytes = (int) counters.byteSize();
            counters.set(JAVA_INT, PROCESS_MEMORY_COUNTERS_EX.cb$offset(), bytes);
            if (win32.getProcessMemoryInfo(counters.address(), bytes) != 0) {
                return new ProcessMemory(null, null);
            }
            return new ProcessMemory(
                    figure(counters, PROCESS_MEMORY_COUNTERS_EX.PagefileUsage$offset()),
                    figure(counters, PROCESS_MEMORY_COUNTERS_EX.QuotaNonPagedPoolUsage$offset()));
        }
    }

    private static @Nullable Long figure(MemorySegment counters, long offset) {
        long value = counters.get(JAVA_LONG, offset);
        return value == 0 ? null : value;
    }
}
