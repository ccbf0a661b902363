package org.iocp4j.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Says every few seconds what {@code bench} is at. */
final class BenchProgress implements AutoCloseable {
    private static final int EVERY_SECONDS = 2;

    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread;
    private volatile String state = "starting";

    BenchProgress(PrintWriter err) {
        thread = Thread.ofPlatform().name("progress").daemon().start(() -> print(err));
    }

    void is(String now) {
        state = now;
    }

    private void print(PrintWriter err) {
        try {
            for (int seconds = EVERY_SECONDS; !end.await(EVERY_SECONDS, TimeUnit.SECONDS); seconds += EVERY_SECONDS) {
                err.println(seconds + " s  " + state);
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
