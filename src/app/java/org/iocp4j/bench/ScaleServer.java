package org.iocp4j.bench;

import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.NullWin32;

/**
 * This project's server on a null kernel, in this process: a raw echo with one worker for each port. What its clients
 * do, the worker itself does where it would wait for them, so that nothing else runs while it is measured.
 */
final class ScaleServer implements AutoCloseable {
    static final int MESSAGE_BYTES = 64;
    private static final int MOST_PORTS = 2;
    /** A whole page, as its buffers have by default, but no more: what all sessions may need is reserved. */
    private static final int BUFFER_BYTES = 4_096;
    /** What is reserved for each session: three buffers, and a send queue of another. */
    static final long RESERVED_BYTES = 4 * BUFFER_BYTES;
    /** Longer than all its ticks: none of its sessions is looked at for that while they are measured. */
    private static final Duration IDLE_TIME = Duration.ofHours(1);
    /** Of the server's clock. */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** The port whose worker accepts. */
    private static final int ACCEPTING = 1;
    /** As many packets as a thread takes off the port at a time. */
    private static final int BATCH = 64;
    private static final int ROUNDS_OF_WORK = 150;
    /** Longs between those that two threads write. */
    private static final int APART = 32;

    private final Kernel kernel;
    private final long[] results = new long[MOST_PORTS * APART];
    private final long[] sockets;
    private final long[] ids;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private int connected;
    private int opened;
    private final IocpServer server;

    /** @param sessions how many clients are to connect */
    ScaleServer(int sessions) throws IOException {
        this(sessions, 1);
    }

    ScaleServer(int sessions, int ports) throws IOException {
        sockets = new long[sessions];
        ids = new long[sessions];
        ServerOptions options = ServerOptions.builder().workers(ports).ports(ports).maxSessions(sessions)
                .bufferBytes(BUFFER_BYTES).sendQueueBytes(BUFFER_BYTES)
                .idleTime(IDLE_TIME)
                .lingerTime(Duration.ZERO).build(); // its clients stay, and no time passes while it is closed
        kernel = new Kernel(sessions + options.acceptsPosted() + options.pool(), ports);
        server = ServerFactory.start(new Echo(), options, SessionIdentity.OVERLAPPED, () -> kernel);
    }

    private final class Echo implements SessionHandler {
        @Override
        public void opened(Session session) {
            synchronized (ids) { // workers of several ports
                ids[opened++] = session.id();
            }
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }
    }

    // What each of them returns are the nanoseconds of all together, by Kernel.now(). One thread calls them.

    /** All clients connect, one after the other. */
    long connect() throws InterruptedException {
        return kernel.run(ACCEPTING, sockets.length, _ -> sockets[connected++] = kernel.connect());
    }

    /** So many echoes of the clients in a certain order, one after the other, and again from the first. */
    long echo(int times, int[] order) throws InterruptedException {
        return kernel.run(ACCEPTING, times, i -> kernel.arrive(sockets[order[i % order.length]], MESSAGE_BYTES));
    }

    /** The same, so many or a few more; those of a batch come together. */
    long echoInBatches(int times, int[] order) throws InterruptedException {
        int batch = Math.min(BATCH, order.length);
        return kernel.run(ACCEPTING, Math.ceilDiv(times, batch), step -> {
            for (int i = step * batch; i < (step + 1) * batch; i++) {
                kernel.arrive(sockets[order[i % order.length]], MESSAGE_BYTES);
            }
        });
    }

    /** So many ticks of the server's clock, on which nothing happens. */
    long tick(int times) throws InterruptedException {
        return kernel.run(ACCEPTING, times, _ -> kernel.pass(TICK_NANOS));
    }

    /** So many messages from outside of the sessions, each to all of them. */
    long broadcast(int times) throws InterruptedException {
        return kernel.run(ACCEPTING, times, _ -> {
            int taken = server.broadcast(ids, message).taken();
            if (taken < ids.length) {
                throw new IllegalStateException(ids.length - taken + " sessions do not take a message");
            }
        });
    }

    /** How many packets have been posted to wake workers. */
    long packetsPosted() {
        return kernel.packetsPosted.sum();
    }

    /** So many looks at the server's figures. */
    long statistics(int times) throws InterruptedException {
        return kernel.run(ACCEPTING, times, _ -> {
            int sessions = statistics().connections().sessions();
            if (sessions != sockets.length) {
                throw new IllegalStateException(sessions + " sessions of " + sockets.length);
            }
        });
    }

    /**
     * The sessions of each port among those that have connected, once all are there.
     *
     * @return sockets, by port
     */
    long[][] awaitSocketsByPort() throws InterruptedException {
        synchronized (ids) {
            while (opened < ids.length) {
                ids.wait(1); // those on other ports are on their way
            }
        }
        long[][] byPort = new long[kernel.ports()][];
        for (int port = 1; port <= byPort.length; port++) {
            long each = port;
            byPort[port - 1] = LongStream.of(sockets).filter(socket -> kernel.port(socket) == each).toArray();
        }
        return byPort;
    }

