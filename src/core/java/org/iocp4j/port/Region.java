package org.iocp4j.port;

import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_RELEASE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESET;
import static org.iocp4j.win32.generated.WinTypes.PAGE_READWRITE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * Memory off the heap that never moves and grows in place: its addresses are reserved once, and memory is committed
 * piece by piece. No part is decommitted before {@link #release}, and Java's views of it check whether that was called:
 * a view kept too long throws instead of ending the JVM.
 */
public final class Region {
    /** Windows' pages, on every processor that it runs on [doc]. */
    static final int PAGE_BYTES = 4096;
    private static final long PIECE_BYTES = 64 * 1024;
    private static final long LARGEST_PIECE_BYTES = 256 * 1024;

    private final String name;
    /** Shared, because every thread reads it; closed once, at the end, so its handshake with all threads is rare. */
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    /** How much was committed, from the start on. */
    private final AtomicLong committedBytes = new AtomicLong();
    /** How much of that is reset now: the system may have taken the memory. */
    private final AtomicLong resetBytes = new AtomicLong();

    /**
     * Reserves addresses; no memory is committed yet.
     *
     * @param win32 the calling thread's view of Windows; not kept
     * @param name  what lies in it, for messages
     * @param bytes its size at most, more than 0
     * @throws Win32Exception if Windows refuses
     */
    @SuppressWarnings("restricted") // VirtualAlloc says how many bytes there are
    public Region(Win32 win32, String name, long bytes) throws Win32Exception {
        this.name = name;
        long address = win32.virtualAlloc(0, bytes, MEM_RESERVE(), PAGE_READWRITE());
        if (address < 0) {
            throw win32.failure("VirtualAlloc", (int) -address, bytes + " bytes of addresses for " + name);
        }
        memory = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }

    /**
     * All of it. Touching uncommitted memory crashes the JVM; after {@link #release} every access throws. Any thread.
     */
    public MemorySegment memory() {
        return memory;
    }

    /** The address of its first byte. */
    public long address() {
        return memory.address();
    }

    /** How many bytes are committed, without those that were given up for a time. Any thread. */
    long committedBytes() {
        return isReleased() ? 0 : committedBytes.get() - resetBytes.get();
    }

    /** Any thread. */
    boolean isReleased() {
        return !arena.scope().isAlive();
    }

    /**
     * Commits memory for at least the first {@code bytes}, as zeros; what was committed keeps its contents. Any thread;
     * two may commit the same piece at the same time, which Windows allows and which leaves its contents alone [doc].
     *
     * @param win32 the calling thread's view of Windows
     * @param bytes not more than the region's size
     * @throws Win32Exception if Windows refuses: it has no memory now. Nothing has changed, and it can be tried again
     */
    public void commit(Win32 win32, long bytes) throws Win32Exception {
        long committed = committedBytes.get();
        if (bytes <= committed) {
            return;
        }
        long piece = Math.clamp(committed / 2, PIECE_BYTES, LARGEST_PIECE_BYTES);
        long wanted = Math.min(memory.byteSize(), (committed + Math.max(piece, bytes - committed) + PIECE_BYTES - 1)
                / PIECE_BYTES * PIECE_BYTES);
        long address = win32.virtualAlloc(memory.address() + committed, wanted - committed, MEM_COMMIT(),
                PAGE_READWRITE());
        if (address < 0) {
            throw win32.failure("VirtualAlloc", (int) -address, (wanted - committed) + " bytes for " + name);
        }
        committedBytes.accumulateAndGet(wanted, Math::max);
    }

    /**
     * Offers whole pages that nobody uses to the system until they are touched again; their contents are then the old
     * ones or zeros [doc: MEM_RESET]. They stay committed, since a view that somebody has kept must not end the JVM;
     * under Wine the process shrinks all the same [wine]. Any thread.
     *
     * @return whether the system accepted
     */
    boolean reset(Win32 win32, long address, long bytes) {
        boolean accepted = win32.virtualAlloc(address, bytes, MEM_RESET(), PAGE_READWRITE()) > 0;
        if (accepted) {
            resetBytes.addAndGet(bytes);
        }
        return accepted;
    }

    /** Pages that were reset are used again. */
    void reuse(int bytes) {
        resetBytes.addAndGet(-bytes);
    }

    /**
     * Releases addresses and memory. The caller makes sure that no pending operation uses any of it.
     *
     * @param win32 the calling thread's view of Windows
     * @throws IllegalStateException if a channel of another thread is using it now: then it stays allocated; or if it
     *                               was released before
     */
    public void release(Win32 win32) {
        long address = memory.address();
        arena.close();
        int error = win32.virtualFree(address, 0, MEM_RELEASE());
        if (error != 0) {
            throw new AssertionError(win32.failure("VirtualFree", error, name));
        }
    }
}
