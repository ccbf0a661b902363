package org.iocp4j.races;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Threads that do their parts on the same thing at the same time, thing after thing. What jcstress does, without its
 * JVM for each test: racers walk along a row of fresh states, each at its own pace, and meet at some of them in every
 * possible way.
 */
public final class Race {
    private Race() {
    }

    /**
     * Runs so many rows.
     *
     * @param length of a row
     * @param fresh  makes a state
     * @param check  throws if what the racers made of it is wrong
     */
    @SafeVarargs
    public static <S> void run(int rows, int length, Supplier<S> fresh, Consumer<S> check, Consumer<S>... racers)
            throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(racers.length)) {
            for (int row = 0; row < rows; row++) {
                List<S> states = new ArrayList<>();
                for (int i = 0; i < length; i++) {
                    states.add(fresh.get());
                }
                AtomicInteger missing = new AtomicInteger(racers.length);
                List<Future<?>> walks = new ArrayList<>();
                for (Consumer<S> racer : racers) {
                    walks.add(threads.submit(() -> {
                        missing.decrementAndGet();
                        while (missing.get() > 0) {
                            Thread.yield();
                        }
                        states.forEach(racer);
                    }));
                }
                await(walks);
                states.forEach(check);
            }
        }
    }

    private static void await(List<Future<?>> walks) throws Exception {
        for (Future<?> walk : walks) {
            try {
                walk.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
    }
}
