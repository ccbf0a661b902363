package org.iocp4j.echo;

import java.util.concurrent.atomic.LongAdder;

/** A fault in force, until it is closed. Any thread. */
public final class ActiveFault implements AutoCloseable {
    private final Faults faults;
    private final long id;
    private final Fault fault;
    private final LongAdder count = new LongAdder();

    ActiveFault(Faults faults, long id, Fault fault) {
        this.faults = faults;
        this.id = id;
        this.fault = fault;
    }

    /** Names it among those of its server: 1 for the first that was added, and so on. */
    public long id() {
        return id;
    }

    /** What goes wrong. Never null. */
    public Fault fault() {
        return fault;
    }

    /**
     * How often it has struck: of faults of messages the messages, of {@link Fault.Kind#SLICER} and
     * {@link Fault.Kind#BANDWIDTH} the replies that came in pieces or late, of all others the connections.
     */
    public long count() {
        return count.sum();
    }

    void struck() {
        count.increment();
    }

    /**
     * It is no longer in force: what it has kept unread is read, and what it has kept open ends. What it has done to a
     * connection otherwise stays done: late replies come late. But once no fault is in force, a session that is to end
     * and only waits for them, since its client has closed the connection, say, or ended its output, sends them now.
     */
    @Override
    public void close() {
        faults.remove(this);
    }

    /** Such as {@code 1: latency=100ms, struck 12 times}. */
    @Override
    public String toString() {
        return id + ": " + fault + ", struck " + count() + " times";
    }
}
