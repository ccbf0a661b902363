package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.ERROR_ABANDONED_WAIT_0;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.RefCount;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.Disconnector;
import org.iocp4j.socket.Listener;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.PooledSocket;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * What all sessions of a server share, and the path of a packet to its session: the id in the packet's operation finds
 * it, whatever the packet's completion key is.
 */
final class SessionEngine implements SocketEvents {
    static final Log LOG = Log.of(IocpServer.class);
    /** Extra slots for closed sockets whose packets are still outstanding. */
    private static final int CLOSED_SOCKETS = 1024;

    private static final int TICK_MILLIS = 100;

    final ServerOptions options;
    /** {@link ServerOptions#idleTime}, asked for at each tick of each session; 0: no limit. */
    final long idleNanos;
    /** {@link ServerOptions#disconnectTime}, likewise. */
    final long disconnectNanos;
    final SessionHandler handler;
    final ServerStatistics.Counters counters = new ServerStatistics.Counters();
    /** Limits log lines about the handler: a peer may be able to make it fail with each message. */
    final LogLimit handlerLines = new LogLimit();
    /** Limits log lines about calls that the system refuses. */
    final LogLimit refusalLines = new LogLimit();
    final BufferPool buffers;
    final Mailbox mailbox;
    private final SessionIdentity identity;
    /** The calling thread's view of Windows; looking it up takes time, so it is asked for only if needed. */
    final Supplier<Win32> callers;
    private final OperationSlab slab;
    private final CompletionPort port;
    private final SocketPool pool;
    private final Disconnector disconnector;
    private final Listener listener;
    private final SessionTable table;
    private final Delivery delivery;
    private final AtomicBoolean ticking = new AtomicBoolean();
    /** Written by the thread that ticks. */
    private volatile long nextTickNanos;
    /** One reference for the server itself, until it is closed, and one for each thread of others that is inside. */
    private final RefCount references = new RefCount();
    private volatile boolean stopping;
    private final AtomicBoolean portLost = new AtomicBoolean();

    /** Listens when it returns, but accepts nothing before {@link #accept}. */
    SessionEngine(ServerOptions options, DisconnectMethod method, Delivery delivery, SessionIdentity identity,
                  SessionHandler handler, Supplier<Win32> system, IoThread io) throws Win32Exception {
        this.options = options;
        this.idleNanos = options.idleTime().toNanos();
        this.disconnectNanos = options.disconnectTime().toNanos();
        this.handler = handler;
        this.identity = identity;
        this.delivery = delivery;
        this.callers = ThreadLocal.withInitial(system)::get;
        this.nextTickNanos = io.nowNanos();
        Win32 win32 = io.win32();
        int sockets = options.maxSessions() + options.accepts() + options.pool() + CLOSED_SOCKETS;
        FreeList.Order order = options.reuseLatest() ? FreeList.Order.LIFO : FreeList.Order.FIFO;
        boolean reset = method == DisconnectMethod.CLOSE;
        ListenerOptions listenerOptions = new ListenerOptions(options.address(), options.accepts(),
                reset || options.listenerLinger(), reset, options.socketSendBufferBytes());
        Deque<Runnable> undo = new ArrayDeque<>();
        try {
            BufferPool bufferPool = new BufferPool(win32, options.bufferBytes(), options.buffers());
            undo.push(() -> bufferPool.release(win32));
            OperationSlab operations = new OperationSlab(win32, sockets * SocketPool.OPERATIONS_PER_SOCKET);
            undo.push(() -> operations.release(win32));
            CompletionPort completionPort = new CompletionPort(win32, options.concurrency(), operations,
                    this::requested);
            undo.push(() -> completionPort.close(win32));
            SocketPool socketPool = new SocketPool(io, options.address().getAddress(), options.pool(), sockets, order,
                    operations, this);
            undo.push(() -> socketPool.release(win32));
            undo.push(() -> socketPool.closeAll(io));
            socketPool.prefill(options.pool(), io);
            buffers = bufferPool;
            slab = operations;
            port = completionPort;
            pool = socketPool;
            disconnector = new Disconnector(method, options.disconnectTime(), pool, this::ended);
            table = new SessionTable(options.maxSessions(), order, slot -> new IocpSession(this, slot));
            mailbox = new Mailbox(this, table, port);
            listener = new Listener(io, listenerOptions, port, pool, this::connected);
        } catch (Throwable e) {
            undo.forEach(step -> undo(step, e));
            throw e;
        }
    }

