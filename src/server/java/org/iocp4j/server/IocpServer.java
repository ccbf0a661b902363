package org.iocp4j.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.jspecify.annotations.Nullable;

/**
 * A TCP server on a Windows I/O completion port, or on several ({@link ServerOptions#ports}). Its sockets are
 * disconnected and reused where the platform supports that.
 *
 * {@snippet lang=java :
 * var server = IocpServer.start(ServerOptions.builder().port(7).build(), (session, data) -> session.send(data));
 * Runtime.getRuntime().addShutdownHook(new Thread(server::close)); // its threads keep the JVM alive until then
 * }
 *
 * <p>All methods may be called by any thread. {@link #start} and {@link #close} block; the others may wait for a lock
 * that is held for the copy of some bytes, and call Windows at most to wake a worker.
 */
public final class IocpServer implements AutoCloseable {
    private static final Log LOG = Log.of(IocpServer.class);
    /** How long a handler that blocks may hold up {@link #close}. */
    private static final long WORKER_END_NANOS = 5_000_000_000L;
    /** How often {@link #close} checks whether the workers have finished. */
    private static final int CLOSE_POLL_MILLIS = 5;

    private final ServerOptions options;
    private final Supplier<Win32> system;
    private final SessionEngine engine;
    private final WorkerGroup workers;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    /** The thread in {@link #stop}, which may call handlers, too. */
    private volatile @Nullable Thread closer;

    /**
     * Starts a server. When this returns, clients can connect, and workers call the handler.
     *
     * @throws NullPointerException          if an argument is null; the message names it
     * @throws IOException                   if Windows refuses a call; the message names it, such as
     *                                       {@code bind: WSAEADDRINUSE (10048), ...}
     * @throws UnsupportedOperationException if this is not Windows, if the JVM denies this library native access, or if
     *                                       {@link ServerOptions#disconnectMethod} does not work here
     */
    public static IocpServer start(ServerOptions options, SessionHandler handler) throws IOException {
        return new IocpServer(options, handler, SessionIdentity.OVERLAPPED, WindowsWin32::attach);
    }

