package org.iocp4j.simulation;

import static org.iocp4j.simulation.Lives.requireNoViolation;

import org.iocp4j.simulation.Simulation.Program;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lives of programs on java.nio's asynchronous channels. What fails here says which command repeats it. */
class ChannelsSimulationTest {
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ALL")
    void nothingIsViolated(Plan plan) {
        requireNoViolation(Program.CHANNELS, 1, 5, plan);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedWhateverTheSchedule() {
        requireNoViolation(Program.CHANNELS, 1, 150, Plan.UNRULY);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedWhateverFails() {
        requireNoViolation(Program.CHANNELS, 1, 150, Plan.ALL);
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = Lives.SAME)
    void nothingIsViolatedInManyLives() {
        requireNoViolation(Program.CHANNELS, 10_001, 20_000, Plan.ALL);
    }
}
