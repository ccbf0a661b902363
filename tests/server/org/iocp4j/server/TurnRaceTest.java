package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.races.Race;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that tell of events at the same time: one at a time has the turn, and no event is lost. */
@Timeout(300)
class TurnRaceTest {
    private static final int ROWS = 100;
    private static final int LENGTH = 1_000;
    private static final int A = 2;
    private static final int B = 4;
    private static final int C = 8;

    private static final class Life {
        private final Turn turn = new Turn();
        /** Not volatile: the turn hands them on. */
        private int handled;
        private int inside;
        private volatile boolean overlapped;

        void raise(int event) {
            for (int events = turn.take(event); events != 0; events = turn.leave(0)) {
                handle(events);
            }
        }

        private void handle(int events) {
            overlapped |= ++inside != 1;
            handled |= events;
            inside--;
        }

        /** Leaves what it was told of for whoever comes by. */
        void putOff(int event) {
            int events = turn.take(event);
            if (events == 0) {
                return;
            }
            handle(0);
            turn.leaveAll(events);
            events = turn.takeLeft();
            while (events != 0) {
                handle(events);
                events = turn.leave(0);
            }
        }

        void checkEnd() {
            assertThat(overlapped).as("two had the turn").isFalse();
            assertThat(handled).as("the events that were handled").isEqualTo(A | B | C);
            assertThat(turn.hasLeft()).isFalse();
        }
    }

    @Test
    void noEventIsLostAndNoTwoHaveTheTurn() throws Exception {
        Race.run(ROWS, LENGTH, Life::new, Life::checkEnd, life -> life.raise(A), life -> life.raise(B),
                life -> life.raise(C));
    }

    @Test
    void whatIsLeftIsTakenByWhoeverComesBy() throws Exception {
        Race.run(ROWS, LENGTH, Life::new, Life::checkEnd, life -> life.putOff(A), life -> life.putOff(B),
                life -> life.raise(C));
    }
}
