package org.iocp4j.simulation;

import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.iocp4j.simkernel.SeededRandom;

/** A group of the program, its threads, and what their handlers do. */
final class ChannelsGroup {
    private static final int MOST_DEEP = 16;
    private static final int UNBOUNDED = 1_000;

    final ChannelsSimulation simulation;
    private final SeededRandom random;
    private final AsynchronousChannelGroup group;
    private final ChannelsPool pool;
    private final Map<Thread, Integer> depths = new HashMap<>();
    private final List<ChannelsListener> listeners = new ArrayList<>();
    private final List<ChannelsConnection> connections = new ArrayList<>();
    private boolean shut;
    private boolean takesNoMore;
    private int told;
    private int ran;

    /** @throws IOException if the system refuses it */
    ChannelsGroup(ChannelsSimulation simulation, AsynchronousChannelProvider provider,
            ChannelsSurroundings surroundings) throws IOException {
        this.simulation = simulation;
        random = simulation.random;
        if (random.chance(0.5)) {
            group = provider.openAsynchronousChannelGroup(1 + random.below(3), task -> {
                throw new IllegalStateException("the simulation's pool makes its threads itself");
            });
            pool = surroundings.lastFixed();
        } else {
            int dequeue = random.below(3);
            boolean bounded = random.chance(0.3);
            pool = new ChannelsPool(simulation.kernel(), bounded ? dequeue + 1 : UNBOUNDED,
                    bounded && random.chance(0.3));
            group = provider.openAsynchronousChannelGroup(pool, dequeue);
        }
    }

    AsynchronousChannelGroup group() {
        return group;
    }

    boolean isShut() {
        return shut;
    }

    /** A shutdown has returned. */
    boolean takesNoMore() {
        return takesNoMore;
    }

    void has(ChannelsListener listener) {
        listeners.add(listener);
    }

    void has(ChannelsConnection connection) {
        connections.add(connection);
    }

    // ---- its handlers ----

    void requireHandlersThread(Object of) {
        simulation.requireNoLock(of);
        boolean isRight = pool.isIn() || pool.runsInCallers() || pool.isShutdown();
        simulation.require(isRight, of + " has its handler run by " + Thread.currentThread().getName());
    }

    void enter() {
        int depth = depths.merge(Thread.currentThread(), 1, Integer::sum);
        simulation.require(depth <= MOST_DEEP, depth + " handlers are on a thread's stack");
        if (random.chance(0.01)) {
            simulation.kernel().sleep(Duration.ofNanos(random.between(1, 3_000_000)));
        }
    }

    void exit() {
        depths.merge(Thread.currentThread(), -1, Integer::sum);
    }

    /** Ends the calling thread, now and then. */
    void mayThrow() {
        if (!shut && pool.isIn() && !pool.runsInCallers() && random.chance(0.03)) {
            pool.throwWhim();
        }
    }

    // ---- what is done to it ----

    void act() throws IOException {
        switch (random.below(8)) {
            case 0 -> shutdown();
            case 1 -> shutdownNow();
            default -> execute();
        }
    }

    void shutdown() {
        shut = true;
        group.shutdown();
        takesNoMore = true;
        simulation.require(group.isShutdown(), "a group is shut down, and says it is not");
    }

    void shutdownNow() throws IOException {
        List<ChannelsListener> itsListeners = List.copyOf(listeners);
        List<ChannelsConnection> itsConnections = List.copyOf(connections);
        shut = true;
        group.shutdownNow();
        takesNoMore = true;
        itsListeners.forEach(one -> simulation.require(!one.isOpen(), one + " is open after shutdownNow"));
        itsConnections.forEach(one -> simulation.require(!one.isOpen(), one + " is open after shutdownNow"));
    }

    private void execute() {
        boolean wasShut = shut;
        told++;
        try {
            ((Executor) group).execute(() -> {
                ran++;
                requireHandlersThread("a task");
                enter();
                try {
                    simulation.mayActInHandler();
                } finally {
                    exit();
                }
            });
        } catch (RejectedExecutionException e) {
            told--;
            simulation.require(shut, "a task is refused before " + (wasShut ? "anything" : "the shutdown"));
        }
    }

    boolean hasRunTasks() {
        return told == ran;
    }

    // ---- its end ----

    boolean isOver() {
        return group.isTerminated();
    }

    void checkEnd() {
        simulation.require(hasRunTasks(), ran + " of " + told + " tasks ran");
        simulation.require(pool.isQuiet(), "what a handler has thrown did not end its thread");
    }
}
