package org.iocp4j.port;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who uses a thing that must not go while it is used: its owner, until the end, and everyone who is at work with it. Whoever
 * drops the last hold does away with the thing.
 */
public final class RefCount {
    private final AtomicInteger count = new AtomicInteger(1);

    /** One more, for a caller that has none; false if the thing is gone, and then there is nothing to drop. */
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

    /** One more; the caller has one, or acts for someone who has. */
    public void acquire() {
        count.incrementAndGet();
    }

    /** True for the one caller that drops the last. */
    public boolean drop() {
        return count.decrementAndGet() == 0;
    }

    /** Nobody has it any more. */
    public boolean isGone() {
        return count.get() == 0;
    }
}
