package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final Duration TIME = Duration.ofSeconds(2);

    @Test
    void endsWhenTheServerGetsNoFaster() {
        assertThat(turns(true, turn -> 100, null)).isEqualTo(2);
        assertThat(turns(true, turn -> turn <= 4 ? 100 * turn : 405, null)).as("rises for four").isEqualTo(5);
        assertThat(turns(true, turn -> 100 * turn, null)).as("rises for ever").isEqualTo(6);
    }

    @Test
    void waitsForTheJit() {
        assertThat(turns(true, turn -> 100, turn -> 0)).isEqualTo(2);
        assertThat(turns(true, turn -> 100, turn -> turn <= 8 ? 400 : 1)).isEqualTo(10);
        assertThat(turns(true, turn -> 100, turn -> turn % 2 == 0 ? 400 : 0)).as("one is quiet in the midst of a long"
                + " compilation").isEqualTo(12);
    }

    /** As a burst of 5,000 connections is, which is over in a fraction of the plan's time. */
    @Test
    void aShortTurnIsQuietWhenLittleOfItsOwnTimeWasTheJits() {
        Duration burst = Duration.ofMillis(200);
        assertThat(turns(burst, true, turn -> 100, turn -> turn <= 8 ? 30 : 3)).isEqualTo(10);
    }

    @Test
    void doesNotWaitForTheJitInARunThatIsQuick() {
        assertThat(turns(false, turn -> 100, turn -> 400)).isEqualTo(2);
    }

    /** How many turns there are, by their operations per second and what the server says of its JIT; null: nothing. */
    private static int turns(boolean awaitsJit, IntToDoubleFunction perSecond, IntToLongFunction compilationMillis) {
        return turns(TIME, awaitsJit, perSecond, compilationMillis);
    }

    private static int turns(Duration time, boolean awaitsJit, IntToDoubleFunction perSecond,
            IntToLongFunction compilationMillis) {
        WarmUp warmUp = new WarmUp(awaitsJit);
        int turn = 1;
        while (!warmUp.isOver(time.toNanos(), perSecond.applyAsDouble(turn),
                compilationMillis == null ? null : Long.valueOf(compilationMillis.applyAsLong(turn)))) {
            turn++;
        }
        return turn;
    }
}
