package org.iocp4j.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Same seed, same schedule, same faults, same packets: byte for byte. */
class DeterminismTest {
    private static final int ALL_LINES = 1 << 20;

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 0; seed < 50; seed++) {
            EchoSimulation first = new EchoSimulation(seed, FaultPlan.FAULTS);
            EchoSimulation second = new EchoSimulation(seed, FaultPlan.FAULTS);
            first.run();
            second.run();
            assertThat(second.kernel().traceHash()).as("hash, seed %d", seed).isEqualTo(first.kernel().traceHash());
            assertThat(second.kernel().traceTail(ALL_LINES)).as("trace, seed %d", seed)
                    .isEqualTo(first.kernel().traceTail(ALL_LINES));
            assertThat(second.kernel().steps()).isEqualTo(first.kernel().steps());
        }
    }

    @Test
    void anotherSeedGivesAnotherTrace() {
        EchoSimulation first = new EchoSimulation(1, FaultPlan.UNRULY);
        EchoSimulation second = new EchoSimulation(2, FaultPlan.UNRULY);
        first.run();
        second.run();
        assertThat(second.kernel().traceHash()).isNotEqualTo(first.kernel().traceHash());
    }
}
