package org.iocp4j.simkernel;

import java.util.PriorityQueue;

/** Virtual time, and what is to happen in it. */
final class Timeline {
    private record Event(long time, long serial, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(time, other.time);
            return byTime != 0 ? byTime : Long.compare(serial, other.serial);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long now;
    private long serial;

    /** Nanoseconds since the start of the simulation. */
    long now() {
        return now;
    }

    void tick(long nanos) {
        now += nanos;
    }

    void at(long time, Runnable action) {
        events.add(new Event(Math.max(time, now), serial++, action));
    }

    void after(long nanos, Runnable action) {
        at(now + nanos, action);
    }

    /** Runs what is due. */
    void runDue() {
        Event next = events.peek();
        while (next != null && next.time <= now) {
            events.remove();
            next.action.run();
            next = events.peek();
        }
    }

    /** Goes to the next event and runs it; false if there is none. */
    boolean advance() {
        Event next = events.poll();
        if (next == null) {
            return false;
        }
        now = Math.max(now, next.time);
        next.action.run();
        return true;
    }
}
