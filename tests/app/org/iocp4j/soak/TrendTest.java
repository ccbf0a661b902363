package org.iocp4j.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class TrendTest {
    private static final int SECONDS = 600;

    private static Trend.Verdict judge(long allowance, IntToLongFunction figure) {
        Trend trend = new Trend("figure", allowance);
        for (int second = 1; second <= SECONDS; second++) {
            trend.add(second, figure.applyAsLong(second));
        }
        return trend.judge();
    }

    @Test
    void whatStaysIsFlat() {
        Trend.Verdict verdict = judge(0, second -> 42);
        assertThat(verdict.isFlat()).isTrue();
        assertThat(verdict.first()).isEqualTo(42);
        assertThat(verdict.last()).isEqualTo(42);
        assertThat(verdict.slopePerMinute()).isZero();
    }

    /** Ten a minute, from 201 s to 600 s: medians at 250 s and 550 s. */
    @Test
    void whatGrowsByMoreThanTheAllowanceIsNot() {
        Trend.Verdict verdict = judge(49, second -> second / 6);
        assertThat(verdict.isFlat()).isFalse();
        assertThat(verdict.last() - verdict.first()).isEqualTo(50);
        assertThat(verdict.slopePerMinute()).isBetween(9.99, 10.01);
        assertThat(judge(50, second -> second / 6).isFlat()).isTrue();
    }

    @Test
    void whatFallsIsFlat() {
        assertThat(judge(0, second -> -second).isFlat()).isTrue();
    }

    @Test
    void theWarmUpDoesNotCount() {
        assertThat(judge(0, second -> second < 200 ? second * 1_000_000L : 7).isFlat()).isTrue();
    }

    /** As a flood, or a collection that was late. */
    @Test
    void aPeakIsNoGrowth() {
        assertThat(judge(0, second -> second % 10 == 0 ? 1_000_000 : 7).isFlat()).isTrue();
    }

    @Test
    void aFewSamplesAreNotJudged() {
        Trend trend = new Trend("figure", 0);
        trend.add(1, null);
        for (int second = 1; second <= 9; second++) {
            trend.add(second, 1L);
        }
        assertThat(trend.judge().isJudged()).isFalse();
        assertThat(trend.judge().isFlat()).isFalse();
        assertThat(trend.judge().notJudged()).isEqualTo("7 samples");
    }

    @Test
    void whatOthersChangeTooIsNotJudged() {
        Trend trend = new Trend("figure", 0);
        for (int second = 1; second <= 100; second++) {
            trend.add(second, (long) second);
        }
        trend.exclude("others run");
        trend.exclude("others run still");
        assertThat(trend.judge().notJudged()).isEqualTo("others run");
    }
}
