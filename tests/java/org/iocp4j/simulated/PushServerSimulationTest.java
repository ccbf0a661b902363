package org.iocp4j.simulated;

import org.junit.jupiter.api.Test;

/** The library under unkind handlers and busy callers. {@code -Dseed=N} repeats one seed, with call sites. */
class PushServerSimulationTest {
    private static final int SEEDS = 200;

    @Test
    void recordsReachTheirSessionInOrderWhateverTheSchedule() {
        run(FaultPlan.UNRULY);
    }

    @Test
    void recordsReachNoOtherSessionWhateverFails() {
        run(FaultPlan.FAULTS);
    }

    private static void run(FaultPlan plan) {
        Long one = Long.getLong("seed");
        long from = one == null ? 0 : one;
        long to = one == null ? SEEDS : one + 1;
        for (long seed = from; seed < to; seed++) {
            new PushSimulation(seed, plan).run();
        }
    }
}
