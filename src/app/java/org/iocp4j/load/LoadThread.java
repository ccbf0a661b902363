package org.iocp4j.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * A selector and its share of the connections. Package-private fields belong to this thread alone, except
 * {@link #counters}, which any thread may read, and {@link #roundTrips}, which may be read once it has ended.
 */
final class LoadThread implements Runnable {
    /** The most connects under way: more would overflow the server's backlog, and the system retries after seconds. */
    static final int MOST_CONNECTING = 128;
    private static final int BUFFER_BYTES = 6_400 * Protocol.MESSAGE_BYTES;
    private static final long NANOS_PER_MILLI = 1_000_000;
    /** Longest wait in the selector; a safety net, since a thread that is to stop is woken. */
    private static final long LONGEST_WAIT_MILLIS = 1_000;

    final LoadClient client;
    final LoadOptions options;
    final InetSocketAddress address;
    final Selector selector;
    final Timers timers = new Timers();
    final SplittableRandom random = new SplittableRandom();
    final ByteBuffer readBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    final ByteBuffer writeBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    final Counters counters = new Counters();
    final Histogram roundTrips = RoundTrip.newHistogram();
    boolean draining;

    private final long origin = System.nanoTime();
    private final Connection[] connections;
    private final ArrayDeque<Connection> toConnect;
    private final Consumer<SelectionKey> onReady = key -> ((Connection) key.attachment()).ready();
    private int connecting;

    /** Takes the clients with the numbers {@code from} up to, not including, {@code to}. */
    LoadThread(LoadClient client, LoadOptions options, InetSocketAddress address, int from, int to)
            throws IOException {
        this.client = client;
        this.options = options;
        this.address = address;
        selector = Selector.open();
        connections = new Connection[to - from];
        toConnect = new ArrayDeque<>(connections.length);
        for (int i = 0; i < connections.length; i++) {
            connections[i] = new Connection(this, from + i);
        }
    }

    @Override
    public void run() {
        try (selector) {
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
        if (wait > 0) {
            selector.select(onReady, Math.min(wait, LONGEST_WAIT_MILLIS));
        } else {
            selector.selectNow(onReady);
        }
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
        // A channel is closed for good only when the selector has let go of its key.
        selector.selectNow();
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
