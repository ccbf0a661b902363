package org.iocp4j.server;

import java.util.function.Supplier;
import org.iocp4j.port.FreeList;
import org.iocp4j.win32.Win32;

/**
 * Views of the system for threads that have none of their own and make a call now and then, as those that send from
 * outside: each is lent for a call and used again. A view for each such thread would cost every virtual thread some
 * memory off the heap and a cleaner. Any thread; there are as many views as threads have ever been in a call at the
 * same time.
 */
final class CallerViews {
    /** The most that are kept. */
    private static final int MOST_KEPT = 64;

    private final Supplier<Win32> system;
    private final FreeList<Win32> free = new FreeList<>(MOST_KEPT, FreeList.Order.LIFO);

    /** @param system a view for the calling thread */
    CallerViews(Supplier<Win32> system) {
        this.system = system;
    }

    /** For the calling thread, until it {@linkplain #give gives} it back. May throw what the system does. */
    Win32 take() {
        Win32 view = free.take();
        return view != null ? view : system.get();
    }

    void give(Win32 view) {
        if (!free.give(view)) {
            view.close();
        }
    }

    /** Closes those that are not lent. */
    void close() {
        for (Win32 view = free.take(); view != null; view = free.take()) {
            view.close();
        }
    }
}
