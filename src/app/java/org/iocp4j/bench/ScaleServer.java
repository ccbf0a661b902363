package org.iocp4j.bench;

import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.NullWin32;

/**
 * This project's server on a null kernel, in this process: a raw echo with one worker. What its clients do, the worker
 * itself does where it would wait for them, so that nothing else runs while it is measured.
 */
final class ScaleServer implements AutoCloseable {
    static final int MESSAGE_BYTES = 64;
    /** A whole page, as its buffers have by default, but no more: what all sessions may need is reserved. */
    private static final int BUFFER_BYTES = 4_096;
    /** What is reserved for each session: three buffers, and a send queue of another. */
    static final long RESERVED_BYTES = 4 * BUFFER_BYTES;
    /** Of the server's clock. */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Kernel kernel;
    private final long[] sockets;
    private final long[] ids;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private int connected;
    private int opened;
    private final IocpServer server;

    /** @param sessions how many clients are to connect */
    ScaleServer(int sessions) throws IOException {
        sockets = new long[sessions];
        ids = new long[sessions];
        kernel = new Kernel(sessions);
        ServerOptions options = ServerOptions.builder().workers(1).maxSessions(sessions).bufferBytes(BUFFER_BYTES)
                .sendQueueBytes(BUFFER_BYTES).build();
        server = ServerFactory.start(options, new Echo(), SessionIdentity.OVERLAPPED, () -> kernel);
    }

    private final class Echo implements SessionHandler {
        @Override
        public void opened(Session session) {
            ids[opened++] = session.id();
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }
    }

    // What each of them returns are the nanoseconds of all together, by Kernel.now(). One thread calls them.

    /** All clients connect, one after the other. */
    long connect() throws InterruptedException {
        return kernel.run(sockets.length, _ -> sockets[connected++] = kernel.connect());
    }

    /** So many echoes of the clients in a certain order, one after the other, and again from the first. */
    long echo(int times, int[] order) throws InterruptedException {
        return kernel.run(times, i -> kernel.arrive(sockets[order[i % order.length]], MESSAGE_BYTES));
    }

    /** So many ticks of the server's clock, on which nothing happens. */
    long tick(int times) throws InterruptedException {
        return kernel.run(times, _ -> kernel.pass(TICK_NANOS));
    }

    /** So many messages from outside of the sessions, each to all of them. */
    long broadcast(int times) throws InterruptedException {
        return kernel.run(times, _ -> {
            int refused = server.broadcast(ids, message).length;
            if (refused > 0) {
                throw new IllegalStateException(refused + " sessions do not take a message");
            }
        });
    }

    /** How many packets have been posted to wake the worker. */
    long packetsPosted() {
        return kernel.packetsPosted.sum();
    }

    /** So many looks at the server's figures. */
    long statistics(int times) throws InterruptedException {
        return kernel.run(times, _ -> {
            int sessions = statistics().connections().sessions();
            if (sessions != sockets.length) {
                throw new IllegalStateException(sessions + " sessions of " + sockets.length);
            }
        });
    }

    ServerStatistics statistics() {
        return server.statistics();
    }

    @Override
    public void close() {
        server.close();
    }

    /** Runs steps on the thread that dequeues: one in each of its waits. */
    private static final class Kernel extends NullWin32 {
        private static final int LONGEST_WAIT_MILLIS = 1;
        private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
        /** Windows counts processor time by its clock's ticks, of 16 ms [doc]. */
        private static final boolean COUNTS_FINELY =
                !System.getProperty("os.name").startsWith("Windows") && THREADS.isThreadCpuTimeEnabled();

        private final LongAdder packetsPosted = new LongAdder();

        // Guarded by this.
        /** The next ones; null once they are done. */
        private IntConsumer wanted;
        private int times;
        private long nanos;
        private RuntimeException failure;

        // The worker's.
        private IntConsumer step;
        private int next;
        private int end;
        private long startNanos;

        Kernel(int sockets) {
            super(sockets);
        }

        /** Has a step done so many times, and all that comes of each before the next; returns the time that took. */
        synchronized long run(int count, IntConsumer newStep) throws InterruptedException {
            wanted = newStep;
            times = count;
            failure = null;
            while (wanted != null) {
                wait();
            }
            if (failure != null) {
                throw failure;
            }
            return nanos;
        }

        @Override
        public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
            int error = super.getQueuedCompletionStatusEx(port, entries, count, removed, timeoutMillis);
            if (error != WAIT_TIMEOUT() || timeoutMillis == 0 || !hasStep()) { // 0: it has work that needs no packet
                return error;
            }
            if (waitingPackets() == 0) { // else another thread's packet has come meanwhile, and is first
                doStep();
            }
            return super.getQueuedCompletionStatusEx(port, entries, count, removed, timeoutMillis);
        }

        @Override
        public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
            packetsPosted.increment();
            return super.postQueuedCompletionStatus(port, bytes, key, overlapped);
        }

        private boolean hasStep() {
            return next < end || hasMore(now());
        }

        /** The worker's processor time, to which other programs add nothing; the time where that is coarse. */
        private static long now() {
            return COUNTS_FINELY ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
        }

        /** Tells that the steps are done, and waits for others. */
        private synchronized boolean hasMore(long now) {
            if (end > 0) {
                nanos = now - startNanos;
                wanted = null;
                end = 0;
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
            end = times;
            next = 0;
            startNanos = now();
            return true;
        }

        private void doStep() {
            try {
                step.accept(next++);
            } catch (RuntimeException e) {
                next = end;
                failed(e);
            }
        }

        private synchronized void failed(RuntimeException e) {
            failure = e;
        }
    }
}
