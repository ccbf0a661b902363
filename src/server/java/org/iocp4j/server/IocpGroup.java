package org.iocp4j.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.HostPort;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.jspecify.annotations.Nullable;

/**
 * Completion ports and worker threads for any number of listeners and connects, whose sessions share buffers, sockets
 * and limits: for a program that listens at several addresses, or that connects to others.
 *
 * {@snippet lang=java :
 * var group = IocpGroup.start(GroupOptions.defaults());
 * IocpListener web = group.listen(address, new Web(), ListenOptions.defaults());
 * IocpListener admin = group.listen(adminAddress, new Admin(), ListenOptions.builder().acceptsPosted(5).build());
 * Future<SessionRef> session = group.connect(upstream, new Upstream(), ConnectOptions.defaults());
 * }
 *
 * <p>{@link IocpServer} is the short way for one listener.
 *
 * <p>All methods may be called by any thread, handlers' too, unless they say otherwise. {@link #start}, {@link #listen}
 * and {@link #close} block; the others may wait for a lock that is held for the copy of some bytes, and call Windows at
 * most to wake a worker.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IocpGroup implements AutoCloseable {
    private static final Log LOG = Log.of(IocpGroup.class);
    /** How long a handler that blocks may hold up {@link #close}. */
    private static final long WORKER_END_NANOS = 5_000_000_000L;
    /** How often {@link #close} checks whether the workers have finished. */
    private static final int CLOSE_POLL_MILLIS = 5;

    private final GroupOptions groupOptions;
    private final Supplier<Win32> system;
    private final SessionEngine engine;
    private final WorkerGroup workers;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    /** The thread in {@link #stop}, which may call handlers, too. */
    private volatile @Nullable Thread closer;

    /**
     * Starts a group that has no listener yet. Its threads keep the JVM alive until {@link #close}.
     *
     * @throws NullPointerException          if {@code options} is null
     * @throws IOException                   if Windows refuses a call; the message names it
     * @throws UnsupportedOperationException if this is not Windows, if the JVM denies this library native access, or if
     *                                       {@link GroupOptions#disconnectMethod} does not work here
     */
    public static IocpGroup start(GroupOptions options) throws IOException {
        return start(options, WindowsWin32::attach);
    }

    /** For {@link #start}, and for {@code server.internal.ServerFactory}, which finds it by its parameters. */
    private static IocpGroup start(GroupOptions options, Supplier<Win32> system) throws IOException {
        IocpGroup group = new IocpGroup(options, SessionIdentity.OVERLAPPED, system);
        group.startWorkers("a group");
        return group;
    }

    /** Without workers yet. */
    IocpGroup(GroupOptions options, SessionIdentity identity, Supplier<Win32> system) throws Win32Exception {
        this.groupOptions = Objects.requireNonNull(options, "options is null");
        this.system = Objects.requireNonNull(system, "system is null");
        Objects.requireNonNull(identity, "identity is null");
        try (Win32 win32 = attach(system)) {
            DisconnectMethod method = Capabilities.choose(options.disconnectMethod(), win32);
            // Only packets carry keys: where the key names the session, every operation sends one.
            Delivery delivery = identity == SessionIdentity.OVERLAPPED
                    ? Capabilities.chooseDelivery(method, win32) : Delivery.PACKET;
            engine = new SessionEngine(options, method, delivery, identity, system, new IoThread(win32));
        }
        engine.group(this);
        workers = new WorkerGroup(engine, system, this::close);
    }

    /**
     * What is thrown has closed the group.
     *
     * @param name for Flight Recorder
     */
    void startWorkers(String name) {
        try {
            workers.start(groupOptions.workers());
            engine.telemetry.begin(name, this::statistics);
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

    /**
     * Listens at one more address. When this returns, clients can connect, and workers call the handler.
     *
     * @param address where; port 0 picks a free port. {@code new InetSocketAddress("::", port)} is for IPv6 and IPv4 of
     *                all interfaces, {@code new InetSocketAddress(port)} by default for IPv4 only, a loopback address
     *                for this machine only
     * @param handler is told of the sessions
     * @param options of this listener and its sessions
     * @return the listener, whose close leaves the group's others and all sessions as they are
     * @throws NullPointerException     if an argument is null; the message names it
     * @throws IllegalArgumentException if the address is not resolved, if the options do not go with the group's, or if
     *                                  all listeners would have more accepts than {@link GroupOptions#maxAcceptsPosted}
     * @throws IllegalStateException    if the group is closed
     * @throws IOException              if Windows refuses a call; the message names it, such as
     *                                  {@code bind: WSAEADDRINUSE (10048), ...}
     */
    public IocpListener listen(InetSocketAddress address, SessionHandler handler, ListenOptions options)
            throws IOException {
        return listen(address, handler, options, false);
    }

    /** @param lingerReset {@link ServerOptions#listenerLinger} */
    IocpListener listen(InetSocketAddress address, SessionHandler handler, ListenOptions options,
            boolean lingerReset) throws Win32Exception {
        SessionSettings.requireResolved("address", address);
        Objects.requireNonNull(handler, "handler is null");
        Objects.requireNonNull(options, "options is null");
        IocpListener listener;
        try (Win32 win32 = attach(system)) {
            listener = engine.listen(address, handler, options, lingerReset, new IoThread(win32));
        }
        listener.shard().mailbox.run(listener::accept);
        return listener;
    }

    /**
     * Connects to an address, and returns at once. Of each connect that does not throw here there is exactly one
     * result, which is told twice:
     *
     * <ul>
     * <li>The handler gets {@link SessionHandler#opened}, and from then on it is a session like any other; or it gets
     * {@link SessionHandler#connectFailed}. Both on a worker, or on the {@link GroupOptions#handlerExecutor}; what that
     * refuses, a worker calls.
     * <li>The future is done after that call: with the session, or with the
     * {@link ConnectFailedException} as the cause of its {@link java.util.concurrent.ExecutionException}. So a handler
     * does not wait for it: on a worker, {@code get} throws an {@link IllegalStateException} unless the future is done.
     * To cancel it closes the socket; the future is done at once then, and the handler gets
     * {@link ConnectFailure#CANCELLED}.
     * </ul>
     *
     * <p>A connect takes one of the {@link GroupOptions#maxSessions} from here on. Its socket serves one connection
     * only.
     *
     * @param remote  resolved; not port 0
     * @param handler is told of the session, or that there is none
     * @param options of this connect and its session
     * @return the connect's result; its cancel closes the socket
     * @throws NullPointerException     if an argument is null; the message names it
     * @throws IllegalArgumentException if the address is not resolved, or has port 0; if the options do not go with the
     *                                  group's; or if their local address is of another family than the remote one
     * @throws ConnectFailedException   if there is no session for it ({@link ConnectFailure#NO_ROOM}), or the
     *                                  group is closed ({@link ConnectFailure#CANCELLED}). Then nothing else is told
     */
    public Future<SessionRef> connect(InetSocketAddress remote, SessionHandler handler, ConnectOptions options)
            throws ConnectFailedException {
        SessionSettings.requireResolved("remote", remote);
        Objects.requireNonNull(handler, "handler is null");
        Objects.requireNonNull(options, "options is null");
        if (remote.getPort() == 0) {
            throw new IllegalArgumentException("remote: " + HostPort.text(remote) + " has no port to connect to");
        }
        options.localAddress().ifPresent(local -> {
            if (Sockaddr.family(local.getAddress()) != Sockaddr.family(remote.getAddress())) {
                throw new IllegalArgumentException("localAddress: " + local.getAddress().getHostAddress()
                        + " is of another family than " + remote.getAddress().getHostAddress());
            }
        });
        return engine.connect(remote, handler, options, this::isOwn);
    }

    /** How connections are closed: the method that the options asked for, or else the best that works here. */
    public DisconnectMethod disconnectMethod() {
        return engine.method();
    }

    /**
     * Whether it serves. False as soon as {@link #close} has begun, a worker's failure has stopped the group ({@link
     * OnWorkerFailure#STOP}), or other code in this process has closed a completion port of the group, which stops
     * it, too.
     */
    public boolean isOpen() {
        return !closing.get() && !engine.isPortLost();
    }

    /**
     * The figures so far; also after {@link #close}. It takes longer with more workers and listeners, not with more
     * sessions.
     */
    public ServerStatistics statistics() {
        return engine.statistics(workers.systemCalls());
    }

    /**
     * Lends memory to the program, outside the heap, to be filled and then sent without a copy, once or many times. Any
     * thread. It is worth it for what is larger than a send queue, and for what is sent to many. It may return null:
     * check that.
     *
     * @param bytes how many, from 1 to {@link GroupOptions#lendBytes}
     * @return the memory, to be given back by {@link LentMemory#close}; or null if this and what is lent already would
     *         be more than lendBytes, or the system has no memory. That is counted
     *         ({@link ServerStatistics.Incidents#lendsRefused}): send a copy, or try again once something has been sent
     * @throws IllegalArgumentException if {@code bytes} is out of its range
     */
    public @Nullable LentMemory lend(int bytes) {
        return engine.lending.lend(bytes);
    }

    /**
     * Queues bytes for a session; a worker sends them. They are copied. All of {@code data} is accepted or nothing.
     * What is accepted goes out, unless the session is aborted or breaks before; its peer then gets a reset, not an end
     * in order.
     *
     * @param sessionId {@link Session#id}
     * @param data      the bytes from its position to its limit; if accepted, its position is set to the limit, else it
     *                  is unchanged
     * @return {@link SendResult#FULL}: its queue has too little room, or the system has no memory for the bytes now;
     *         {@link SessionHandler#writable} is called once there is some, or to try again.
     *         {@link SendResult#CLOSED}: the session has ended or is ending
     * @throws IllegalArgumentException if the session is there and {@code data} is longer than its send queue
     *                                  ({@link Session#sendQueueBytes})
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of a closed arena; nothing is
     *                                  queued
     */
    public SendResult send(long sessionId, ByteBuffer data) {
        return engine.commands.send(sessionId, false, data);
    }

    /**
     * Queues the same bytes for many sessions, for each as {@link #send} does, and then wakes the workers: by one
     * packet for each completion port that has some of the sessions, and by one more for each worker that comes to
     * help; the packets do not grow with the sessions up to 16,384 of a port. Sessions that something stands for
     * ({@link Session#wrapRef}), such as those inside of TLS, are woken one by one. But for these it costs far less
     * than as many sends. It does not block, but it takes the time of a copy for each session.
     *
     * <p>A session that does not take the bytes keeps nobody else from getting them. The result names it, and says why.
     * What stands for a session ({@link Session#wrapRef}) is called with a buffer of its own; if it throws, that is
     * counted as a handler's failure, and the session is {@link BroadcastResult#closed} for this broadcast.
     *
     * @param sessionIds {@link Session#id} of each, in any order; unchanged, and not kept. A session that is there
     *                   twice gets the bytes twice
     * @param data       the bytes from its position to its limit, both of which stay as they are
     * @return how many have taken the bytes, and who has not
     * @throws IllegalArgumentException if {@code data} is longer than {@link GroupOptions#sendQueueBytes}; then nobody
     *                                  gets the bytes
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of a closed arena; if that
     *                                  happens in the midst, the sessions before get the bytes
     */
    public BroadcastResult broadcast(long[] sessionIds, ByteBuffer data) {
        return engine.commands.broadcast(sessionIds, data);
    }

    /**
     * Has a session run an action, as a call of its handler: after the call that is under way, if there is one, and in
     * the order of the calls of this method. Returns at once.
     *
     * <p>What the calling thread has done before happens-before the action; what it has sent to the session before goes
     * out before what the action sends. An action that was taken is not run if the session has ended by then, or has
     * been asked to end: what must happen then belongs into {@link SessionHandler#closed}. Actions that wait do not
     * hold the input: for data use {@link #send}, which says when there is too much, and tells when there is room
     * again.
     *
     * @param sessionId {@link Session#id}
     * @return false if the session has ended or is ending, and the action was not taken
     * @throws NullPointerException       if the action is null
     * @throws RejectedExecutionException if {@link GroupOptions#maxActions} wait in the session already: its handler
     *                                    does not keep up. The action was not taken, and nothing tells when there is
     *                                    room
     */
    public boolean execute(long sessionId, SessionAction action) {
        return engine.commands.execute(sessionId, false, Objects.requireNonNull(action, "action is null"));
    }

    /**
     * Has a session {@link Session#pauseInput pause its input}, soon, by an action as {@link #execute} does.
     *
     * @return false if the session has ended or is ending
     * @throws RejectedExecutionException as for {@link #execute}
     */
    public boolean pauseInput(long sessionId) {
        return execute(sessionId, Session::pauseInput);
    }

    /**
     * Has a session {@link Session#resumeInput resume its input}, soon, by an action as {@link #execute} does.
     *
     * @return false if the session has ended or is ending
     * @throws RejectedExecutionException as for {@link #execute}
     */
    public boolean resumeInput(long sessionId) {
        return execute(sessionId, Session::resumeInput);
    }

    /**
     * Asks for a session to end once what is queued has been sent, and returns. Until a worker has seen it, sends and
     * actions are still taken. Does nothing if the session has ended.
     */
    public void disconnect(long sessionId) {
        engine.commands.end(sessionId, false, false);
    }

    /**
     * Asks for a session to end without sending what is queued, and returns: its peer gets a reset, as by
     * {@link Session#abort}. Does nothing if the session has ended.
     */
    public void abort(long sessionId) {
        engine.commands.end(sessionId, false, true);
    }

    /**
     * Stops the group: it accepts no more connections, gives up connects, gives its sessions
     * {@link GroupOptions#drainTime} to send what is queued, aborts those that are left, awaits all pending operations,
     * closes all sockets and releases all memory.
     *
     * <p>A peer that has got everything sees an end in order (FIN; with {@link DisconnectMethod#CLOSE} a reset), also
     * if its session is among those that are aborted; one for which bytes were dropped sees a reset, and so does one
     * inside of TLS, or of another {@link Session#wrapRef}, whose session has not ended its output. A call that blocks
     * on the {@link GroupOptions#handlerExecutor} holds up no connection: its peer sees the same. While handlers block
     * all the workers, no session ends: their peers see nothing until a handler returns. Who wants each peer to be
     * reset aborts the sessions before.
     *
     * <p>Blocks for at most drainTime, four times {@link GroupOptions#disconnectTime} and 5 s: 30 s with the defaults.
     * An interrupt of the calling thread does not shorten that. If the kernel still holds an operation then, its memory
     * stays allocated. If a handler still blocks a worker then, the rest is done when the handler returns. Both are
     * logged, and so are calls on the handlerExecutor that have not returned: each ends its session by itself,
     * {@link SessionHandler#closed} included. A second call of this method waits until the first has returned, or until
     * its thread is interrupted.
     *
     * @throws IllegalStateException if called by a handler, since it would wait for its own thread
     * @throws OutOfMemoryError      if there is no memory to begin with: nothing has changed then, and it can be called
     *                               again
     */
    @Override
    public void close() {
        if (isOwn(Thread.currentThread()) || engine.isInHandler(Thread.currentThread())) {
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

    /** Whether what a thread calls of a handler holds up the group itself. */
    private boolean isOwn(Thread thread) {
        return workers.isWorker(thread) || closer == thread;
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
        long disconnectNanos = groupOptions.disconnectTime().toNanos();
        try {
            drain(disconnectNanos, win32);
        } catch (Throwable e) {
            LOG.thrown(e, "cannot wait for the sessions: they are cut off");
        }
        workers.stop();
        await(() -> workers.isStopped() && !engine.isInCallElsewhere(), WORKER_END_NANOS, win32);
        if (!workers.isStopped()) {
            workers.logThoseAtWork("a handler still holds this worker: the group's handles and memory stay open until"
                    + " it returns");
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
        engine.telemetry.end();
        engine.end(groupOptions.disconnectTime(), io);
        engine.release(io.win32());
    }

    /** Sessions end, in order or by force, and their pending operations complete. */
    private void drain(long disconnectNanos, Win32 win32) {
        engine.stop();
        if (!await(engine::isQuiet, groupOptions.drainTime().toNanos(), win32)) {
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
