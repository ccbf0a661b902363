package org.iocp4j.simulation;

import static org.iocp4j.simulation.Lives.requireNoViolation;

import org.iocp4j.simulation.Simulation.Program;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lives of servers inside of TLS. What fails here says which command repeats it. */
class TlsSimulationTest {
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ALL")
    void nothingIsViolated(Plan plan) {
        requireNoViolation(Program.TLS, 1, 10, plan, plan == Plan.HARSH ? 2 : 5);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedWhateverTheSchedule() {
        requireNoViolation(Program.TLS, 1, 300, Plan.UNRULY);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedWhateverFails() {
        requireNoViolation(Program.TLS, 1, 300, Plan.ALL);
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedInManyLives() {
        requireNoViolation(Program.TLS, 10_001, 20_000, Plan.ALL);
    }
}