    /**
     * So many echoes on each of some ports, at the same time, each port's on its own thread.
     *
     * @param byPort the sockets of each of these ports, the first one's first
     * @return of all of them together
     */
    long echoTogether(int times, long[][] byPort) throws InterruptedException {
        return kernel.runTogether(byPort.length, times,
                port -> i -> kernel.arrive(byPort[port][i % byPort[port].length], MESSAGE_BYTES));
    }

    /** The same of work that has nothing to do with any other, and is about as long as an echo. */
    long workTogether(int times, int ports) throws InterruptedException {
        return kernel.runTogether(ports, times, port -> i -> results[port * APART] += mix(i));
    }

    private static long mix(int seed) {
        long z = seed;
        for (int round = 0; round < ROUNDS_OF_WORK; round++) {
            z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L + round;
        }
        return z;
    }

    ServerStatistics statistics() {
        return server.statistics();
    }

    @Override
    public void close() {
        server.close();
    }

    /** Runs steps on the thread that dequeues from a port: one in each of its waits. */
    private static final class Kernel extends NullWin32 {
        private final Steps[] steps;
        private final LongAdder packetsPosted = new LongAdder();

        Kernel(int sockets, int ports) {
            super(sockets);
            steps = new Steps[ports];
            for (int i = 0; i < ports; i++) {
                steps[i] = new Steps();
            }
        }

        int ports() {
            return steps.length;
        }

        /** Has a step done so many times, and all that comes of each before the next; returns the time that took. */
        long run(int port, int count, IntConsumer step) throws InterruptedException {
            steps[port - 1].begin(count, step);
            return steps[port - 1].await();
        }

        /** The same on the first so many ports at the same time; the time of all of them together. */
        long runTogether(int ports, int count, IntFunction<IntConsumer> stepOfPort) throws InterruptedException {
            for (int port = 0; port < ports; port++) {
                steps[port].begin(count, stepOfPort.apply(port));
            }
            long nanos = 0;
            for (int port = 0; port < ports; port++) {
                nanos += steps[port].await();
            }
            return nanos;
        }

        @Override
        public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
            int error = super.getQueuedCompletionStatusEx(port, entries, count, removed, timeoutMillis);
            if (error != WAIT_TIMEOUT() || timeoutMillis == 0) { // 0: it has work that needs no packet
                return error;
            }
            Steps own = steps[(int) port - 1];
            if (!own.hasOne()) {
                return error;
            }
            if (waitingPackets(port) == 0) { // else another thread's packet has come meanwhile, and is first
                own.doOne();
            }
            return super.getQueuedCompletionStatusEx(port, entries, count, removed, timeoutMillis);
        }

        @Override
        public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
            packetsPosted.increment();
            return super.postQueuedCompletionStatus(port, bytes, key, overlapped);
        }
    }

    /** What one worker is to do. */
    private static final class Steps {
        private static final int NEXT = APART;
        private static final int END = APART + 1;
        private static final int LONGEST_WAIT_MILLIS = 1;
        private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
        /** Windows counts processor time by its clock's ticks, of 16 ms [doc]. */
        private static final boolean COUNTS_FINELY =
                !System.getProperty("os.name").startsWith("Windows") && THREADS.isThreadCpuTimeEnabled();


        // Guarded by this.
        /** The next ones; null once they are done. */
        private IntConsumer wanted;
        private int times;
        private long nanos;
        private RuntimeException failure;

        // The worker's.
        /** Apart from what another worker writes, wherever the heap has the two. */
        private final int[] nextAndEnd = new int[APART + 2 + APART];
        private IntConsumer step;
        private long startNanos;

        synchronized void begin(int count, IntConsumer newStep) {
            wanted = newStep;
            times = count;
            failure = null;
        }

        synchronized long await() throws InterruptedException {
            while (wanted != null) {
                wait();
            }
            if (failure != null) {
                throw failure;
            }
            return nanos;
        }

        private boolean hasOne() {
            return nextAndEnd[NEXT] < nextAndEnd[END] || hasMore(now());
        }

        /** The worker's processor time, to which other programs add nothing; the time where that is coarse. */
        private static long now() {
            return COUNTS_FINELY ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
        }

        /** Tells that the steps are done, and waits for others. */
        private synchronized boolean hasMore(long now) {
            if (nextAndEnd[END] > 0) {
                nanos = now - startNanos;
                wanted = null;
                nextAndEnd[END] = 0;
                notifyAll();
            }
            try {
                if (wanted == null) {
                    wait(LONGEST_WAIT_MILLIS); // another thread's packet may come meanwhile
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (wanted == null) {
                return false;
            }
            step = wanted;
            nextAndEnd[END] = times;
            nextAndEnd[NEXT] = 0;
            startNanos = now();
            return true;
        }

        private void doOne() {
            try {
                step.accept(nextAndEnd[NEXT]++);
            } catch (RuntimeException e) {
                nextAndEnd[NEXT] = nextAndEnd[END];
                failed(e);
            }
        }

        private synchronized void failed(RuntimeException e) {
            failure = e;
        }
    }
}
