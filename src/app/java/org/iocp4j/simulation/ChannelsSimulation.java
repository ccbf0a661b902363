package org.iocp4j.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ShutdownChannelGroupException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.channels.IocpAsynchronousChannelProvider;
import org.iocp4j.channels.internal.ProviderFactory;
import org.iocp4j.channels.seam.Settings;
import org.iocp4j.simkernel.FaultPlan;

/**
 * One life of a program on java.nio's asynchronous channels: groups of all kinds, and threads that call their channels,
 * in handlers and from elsewhere. What it does is random; what must come of it is not.
 */
final class ChannelsSimulation extends TransportSimulation {
    private static final int MOST_ACTS = 120;
    private static final int MOST_LISTENERS = 2;
    private static final int MOST_CLIENTS = 5;
    private static final int MOST_THREADS = 3;
    private static final long MOST_PAUSE_NANOS = 30_000_000;
    /** Longer than a read is left with a buffer. */
    private static final long QUIET_NANOS = 2_500_000_000L;
    private static final long LATE_NANOS = 300_000_000;
    /** After a wake-up that was refused. */
    private static final long LATER_NANOS = 2_000_000_000;
    private static final Duration ENOUGH = Duration.ofSeconds(30);

    private final ChannelsSurroundings surroundings;
    private final List<ChannelsGroup> groups = new ArrayList<>();
    private final List<ChannelsListener> listeners = new ArrayList<>();
    private final List<ChannelsConnection> connections = new ArrayList<>();
    private final Map<Integer, ChannelsConnection> byClientPort = new HashMap<>();
    private final List<ChannelsOperation<?>> futures = new ArrayList<>();
    private IocpAsynchronousChannelProvider provider;
    private int acts;
    private int strangers;
    private boolean settling;

    ChannelsSimulation(long seed, FaultPlan plan) {
        super(seed, 0xC4A77E15, lasting(plan));
        kernel.checkAtRest(this::checkAtRest);
        surroundings = new ChannelsSurroundings(kernel);
        acts = 10 + random.below(MOST_ACTS);
    }

    /** What a thread has begun outlives it, since a port tells of it: java.nio promises that, as the JDK does. */
    private static FaultPlan lasting(FaultPlan plan) {
        FaultPlan.Variants variants = plan.variants();
        return plan.with(new FaultPlan.Variants(variants.closeStatuses(), variants.finalAtDequeue(), 1));
    }

    // ---- a life ----

    @Override
    void scenario() throws IOException {
        Settings settings = new Settings(1 + random.below(4), random.chance(0.5), random.pick(16, 64, 200),
                random.pick(24, 100, 4_096, 1 << 16));
        try {
            provider = ProviderFactory.newProvider(surroundings, settings);
        } catch (UncheckedIOException e) {
            require(makingFails(), "no provider: " + e);
            kernel.requireNothingLeft();
            return;
        }
        openGroups();
        if (!groups.isEmpty()) {
            started();
            live();
            settle();
        }
        end();
    }

    private void openGroups() {
        for (int i = 1 + random.below(2); i > 0; i--) {
            try {
                groups.add(new ChannelsGroup(this, provider, surroundings));
            } catch (IOException e) {
                require(makingFails(), "no group: " + e);
            }
        }
    }

    private void live() {
        listen();
        for (int i = 1 + random.below(MOST_CLIENTS); i > 0; i--) {
            addClient();
        }
        for (int i = 1 + random.below(MOST_THREADS); i > 0; i--) {
            strangers++;
            kernel.start("stranger " + i, this::stranger);
        }
        require(kernel.until(() -> strangers == 0, ENOUGH), "a thread hangs");
    }

    private void stranger() throws IOException {
        while (acts > 0) {
            kernel.sleep(Duration.ofNanos(random.chance(0.01) ? QUIET_NANOS : random.between(1, MOST_PAUSE_NANOS)));
            for (int i = random.below(4); i > 0 && acts > 0; i--) {
                act();
            }
        }
        strangers--;
    }

    private void addClient() {
        new RandomClient(kernel, random, streams, this::someAddress);
    }

    /** The program does nothing more, but reads: what was sent comes, and what was begun ends. */
    private void settle() {
        settling = true;
        boolean all = kernel.until(() -> {
            List.copyOf(futures).forEach(ChannelsOperation::poll);
            List.copyOf(connections).forEach(ChannelsConnection::settle);
            return missing() == null;
        }, ENOUGH);
        require(all, missing());
    }

    private String missing() {
        for (ChannelsConnection connection : List.copyOf(connections)) {
            String missing = connection.missing();
            if (missing != null) {
                return connection + ": " + missing;
            }
        }
        return groups.stream().allMatch(ChannelsGroup::hasRunTasks) ? null : "tasks do not run";
    }

