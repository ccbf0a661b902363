package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Same seed, same schedule, same faults, same packets: byte for byte. */
class DeterminismTest {
    private static final int ALL_LINES = 1 << 20;

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 0; seed < 28; seed++) { // each plan four times
            Simulation first = run(seed, Plan.ALL);
            Simulation second = run(seed, Plan.ALL);
            assertThat(second.kernel().traceHash()).as("hash, seed %d", seed).isEqualTo(first.kernel().traceHash());
            assertThat(second.kernel().traceTail(ALL_LINES)).as("trace, seed %d", seed)
                    .isEqualTo(first.kernel().traceTail(ALL_LINES));
            assertThat(second.kernel().steps()).as("steps, seed %d", seed).isEqualTo(first.kernel().steps());
        }
    }

    @Test
    void anotherSeedGivesAnotherTrace() {
        assertThat(run(3, Plan.UNRULY).kernel().traceHash()).isNotEqualTo(run(1, Plan.UNRULY).kernel().traceHash());
        assertThat(run(4, Plan.UNRULY).kernel().traceHash()).isNotEqualTo(run(2, Plan.UNRULY).kernel().traceHash());
    }

    private static Simulation run(long seed, Plan plan) {
        Simulation simulation = Simulation.of(seed, plan.of(seed).faults());
        simulation.run();
        return simulation;
    }
}