    private static void undo(Runnable step, Throwable why) {
        try {
            step.run();
        } catch (Throwable e) {
            why.addSuppressed(e);
        }
    }

    // ---- packets ----

    @Override
    public void accepted(PooledSocket socket, int status, IoThread io) {
        listener.completed(socket, status, io);
    }

    @Override
    public void received(PooledSocket socket, long key, int status, int bytes, IoThread io) {
        long owner = socket.receive().owner();
        IocpSession session = table.find(owner);
        if (session == null) {
            late(socket);
        } else if (misnamed(key, owner, socket)) {
            session.misdirected(false, status, bytes, io);
        } else {
            session.receiveCompleted(status, bytes, io);
        }
    }

    @Override
    public void sent(PooledSocket socket, long key, int status, int bytes, IoThread io) {
        long owner = socket.send().owner();
        IocpSession session = table.find(owner);
        if (session == null) {
            late(socket);
        } else if (misnamed(key, owner, socket)) {
            session.misdirected(true, status, bytes, io);
        } else {
            session.sendCompleted(status, bytes, io);
        }
    }

    @Override
    public void disconnected(PooledSocket socket, long key, int status, IoThread io) {
        misnamed(key, socket.owner(), socket); // only counted: the operation names the right session
        disconnector.completed(socket, status, io);
    }

    private boolean misnamed(long key, long owner, PooledSocket socket) {
        if (identity == SessionIdentity.OVERLAPPED || identity.names(key, SessionId.slot(owner), owner, pool)) {
            return false;
        }
        counters.keyMismatches.increment();
        LOG.debug("key {} names another session than {}, {}", key, Long.toUnsignedString(owner), socket);
        return true;
    }

    private void late(PooledSocket socket) {
        counters.latePackets.increment();
        LOG.debug("a late packet, {}", socket);
    }

    /** A packet of {@link CompletionPort#post}. */
    private void requested(long key, int request, IoThread io) {
        mailbox.handle(key, request, io);
    }

    /** What it throws is reported after this thread's work at hand, and keeps nothing else from being done. */
    static void attempt(Consumer<IoThread> work, IoThread io) {
        try {
            work.accept(io);
        } catch (Throwable e) {
            io.failed(e);
        }
    }

    // ---- connections ----

    /** From the listener: a connection needs a session, a buffer and, the first time, the port. */
    private void connected(PooledSocket socket, IoThread io) {
        IocpSession session = null;
        boolean isTaken = false;
        try {
            session = stopping ? null : table.allocate();
            isTaken = session != null && takeBuffer(session.input(), io) && associate(socket, session, io);
        } finally {
            if (!isTaken) {
                refuse(socket, session, io);
            }
        }
        if (session != null && isTaken) {
            session.open(socket, io);
            if (stopping) { // stop() may have looked at this slot before
                session.endFor(session.id(), CloseReason.SERVER_STOPPED, false, io);
            }
        }
    }

    private boolean associate(PooledSocket socket, IocpSession session, IoThread io) {
        int error = socket.associateOnce(port, identity.key(session.slot(), socket.slot()), delivery, io);
        if (error != 0) {
            String more = refusalLines.next();
            if (more != null) {
                LOG.error("CreateIoCompletionPort: {}, {}{}", ErrorName.of(error), socket, more);
            }
        }
        return error == 0;
    }

