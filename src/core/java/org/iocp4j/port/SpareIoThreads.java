package org.iocp4j.port;

import java.util.function.Function;
import java.util.function.Supplier;
import org.iocp4j.win32.Win32;

/**
 * {@link IoThread}s for threads that have none of their own: lent for a call, since such threads may be many and
 * short-lived, as virtual ones are. Any thread.
 */
public final class SpareIoThreads {
    /** The most that are kept: so many threads make such calls at the same time without making one anew. */
    private static final int MOST = 64;

    private final Supplier<Win32> system;
    private final FreeList<IoThread> spare = new FreeList<>(MOST, FreeList.Order.LIFO);

    /**
     * None yet.
     *
     * @param system makes a view of the system for the calling thread
     */
    public SpareIoThreads(Supplier<Win32> system) {
        this.system = system;
    }

    /** A view of the system that nobody else has. */
    public Win32 attach() {
        return system.get();
    }

    /** For the calling thread until {@link #give}. */
    public IoThread take() {
        IoThread kept = spare.take();
        IoThread io = kept != null ? kept : new IoThread(attach());
        io.handOver();
        return io;
    }

    /** Takes one back. */
    public void give(IoThread io) {
        if (!spare.give(io)) {
            io.win32().close();
        }
    }

    /** Does something with one, and returns what that returns. */
    public <T> T call(Function<IoThread, T> what) {
        IoThread io = take();
        try {
            return what.apply(io);
        } finally {
            give(io);
        }
    }
}
