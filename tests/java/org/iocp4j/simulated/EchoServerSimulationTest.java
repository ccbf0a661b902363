package org.iocp4j.simulated;

import org.junit.jupiter.api.Test;

/** A whole echo server on the simulated kernel. {@code -Dseed=N} repeats one seed, with call sites. */
class EchoServerSimulationTest {
    private static final int SEEDS = 200;

    @Test
    void everyByteComesBackInOrder() {
        run(FaultPlan.CALM, SEEDS / 4);
    }

    @Test
    void everyByteComesBackInOrderWhateverTheSchedule() {
        run(FaultPlan.UNRULY, SEEDS);
    }

    @Test
    void nothingIsLeftBehindWhateverFails() {
        run(FaultPlan.FAULTS, SEEDS);
    }

    private static void run(FaultPlan plan, int seeds) {
        Long one = Long.getLong("seed");
        long from = one == null ? 0 : one;
        long to = one == null ? seeds : one + 1;
        for (long seed = from; seed < to; seed++) {
            new EchoSimulation(seed, plan).run();
        }
    }
}
