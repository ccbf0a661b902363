package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TickTest {
    private static final int SEEDS = 20;

    @Test
    void oneSessionThatThrowsStarvesNobodyAndOneThreadDrivesTheWheel() {
        assertThat(new TickHunt().apply(SEEDS)).isNull();
    }
}
