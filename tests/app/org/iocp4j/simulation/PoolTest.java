package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PoolTest {
    private static final int SEEDS = 10;

    @Test
    void aBurstFindsItsSocketsAgainAndANightGivesThemBack() {
        assertThat(new PoolHunt().apply(SEEDS)).isNull();
    }
}
