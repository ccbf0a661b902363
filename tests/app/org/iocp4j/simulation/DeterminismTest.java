package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.simulation.Simulation.Program;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Same seed, same schedule, same faults, same packets: byte for byte. */
class DeterminismTest {
    private static final int ALL_LINES = 1 << 20;

    @ParameterizedTest
    @EnumSource
    void theSameSeedGivesTheSameTrace(Program program) {
        for (long seed = 0; seed < 28; seed++) { // each plan four times
            Simulation first = run(program, seed, Plan.ALL);
            Simulation second = run(program, seed, Plan.ALL);
            assertThat(second.kernel().traceHash()).as("hash, seed %d", seed).isEqualTo(first.kernel().traceHash());
            assertThat(second.kernel().traceTail(ALL_LINES)).as("trace, seed %d", seed)
                    .isEqualTo(first.kernel().traceTail(ALL_LINES));
            assertThat(second.kernel().steps()).as("steps, seed %d", seed).isEqualTo(first.kernel().steps());
        }
    }

    @Test
    void anotherSeedGivesAnotherTrace() {
        assertThat(hash(3)).isNotEqualTo(hash(1));
        assertThat(hash(4)).isNotEqualTo(hash(2));
    }

    private static long hash(long seed) {
        return run(Program.SERVER, seed, Plan.UNRULY).kernel().traceHash();
    }

    private static Simulation run(Program program, long seed, Plan plan) {
        Simulation simulation = program.factory().of(seed, plan.of(seed).faults());
        simulation.run();
        return simulation;
    }
}
