package org.iocp4j.port;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A reference count. The owner holds one reference from the start to the end, every user one while it works. Whoever
 * drops the last one releases the resource. Any thread.
 */
public final class RefCount {
    private final AtomicInteger count = new AtomicInteger(1);

    /** With one reference, the owner's. */
    public RefCount() {
    }

    /**
     * Takes a reference, for a caller that has none.
     *
     * @return false if none was left: the resource is gone, and there is nothing to drop
     */
    public boolean tryAcquire() {
        int now;
        do {
            now = count.get();
            if (now == 0) {
                return false;
            }
        } while (!count.compareAndSet(now, now + 1));
        return true;
    }

    /** Takes one more reference, for a caller that has one, or acts for someone who has. */
    public void acquire() {
        count.incrementAndGet();
    }

    /**
     * Drops a reference.
     *
     * @return true for the one caller that dropped the last
     */
    public boolean drop() {
        return count.decrementAndGet() == 0;
    }

    /** Whether the last reference was dropped. */
    public boolean isGone() {
        return count.get() == 0;
    }
}
