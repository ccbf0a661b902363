package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.iocp4j.races.Race;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One drives the wheel while others arm and disarm, at the time when the deadline runs out. */
@Timeout(120)
class TimerWheelRaceTest {
    private static final int ROWS = 4;
    private static final int LENGTH = 1_000;
    private static final long FIRST = 3 * TimerWheel.TICK;
    private static final long LATER = 10 * TimerWheel.TICK;
    private static final long EARLIER = 7 * TimerWheel.TICK;
    private static final long END = 20 * TimerWheel.TICK;

    /** A clock for each thread: to read the time, a thread sets it. */
    private static final ThreadLocal<AtomicLong> CLOCK = ThreadLocal.withInitial(AtomicLong::new);
    private static final ThreadLocal<IoThread> IO = ThreadLocal.withInitial(() -> {
        HeapWin32 system = new HeapWin32();
        system.answer("nanoTime", a -> CLOCK.get().get());
        return new IoThread(system.win32());
    });

    private static final class Shared {
        final TimerWheel wheel = new TimerWheel(0);
        final AtomicInteger expiries = new AtomicInteger();
        final AtomicInteger running = new AtomicInteger();
        final AtomicInteger missing;
        volatile long lastExpiry;
        boolean first;
        boolean second;
        /** When the deadline found them written. */
        long firstSeen;
        long secondSeen;
        final Deadline deadline = new Deadline(wheel) {
            @Override
            protected void expired(IoThread io) {
                assertThat(running.incrementAndGet()).as("one at a time").isEqualTo(1);
                expiries.incrementAndGet();
                lastExpiry = io.nowNanos();
                firstSeen = first && firstSeen == 0 ? lastExpiry : firstSeen;
                secondSeen = second && secondSeen == 0 ? lastExpiry : secondSeen;
                running.decrementAndGet();
            }
        };

        Shared(int racers) {
            missing = new AtomicInteger(racers);
            deadline.arm(FIRST);
        }

        void driveTo(long now) {
            setClock(now);
            wheel.run(IO.get());
        }

        private void setClock(long now) {
            CLOCK.get().set(now);
            IO.get().refreshNow();
        }

        void driveToFirst() {
            setClock(FIRST);
            meet();
            wheel.run(IO.get());
        }

        /** Waits for the other racers, and then a moment, of a length that differs from one to the next. */
        void meet() {
            missing.decrementAndGet();
            for (int spins = 0; missing.get() > 0; spins++) {
                if (spins < 1_000) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
            for (int i = ThreadLocalRandom.current().nextInt(30); i > 0; i--) {
                Thread.onSpinWait();
            }
        }

        /** What one that races with the driver does. */
        static Consumer<Shared> race(Consumer<Deadline> part) {
            return shared -> {
                shared.meet();
                part.accept(shared.deadline);
            };
        }

        /** The rest of the time, tick by tick. */
        void driveToEnd() {
            for (long now = FIRST; now <= END; now += TimerWheel.TICK) {
                driveTo(now);
            }
            assertThat(deadline.isArmed()).isFalse();
            assertThat(wheel.timeoutMillis(END, -1)).as("empty").isEqualTo(-1);
        }
    }

    @Test
    void oneThatIsPutOffWhenItRunsOutExpiresAtTheNewTime() throws Exception {
        Race.run(ROWS, LENGTH, () -> new Shared(2), shared -> {
            shared.driveToEnd();
            assertThat(shared.expiries.get()).as("in time, or for both times").isBetween(1, 2);
            assertThat(shared.lastExpiry).isEqualTo(LATER);
        }, Shared::driveToFirst, Shared.race(d -> d.arm(LATER)));
    }

    @Test
    void ofTwoNewTimesOneCounts() throws Exception {
        Race.run(ROWS, LENGTH, () -> new Shared(3), shared -> {
            shared.driveToEnd();
            assertThat(shared.expiries.get()).isBetween(1, 2);
            assertThat(shared.lastExpiry).isIn(LATER, EARLIER);
        }, Shared::driveToFirst, Shared.race(d -> d.arm(LATER)), Shared.race(d -> d.arm(EARLIER)));
    }

    /** Two that each write something and know by when to look at it; the driver comes before, between or after. */
    @Test
    void whatIsWrittenBeforeItIsArmedNoLaterIsLookedAtInTime() throws Exception {
        Race.run(ROWS, LENGTH, () -> new Shared(3), shared -> {
            shared.driveToEnd();
            assertThat(shared.firstSeen).isBetween(FIRST, EARLIER);
            assertThat(shared.secondSeen).isBetween(FIRST, LATER);
        }, Shared::driveToFirst, shared -> {
            shared.meet();
            shared.first = true;
            shared.deadline.armNoLater(EARLIER);
        }, shared -> {
            shared.meet();
            shared.second = true;
            shared.deadline.armNoLater(LATER);
        });
    }

    /** The wheel takes it for disarmed for a moment. */
    @Test
    void oneThatIsDisarmedAndArmedAgainIsNotLost() throws Exception {
        Race.run(ROWS, LENGTH, () -> new Shared(2), shared -> {
            shared.driveToEnd();
            assertThat(shared.expiries.get()).isBetween(1, 2);
            assertThat(shared.lastExpiry).isEqualTo(LATER);
        }, Shared::driveToFirst, Shared.race(deadline -> {
            deadline.disarm();
            deadline.arm(LATER);
        }));
    }

    /** It was found disarmed before, and leaves the wheel when it is armed. */
    @Test
    void oneThatIsArmedWhenItLeavesTheWheelIsNotLost() throws Exception {
        Race.run(ROWS, LENGTH, () -> {
            Shared shared = new Shared(2);
            shared.deadline.disarm();
            shared.driveTo(FIRST);
            return shared;
        }, shared -> {
            shared.driveToEnd();
            assertThat(shared.expiries.get()).isEqualTo(1);
            assertThat(shared.lastExpiry).isEqualTo(LATER);
        }, shared -> {
            shared.setClock(FIRST + 2 * TimerWheel.TICK);
            shared.meet();
            shared.wheel.run(IO.get());
        }, Shared.race(d -> d.arm(LATER)));
    }

    @Test
    void oneThatIsBroughtForwardWhenItIsFiledAgainExpiresAtTheEarlierTime() throws Exception {
        Race.run(ROWS, LENGTH, () -> {
            Shared shared = new Shared(2);
            shared.deadline.arm(LATER);
            return shared;
        }, shared -> {
            shared.driveToEnd();
            assertThat(shared.expiries.get()).isEqualTo(1);
            assertThat(shared.lastExpiry).isEqualTo(EARLIER);
        }, Shared::driveToFirst, Shared.race(d -> d.arm(EARLIER)));
    }

    @Test
    void oneThatIsDisarmedExpiresOnceAtMost() throws Exception {
        Race.run(ROWS, LENGTH, () -> new Shared(2), shared -> {
            shared.driveToEnd();
            assertThat(shared.expiries.get()).isBetween(0, 1);
        }, Shared::driveToFirst, Shared.race(Deadline::disarm));
    }

    @Test
    void ofTwoThatDriveOneTellsIt() throws Exception {
        Consumer<Shared> driver = Shared::driveToFirst;
        Race.run(ROWS, LENGTH, () -> new Shared(2), shared -> {
            assertThat(shared.expiries.get()).isEqualTo(1);
            shared.driveToEnd();
            assertThat(shared.expiries.get()).isEqualTo(1);
        }, driver, driver);
    }
}
