package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class HoldsTest {
    @Test
    void lastDropDoesAwayWithTheThing() {
        Holds holds = new Holds();
        assertThat(holds.tryHold()).isTrue();
        holds.hold();
        assertThat(holds.drop()).isFalse();
        assertThat(holds.drop()).isFalse();
        assertThat(holds.isGone()).isFalse();
        assertThat(holds.drop()).as("the owner's").isTrue();
        assertThat(holds.isGone()).isTrue();
    }

    @Test
    void whatIsGoneCannotBeHeld() {
        Holds holds = new Holds();
        holds.drop();
        assertThat(holds.tryHold()).isFalse();
        assertThat(holds.isGone()).isTrue();
    }

    @Test
    void thingGoesOnceAndNeverWhileItIsHeld() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 500; round++) {
                Holds holds = new Holds();
                AtomicInteger ends = new AtomicInteger();
                CyclicBarrier start = new CyclicBarrier(4);
                List<Future<?>> users = new ArrayList<>();
                for (int t = 0; t < 3; t++) {
                    users.add(threads.submit(() -> {
                        start.await();
                        for (int i = 0; i < 100 && holds.tryHold(); i++) {
                            assertThat(ends).as("gone while it is held").hasValue(0);
                            drop(holds, ends);
                        }
                        return null;
                    }));
                }
                start.await();
                drop(holds, ends);
                for (Future<?> user : users) {
                    user.get();
                }
                assertThat(ends).hasValue(1);
            }
        }
    }

    private static void drop(Holds holds, AtomicInteger ends) {
        if (holds.drop()) {
            ends.incrementAndGet();
        }
    }
}
