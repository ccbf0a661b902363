package org.iocp4j.simkernel;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A thread that calls the simulated system. */
final class SimulatedThread {
    final Thread thread;
    final String name;
    /** Its life is the simulation's: closing a view does not end it. */
    final boolean owned;
    /** In the trace. */
    int ordinal;
    boolean admitted;
    boolean left;

    /** A thread that has just left, and is to be dead before this one goes on. */
    @Nullable Thread predecessor;

    /** The port whose packets it works on, so long as it does not wait: it counts as running there [doc]. */
    @Nullable SimulatedPort activePort;
    /** The port that it has dequeued from last; null if it has from none. */
    @Nullable SimulatedPort dequeuesFrom;
    /** What a port gave it while it waited. */
    SimulatedPort.@Nullable Packet assigned;
    boolean abandoned;
    /** Which wait this is, so that a timeout of an earlier one does nothing. */
    long waitSerial;
    boolean waiting;

    SimulatedThread(Thread thread, boolean owned) {
        this.thread = thread;
        this.name = thread.getName();
        this.owned = owned;
    }

    void unpark() {
        LockSupport.unpark(thread);
    }
}
