package org.iocp4j.netty;

import java.util.function.Function;
import java.util.function.Supplier;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.iocp4j.win32.Win32;

/**
 * What threads that are not a loop's need to wake one, or to close one of its sockets: lent for a call, since such
 * threads may be many and short-lived, as virtual ones are. Any thread.
 */
final class SpareIoThreads {
    /** The most that are kept: so many threads make such calls at the same time without making one anew. */
    private static final int MOST = 64;

    private final Supplier<Win32> system;
    private final FreeList<IoThread> spare = new FreeList<>(MOST, FreeList.Order.LIFO);

    SpareIoThreads(Supplier<Win32> system) {
        this.system = system;
    }

    /** A view of the system that nobody else has. */
    Win32 attach() {
        return system.get();
    }

    /** For the calling thread until {@link #give}. */
    IoThread take() {
        IoThread kept = spare.take();
        IoThread io = kept != null ? kept : new IoThread(attach());
        io.handOver();
        return io;
    }

    void give(IoThread io) {
        if (!spare.give(io)) {
            io.win32().close();
        }
    }

    <T> T call(Function<IoThread, T> what) {
        IoThread io = take();
        try {
            return what.apply(io);
        } finally {
            give(io);
        }
    }
}
