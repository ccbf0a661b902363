package org.iocp4j.simulation;

import java.util.Locale;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.FaultPlan.Disconnects;
import org.iocp4j.simkernel.FaultPlan.Failures;
import org.iocp4j.simkernel.FaultPlan.Timing;
import org.iocp4j.simkernel.SeededRandom;

/** The fault plans of a hunt, by name. */
public enum Plan {
    /** Nothing fails, nothing is delayed. */
    CALM(FaultPlan.CALM),
    /** Nothing fails, but order and time are whatever Windows allows. */
    UNRULY(FaultPlan.UNRULY),
    /** Everything that can go wrong does, now and then. */
    FAULTS(FaultPlan.FAULTS),
    /** Everything goes wrong often. */
    HARSH(FaultPlan.FAULTS.with(new Failures(0.1, 0.05, 0.05, 0.05, 0.05, 0.005, 0.05, 0, 0, 0.3, 0.3))
            .with(new Disconnects(0.3, 0.2, 0.2, 500_000_000))),
    /** Faults, and packets that come long after their operations' end. */
    LATE(FaultPlan.FAULTS.with(new Timing(0.2, 0.4, 0.3, 90_000_000, 0.2, 0.3, 20_000_000))),
    /** Faults, those of PostQueuedCompletionStatus too. */
    POSTS(FaultPlan.FAULTS.with(new Failures(0.02, 0.02, 0.01, 0.01, 0.01, 0.005, 0.01, 0, 0.02, 0.1, 0.1))),
    /** Faults, those of CancelIoEx too. */
    CANCELS(FaultPlan.FAULTS.with(new Failures(0.02, 0.02, 0.01, 0.01, 0.01, 0.005, 0.01, 0.1, 0, 0.1, 0.1))),
    /** Nothing fails but receives and sends, for want of memory: nothing may be lost by that. */
    SHORTAGES(FaultPlan.UNRULY.with(new Failures(0, 0, 0, 0.1, 0, 0, 0, 0, 0, 0, 0))),
    /** Each seed has one of the others, in turn. */
    ALL(null);

    private final FaultPlan faults;

    Plan(FaultPlan faults) {
        this.faults = faults;
    }

    /** The one that a seed runs under: this one, unless it stands for all. Both simulations come under each. */
    public Plan of(long seed) {
        return this == ALL ? values()[(int) Long.remainderUnsigned(seed >>> 1, values().length - 1)] : this;
    }

    /** Most often so few that sends wait, and end in parts where the plan says so. */
    static int socketSendBufferBytes(SeededRandom random) {
        return random.pick(0, 16, 64, 256, 8_192);
    }

    /** In half of all runs one, else up to as many as there are workers. */
    static int ports(int workers, SeededRandom random) {
        return random.chance(0.5) ? 1 : 1 + random.below(workers);
    }

    FaultPlan faults() {
        return faults;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
