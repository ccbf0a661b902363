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
class RefCountTest {
    @Test
    void lastDropDoesAwayWithTheThing() {
        RefCount references = new RefCount();
        assertThat(references.tryAcquire()).isTrue();
        references.acquire();
        assertThat(references.drop()).isFalse();
        assertThat(references.drop()).isFalse();
        assertThat(references.isGone()).isFalse();
        assertThat(references.drop()).as("the owner's").isTrue();
        assertThat(references.isGone()).isTrue();
    }

    @Test
    void whatIsGoneCannotBeHeld() {
        RefCount references = new RefCount();
        references.drop();
        assertThat(references.tryAcquire()).isFalse();
        assertThat(references.isGone()).isTrue();
    }

    @Test
    void thingGoesOnceAndNeverWhileItIsHeld() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 500; round++) {
                RefCount references = new RefCount();
                AtomicInteger ends = new AtomicInteger();
                CyclicBarrier start = new CyclicBarrier(4);
                List<Future<?>> users = new ArrayList<>();
                for (int t = 0; t < 3; t++) {
                    users.add(threads.submit(() -> {
                        start.await();
                        for (int i = 0; i < 100 && references.tryAcquire(); i++) {
                            assertThat(ends).as("gone while it is held").hasValue(0);
                            drop(references, ends);
                        }
                        return null;
                    }));
                }
                start.await();
                drop(references, ends);
                for (Future<?> user : users) {
                    user.get();
                }
                assertThat(ends).hasValue(1);
            }
        }
    }

    private static void drop(RefCount references, AtomicInteger ends) {
        if (references.drop()) {
            ends.incrementAndGet();
        }
    }
}
