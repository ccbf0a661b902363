package org.iocp4j.simulation;

import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.socket.IoDomain;

/** A deadline of the program: it is armed, put off and disarmed, and expires when it is due, and not before. */
final class LayerDeadline extends Deadline {
    private static final long MOST_NANOS = 60_000_000;
    /** A tick of the wheel, and the millisecond to which a wait is rounded up, twice. */
    private static final long LATE_NANOS = 40_000_000;

    private final LayerDomain domain;
    private final LayerSimulation simulation;
    private final SeededRandom random;
    private boolean armed;
    private boolean everArmed;
    private long due;

    LayerDeadline(LayerDomain domain, IoDomain of) {
        super(of.timers());
        this.domain = domain;
        simulation = domain.simulation;
        random = simulation.random;
    }

    void act(LayerThread on) {
        if (random.chance(0.2)) {
            armed = false;
            disarm();
            return;
        }
        due = on.io.win32().nanoTime() + random.between(0, MOST_NANOS);
        armed = true;
        everArmed = true;
        if (arm(due) && !domain.isLoop()) {
            domain.wake(on.io.win32());
        }
    }

    @Override
    protected void expired(IoThread io) {
        LayerThread on = simulation.thread(io);
        on.told(domain, "expired");
        // In a pool another thread may have armed it anew, or disarmed it, when it was seen to be due.
        require(domain.isLoop() ? armed : everArmed, "expires, and is not armed");
        require(!domain.isLoop() || io.nowNanos() - due >= 0, "expires too early");
        armed &= !domain.isLoop() && io.nowNanos() - due < 0;
        try {
            if (domain.mayAct()) {
                domain.act(on);
            }
            domain.whim(on);
        } finally {
            on.over();
        }
    }

    void checkAtRest(long now) {
        require(!armed || now - due < LATE_NANOS, "is overdue");
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, "a deadline of " + domain + " " + violation);
        }
    }
}
