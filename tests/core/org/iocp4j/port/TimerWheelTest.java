package org.iocp4j.port;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class TimerWheelTest {
    private static final long MILLI = 1_000_000;
    private static final long TICK = TimerWheel.TICK;
    /** Near the end of the clock's numbers: it wraps during each test. */
    private static final long START = Long.MAX_VALUE - SECONDS.toNanos(1);

    private final HeapWin32 system = new HeapWin32();
    private long now = START;
    private int clockReads;
    private final IoThread io;
    private final TimerWheel wheel = new TimerWheel(START);
    private final List<Named> expired = new ArrayList<>();

    TimerWheelTest() {
        system.answer("nanoTime", a -> {
            clockReads++;
            return now;
        });
        io = new IoThread(system.win32());
    }

    private class Named extends Deadline {
        final String name;
        /** How long after the start it expired last. */
        long expiredAfter = -1;

        Named(String name) {
            super(wheel);
            this.name = name;
        }

        @Override
        protected void expired(IoThread on) {
            assertThat(on).isSameAs(io);
            assertThat(isArmed()).isFalse();
            expiredAfter = now - START;
            expired.add(this);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private Named armed(String name, long afterStart) {
        Named deadline = new Named(name);
        deadline.arm(START + afterStart);
        return deadline;
    }

    /** What a loop does when its wait is over. */
    private int run() {
        io.refreshNow();
        return wheel.run(io);
    }

    /** Waits as a loop does, until some time after the start; returns how often. */
    private int waitUntil(long afterStart) {
        int waits = 0;
        for (; now - START < afterStart; waits++) {
            int millis = wheel.timeoutMillis(now, -1);
            long left = afterStart - (now - START);
            now += millis < 0 ? left : Math.min(millis * MILLI, left);
            run();
        }
        return waits;
    }

    @Test
    void expiresOnceAndInTime() {
        List<Named> deadlines = new ArrayList<>();
        Map<Named, Long> due = new TreeMap<>((a, b) -> a.name.compareTo(b.name));
        for (long after : new long[] {1, MILLI, 10 * MILLI, TICK - 1, TICK, TICK + 1, SECONDS.toNanos(1), 64 * TICK,
                64 * TICK + 1, SECONDS.toNanos(30), MINUTES.toNanos(10), 64 * 64 * TICK, HOURS.toNanos(5),
                DAYS.toNanos(1), DAYS.toNanos(365)}) {
            Named deadline = armed("after " + after, after);
            deadlines.add(deadline);
            due.put(deadline, after);
        }
        waitUntil(DAYS.toNanos(366));
        assertThat(expired).containsExactlyInAnyOrderElementsOf(deadlines);
        assertThat(deadlines).allSatisfy(deadline -> assertThat(deadline.expiredAfter)
                .isBetween(due.get(deadline), due.get(deadline) + TICK + MILLI));
        assertThat(wheel.timeoutMillis(now, -1)).as("nothing left to wait for").isEqualTo(-1);
    }

    @Test
    void oneThatIsAlreadyDueExpiresWithinATick() {
        waitUntil(SECONDS.toNanos(100));
        armed("past", SECONDS.toNanos(50));
        armed("now", SECONDS.toNanos(100));
        waitUntil(SECONDS.toNanos(100) + TICK + MILLI);
        assertThat(expired).hasSize(2);
    }

    @Test
    void putOffItExpiresLater() {
        Named deadline = armed("put off", SECONDS.toNanos(1));
        for (int second = 0; second < 100; second++) {
            waitUntil(SECONDS.toNanos(second));
            deadline.arm(now + SECONDS.toNanos(1));
        }
        assertThat(expired).isEmpty();
        waitUntil(SECONDS.toNanos(200));
        assertThat(expired).containsExactly(deadline);
        assertThat(deadline.expiredAfter).isBetween(SECONDS.toNanos(100), SECONDS.toNanos(100) + TICK + MILLI);
    }

    @Test
    void broughtForwardItExpiresEarlier() {
        Named deadline = armed("brought forward", HOURS.toNanos(1));
        waitUntil(SECONDS.toNanos(1));
        deadline.arm(now + 20 * MILLI);
        waitUntil(HOURS.toNanos(2));
        assertThat(expired).containsExactly(deadline);
        assertThat(deadline.expiredAfter).isLessThan(SECONDS.toNanos(1) + 20 * MILLI + TICK + MILLI);
    }

    @Test
    void armedNoLaterItExpiresAtTheEarliestOfItsTimes() {
        Named deadline = new Named("no later");
        for (long after : new long[] {30, 10, 20, 10, 40}) {
            deadline.armNoLater(START + SECONDS.toNanos(after));
        }
        waitUntil(SECONDS.toNanos(100));
        assertThat(expired).containsExactly(deadline);
        assertThat(deadline.expiredAfter).isBetween(SECONDS.toNanos(10), SECONDS.toNanos(10) + TICK + MILLI);
        deadline.armNoLater(START + SECONDS.toNanos(200));
        waitUntil(SECONDS.toNanos(300));
        assertThat(expired).as("armed again").containsExactly(deadline, deadline);
    }

    @Test
    void disarmedItDoesNotExpire() {
        Named deadline = armed("disarmed", SECONDS.toNanos(1));
        deadline.disarm();
        assertThat(deadline.isArmed()).isFalse();
        waitUntil(SECONDS.toNanos(2));
        assertThat(expired).isEmpty();
        assertThat(wheel.timeoutMillis(now, -1)).as("the wheel has forgotten it").isEqualTo(-1);
    }

    /** Whatever the wheel has made of it meanwhile. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 500, 999, 1000, 1010, 1017, 1030, 1035, 1050, 2000})
    void armedAgainAfterItWasDisarmedItExpires(long afterMillis) {
        Named deadline = armed("again", SECONDS.toNanos(1));
        deadline.disarm();
        waitUntil(MILLISECONDS.toNanos(afterMillis));
        long due = now - START + MILLISECONDS.toNanos(500);
        deadline.arm(START + due);
        waitUntil(SECONDS.toNanos(4));
        assertThat(expired).containsExactly(deadline);
        assertThat(deadline.expiredAfter).isBetween(due, due + TICK + MILLI);
    }

    @Test
    void armedAgainWhenItExpiresItExpiresAgain() {
        Named everySecond = new Named("every second") {
            @Override
            protected void expired(IoThread on) {
                super.expired(on);
                arm(now + SECONDS.toNanos(1));
            }
        };
        everySecond.arm(START + SECONDS.toNanos(1));
        waitUntil(SECONDS.toNanos(101));
        assertThat(expired.size()).isBetween(97, 100); // each of them up to a tick and a millisecond late
    }

    /** They are due in the same tick, and the wheel has found both when the first expires. */
    @Test
    void oneThatExpiresMayDisarmOrPutOffTheOther() {
        List<Named> pair = new ArrayList<>();
        for (String name : List.of("one", "other")) {
            pair.add(new Named(name) {
                @Override
                protected void expired(IoThread on) {
                    super.expired(on);
                    pair.forEach(Deadline::disarm);
                }
            });
            pair.getLast().arm(START + SECONDS.toNanos(1));
        }
        waitUntil(SECONDS.toNanos(2));
        assertThat(expired).hasSize(1);
        pair.forEach(deadline -> deadline.arm(START + SECONDS.toNanos(3)));
        waitUntil(SECONDS.toNanos(4));
        assertThat(expired).hasSize(2);

        List<Named> others = new ArrayList<>();
        for (String name : List.of("a", "b")) {
            others.add(new Named(name) {
                @Override
                protected void expired(IoThread on) {
                    super.expired(on);
                    others.stream().filter(Deadline::isArmed).forEach(b -> b.arm(START + SECONDS.toNanos(6)));
                }
            });
            others.getLast().arm(START + SECONDS.toNanos(5));
        }
        waitUntil(SECONDS.toNanos(7));
        assertThat(expired).hasSize(4);
        assertThat(expired.getLast().expiredAfter).isBetween(SECONDS.toNanos(6), SECONDS.toNanos(6) + TICK + MILLI);
    }

    @Test
    void oneThatThrowsKeepsNoOtherFromExpiring() {
        IllegalStateException failure = new IllegalStateException("a fault");
        for (int i = 0; i < 3; i++) {
            new Named("throws") {
                @Override
                protected void expired(IoThread on) {
                    super.expired(on);
                    throw failure;
                }
            }.arm(START + SECONDS.toNanos(1));
        }
        waitUntil(SECONDS.toNanos(2));
        assertThat(expired).hasSize(3);
        assertThatThrownBy(io::throwFailure).isInstanceOf(CompletionFailedException.class).hasCause(failure);
    }

    @Test
    void manyAtOneTimeDoNotKeepTheThreadFromItsPackets() {
        IntStream.range(0, 1000).forEach(i -> armed("one of many", SECONDS.toNanos(1)));
        now += SECONDS.toNanos(2);
        int rounds = 0;
        for (; wheel.timeoutMillis(now, -1) == 0; rounds++) {
            assertThat(run()).isLessThanOrEqualTo(256);
        }
        assertThat(rounds).isBetween(4, 20);
        assertThat(expired).hasSize(1000);
    }

    /** As the idle times of many sessions, each of which has been at work meanwhile. */
    @Test
    void manyThatWerePutOffDoNotHoldUpOneThatIsDue() {
        long bucket = 64 * 64 * TICK; // their time comes with that of all in the same 64 * 64 ticks
        List<Named> many = IntStream.range(0, 100_000).mapToObj(i -> armed("one of many", bucket + 10 * TICK)).toList();
        many.forEach(deadline -> deadline.arm(START + 2 * bucket + 10 * TICK));
        Named due = armed("due", bucket + TICK);
        waitUntil(bucket - TICK);
        int calls = 0;
        for (; due.expiredAfter < 0; calls++) {
            now += 2 * MILLI;
            run();
        }
        assertThat(due.expiredAfter).isBetween(bucket + TICK, bucket + 3 * TICK);
        assertThat(expired).containsExactly(due);
    }

    /** The 2^38 ticks of this pause one by one would take many minutes. */
    @Test
    @Timeout(60)
    void aLongPauseTakesNoLongerThanAShortOne() {
        armed("early", SECONDS.toNanos(1));
        armed("late", DAYS.toNanos(365 * 60));
        assertThat(waitUntil(DAYS.toNanos(365 * 70))).isLessThan(1_000); // waits of 24 days, the longest there are
        assertThat(expired).extracting(deadline -> deadline.name).containsExactly("early", "late");
    }

    @Test
    void oneWithoutDeadlinesCostsNothing() {
        io.refreshNow();
        int reads = clockReads;
        assertThat(wheel.run(io)).isZero();
        assertThat(clockReads).as("not even a look at the clock").isEqualTo(reads);
        assertThat(wheel.timeoutMillis(now, -1)).isEqualTo(-1);
        assertThat(wheel.timeoutMillis(now, 500)).isEqualTo(500);
    }

    @Test
    void aThreadWaitsAsLongAsItMay() {
        armed("soon", 20 * TICK);
        assertThat(wheel.timeoutMillis(now, -1)).isEqualTo(336); // 20 ticks are 335.5 ms
        assertThat(wheel.timeoutMillis(now, 100)).isEqualTo(100);
        assertThat(wheel.timeoutMillis(now, 0)).isZero();
        assertThat(wheel.timeoutMillis(START + 20 * TICK - 1, -1)).as("1 ns is left").isEqualTo(1);
        assertThat(wheel.timeoutMillis(START + 20 * TICK, -1)).isZero();
        assertThat(wheel.timeoutMillis(START + 20 * TICK, 100)).isZero();
    }

    @Test
    void armingTellsWhetherOneHasToWakeUpEarlier() {
        assertThat(new Named("first").arm(now + SECONDS.toNanos(10))).isTrue();
        assertThat(new Named("later").arm(now + SECONDS.toNanos(20))).isFalse();
        Named third = new Named("earlier");
        assertThat(third.arm(now + SECONDS.toNanos(5))).isTrue();
        assertThat(third.arm(now + SECONDS.toNanos(6))).isFalse();
        assertThat(third.arm(now + SECONDS.toNanos(1))).isTrue();
    }

    /** Such as a handler that calls the loop, or another worker. */
    @Test
    void whileItRunsOthersNeitherRunItNorPoll() {
        List<Integer> seen = new ArrayList<>();
        new Named("runs it") {
            @Override
            protected void expired(IoThread on) {
                super.expired(on);
                armed("due", now - START);
                now += SECONDS.toNanos(1);
                seen.add(wheel.run(on));
                seen.add(wheel.timeoutMillis(now, -1));
            }
        }.arm(START + SECONDS.toNanos(1));
        waitUntil(SECONDS.toNanos(1) + TICK);
        assertThat(seen).containsExactly(0, 17);
        run();
        assertThat(expired).hasSize(2);
    }

    @Test
    void theWheelForgetsOneThatIsRetired() {
        Named deadline = armed("retired", SECONDS.toNanos(1));
        deadline.retire();
        run();
        waitUntil(SECONDS.toNanos(2));
        assertThat(expired).isEmpty();
        Named other = armed("other", HOURS.toNanos(1));
        other.retire();
        now += HOURS.toNanos(1);
        run();
        assertThat(wheel.timeoutMillis(now, -1)).isEqualTo(-1);
    }

    /** As a thread that arms sees it whose wheel is busy. */
    @Test
    void puttingOffAndDisarmingTakeNoLock() throws Exception {
        Named deadline = armed("put off", SECONDS.toNanos(1));
        Thread other = new Thread(() -> {
            deadline.arm(START + SECONDS.toNanos(2));
            deadline.disarm();
            deadline.arm(START + SECONDS.toNanos(3));
        });
        synchronized (wheel) {
            other.start();
            other.join();
        }
        waitUntil(SECONDS.toNanos(4));
        assertThat(expired).containsExactly(deadline);
        assertThat(deadline.expiredAfter).isBetween(SECONDS.toNanos(3), SECONDS.toNanos(3) + TICK + MILLI);
    }

    @Test
    void allocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        class Silent extends Deadline {
            int expiries;

            Silent() {
                super(wheel);
            }

            @Override
            protected void expired(IoThread on) {
                expiries++;
                arm(now + SECONDS.toNanos(1));
            }
        }

        Silent[] deadlines = IntStream.range(0, 500).mapToObj(i -> new Silent()).toArray(Silent[]::new);
        long least = Long.MAX_VALUE;
        for (int batch = 0; batch < 20; batch++) {
            long bytes = 0;
            for (int round = 0; round < 500; round++) {
                now += 3 * MILLI;
                io.refreshNow(); // the clock of this test allocates
                int before = clockReads;
                long from = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < deadlines.length; i++) {
                    switch (i % 4) {
                        case 0 -> deadlines[i].arm(now + SECONDS.toNanos(30));
                        case 1 -> deadlines[i].arm(now + (i * 7919L + round) % 5000 * MILLI);
                        case 2 -> deadlines[i].disarm();
                        default -> { } // expires, and arms itself
                    }
                }
                if (round == 0) {
                    for (int i = 3; i < deadlines.length; i += 4) {
                        deadlines[i].arm(now);
                    }
                }
                wheel.timeoutMillis(now, -1);
                long armed = threads.getCurrentThreadAllocatedBytes() - from;
                wheel.run(io);
                long all = threads.getCurrentThreadAllocatedBytes() - from;
                bytes += clockReads == before ? all : armed;
            }
            least = Math.min(least, bytes);
        }
        assertThat(least).isZero();
        assertThat(deadlines[3].expiries).isPositive();
    }

    /** The wheel against a sorted map, whatever is done in whatever order. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void doesAsASortedMapDoes(long seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(400);
        List<Named> deadlines = IntStream.range(0, count).mapToObj(i -> new Named("" + i)).toList();
        Map<Named, long[]> armed = new TreeMap<>((a, b) -> a.name.compareTo(b.name)); // due, and due at the latest
        for (int step = 0; step < 3_000; step++) {
            for (int i = random.nextInt(10); i > 0; i--) {
                Named deadline = deadlines.get(random.nextInt(count));
                switch (random.nextInt(8)) {
                    case 0 -> {
                        deadline.disarm();
                        armed.remove(deadline);
                    }
                    case 1 -> {
                        deadline.retire();
                        armed.remove(deadline);
                    }
                    default -> {
                        long due = now - START + someTime(random) - random.nextInt(2) * 3 * MILLI;
                        deadline.arm(START + due);
                        armed.put(deadline, new long[] {due, Math.max(due, now - START) + TICK});
                    }
                }
            }
            int millis = wheel.timeoutMillis(now, -1);
            armed.values().stream().mapToLong(a -> a[1]).min().ifPresent(latest ->
                    assertThat(now - START + millis * MILLI).as("does not sleep too long").isLessThan(latest + MILLI));
            now += millis >= 0 && random.nextInt(3) == 0 ? millis * MILLI : someTime(random);
            expired.clear();
            do {
                run();
            } while (wheel.timeoutMillis(now, -1) == 0);
            for (Named deadline : expired) {
                long[] times = armed.remove(deadline);
                assertThat(times).as("%s was armed, and expires once", deadline).isNotNull();
                assertThat(now - START).as("not too early").isGreaterThanOrEqualTo(times[0]);
            }
            assertThat(armed.values()).as("none is late").allMatch(times -> times[1] > now - START);
            assertThat(deadlines).allMatch(deadline -> deadline.isArmed() == armed.containsKey(deadline));
        }
        armed.keySet().forEach(Deadline::disarm);
        waitUntil(now - START + HOURS.toNanos(3));
        assertThat(wheel.timeoutMillis(now, -1)).as("empty in the end").isEqualTo(-1);
    }

    /** From a nanosecond to an hour, short ones as often as long ones. */
    private static long someTime(Random random) {
        return random.nextLong(1L << 1 + random.nextInt(41));
    }

    @Test
    void aMillionDeadlinesExpireInTime() {
        Random random = new Random(1);
        int count = 1_000_000;
        int[] expiries = new int[1];
        long[] latest = {0};
        for (int i = 0; i < count; i++) {
            long time = 10 * MILLI + random.nextLong(MINUTES.toNanos(10));
            new Deadline(wheel) {
                @Override
                protected void expired(IoThread on) {
                    expiries[0]++;
                    latest[0] = Math.max(latest[0], now - START - time);
                    assertThat(now - START).isGreaterThanOrEqualTo(time);
                }
            }.arm(START + time);
        }
        waitUntil(MINUTES.toNanos(11));
        assertThat(expiries[0]).isEqualTo(count);
        assertThat(latest[0]).as("nanoseconds").isLessThanOrEqualTo(TICK + MILLI);
    }
}