    /** Releases what there is for the connection, if anything, and resets it. */
    private void refuse(PooledSocket socket, @Nullable IocpSession session, IoThread io) {
        counters.sessionsRefused.increment();
        if (session != null) {
            session.input().giveBack();
            table.release(session);
        }
        pool.reset(socket, io);
    }

    /** False, and counted, if the system has no memory for a buffer. */
    boolean takeBuffer(ReceiveBuffer input, IoThread io) {
        boolean isTaken = input.take(io);
        if (!isTaken) {
            counters.memoryRefusals.increment();
        }
        return isTaken;
    }

    /** Called by the session when nothing of it is pending any more. */
    void disconnect(IocpSession session, IoThread io) {
        disconnector.disconnect(session.socket(), session.id(), io);
    }

    /**
     * The same for a session whose last bytes were dropped: the reset tells its peer that it has not got everything.
     */
    void cut(IocpSession session, IoThread io) {
        counters.sessionsCut.increment();
        disconnector.reset(session.socket(), session.id(), io);
    }

    /** From the disconnector: the socket is free or closed, and the session has ended. */
    private void ended(long owner, IoThread io) {
        IocpSession session = table.find(owner);
        assert session != null : "a session's id is its own until its socket is back";
        session.vacate();
        table.release(session);
    }

    DisconnectMethod method() {
        return disconnector.method();
    }

    // ---- any thread ----

    /** Whether the bytes were accepted. */
    boolean send(long id, ByteBuffer data) {
        IocpSession session = table.at(SessionId.slot(id));
        if (session == null || isPortLost() || !references.tryAcquire()) {
            return false;
        }
        try {
            SendQueue.Added added = session.queue().add(id, data, callers);
            if (added == SendQueue.Added.FULL) {
                counters.sendsRefused.increment();
            } else if (added == SendQueue.Added.NO_MEMORY) {
                counters.memoryRefusals.increment();
            } else if (added == SendQueue.Added.NEEDS_FLUSH) {
                mailbox.flush(id);
            }
            return added.isAccepted();
        } finally {
            release(callers);
        }
    }

    /** Asks a worker to end the session, if it has not ended. */
    void end(long id, boolean abrupt) {
        if (isPortLost() || !references.tryAcquire()) {
            return;
        }
        try {
            mailbox.end(id, abrupt);
        } finally {
            release(callers);
        }
    }

    // ---- worker threads ----

    /**
     * Waits for packets for at most the length of a tick and dispatches them; then runs the tick if it is due.
     *
     * @throws CompletionFailedException if anything threw; everything else that there was to do has been done
     */
    void dequeue(IoThread io) {
        try {
            port.dequeue(io, TICK_MILLIS);
        } catch (Win32Exception e) {
            counters.workerFailures.incrementAndGet();
            if (e.code() == ERROR_ABANDONED_WAIT_0() || e.code() == ERROR_INVALID_HANDLE()) {
                portLost(e.getMessage());
                return;
            }
            LOG.error("a worker cannot dequeue: {}", e.getMessage());
            io.win32().sleep(TICK_MILLIS); // the shortage may pass; without this pause the log would fill the disk
        } finally {
            tickIfDue(io);
        }
        io.throwFailure();
    }

    /** Other code has closed the port: no packet comes any more, and the server can only stop. Every worker notices. */
    void portLost(@Nullable String how) {
        if (portLost.compareAndSet(false, true)) {
            LOG.error("the port was closed from outside: nothing can be served any more, the server stops ({})", how);
        }
    }

    boolean isPortLost() {
        return portLost.get();
    }

    void accept(IoThread io) {
        listener.replenish(io);
    }

