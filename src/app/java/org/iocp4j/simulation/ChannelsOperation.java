package org.iocp4j.simulation;

import java.nio.channels.CompletionHandler;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * One operation of the program on a channel: what it is told by its handler, or finds in its Future.
 *
 * @param <V> its result
 */
abstract class ChannelsOperation<V> implements CompletionHandler<V, Object> {
    final ChannelsSimulation simulation;
    private final ChannelsGroup group;
    private final Object attachment;
    private Future<V> future;
    /** 0 = none. */
    private final long limitNanos;
    private final long beganNanos;
    private boolean over;
    /** Threads that are about to cancel it. */
    private int cancels;
    private boolean cancelled;

    ChannelsOperation(ChannelsGroup group, long limitNanos) {
        simulation = group.simulation;
        this.group = group;
        this.limitNanos = limitNanos;
        beganNanos = simulation.now();
        attachment = simulation.random.chance(0.3) ? null : new Object();
    }

    Object attachment() {
        return attachment;
    }

    long limitNanos() {
        return limitNanos;
    }

    boolean isOver() {
        return over;
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** Its call has returned. */
    void future(Future<V> its) {
        future = its;
        simulation.futures(this);
    }

    /** Its call has thrown: it never was. */
    void neverWas() {
        over = true;
    }

    abstract void succeeded(V result);

    abstract void failed(Throwable cause);

    /** It is over, and what follows may throw. */
    abstract void react();

    // ---- a handler ----

    @Override
    public final void completed(V result, Object its) {
        told(its);
        succeeded(result);
        goOn();
    }

    @Override
    public final void failed(Throwable cause, Object its) {
        told(its);
        require(!(cause instanceof CancellationException), "is cancelled, and nobody can have");
        end(cause);
        goOn();
    }

    private void told(Object its) {
        require(!over, "ends twice");
        require(future == null, "tells a handler, and has none");
        require(its == attachment, "has another's attachment");
        group.requireHandlersThread(this);
        over = true;
    }

    private void goOn() {
        group.enter();
        try {
            react();
            group.mayThrow();
        } finally {
            group.exit();
        }
    }

    private void end(Throwable cause) {
        checkLimit();
        failed(cause);
    }

    // ---- a Future ----

    boolean isBeingCancelled() {
        return cancels > 0;
    }

    boolean hasFuture() {
        return future != null;
    }

    /** Sees whether it is over. */
    void poll() {
        if (over || cancels > 0 || !future.isDone()) {
            return;
        }
        over = true;
        try {
            V result = future.get();
            require(!cancelled, "has a result, and was cancelled");
            succeeded(result);
        } catch (CancellationException e) {
            require(cancelled && future.isCancelled(), "is cancelled by nobody");
            failed(e);
        } catch (ExecutionException e) {
            require(!cancelled && !future.isCancelled(), "fails, and was cancelled");
            end(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e); // nobody interrupts
        }
    }

    void cancel(boolean closes) {
        cancels++;
        boolean did = future.cancel(closes);
        cancels--;
        cancelled |= did;
        require(future.isDone() || !did, "is cancelled, and not done");
    }

    // ---- its time ----

    private void checkLimit() {
        if (limitNanos > 0) {
            checkAtRest();
        }
    }

    /** How long it has had. */
    long nanos() {
        return simulation.now() - beganNanos;
    }

    /** Nothing goes on: what is late is late for ever. */
    void checkAtRest() {
        if (limitNanos > 0 && nanos() > limitNanos + simulation.lateNanos()) {
            require(false, "has a limit of " + limitNanos + " ns, and after " + nanos() + " ns is not over");
        }
    }

    void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, this + " " + violation);
        }
    }
}
