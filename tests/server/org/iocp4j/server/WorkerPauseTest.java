package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.NullWin32;
import org.junit.jupiter.api.Test;

/** A worker whose every dequeue throws pauses between them: its lines would fill the disk. */
class WorkerPauseTest {
    private static final Duration AT_LEAST = Duration.ofMillis(500);

    @Test
    void aDequeueThatAlwaysThrowsIsNotTriedAtOnce() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        NullWin32 kernel = new NullWin32() {
            @Override
            public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed,
                    int timeoutMillis) {
                tries.incrementAndGet();
                throw new StackOverflowError("provoked");
            }
        };
        ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(1).pool(1).maxSessions(1).build();
        SessionEngine engine = TestEngine.of(options, Delivery.RETURN, (session, data) -> { }, () -> kernel,
                new IoThread(kernel));
        WorkerGroup workers = new WorkerGroup(engine, () -> kernel, () -> { });
        long start = System.nanoTime();
        workers.start(1);
        Settled.await().until(() -> tries.get() > 0 && System.nanoTime() - start >= AT_LEAST.toNanos());
        workers.stop();
        Settled.await().until(workers::isStopped);
        assertThat(tries.get()).isBetween(1, 2 + (int) (Duration.ofNanos(System.nanoTime() - start).toMillis() / 100));
    }
}
