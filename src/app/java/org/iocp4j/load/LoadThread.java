package org.iocp4j.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/**
 * A thread and its share of the connections. Package-private fields belong to this thread alone, except
 * {@link #counters}, which any thread may read, and {@link #roundTrips}, which may be read once it has ended.
 */
final class LoadThread implements Runnable {
    /** The most connects under way: more would overflow the server's backlog, and the system retries after seconds. */
    static final int MOST_CONNECTING = 128;
    /** The most bytes that are read, or handed to the system, with one call. */
    static final int BUFFER_BYTES = 6_400 * Protocol.MESSAGE_BYTES;
    private static final long NANOS_PER_MILLI = 1_000_000;
    /** Longest wait; a safety net, since a thread that is to stop is woken. */
    private static final long LONGEST_WAIT_MILLIS = 1_000;

    final LoadClient client;
    final LoadOptions options;
    final InetSocketAddress address;
    final Timers timers = new Timers();
    final SplittableRandom random = new SplittableRandom();
    final ByteBuffer writeBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    final Counters counters = new Counters();
    final Histogram roundTrips = RoundTrip.newHistogram();
    boolean draining;
    IoLoop io;

    private final long origin = System.nanoTime();
    private final Connection[] connections;
    private final ArrayDeque<Connection> toConnect;
    /** {@link #io}, for other threads: null until there is something to wake. */
    private volatile IoLoop awaited;
    private int connecting;

    /** Takes the clients with the numbers {@code from} up to, not including, {@code to}. */
    LoadThread(LoadClient client, LoadOptions options, InetSocketAddress address, int from, int to) {
        this.client = client;
        this.options = options;
        this.address = address;
        connections = new Connection[to - from];
        toConnect = new ArrayDeque<>(connections.length);
        for (int i = 0; i < connections.length; i++) {
            connections[i] = new Connection(this, from + i);
        }
    }

    @Override
    public void run() {
        try (IoLoop opened = options.engine().newLoop(address, options)) {
            io = opened;
            awaited = opened; // before the first look at isStopping: whoever stops from here on wakes it
            for (Connection connection : connections) {
                toConnect.add(connection);
            }
            long end = now() + options.duration().toNanos();
            while (!client.isStopping() && now() < end) {
                turn(end);
            }
            drain();
        } catch (Throwable e) {
            client.threadFailed(e);
        }
    }

    /** Has it look whether it is to stop. Any thread. */
    void wakeup() {
        IoLoop waiting = awaited;
        if (waiting != null) {
            waiting.wakeup();
        }
    }

    /** Nanoseconds since this thread was made. */
    long now() {
        return System.nanoTime() - origin;
    }

    /** Connects this one as soon as there is room. */
    void enqueue(Connection connection) {
        toConnect.add(connection);
    }

    /** A connect has ended, well or not. */
    void connectEnded() {
        connecting--;
    }

    private void turn(long end) throws IOException {
        while (!draining && connecting < MOST_CONNECTING && !toConnect.isEmpty()) {
            connecting++;
            toConnect.remove().connect();
        }
        long wait = (Math.min(end, timers.next()) - now() + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
        io.await(Math.clamp(wait, 0, LONGEST_WAIT_MILLIS));
        // Behind the reading: where this process stalled, what is there by now has not timed out.
        for (Connection due = timers.expired(now()); due != null; due = timers.expired(now())) {
            due.expired();
        }
    }

    /** Waits a bounded time for what is under way, and closes everything. */
    private void drain() throws IOException {
        draining = true;
        toConnect.clear();
        for (Connection connection : connections) {
            connection.drain();
        }
        long end = now() + options.drainTimeout().toNanos();
        while (anyOpen() && now() < end) {
            turn(end);
        }
        for (Connection connection : connections) {
            connection.giveUp();
        }
    }

    private boolean anyOpen() {
        for (Connection connection : connections) {
            if (connection.isOpen()) {
                return true;
            }
        }
        return false;
    }
}
