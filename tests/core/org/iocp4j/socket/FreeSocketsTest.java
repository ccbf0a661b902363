package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.iocp4j.port.FreeList;
import org.junit.jupiter.api.Test;

/** Numbers stand for sockets, and the test has the clock. */
class FreeSocketsTest {
    private static final int LEAST = 2;
    private static final int MOST = 50;
    private static final int BURST = 20;

    private final FreeSockets<Integer> sockets = new FreeSockets<>(LEAST, MOST, FreeList.Order.FIFO);
    private long now = Long.MAX_VALUE - Duration.ofMinutes(3).toNanos(); // it wraps, as Windows' may
    private int made;

    private void pass(Duration time) {
        now += time.toNanos();
    }

    private List<Integer> takeAll(int count) {
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Integer free = sockets.take(now);
            taken.add(free == null ? ++made : free);
        }
        return taken;
    }

    /** Returns how many are kept. */
    private int giveAll(List<Integer> taken) {
        int kept = 0;
        for (Integer socket : taken) {
            sockets.endUse(now);
            kept += sockets.give(socket, now) ? 1 : 0;
        }
        return kept;
    }

    private void burst(int count) {
        giveAll(takeAll(count));
    }

    @Test
    void aBurstThatComesAgainFindsItsSockets() {
        burst(BURST);
        assertThat(sockets.size()).isEqualTo(BURST);
        pass(Duration.ofMinutes(FreeSockets.KEEP_MINUTES));
        burst(BURST);
        assertThat(made).isEqualTo(BURST);
    }

    /** Where all are closed, none is ever given. */
    @Test
    void theMarkFallsWithoutFreeSockets() {
        takeAll(BURST).forEach(socket -> sockets.endUse(now));
        assertThat(sockets.highWater()).isEqualTo(BURST);
        assertThat(sockets.changesWithTime()).as("so somebody has to look").isTrue();
        pass(Duration.ofMinutes(FreeSockets.KEEP_MINUTES + 1));
        assertThat(sockets.takeUnneeded(MOST, now)).isEmpty();
        assertThat(sockets.highWater()).isZero();
        assertThat(sockets.changesWithTime()).isFalse();
    }

    @Test
    void whatIsInUseCounts() {
        List<Integer> first = takeAll(BURST);
        List<Integer> second = takeAll(BURST);
        assertThat(giveAll(first)).isEqualTo(BURST);
        takeAll(BURST);
        assertThat(sockets.highWater()).isEqualTo(2 * BURST);
        assertThat(giveAll(second)).as("in use and free together are the mark").isEqualTo(BURST);
        assertThat(sockets.size()).isEqualTo(BURST);
    }

    @Test
    void neverMoreThanTheMostAreKept() {
        assertThat(giveAll(takeAll(MOST + 7))).isEqualTo(MOST);
        assertThat(sockets.size()).isEqualTo(MOST);
    }

    @Test
    void whatNobodyNeedsIsGivenBackSomeAtATimeAndSomeAreKeptForEver() {
        burst(BURST);
        pass(Duration.ofMinutes(FreeSockets.KEEP_MINUTES));
        assertThat(sockets.takeUnneeded(MOST, now)).isEmpty();
        pass(Duration.ofMinutes(1));
        assertThat(sockets.highWater()).as("asked without a clock").isEqualTo(BURST);
        assertThat(sockets.takeUnneeded(15, now)).as("the longest free first")
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 15).boxed().toList());
        assertThat(sockets.takeUnneeded(15, now)).hasSize(BURST - 15 - LEAST);
        assertThat(sockets.takeUnneeded(15, now)).isEmpty();
        assertThat(sockets.size()).isEqualTo(LEAST);
        assertThat(sockets.givenBack()).isEqualTo(BURST - LEAST);
        assertThat(sockets.highWater()).isZero();
    }

    @Test
    void aSmallerBurstLowersTheMarkWhenTheLargerIsForgotten() {
        burst(BURST);
        pass(Duration.ofMinutes(4));
        burst(5);
        pass(Duration.ofMinutes(2));
        assertThat(sockets.takeUnneeded(MOST, now)).hasSize(BURST - 5);
        pass(Duration.ofMinutes(4));
        assertThat(sockets.takeUnneeded(MOST, now)).hasSize(5 - LEAST);
    }

    @Test
    void whatHasBeenInUseAllTheTimeIsNotForgotten() {
        List<Integer> held = takeAll(BURST);
        pass(Duration.ofDays(1));
        assertThat(giveAll(held)).isEqualTo(BURST);
    }

    @Test
    void whatIsMadeBeforehandFillsUpToTheLeast() {
        for (int i = 0; i < LEAST; i++) {
            assertThat(sockets.give(i, now)).isTrue();
        }
        assertThat(sockets.give(LEAST, now)).isFalse();
    }

    @Test
    void theOrderIsKept() {
        FreeSockets<Integer> latest = new FreeSockets<>(MOST, MOST, FreeList.Order.LIFO);
        for (int i = 1; i <= 3; i++) {
            latest.give(i, now);
        }
        assertThat(latest.take(now)).isEqualTo(3);
        assertThat(latest.takeIf(socket -> socket == 2)).containsExactly(2);
        assertThat(latest.take(now)).isOne();
        assertThat(latest.take(now)).isNull();
    }
}