    /** By one thread at a time; the next tick is due a fixed time after the end of this one, however long it takes. */
    private void tickIfDue(IoThread io) {
        if (isPortLost() || io.nowNanos() - nextTickNanos < 0 || !ticking.compareAndSet(false, true)) {
            return;
        }
        try {
            if (io.nowNanos() - nextTickNanos >= 0) { // or another thread has ticked since
                tick(io);
                io.refreshNow();
                nextTickNanos = io.nowNanos() + TICK_MILLIS * 1_000_000L;
            }
        } catch (Throwable e) {
            io.failed(e);
        } finally {
            ticking.set(false);
        }
    }

    /** What depends on time. If one part throws, the others are done all the same. */
    private void tick(IoThread io) {
        mailbox.runTasks(io);
        attempt(listener::tick, io);
        attempt(disconnector::giveUpOverdue, io);
        forEachSession(session -> session.tick(io), io);
        attempt(on -> buffers.trim(on.win32()), io);
    }

    // ---- the end, in this order ----

    /** Accepts no more connections, and ends sessions once what they have queued is sent. */
    void stop(IoThread io) {
        stopping = true;
        attempt(listener::close, io);
        forEachSession(session -> session.endFor(session.id(), CloseReason.SERVER_STOPPED, false, io), io);
    }

    /** The drain time is over. */
    void abortAll(IoThread io) {
        forEachSession(session -> session.endFor(session.id(), CloseReason.SERVER_STOPPED, true, io), io);
    }

    /** No worker is at work any more, so no packet ends the sessions that are left: they end here. */
    void endWithoutPackets(IoThread io) {
        forEachSession(IocpSession::endWithoutPackets, io);
    }

    boolean isQuiet() {
        return listener.isClosed() && table.inUse() == 0;
    }

    int operationsPending() {
        return slab.pendingCount();
    }

    /** Closes all handles. No worker is at work any more, so nobody dispatches the packets that still come. */
    void closeHandles(IoThread io) {
        if (table.inUse() > 0) {
            LOG.error("{} sessions had not ended in time: cut off", table.inUse());
        }
        attempt(listener::closeNow, io);
        pool.closeAll(io);
    }

    /**
     * Dequeues packets and only marks their operations as complete; after {@link #closeHandles}.
     *
     * @return false if the port gives no more packets
     */
    boolean discardPackets(IoThread io) {
        try {
            port.discard(io, TICK_MILLIS);
            return true;
        } catch (Win32Exception e) {
            LOG.error("cannot await the last packets: {}", e.getMessage());
            return false;
        }
    }

    /**
     * Drops the caller's reference; the last one to do so releases port, slab and pools.
     *
     * @param caller asked only if it is the last
     */
    void release(Supplier<Win32> caller) {
        if (references.drop()) {
            releaseAll(caller.get());
        }
    }

    private void releaseAll(Win32 win32) {
        if (!isPortLost()) { // or its number may be that of another handle by now
            port.close(win32);
        }
        int out = slab.pendingCount();
        if (out > 0) {
            LOG.error("{} operations are still the kernel's: their memory stays allocated", out);
            return;
        }
        slab.release(win32);
        pool.release(win32);
        try {
            buffers.release(win32);
        } catch (IllegalStateException e) {
            LOG.error("a handler's buffer is in use elsewhere: the buffers' memory stays allocated ({})",
                    e.getMessage());
        }
    }

    private void forEachSession(Consumer<IocpSession> action, IoThread io) {
        for (int i = 0; i < table.made(); i++) {
            IocpSession session = table.at(i);
            if (session != null) {
                try {
                    action.accept(session);
                } catch (Throwable e) {
                    io.failed(e);
                }
            }
        }
    }

    InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /** @param systemCalls made by the threads that run this */
    ServerStatistics statistics(long systemCalls) {
        return new ServerStatistics(ServerStatistics.Connections.of(table, listener),
                ServerStatistics.Traffic.of(table),
                ServerStatistics.Sockets.of(pool, disconnector), counters.incidents(listener, disconnector),
                counters.faults(pool, port), ServerStatistics.Resources.of(buffers, slab, systemCalls));
    }
}
