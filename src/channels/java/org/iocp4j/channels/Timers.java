package org.iocp4j.channels;

import java.time.Duration;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.channels.seam.Surroundings;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.SpareIoThreads;
import org.iocp4j.port.TimerWheel;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.win32.Win32Exception;

/**
 * The time limits of a provider's channels, and the thread that looks after them: one of its own, since those of a
 * group may all be in handlers that wait for what has a limit. It begins with the first group, and runs no handlers. It
 * waits at a port of its own, where no interrupt can make it spin.
 */
final class Timers {
    /** How long a thread whose port fails sleeps at a time, so that it does not spin. */
    static final int FAILED_MILLIS = 100;

    private static final Log LOG = Log.of(Timers.class);
    /** How often unused buffers are looked at. */
    private static final int TRIM_MILLIS = 1_000;
    private static final long MILLI = 1_000_000;

    private final Surroundings surroundings;
    private final SpareIoThreads spareThreads;
    private final BufferPool buffers;
    private final IoDomain domain;
    private final ChannelLock lock;
    private final LogLimit failureLines = new LogLimit();
    private volatile boolean started;
    private volatile boolean ending;

    /** @throws Win32Exception if Windows refuses */
    Timers(Surroundings surroundings, SpareIoThreads spareThreads, BufferPool buffers, IoThread io)
            throws Win32Exception {
        this.surroundings = surroundings;
        this.spareThreads = spareThreads;
        this.buffers = buffers;
        lock = surroundings.newLock();
        domain = new IoDomain(DomainOptions.pool().withMostSockets(1), io);
    }

    TimerWheel wheel() {
        return domain.timers();
    }

    /**
     * Arms a limit.
     *
     * @param dueNanos as {@link org.iocp4j.win32.Win32#nanoTime}
     * @param io       the calling thread's own
     */
    void arm(Deadline deadline, long dueNanos, IoThread io) {
        domain.arm(deadline, dueNanos, io);
    }

    /** Starts the thread, if it has not been. */
    void start() {
        if (started) {
            return;
        }
        try (var _ = lock.hold()) {
            if (!started) {
                surroundings.start("iocp4j-timers", this::run);
                started = true;
            }
        }
    }

    /** The thread gives back what all groups shared, and ends; no group is there any more. */
    void end() {
        ending = true;
        spareThreads.call(io -> domain.wake(io.win32()));
        start();
    }

    private void run() {
        IoThread io = new IoThread(spareThreads.attach());
        long nextTrim = io.nowNanos();
        while (!ending) {
            try {
                dequeue(io);
                io.refreshNow();
                if (io.nowNanos() - nextTrim >= 0) {
                    nextTrim = io.nowNanos() + TRIM_MILLIS * MILLI;
                    buffers.trim(io.win32());
                }
            } catch (Throwable e) { // no memory, say: nobody else looks after the deadlines
                failed(e, io);
            }
        }
        int _ = domain.end(io, Duration.ZERO);
        buffers.release(io.win32());
    }

    private void dequeue(IoThread io) throws Win32Exception {
        try {
            domain.dequeue(io, TRIM_MILLIS);
        } catch (CompletionFailedException e) {
            // it was logged where it failed, and concerns one channel
        }
    }

    private void failed(Throwable failure, IoThread io) {
        try {
            String more = failureLines.next();
            if (more != null) {
                LOG.thrown(failure, "the time-outs of channels are late{}", more);
            }
        } catch (Throwable e) {
            // there is no memory for a line
        }
        io.win32().sleep(FAILED_MILLIS);
    }
}
