package org.iocp4j.load;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * The test client. {@link #run} does one whole run, on threads of its own, and returns what it counted;
 * {@link #stop} ends it early, from any thread.
 */
public final class LoadClient {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final long SECOND = 1_000_000_000L;

    private final LoadOptions options;
    private final long intervalNanos;
    private final AtomicBoolean used = new AtomicBoolean();
    private final AtomicReference<IOException> firstConnectFailure = new AtomicReference<>();
    private final AtomicReference<Throwable> threadFailure = new AtomicReference<>();
    private volatile boolean stopping;
    private volatile boolean serverAbsent;
    private volatile List<LoadThread> threads = List.of();
    private volatile LoadStatistics total;

    public LoadClient(LoadOptions options) {
        this(options, SECOND);
    }

    /**
     * @param intervalNanos between two looks at the counters, in place of a second: a test ends a run by what it sees
     */
    LoadClient(LoadOptions options, long intervalNanos) {
        this.options = options;
        this.intervalNanos = intervalNanos;
    }

    /** As {@link #run(Consumer)}, silently. */
    public LoadSummary run() throws IOException, InterruptedException {
        return run(second -> { });
    }

    /**
     * Runs until the time is up or {@link #stop} is called, waits for what is pending, and closes every connection.
     *
     * @param everySecond gets the counters once a second, on the calling thread
     * @throws ConnectException     if the server was never there; the message says address and reason
     * @throws UnknownHostException if the host has no address
     * @throws org.iocp4j.win32.UnsupportedPlatformException if the engine does not work here
     */
    public LoadSummary run(Consumer<LoadStatistics> everySecond) throws IOException, InterruptedException {
        if (used.getAndSet(true)) {
            throw new IllegalStateException("a LoadClient runs once");
        }
        options.engine().require();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(options.host()), options.port());
        threads = newThreads(address);
        Report report = new Report(System.nanoTime());
        CountDownLatch ended = new CountDownLatch(threads.size());
        try {
            start(ended);
            report.everySecond(ended, everySecond);
        } finally {
            stop();
            ended.await();
        }
        total = report.total();
        check();
        return summary();
    }

    /** What it has counted; valid once {@link #run} has returned or thrown a {@link ConnectException}. */
    public LoadSummary summary() {
        Histogram all = RoundTrip.newHistogram();
        for (LoadThread thread : threads) {
            all.add(thread.roundTrips);
        }
        return new LoadSummary(total, RoundTrip.of(all), firstReason());
    }

    /** Starts no more batches; {@link #run} returns when those under way have come back, or their time is up. */
    public void stop() {
        stopping = true;
        for (LoadThread thread : threads) {
            thread.wakeup();
        }
    }

    boolean isStopping() {
        return stopping;
    }

    /** If no connect ever succeeded, there is no server: the run fails immediately instead of counting. */
    void connectFailed(IOException reason) {
        firstConnectFailure.compareAndSet(null, reason);
        if (sum(Counter.CONNECTS) == 0
                && sum(Counter.CONNECT_FAILURES) >= Math.min(options.clients(), LoadThread.MOST_CONNECTING)) {
            serverAbsent = true;
            stop();
        }
    }

    void threadFailed(Throwable failure) {
        threadFailure.compareAndSet(null, failure);
        stop();
    }

    private List<LoadThread> newThreads(InetSocketAddress address) {
        int count = Math.min(options.threads(), options.clients());
        List<LoadThread> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = (int) ((long) options.clients() * i / count);
            int to = (int) ((long) options.clients() * (i + 1) / count);
            made.add(new LoadThread(this, options, address, from, to));
        }
        return List.copyOf(made);
    }

    private void start(CountDownLatch ended) {
        for (int i = 0; i < threads.size(); i++) {
            LoadThread thread = threads.get(i);
            Thread.ofPlatform().name("load-" + (i + 1)).daemon().start(() -> {
                try {
                    thread.run();
                } finally {
                    ended.countDown();
                }
            });
        }
    }

    private void check() throws IOException {
        Throwable failure = threadFailure.get();
        if (failure instanceof IOException) {
            throw new IOException(failure.getMessage(), failure);
        }
        if (failure != null) {
            throw new IllegalStateException("a load thread failed", failure);
        }
        if (serverAbsent && sum(Counter.CONNECTS) == 0) {
            ConnectException absent = new ConnectException(connectFailure());
            absent.initCause(firstConnectFailure.get());
            throw absent;
        }
    }

    private String connectFailure() {
        String host = options.host();
        boolean isBare = host.indexOf(':') >= 0 && !host.startsWith("[");
        return "connect: " + firstReason() + ", " + (isBare ? "[" + host + "]" : host) + ":" + options.port();
    }

    /** Windows' JDK appends the name of a call or "no further information", which helps nobody. */
    private String firstReason() {
        IOException first = firstConnectFailure.get();
        if (first == null) {
            return null;
        }
        return first.getMessage() == null ? first.getClass().getSimpleName() : first.getMessage().split(": ")[0];
    }

    private long sum(Counter counter) {
        long sum = 0;
        for (LoadThread thread : threads) {
            sum += thread.counters.get(counter);
        }
        return sum;
    }

    private LoadStatistics snapshot(double elapsed, double interval, LoadStatistics before) {
        long connects = sum(Counter.CONNECTS);
        long sent = sum(Counter.SENT_MESSAGES);
        long received = sum(Counter.RECEIVED_MESSAGES);
        return new LoadStatistics(elapsed, sum(Counter.SESSIONS), connects, sum(Counter.CONNECT_FAILURES),
                sum(Counter.DISCONNECTS_FROM_SERVER), sum(Counter.LOGIN_DUPLICATES), sum(Counter.LOGIN_MISSING),
                sum(Counter.ECHO_MISSING), sum(Counter.MESSAGE_ERRORS), sent, received, sum(Counter.CLOSED_BY_FIN),
                sum(Counter.CLOSED_BY_RESET), rate(connects, before == null ? 0 : before.connects(), interval),
                rate(sent, before == null ? 0 : before.sentMessages(), interval),
                rate(received, before == null ? 0 : before.receivedMessages(), interval));
    }

    private static double rate(long now, long before, double seconds) {
        return seconds <= 0 ? 0 : (now - before) / seconds;
    }

    /** The snapshots, a second apart, on the thread of {@link #run}. */
    private final class Report {
        private final long start;
        private long last;
        private LoadStatistics before;

        Report(long start) {
            this.start = start;
            last = start;
        }

        void everySecond(CountDownLatch ended, Consumer<LoadStatistics> everySecond) throws InterruptedException {
            for (long tick = start + intervalNanos; true; tick += intervalNanos) {
                boolean over = ended.await(tick - System.nanoTime(), TimeUnit.NANOSECONDS);
                long now = System.nanoTime();
                // The last second ends with the run or just before its tick: it counts if most of it is there.
                if (!over || now - last > intervalNanos / 2) {
                    before = snapshot((now - start) / NANOS_PER_SECOND, (now - last) / NANOS_PER_SECOND, before);
                    last = now;
                    everySecond.accept(before);
                }
                if (over) {
                    return;
                }
            }
        }

        LoadStatistics total() {
            double elapsed = (System.nanoTime() - start) / NANOS_PER_SECOND;
            return snapshot(elapsed, elapsed, null);
        }
    }
}
