package org.iocp4j.channels.seam;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Guards what threads share of a channel or a group. It is held around calls to Windows, none of which blocks, and
 * never while the user's code runs.
 *
 * {@snippet :
 * try (var _ = lock.hold()) {
 *     changeWhatItGuards();
 * }
 * }
 */
public class ChannelLock implements AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();

    /** Waits until the calling thread has it; to be closed by the same thread. */
    public ChannelLock hold() {
        lock.lock();
        return this;
    }

    /** As {@link #hold}, but does not wait: whether the calling thread has it. */
    protected final boolean tryHold() {
        return lock.tryLock();
    }

    /** Lets it go. */
    @Override
    public void close() {
        lock.unlock();
    }
}
