package org.iocp4j.simulation;

import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.iocp4j.port.IoThread;

/** A thread of the program, and what it is in the midst of. */
final class LayerThread {
    private final LayerSimulation simulation;
    final IoThread io;
    /** Whose events it may be told; null if it does not dequeue. */
    private final LayerDomain domain;
    private boolean dequeues;
    private boolean calls;
    private boolean told;

    LayerThread(LayerSimulation simulation, LayerDomain domain, IoThread io) {
        this.simulation = simulation;
        this.domain = domain;
        this.io = io;
    }

    void dequeues(boolean now) {
        dequeues = now;
    }

    /** A call of the layer's, inside which no event is told. */
    int call(IntSupplier call) {
        calls = true;
        try {
            return call.getAsInt();
        } finally {
            calls = false;
        }
    }

    boolean test(BooleanSupplier call) {
        return call(() -> call.getAsBoolean() ? 1 : 0) != 0;
    }

    /** An event of a domain's begins on this thread; it ends with {@link #over}. */
    void told(LayerDomain of, Object what) {
        if (of != domain || !dequeues || calls || told) {
            simulation.require(false, what + " is told on a thread "
                    + (of != domain ? "of another domain" : !dequeues ? "that does not dequeue"
                            : calls ? "inside a call" : "inside an event"));
        }
        told = true;
    }

    void over() {
        told = false;
    }
}
