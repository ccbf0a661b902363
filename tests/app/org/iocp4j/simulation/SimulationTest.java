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

/** Lives of whole servers. What fails here says which command repeats it. */
class SimulationTest {
    private static final String SAME =
            "the same computation in every JVM: the host's runs it, and a few seeds here are enough";
    private static final int TRACE_LINES = 120;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ALL")
    void nothingIsViolated(Plan plan) {
        requireNoViolation(1, 8, plan);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = SAME)
    void nothingIsViolatedWhateverTheSchedule() {
        requireNoViolation(1, 150, Plan.UNRULY);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = SAME)
    void nothingIsViolatedWhateverFails() {
        requireNoViolation(1, 150, Plan.FAULTS);
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = SAME)
    void nothingIsViolatedInManyLives() {
        requireNoViolation(1_001, 700, Plan.UNRULY);
        requireNoViolation(1_001, 700, Plan.FAULTS);
        requireNoViolation(1_001, 300, Plan.ALL);
    }

    private static void requireNoViolation(long from, long seeds, Plan plan) {
        List<String> violations = new ArrayList<>();
        Hunt.Result result = new Hunt(from, seeds, plan, TRACE_LINES, Simulation::of).run(violation ->
                violations.add("./iocp4j simulate --from " + violation.seed() + " --seeds 1 --plan " + violation.plan()
                        + "\n" + violation.what() + "\n" + violation.trace()));
        assertThat(violations).isEmpty();
        assertThat(result.seeds()).isEqualTo(seeds);
        long least = plan == Plan.HARSH ? seeds / 4 : seeds / 2; // there one call in ten of those for a start fails
        assertThat(result.started()).as("servers that started").isGreaterThanOrEqualTo(least);
    }
}
