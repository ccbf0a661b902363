package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.races.Race;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The last count and a stranger's, who comes at that moment. */
@Timeout(120)
class IoCountRaceTest {
    private static final int ROWS = 200;
    private static final int LENGTH = 1_000;

    /** A connection with one hold. */
    private static final class Life {
        final IoCount count = new IoCount();
        final AtomicInteger releases = new AtomicInteger();
        volatile boolean released;
        volatile boolean heldAfterRelease;

        Life() {
            count.begin();
        }

        void drop() {
            if (!count.tryDrop() && count.drop()) {
                released = true;
                releases.incrementAndGet();
            }
        }

        /** As {@code IocpSession.acquire}: what is taken is dropped, whether there was a connection or not. */
        void visit() {
            if (count.enter() && released) {
                heldAfterRelease = true;
            }
            drop();
        }

        void checkEnd() {
            assertThat(releases).as("releases").hasValue(1);
            assertThat(heldAfterRelease).as("a hold on what was released").isFalse();
            count.begin();
            assertThat(count.drop()).as("the next connection is released by its last drop").isTrue();
        }
    }

    @Test
    void aConnectionIsReleasedOnceAndNeverWhileItIsHeld() throws Exception {
        Race.run(ROWS, LENGTH, Life::new, Life::checkEnd, Life::drop, Life::visit, Life::visit);
    }

    /** The next connection begins while strangers still look for the one before. */
    @Test
    void aStrangersCountDoesNotReleaseTheNextConnection() throws Exception {
        Race.run(ROWS, LENGTH, () -> {
            Life life = new Life();
            life.drop();
            life.releases.set(0);
            life.released = false;
            return life;
        }, Life::checkEnd, life -> {
            life.count.begin();
            Thread.onSpinWait();
            life.heldAfterRelease |= life.released;
            life.drop();
        }, Life::visit);
    }
}
