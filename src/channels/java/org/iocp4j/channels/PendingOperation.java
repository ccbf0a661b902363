package org.iocp4j.channels;

import java.nio.channels.CompletionHandler;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An operation of a channel from its call to its result: the Future that the caller has got, or what runs the caller's
 * handler. Its owner ends it once, under the owner's lock. One with a handler is its owner's again when the handler
 * runs.
 */
final class PendingOperation implements Future<@Nullable Object>, Runnable {
    /** Whose operation it is. */
    interface Owner {
        /** Ends the operation as cancelled if it is not over yet, and returns whether it did. */
        boolean cancel(PendingOperation operation);

        /** {@code cancel(true)}: closes the channel. */
        void closeChannel();

        /** The operation's handler is about to run: nobody refers to the operation any more, so it can serve again. */
        default void recycle(PendingOperation operation) {
        }
    }

    private final Owner owner;
    /** Not the Future itself, whose monitor may be held by who waits for it. */
    private final Object lock = new Object();
    private @Nullable CompletionHandler<@Nullable Object, @Nullable Object> handler;
    private @Nullable Object attachment;
    private boolean done;
    private @Nullable Object result;
    private @Nullable Throwable failure;

    /** One whose caller gets the Future, or that is begun. */
    PendingOperation(Owner owner) {
        this.owner = owner;
    }

    /** @param itsHandler null if the caller gets the Future */
    PendingOperation(Owner owner, @Nullable CompletionHandler<?, ?> itsHandler, @Nullable Object itsAttachment) {
        this(owner);
        if (itsHandler != null) {
            begin(itsHandler, itsAttachment);
        }
    }

    /** Begins one with a handler. */
    @SuppressWarnings("unchecked") // the channel's method has checked: its own type of result, the caller's attachment
    void begin(CompletionHandler<?, ?> itsHandler, @Nullable Object itsAttachment) {
        handler = (CompletionHandler<@Nullable Object, @Nullable Object>) itsHandler;
        attachment = itsAttachment;
    }

    boolean hasHandler() {
        return handler != null;
    }

    void succeed(@Nullable Object value) {
        end(value, null);
    }

    void fail(Throwable cause) {
        end(null, cause);
    }

    private void end(@Nullable Object value, @Nullable Throwable cause) {
        synchronized (lock) {
            result = value;
            failure = cause;
            done = true;
            lock.notifyAll();
        }
    }

    /** Runs the handler. What it throws ends the thread: java.nio promises that. */
    @Override
    public void run() {
        CompletionHandler<@Nullable Object, @Nullable Object> itsHandler = handler;
        Object itsAttachment = attachment;
        Object itsResult = result;
        Throwable itsFailure = failure;
        handler = null;
        attachment = null;
        result = null;
        failure = null;
        done = false;
        owner.recycle(this);
        assert itsHandler != null;
        if (itsFailure != null) {
            itsHandler.failed(itsFailure, itsAttachment);
        } else {
            itsHandler.completed(itsResult, itsAttachment);
        }
    }

    // ---- the Future ----

    /** The caller's, whose type of result its method has said. */
    @SuppressWarnings("unchecked")
    <V> Future<V> future() {
        return (Future<V>) (Future<?>) this;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = owner.cancel(this);
        if (cancelled && mayInterruptIfRunning) {
            owner.closeChannel();
        }
        return cancelled;
    }

    @Override
    public boolean isCancelled() {
        synchronized (lock) {
            return failure instanceof CancellationException;
        }
    }

    @Override
    public boolean isDone() {
        synchronized (lock) {
            return done;
        }
    }

    @Override
    public @Nullable Object get() throws InterruptedException, ExecutionException {
        synchronized (lock) {
            while (!done) {
                lock.wait();
            }
            return report();
        }
    }

    @Override
    public @Nullable Object get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        long nanos = Math.max(0, unit.toNanos(timeout)); // less would wrap
        long start = System.nanoTime();
        synchronized (lock) {
            while (!done) {
                long left = nanos - (System.nanoTime() - start);
                if (left <= 0) {
                    throw new TimeoutException();
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            return report();
        }
    }

    private @Nullable Object report() throws ExecutionException {
        Throwable cause = failure;
        if (cause instanceof CancellationException) {
            throw new CancellationException();
        }
        if (cause != null) {
            throw new ExecutionException(cause);
        }
        return result;
    }
}
