package org.iocp4j.races;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the simulation cannot see: races with no system call inside them. A harness of our own, for jcstress would need
 * its annotation processor, a JVM for each test and minutes, and knows states of a few instructions, not lives of
 * sessions.
 */
@Timeout(120)
class StampedeTest {
    @Test
    void nothingIsViolated() {
        requireNoViolation(1_500);
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    void nothingIsViolatedForLong() {
        requireNoViolation(10_000);
    }

    private static void requireNoViolation(long millis) {
        Stampede stampede = new Stampede();
        assertThat(stampede.apply(millis)).isNull();
        assertThat(stampede.lives()).as("lives of sessions").isPositive();
    }
}
