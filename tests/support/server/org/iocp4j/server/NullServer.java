package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.NullWin32;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * A raw echo server on a {@link NullWin32}, whose workers are all the calling thread: for what a test or a benchmark
 * counts. Once its clients have connected, each port may be a thread's of its own.
 */
public final class NullServer {
    private static final int TICK_MILLIS = 100;

    private final Kernel kernel;
    /** Of each port's worker. */
    private final IoThread[] workers;
    private final SessionEngine engine;

    public NullServer() throws Win32Exception {
        this(ServerOptions.builder().workers(1).acceptsPosted(8).pool(16).maxSessions(64).build());
    }

    /** Listens, with its accepts posted. */
    NullServer(ServerOptions options) throws Win32Exception {
        this(options, (session, data) -> session.send(data));
    }

    NullServer(ServerOptions options, SessionHandler handler) throws Win32Exception {
        kernel = new Kernel(options.maxSessions() + options.acceptsPosted() + options.pool());
        workers = new IoThread[options.ports()];
        Arrays.setAll(workers, _ -> new IoThread(kernel));
        IoThread io = workers[0];
        engine = TestEngine.of(options, Delivery.RETURN, handler, kernel::attach, io);
        TestEngine.accept(engine, io);
        run();
    }

    /** A client connects; its socket, with a receive posted. */
    public long connect() {
        long socket = kernel.connect();
        run();
        return socket;
    }

    /** The client sends, and its bytes go back. */
    public void echo(long socket, int bytes) {
        kernel.arrive(socket, bytes);
        run();
    }

    /** The port of a client's socket, from 0. */
    int port(long socket) {
        return (int) kernel.port(socket) - 1;
    }

    /** As {@link #echo(long, int)}, on the thread of the socket's port. */
    void echo(int port, long socket, int bytes) {
        kernel.arrive(socket, bytes);
        run(port);
    }

    /** The client goes, and the socket is free again, or posted to another accept. */
    public void leave(long socket) {
        kernel.arrive(socket, 0);
        run();
    }

    /** A message from outside of the sessions goes out to each of these. */
    void broadcast(long[] ids, ByteBuffer message) {
        engine.commands.broadcast(ids, message.clear());
        run();
    }

    /** How many packets other threads have posted. */
    int posts() {
        return kernel.posts.get();
    }

    /** How often a thread that had no view of the system was given a new one. */
    int attached() {
        return kernel.attached.get();
    }

    /** Time passes, tick by tick. */
    void idle(int millis) {
        for (int i = 0; i < millis; i += TICK_MILLIS) {
            kernel.pass(TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS));
            for (int port = 0; port < workers.length; port++) {
                engine.shards().get(port).dequeue(workers[port]);
            }
            run();
        }
    }

    long nowNanos() {
        return kernel.nanoTime();
    }

    /** Memory that the server has beside the Java heap, without what it has offered to the system. */
    long committedBytes() {
        return kernel.committedBytes() - kernel.buffersCommitted + statistics().resources().bufferBytes();
    }

    /** Counts apart what is committed for the server's buffers, which it reserves first: it knows which are reset. */
    private static final class Kernel extends NullWin32 {
        private long buffers;
        private long buffersEnd;
        private long buffersCommitted;
        private final AtomicInteger posts = new AtomicInteger();
        private final AtomicInteger attached = new AtomicInteger();

        Kernel(int sockets) {
            super(sockets);
        }

        private Win32 attach() {
            attached.incrementAndGet();
            return this;
        }

        @Override
        public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
            posts.incrementAndGet();
            return super.postQueuedCompletionStatus(port, bytes, key, overlapped);
        }

        /** By whichever thread has a pool grow, one at a time. */
        @Override
        public synchronized long virtualAlloc(long address, long bytes, int type, int protection) {
            long given = super.virtualAlloc(address, bytes, type, protection);
            if (type == MEM_RESERVE() && buffers == 0) {
                buffers = given;
                buffersEnd = given + bytes;
            } else if (type == MEM_COMMIT() && address >= buffers && address < buffersEnd) {
                buffersCommitted += bytes;
            }
            return given;
        }
    }

    SessionEngine engine() {
        return engine;
    }

    public ServerStatistics statistics() {
        return engine.statistics(0);
    }

    /** Dequeues and dispatches what there is. */
    void run() {
        boolean isDone;
        do { // one port's may be the cause of another's
            isDone = true;
            for (int port = 0; port < workers.length; port++) {
                isDone &= !run(port);
            }
        } while (!isDone);
    }

    /** Whether there was anything on the port. */
    private boolean run(int port) {
        boolean isAny = false;
        while (kernel.waitingPackets(port + 1) > 0 || workers[port].hasWork()) {
            engine.shards().get(port).dequeue(workers[port]);
            isAny = true;
        }
        return isAny;
    }
}
