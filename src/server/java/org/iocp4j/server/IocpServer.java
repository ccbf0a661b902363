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
import org.iocp4j.server.identity.ServerFactory;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;

/**
 * A TCP server on a Windows I/O completion port, whose sockets are disconnected and used again.
 *
 * {@snippet lang=java :
 * try (var server = IocpServer.start(ServerOptions.builder().port(7).build(), (session, data) -> session.send(data))) {
 *     Thread.currentThread().join();
 * }
 * }
 *
 * <p>Its methods may be called from any thread, and only {@link #start} and {@link #close} block.
 */
public final class IocpServer implements AutoCloseable {
    private static final Log LOG = Log.of(IocpServer.class);
    /** How long a handler that blocks may hold up {@link #close}. */
    private static final long WORKER_END_NANOS = 5_000_000_000L;
    /** How often {@link #close} looks whether the workers are done. */
    private static final int CLOSE_POLL_MILLIS = 5;

    static {
        ServerFactory.register(IocpServer::new);
    }

    private final ServerOptions options;
    private final Supplier<Win32> system;
    private final SessionEngine engine;
    private final WorkerGroup workers;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    /** The thread in {@link #stop}, which may call handlers, too. */
    private volatile Thread closer;

    /**
     * Starts a server; clients can connect when this returns.
     *
     * @throws NullPointerException          naming what is null
     * @throws IOException                   if Windows refuses: {@code bind: WSAEADDRINUSE (10048), ...}
     * @throws UnsupportedOperationException if this is not Windows, or the JVM denies us native access, or the
     *                                       disconnect method asked for does not work here
     */
    public static IocpServer start(ServerOptions options, SessionHandler handler) throws IOException {
        return new IocpServer(options, handler, SessionIdentity.OVERLAPPED, WindowsWin32::attach);
    }

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
            engine.mailbox.run(engine::accept);
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

    /** Where it listens, with the port that was picked. */
    public InetSocketAddress localAddress() {
        return engine.localAddress();
    }

    /** The method in force: the one asked for, or the best that works here. */
    public DisconnectMethod disconnectMethod() {
        return engine.method();
    }

    /**
     * Whether it serves: not since {@link #close}, or since a worker's failure that stops it ({@link OnWorkerFailure}), or since
     * its port was closed by somebody else in this process, which stops it, too.
     */
    public boolean isOpen() {
        return !closing.get() && !engine.isPortLost();
    }

    public ServerStatistics statistics() {
        return engine.statistics(workers.systemCalls());
    }

    /**
     * Queues bytes for a session; a worker sends them.
     *
     * @param data read to its end if taken; untouched if not
     * @return whether it was taken; not if the session is over or closing, or its queue full
     * @throws IllegalArgumentException if {@code data} is larger than the whole queue
     */
    public boolean send(long sessionId, ByteBuffer data) {
        return engine.send(sessionId, data);
    }

    /** Ends a session when what is queued is out; nothing happens if it is over. */
    public void disconnect(long sessionId) {
        engine.end(sessionId, false);
    }

    /** Ends a session now, whatever is queued: the peer sees a reset if something was. Nothing happens if it is over. */
    public void abort(long sessionId) {
        engine.end(sessionId, true);
    }

    /**
     * Stops: no new connections, the sessions' queues go out for at most the drain time, what is left is cut off; then
     * every packet is awaited, the sockets closed and the memory given back. Takes at most the drain time, four times
     * the disconnect time and 5 s. If the kernel still holds an operation then, its memory stays allocated; if a handler
     * still holds a worker, the rest is done when that returns; either way the log says so. A second call waits for the first.
     *
     * @throws IllegalStateException if called from a handler, whose thread it would wait for
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
        try (Win32 win32 = system.get()) { // before anything is closing: without it, this can be tried again
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
            LOG.error("a handler still holds a worker thread: the server's handles and memory stay open until it returns");
        }
        workers.whenStopped(this::finish);
    }

    /** No worker is at work any more, whichever thread this runs on: nothing is left that could end by itself. */
    private void finish() {
        try (Win32 win32 = system.get()) {
            finish(new IoThread(win32));
        }
    }

    private void finish(IoThread io) {
        Win32 win32 = io.win32();
        engine.endWithoutPackets(io);
        engine.closeHandles(io);
        long deadline = win32.nanoTime() + options.disconnectTime().toNanos();
        boolean portOpen = !engine.isPortLost();
        while (portOpen && engine.operationsPending() > 0 && win32.nanoTime() - deadline < 0) {
            portOpen = engine.discardPackets(io);
        }
        engine.release(() -> win32);
    }

    /** Sessions end, by themselves or not, and what they have out comes home. */
    private void drain(long disconnectNanos, Win32 win32) {
        engine.mailbox.run(engine::stop);
        if (!await(() -> engine.isQuiet() || engine.isPortLost(), options.drainTime().toNanos(), win32)) {
            engine.mailbox.run(engine::abortAll);
            await(() -> engine.isQuiet() || engine.isPortLost(), 2 * disconnectNanos, win32);
        }
        await(() -> engine.operationsPending() == 0 || engine.isPortLost(), disconnectNanos, win32);
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
