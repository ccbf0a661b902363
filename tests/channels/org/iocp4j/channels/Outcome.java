package org.iocp4j.channels;

import java.nio.channels.CompletionHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** How an operation has ended, for a test that waits for it. */
final class Outcome<V> implements CompletionHandler<V, Object> {
    static final long LIMIT_SECONDS = 30;

    private final CompletableFuture<V> result = new CompletableFuture<>();
    private final Consumer<V> then;
    volatile Thread thread;
    volatile Object attachment;

    Outcome() {
        this(value -> { });
    }

    /** @param then what the handler does besides */
    Outcome(Consumer<V> then) {
        this.then = then;
    }

    @Override
    public void completed(V value, Object itsAttachment) {
        thread = Thread.currentThread();
        attachment = itsAttachment;
        try {
            then.accept(value);
        } finally {
            result.complete(value);
        }
    }

    @Override
    public void failed(Throwable cause, Object itsAttachment) {
        thread = Thread.currentThread();
        attachment = itsAttachment;
        result.completeExceptionally(cause);
    }

    boolean isThere() {
        return result.isDone();
    }

    V get() throws Exception {
        return get(result);
    }

    Throwable failure() throws Exception {
        return failure(result);
    }

    static <V> V get(Future<V> future) throws Exception {
        return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** What a future fails with. */
    static Throwable failure(Future<?> future) throws Exception {
        try {
            throw new AssertionError("no failure, but " + get(future));
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }
}
