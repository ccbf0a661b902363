package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lives of programs on the transport for Netty. What fails here says which command repeats it. */
class NettySimulationTest {
    private static final String SAME =
            "the same computation in every JVM: the host's runs it, and a few seeds here are enough";
    private static final int TRACE_LINES = 120;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ALL")
    void nothingIsViolated(Plan plan) {
        requireNoViolation(1, 10, plan);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = SAME)
    void nothingIsViolatedWhateverTheSchedule() {
        requireNoViolation(1, 300, Plan.UNRULY);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = SAME)
    void nothingIsViolatedWhateverFails() {
        requireNoViolation(1, 300, Plan.ALL);
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = SAME)
    void nothingIsViolatedInManyLives() {
        requireNoViolation(10_001, 100_000, Plan.ALL);
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 0; seed < 28; seed++) { // each plan four times
            Simulation first = new NettySimulation(seed, Plan.ALL.of(seed).faults());
            first.run();
            Simulation second = new NettySimulation(seed, Plan.ALL.of(seed).faults());
            second.run();
            assertThat(second.kernel().traceHash()).as("seed %d", seed).isEqualTo(first.kernel().traceHash());
        }
    }

    private static void requireNoViolation(long from, long seeds, Plan plan) {
        List<String> violations = new ArrayList<>();
        Hunt.Result result = new Hunt(from, seeds, plan, TRACE_LINES, NettySimulation::new).run(violation ->
                violations.add("./iocp4j simulate --program netty --from " + violation.seed() + " --seeds 1 --plan "
                        + violation.plan() + "\n" + violation.what() + "\n" + violation.trace()));
        assertThat(violations).isEmpty();
        assertThat(result.seeds()).isEqualTo(seeds);
        assertThat(result.started()).as("programs that started").isGreaterThanOrEqualTo(seeds / 2);
    }
}
