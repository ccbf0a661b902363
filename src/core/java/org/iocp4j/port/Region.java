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
 * Off-heap memory that never moves and grows in place: its addresses are reserved once, and it takes real memory piece
 * by piece, and may give parts back for a time. Java's views of it check its life, and no part of it is decommitted before that
 * ends: so a buffer kept too long throws instead of ending the JVM.
 */
public final class Region {
    /** Windows' pages, on every processor that it runs on [doc]. */
    static final int PAGE_BYTES = 4096;
    private static final long PIECE_BYTES = 64 * 1024;
    private static final long LARGEST_PIECE_BYTES = 256 * 1024;

    private final String name;
    /** Shared, because every worker reads it; closed once, at the end, so that its handshake of all threads is rare. */
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    /** From the start on, so much was made usable. */
    private final AtomicLong committedBytes = new AtomicLong();
    /** Given back of that, for a time. */
    private final AtomicLong restingBytes = new AtomicLong();

    /** @param name what lies in it, for messages */
    @SuppressWarnings("restricted") // VirtualAlloc says how many bytes there are
    public Region(Win32 win32, String name, long bytes) throws Win32Exception {
        this.name = name;
        long address = win32.virtualAlloc(0, bytes, MEM_RESERVE(), PAGE_READWRITE());
        if (address < 0) {
            throw win32.failure("VirtualAlloc", (int) -address, bytes + " bytes of addresses for " + name);
        }
        memory = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }

    public MemorySegment memory() {
        return memory;
    }

    public long address() {
        return memory.address();
    }

    public long committedBytes() {
        return committedBytes.get() - restingBytes.get();
    }

    /**
     * Makes the first {@code bytes} usable; what was usable stays as it is. Any thread; two at once may commit the same
     * piece twice, which Windows allows and which leaves its contents alone [doc].
     */
    public void commit(Win32 win32, long bytes) throws Win32Exception {
        long committed = committedBytes.get();
        if (bytes <= committed) {
            return;
        }
        long piece = Math.clamp(committed / 2, PIECE_BYTES, LARGEST_PIECE_BYTES);
        long wanted = Math.min(memory.byteSize(), (committed + Math.max(piece, bytes - committed) + PIECE_BYTES - 1)
                / PIECE_BYTES * PIECE_BYTES);
        long address = win32.virtualAlloc(memory.address() + committed, wanted - committed, MEM_COMMIT(), PAGE_READWRITE());
        if (address < 0) {
            throw win32.failure("VirtualAlloc", (int) -address, (wanted - committed) + " bytes for " + name);
        }
        committedBytes.accumulateAndGet(wanted, Math::max);
    }

    /**
     * Gives a part's memory back until somebody touches it: whole pages that nobody uses. Its contents are then the old ones,
     * or zeros [doc: MEM_RESET]. It stays committed, since a view of it that somebody has kept must not end the JVM; under
     * Wine the process shrinks all the same [wine]. Any thread.
     *
     * @return whether the system took it
     */
    boolean rest(Win32 win32, long address, int bytes) {
        boolean taken = win32.virtualAlloc(address, bytes, MEM_RESET(), PAGE_READWRITE()) > 0;
        if (taken) {
            restingBytes.addAndGet(bytes);
        }
        return taken;
    }

    /** A part that rests is used again. */
    void wake(int bytes) {
        restingBytes.addAndGet(-bytes);
    }

    /**
     * Gives the memory back. The caller knows that the kernel holds none of it.
     *
     * @throws IllegalStateException if another thread has it lent to a channel now; then it stays allocated
     */
    public void free(Win32 win32) {
        long address = memory.address();
        arena.close();
        int error = win32.virtualFree(address, 0, MEM_RELEASE());
        if (error != 0) {
            throw new AssertionError(win32.failure("VirtualFree", error, name));
        }
    }
}
