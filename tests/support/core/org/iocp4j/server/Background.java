package org.iocp4j.server;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * A test's other threads. Each is its own: the common pool runs one task after another where there are two processors.
 */
public final class Background {
    /** What a thread does, for its effect. */
    public interface Action {
        void run() throws Exception;
    }

    private Background() {
    }

    public static CompletableFuture<Void> run(Action action) {
        return call(() -> {
            action.run();
            return null;
        });
    }

    public static <T> CompletableFuture<T> call(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }
}
