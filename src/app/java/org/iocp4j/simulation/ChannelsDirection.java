package org.iocp4j.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ReadPendingException;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.WritePendingException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.iocp4j.simkernel.SeededRandom;

/** One way through a connection of the program: one transfer at a time, and what is known of the bytes. */
abstract class ChannelsDirection {
    static final int MOST_BYTES = 300;
    private static final long MOST_LIMIT_NANOS = 200_000_000;
    private static final int MOST_REMEMBERED = 20;

    final ChannelsConnection connection;
    final AsynchronousSocketChannel channel;
    final ChannelsSimulation simulation;
    final SeededRandom random;
    private final ChannelsGroup group;
    /** {@code read} or {@code write}. */
    private final String name;
    /** The memory of transfers that are over. */
    private final List<ChannelsMemory> used = new ArrayList<>();
    /** Null until it is connected. */
    CheckedStream stream;
    private Transfer current;
    /** A cancel was tried, or a time limit ran out: then nothing more is transferred. */
    private boolean killed;
    /** It was told that a time limit ran out. */
    private boolean forbidden;
    private boolean shut;
    private boolean failed;

    ChannelsDirection(ChannelsConnection connection, ChannelsGroup group, String name) {
        this.connection = connection;
        this.group = group;
        this.name = name;
        channel = connection.channel();
        simulation = group.simulation;
        random = simulation.random;
    }

    // ---- what it knows ----

    /** Null, or one that has begun. */
    final ChannelsOperation<?> current() {
        return current;
    }

    final boolean isClosed() {
        return !channel.isOpen();
    }

    /** A cancel is about to be tried. */
    void kill() {
        killed = true;
    }

    final boolean isKilled() {
        return killed;
    }

    /** Or perhaps not: then it transfers nothing more, either. */
    void shut() {
        shut = true;
    }

    final boolean isShut() {
        return shut;
    }

    final void fail() {
        failed = true;
    }

    final boolean hasFailed() {
        return failed;
    }

    // ---- transfers ----

    /** Whether one can begin: none goes on, and the program has not done what forbids it. */
    final boolean mayBegin() {
        if (current != null && current.hasFuture()) {
            current.poll();
        }
        return current == null && connection.hasConnected() && stream != null && !killed;
    }

    final void begin(Transfer next) {
        current = next;
        try {
            next.begin();
        } catch (ReadPendingException | WritePendingException e) {
            next.never(false, e); // nobody else transfers anything
        } catch (ShutdownChannelGroupException e) {
            next.never(group.isShut(), e);
        } catch (IllegalStateException e) {
            next.never(killed, e);
        }
    }

    private long limit() {
        return simulation.isSettling() || random.chance(0.8) ? 0 : random.between(1, MOST_LIMIT_NANOS);
    }

    abstract Future<Integer> post(ByteBuffer buffer);

    abstract <A> void post(ByteBuffer buffer, long nanos, TimeUnit unit, A attachment,
            CompletionHandler<Integer, ? super A> handler);

    abstract <A> void post(ByteBuffer[] buffers, int offset, int length, long nanos, TimeUnit unit, A attachment,
            CompletionHandler<Long, ? super A> handler);

    /** What is over leaves the program's memory alone. */
    private void remember(ChannelsMemory memory) {
        if (used.size() < MOST_REMEMBERED) {
            memory.over();
            used.add(memory);
        }
    }

    /** A transfer of bytes. */
    abstract class Transfer extends ChannelsOperation<Number> {
        Transfer() {
            super(group, limit());
        }

        abstract ChannelsMemory memory();

        /** It has begun, and will never have been. */
        abstract void undo();

        abstract void succeeded(long count);

        /** It has failed: who knows how far it has come? */
        abstract void lose();

        private void begin() {
            ChannelsMemory memory = memory();
            if (memory.isSingle() && limitNanos() == 0 && random.chance(0.3)) {
                future(narrowed(post(memory.single())));
                poll();
            } else if (memory.isSingle()) {
                post(memory.single(), limitNanos(), TimeUnit.NANOSECONDS, attachment(), handlerOf(this));
            } else {
                post(memory.all(), memory.offset(), memory.length(), limitNanos(), TimeUnit.NANOSECONDS,
                        attachment(), handlerOf(this));
            }
        }

