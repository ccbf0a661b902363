package org.iocp4j.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** Reports now and then how far a run is, from its second second on until this is closed. */
final class Progress implements AutoCloseable {
    private static final int FIRST_SECOND = 2;

    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread;

    /** @param line what to report after that many seconds; called on a thread of its own */
    Progress(Output err, int everySeconds, IntFunction<String> line) {
        this(err, everySeconds, line, 1_000);
    }

    /** @param millisPerSecond fewer for a test, which need not wait for whole seconds */
    Progress(Output err, int everySeconds, IntFunction<String> line, long millisPerSecond) {
        thread = Thread.ofPlatform().name("progress").daemon()
                .start(() -> print(err, everySeconds, line, millisPerSecond));
    }

    private void print(Output err, int everySeconds, IntFunction<String> line, long millisPerSecond) {
        try {
            int wait = FIRST_SECOND;
            for (int second = FIRST_SECOND; !end.await(wait * millisPerSecond, TimeUnit.MILLISECONDS);
                    second += everySeconds) {
                wait = everySeconds;
                err.progress(line.apply(second));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end.countDown();
        try {
            thread.join(); // no line of it comes behind the results
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