    private void end() throws IOException {
        for (ChannelsGroup group : groups) {
            if (random.chance(0.5)) {
                group.shutdown();
            } else {
                group.shutdownNow();
            }
        }
        for (ChannelsListener listener : listeners) {
            listener.close();
        }
        boolean all = kernel.until(() -> {
            closeConnections();
            return groups.stream().allMatch(ChannelsGroup::isOver);
        }, ENOUGH);
        require(all, "a group does not end");
        listeners.forEach(one -> require(one.isIdle(), one + " accepts for ever"));
        connections.forEach(ChannelsConnection::checkEnd);
        groups.forEach(ChannelsGroup::checkEnd);
        require(provider.statistics().buffersLent() == 0, "buffers are lent: " + provider.statistics());
        require(provider.statistics().connectionsKept() == 0, "connections are kept: " + provider.statistics());
        ProviderFactory.end(provider);
        kernel.until(() -> kernel.leftovers().isEmpty(), ENOUGH);
        kernel.requireNothingLeft();
    }

    /** Those, too, that were accepted, and whose accept has just been told. */
    private void closeConnections() {
        List.copyOf(futures).forEach(ChannelsOperation::poll);
        for (ChannelsConnection connection : List.copyOf(connections)) {
            if (connection.isOpen()) {
                connection.close();
            }
        }
    }

    // ---- what it does ----

    boolean mayAct() {
        return acts > 0;
    }

    boolean isSettling() {
        return settling;
    }

    void mayActInHandler() {
        if (mayAct() && random.chance(0.5)) {
            try {
                act();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void act() throws IOException {
        acts--;
        List.copyOf(futures).forEach(ChannelsOperation::poll);
        futures.removeIf(ChannelsOperation::isOver);
        switch (random.below(30)) {
            case 0 -> listen();
            case 1, 2, 3 -> connect();
            case 4 -> addClient();
            case 5 -> {
                if (random.chance(0.4)) {
                    random.pick(groups).act();
                }
            }
            case 6, 7, 8, 9, 10 -> {
                if (!listeners.isEmpty()) {
                    random.pick(listeners).act();
                }
            }
            default -> {
                if (!connections.isEmpty()) {
                    random.pick(connections).act();
                }
            }
        }
    }

    private void listen() {
        if (listeners.stream().filter(ChannelsListener::isOpen).count() >= MOST_LISTENERS) {
            return;
        }
        ChannelsGroup group = random.pick(groups);
        try {
            var channel = provider.openAsynchronousServerSocketChannel(group.group());
            try {
                ChannelsListener listener = new ChannelsListener(group, channel);
                listeners.add(listener);
                group.has(listener);
                listener.accept();
            } catch (IOException e) {
                require(optionsFail() || !channel.isOpen(), "no listener: " + e);
                channel.close();
            }
        } catch (ShutdownChannelGroupException e) {
            require(group.isShut(), "no listener: " + e);
        } catch (IOException e) {
            require(makingFails(), "no listener: " + e);
        }
    }

    private void connect() {
        ChannelsGroup group = random.pick(groups);
        AsynchronousSocketChannel channel;
        try {
            channel = provider.openAsynchronousSocketChannel(group.group());
        } catch (ShutdownChannelGroupException e) {
            require(group.isShut(), "no channel: " + e);
            return;
        } catch (IOException e) {
            require(makingFails(), "no channel: " + e);
            return;
        }
        ChannelsConnection connection = new ChannelsConnection(group, channel, false);
        connections.add(connection);
        connection.connect(someAddress());
    }

    /** Where somebody listens, or did, or where nobody is. */
    private InetSocketAddress someAddress() {
        return listeners.isEmpty() || random.chance(0.05)
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 1) : random.pick(listeners).address();
    }

    void accepted(ChannelsGroup group, AsynchronousSocketChannel child) {
        ChannelsConnection connection = new ChannelsConnection(group, child, true);
        connections.add(connection);
        connection.accepted();
    }

    /** To be asked from time to time. */
    void futures(ChannelsOperation<?> one) {
        futures.add(one);
    }

    /**
     * A connection by the client with this port is there, as one of its sides has it.
     *
     * @return the other side, if it is the program's too, and was told before
     */
    ChannelsConnection connected(int clientPort, ChannelsConnection side) {
        return byClientPort.putIfAbsent(clientPort, side);
    }

    // ---- rules ----

    private void checkAtRest() {
        connections.forEach(ChannelsConnection::checkAtRest);
    }

    void requireNoLock(Object of) {
        require(!surroundings.holdsLock(), of + " has its handler run with a lock held");
    }

    void require(boolean holds, String violation) {
        if (!holds) {
            kernel.require(false, violation);
        }
    }

    /** How late a time limit may be. */
    long lateNanos() {
        return postsFail() ? LATER_NANOS : LATE_NANOS;
    }

    /** Of groups and channels; a want of memory for a transfer ends none of these. */
    boolean makingFails() {
        return plan.failures().calls() > 0;
    }
}
