package org.iocp4j.simulation;

import static org.iocp4j.simulation.Lives.requireNoViolation;

import org.iocp4j.simulation.Simulation.Program;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lives of whole servers. What fails here says which command repeats it. */
class SimulationTest {
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ALL")
    void nothingIsViolated(Plan plan) {
        long least = plan == Plan.HARSH ? 2 : 4; // there one call in ten of those for a start fails
        requireNoViolation(Program.SERVER, 1, 8, plan, least);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedWhateverTheSchedule() {
        requireNoViolation(Program.SERVER, 1, 150, Plan.UNRULY);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedWhateverFails() {
        requireNoViolation(Program.SERVER, 1, 150, Plan.FAULTS);
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedInManyLives() {
        requireNoViolation(Program.SERVER, 1_001, 700, Plan.UNRULY);
        requireNoViolation(Program.SERVER, 1_001, 700, Plan.FAULTS);
        requireNoViolation(Program.SERVER, 1_001, 300, Plan.ALL);
    }
}
