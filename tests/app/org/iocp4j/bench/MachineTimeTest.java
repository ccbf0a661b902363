package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What others used is what the machine was busy, less what we used. */
class MachineTimeTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void whatIsNotOursIsOthers() {
        MachineTime before = at("cpu  1000 20 300 9000 50 0 40 3 0 0", Duration.ofSeconds(7), Duration.ZERO);
        MachineTime after = at("cpu  1080 30 330 9070 60 0 46 7 0 0", Duration.ofMillis(8_100), SECOND);
        assertThat(after.foreignPercent(before)).as("1.3 s busy, of which 1.1 are ours").isCloseTo(20, within(1e-9));
    }

    @Test
    void itIsByTheTimeThatHasGoneBy() {
        MachineTime before = at("cpu  0 0 0 1 0 0 0 0 0 0", Duration.ZERO, Duration.ZERO);
        MachineTime after = at("cpu  100 0 0 1 0 0 0 0 0 0", Duration.ofMillis(500), SECOND.multipliedBy(2));
        assertThat(after.foreignPercent(before)).isCloseTo(25, within(1e-9));
    }

    /** Such a kernel charges interrupts to no process: here to neither side. */
    @Test
    void interruptsThatAreKeptApartAreNobodys() {
        MachineTime before = at("cpu  0 0 100 0 0 5 40 0 0 0", Duration.ZERO, Duration.ZERO);
        MachineTime after = at("cpu  60 0 140 0 0 9 90 0 0 0", SECOND, SECOND);
        assertThat(after.foreignPercent(before)).isCloseTo(0, within(1e-9));
    }

    @Test
    void waitingForADiskIsNoWork() {
        MachineTime before = at("cpu  0 0 0 5 0 0 0 0 0 0", Duration.ZERO, Duration.ZERO);
        MachineTime after = at("cpu  0 0 0 105 100 0 0 0 0 0", Duration.ZERO, SECOND);
        assertThat(after.foreignPercent(before)).isZero();
    }

    @Test
    void aKernelThatTellsNothingIsNotTakenForAnIdleOne() {
        assertThat(MachineTime.of("cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n", 0, 0)).isNull();
        assertThat(MachineTime.of("", 0, 0)).isNull();
        assertThat(MachineTime.of("cpu  1 2 3 4\n", 0, 0)).as("before Linux 2.6.11").isNull();
    }

    private static MachineTime at(String cpu, Duration own, Duration at) {
        return MachineTime.of(cpu + "\ncpu0 7 7 7 7 7 7 7 7 7 7\n", own.toNanos(), at.toNanos());
    }
}