    /** For {@link #start}, and for {@code server.internal.ServerFactory}, which finds it by its parameters. */
    private IocpServer(ServerOptions options, SessionHandler handler, SessionIdentity identity, Supplier<Win32> system)
            throws Win32Exception {
        Objects.requireNonNull(options, "options is null");
        Objects.requireNonNull(handler, "handler is null");
        Objects.requireNonNull(identity, "identity is null");
        Objects.requireNonNull(system, "system is null");
        this.options = options;
        this.system = system;
        try (Win32 win32 = attach(system)) {
            DisconnectMethod method = Capabilities.choose(options.disconnectMethod(), win32);
            // Only packets carry keys: where the key names the session, every operation sends one.
            Delivery delivery = identity == SessionIdentity.OVERLAPPED
                    ? Capabilities.chooseDelivery(method, options.address().getAddress(), win32) : Delivery.PACKET;
            engine = new SessionEngine(options, method, delivery, identity, handler, system, new IoThread(win32));
        }
        workers = new WorkerGroup(engine, system, this::close);
        try {
            workers.start(options.workers());
            engine.shards().getFirst().mailbox.run(engine::accept);
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private static Win32 attach(Supplier<Win32> system) throws Win32Exception {
        try {
            return system.get();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof Win32Exception refused) {
                throw refused;
            }
            throw e;
        }
    }

    /** The address that it listens on; if the options said port 0, with the port that was picked. */
    public InetSocketAddress localAddress() {
        return engine.localAddress();
    }

    /** How connections are closed: the method that the options asked for, or else the best that works here. */
    public DisconnectMethod disconnectMethod() {
        return engine.method();
    }

    /**
     * Whether it serves. False as soon as {@link #close} has begun, a worker's failure has stopped the server ({@link
     * OnWorkerFailure#STOP}), or other code in this process has closed a completion port of the server, which stops
     * it, too.
     */
    public boolean isOpen() {
        return !closing.get() && !engine.isPortLost();
    }

    /**
     * The figures so far; also after {@link #close}. Its time depends on the number of workers, not of sessions.
     */
    public ServerStatistics statistics() {
        return engine.statistics(workers.systemCalls());
    }

    /**
     * Queues bytes for a session; a worker sends them. They are copied. All of {@code data} is accepted or nothing.
     * What is accepted goes out, unless the session is aborted or breaks before; its peer then gets a reset, not an end
     * in order.
     *
     * @param sessionId {@link Session#id}
     * @param data      the bytes from its position to its limit; if accepted, its position is set to the limit, else it
     *                  is unchanged
     * @return whether the bytes were accepted; not if the session has ended or is ending, its queue has too little
     *         room, or the system has no memory
     * @throws IllegalArgumentException if {@code data} is longer than {@link ServerOptions#sendQueueBytes}
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of a closed arena; nothing is
     *                                  queued
     */
    public boolean send(long sessionId, ByteBuffer data) {
        return engine.send(sessionId, data);
    }

    /**
     * Queues the same bytes for many sessions, for each as {@link #send} does, and then wakes the workers: however many
     * sessions there are, by one packet, and by one more for each worker that comes to help. So it costs far less than
     * as many sends. It does not block, but it takes the time of a copy for each session.
     *
     * <p>A session that does not take the bytes keeps nobody else from getting them. The result names it: if it has
     * ended or is ending, no more need be done; else its client reads too slowly, so give up that session, or send it
     * the bytes later.
     *
     * @param sessionIds {@link Session#id} of each, in any order; unchanged, and not kept. A session that is there
     *                   twice gets the bytes twice
     * @param data       the bytes from its position to its limit, both of which stay as they are
     * @return the ids of those that did not take the bytes, in the order given; empty if all did
     * @throws IllegalArgumentException if {@code data} is longer than {@link ServerOptions#sendQueueBytes}
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of a closed arena; if that
     *                                  happens in the midst, the sessions before get the bytes
     */
    public long[] broadcast(long[] sessionIds, ByteBuffer data) {
        return engine.broadcast(sessionIds, data);
    }

    /**
     * Asks for a session to end once what is queued has been sent, and returns. Does nothing if the session has ended.
     */
    public void disconnect(long sessionId) {
        engine.end(sessionId, false);
    }

    /**
     * Asks for a session to end without sending what is queued, and returns. If anything was queued, the peer gets a
     * reset. Does nothing if the session has ended.
     */
    public void abort(long sessionId) {
        engine.end(sessionId, true);
    }

    /**
     * Stops the server: it accepts no more connections, gives its sessions {@link ServerOptions#drainTime} to send what
     * is queued, aborts those that are left, awaits all pending operations, closes all sockets and releases all memory.
     *
     * <p>Blocks for at most drainTime, four times {@link ServerOptions#disconnectTime} and 5 s. If the kernel still
     * holds an operation then, its memory stays allocated. If a handler still blocks a worker then, the rest is done
     * when the handler returns. Both are logged. A second call waits until the first has returned, or until its thread
     * is interrupted.
     *
     * @throws IllegalStateException if called by a handler, since it would wait for its own thread
     */
    @Override
    public void close() {
        if (workers.isWorker(Thread.currentThread()) || closer == Thread.currentThread()) {
            throw new IllegalStateException("close() from a handler: it would wait for its own thread");
        }
        if (closing.get()) {
            awaitClosed();
            return;
        }
        try (Win32 win32 = system.get()) { // first: if this fails, close() can be called again
            IoThread io = new IoThread(win32);
            if (closing.compareAndSet(false, true)) {
                closer = Thread.currentThread();
                stop(io);
            }
        } finally {
            if (closer == Thread.currentThread()) {
                closer = null;
                closed.countDown();
            }
        }
        awaitClosed();
    }

    private void awaitClosed() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stop(IoThread io) {
        Win32 win32 = io.win32();
        long disconnectNanos = options.disconnectTime().toNanos();
        try {
            drain(disconnectNanos, win32);
        } catch (Throwable e) {
            LOG.thrown(e, "cannot wait for the sessions: they are cut off");
        }
        workers.stop();
        if (!await(workers::isStopped, WORKER_END_NANOS, win32)) {
            LOG.error("a handler still holds a worker thread: the server's handles and memory stay open until it"
                    + " returns");
        }
        workers.whenStopped(this::finish);
    }

    /** On whichever thread: no worker is at work any more, so nothing that is left can end by itself. */
    private void finish() {
        try (Win32 win32 = system.get()) {
            finish(new IoThread(win32));
        }
    }

    private void finish(IoThread io) {
        engine.end(options.disconnectTime(), io);
        engine.release(io.win32());
    }

    /** Sessions end, in order or by force, and their pending operations complete. */
    private void drain(long disconnectNanos, Win32 win32) {
        engine.stop();
        if (!await(engine::isQuiet, options.drainTime().toNanos(), win32)) {
            engine.abortAll();
            await(engine::isQuiet, 2 * disconnectNanos, win32);
        }
        await(() -> engine.operationsPending() == 0, disconnectNanos, win32);
    }

    private static boolean await(BooleanSupplier condition, long nanos, Win32 win32) {
        long deadline = win32.nanoTime() + nanos;
        while (!condition.getAsBoolean()) {
            if (win32.nanoTime() - deadline >= 0) {
                return false;
            }
            win32.sleep(CLOSE_POLL_MILLIS);
        }
        return true;
    }
}