        private void never(boolean isRight, Exception why) {
            simulation.require(isRight, this + ": " + why);
            neverWas();
            undo();
            over();
        }

        private void over() {
            if (current == this) {
                current = null;
            }
        }

        @Override
        final void succeeded(Number result) {
            over();
            require(result instanceof Integer == memory().isSingle(), "has a result of another type");
            succeeded(result.longValue());
            remember(memory());
        }

        @Override
        final void failed(Throwable cause) {
            over();
            lose();
            remember(memory());
            boolean isRight = switch (cause) {
                case AsynchronousCloseException e -> isClosed();
                case ClosedChannelException e -> isClosed() || failsWhenShut() && shut;
                case InterruptedByTimeoutException e -> {
                    killed = true;
                    forbidden = true;
                    yield limitNanos() > 0 && nanos() >= limitNanos();
                }
                case CancellationException e -> killed;
                case IOException e -> {
                    failed = true;
                    yield "Connection reset".equals(e.getMessage()) || simulation.callsFail();
                }
                default -> false;
            };
            require(isRight, "fails by " + cause + ", after " + nanos() + " ns of " + limitNanos());
        }

        @Override
        public String toString() {
            return "a " + name + " of " + connection;
        }
    }

    /** Whether a transfer fails after a shutdown, or else has an end for its result. */
    abstract boolean failsWhenShut();

    @SuppressWarnings("unchecked") // a Number is an Integer or a Long
    private static <N extends Number> CompletionHandler<N, Object> handlerOf(ChannelsOperation<Number> operation) {
        return (CompletionHandler<N, Object>) (CompletionHandler<?, Object>) operation;
    }

    @SuppressWarnings("unchecked") // an Integer is a Number
    private static Future<Number> narrowed(Future<Integer> future) {
        return (Future<Number>) (Future<?>) future;
    }

    // ---- transfers of nothing ----

    /** No bytes: so it is no matter whether another transfer goes on, or is just over. */
    final void transferNothing() {
        Nothing nothing = new Nothing();
        boolean isForbidden = forbidden;
        try {
            post(ByteBuffer.allocate(0), 0, TimeUnit.NANOSECONDS, nothing.attachment(), nothing);
            connection.require(!isForbidden || isClosed(), "goes on to " + name + " after a time-out or a cancel");
        } catch (ReadPendingException | WritePendingException e) {
            nothing.neverWas(current != null, e);
        } catch (NotYetConnectedException e) {
            nothing.neverWas(stream == null, e);
        } catch (ShutdownChannelGroupException e) {
            nothing.neverWas(group.isShut(), e);
        } catch (IllegalStateException e) {
            nothing.neverWas(killed || current != null && current.limitNanos() > 0, e);
        }
    }

    private final class Nothing extends ChannelsOperation<Integer> {
        Nothing() {
            super(group, 0);
        }

        void neverWas(boolean isRight, Exception why) {
            simulation.require(isRight, this + ": " + why);
            neverWas();
        }

        @Override
        void succeeded(Integer result) {
            require(result == 0 || result == -1 && shut && !failsWhenShut(), "has transferred " + result);
        }

        @Override
        void failed(Throwable cause) {
            require(cause instanceof ClosedChannelException && (isClosed() || failsWhenShut() && shut),
                    "fails by " + cause);
        }

        @Override
        void react() {
            simulation.mayActInHandler();
        }

        @Override
        public String toString() {
            return "a " + name + " of nothing of " + connection;
        }
    }

    // ---- checks ----

    final void checkAtRest() {
        if (current != null && !current.isOver() && !current.hasFuture()) {
            current.checkAtRest();
        }
    }

    final void checkEnd() {
        simulation.require(current == null || current.isOver(), current + " never ends");
        used.forEach(memory -> memory.requireUntouched(connection));
    }
}
