package org.iocp4j.simkernel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A completion port: packets first in, first out; waiting threads last in, first out [doc]. */
final class SimulatedPort {
    /**
     * @param operation null for one of PostQueuedCompletionStatus
     * @param overlapped whatever was given there
     */
    record Packet(@Nullable PendingOperation operation, long overlapped, long key, int bytes) {
    }

    final long handle;
    private final int concurrency;
    private final Schedule schedule;
    private final ArrayDeque<Packet> packets = new ArrayDeque<>();
    private final List<SimulatedThread> waiters = new ArrayList<>();
    /** Threads that work on its packets. */
    private int active;
    private boolean closed;

    SimulatedPort(long handle, int concurrency, Schedule schedule) {
        this.handle = handle;
        this.concurrency = concurrency;
        this.schedule = schedule;
    }

    /** A packet for a port that is closed is nobody's. */
    void queue(Packet packet) {
        if (!closed) {
            packets.add(packet);
            release();
        }
    }

    /** Wakes waiting threads while there are packets and fewer threads run than may [doc]. */
    private void release() {
        while (!packets.isEmpty() && !waiters.isEmpty() && active < concurrency) {
            SimulatedThread last = waiters.removeLast();
            last.assigned = packets.poll();
            activate(last);
            schedule.wake(last);
        }
    }

    void activate(SimulatedThread thread) {
        active++;
        thread.activePort = this;
    }

    /** The thread waits, for whatever, or asks for the next packet. */
    void deactivate(SimulatedThread thread) {
        active--;
        thread.activePort = null;
    }

    /** As {@link #deactivate}, where the thread takes no packet itself: another may. */
    void yieldTo(SimulatedThread thread) {
        deactivate(thread);
        release();
    }

    /** A packet for a thread that asks; null if there is none, or enough threads run. */
    @Nullable Packet take() {
        return active < concurrency ? packets.poll() : null;
    }

    /** One more for a thread that has one; null if there is none. */
    @Nullable Packet more() {
        return packets.poll();
    }

    void await(SimulatedThread thread) {
        waiters.add(thread);
    }

    /** A wait is over without a packet. */
    void giveUp(SimulatedThread thread) {
        waiters.remove(thread);
    }

    /** How many packets of PostQueuedCompletionStatus say so many bytes. */
    int posted(int bytes) {
        int count = 0;
        for (Packet packet : packets) {
            if (packet.operation == null && packet.bytes == bytes) {
                count++;
            }
        }
        return count;
    }

    int queued() {
        return packets.size();
    }

    boolean isClosed() {
        return closed;
    }

    /** Waiting threads get ERROR_ABANDONED_WAIT_0 [doc]; packets not dequeued are lost. */
    List<Packet> close() {
        closed = true;
        List<Packet> lost = List.copyOf(packets);
        packets.clear();
        for (SimulatedThread waiter : waiters) {
            waiter.abandoned = true;
            schedule.wake(waiter);
        }
        waiters.clear();
        return lost;
    }
}
