package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.SOMAXCONN;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.RefCount;
import org.iocp4j.port.TimerWheel;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;
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

    /**
     * How often a tick comes, and the longest that a worker waits: so a deadline that one worker sets, and another
     * would have to wake up for, is that much late at most, and nobody has to be woken.
     */
    private static final int TICK_MILLIS = 100;
    private static final long TICK_NANOS = TICK_MILLIS * 1_000_000L;
    /** After so many sessions of a broadcast the workers begin to send. */
    private static final int MOST_IN_A_BATCH = 16_384;
    private static final long[] NONE = {};

    final ServerOptions options;
    /** {@link ServerOptions#idleTime}, asked for at each look at a session; 0: no limit. */
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
    /** {@link #grow}, for send queues. */
    final BooleanSupplier growth = this::grow;
    private final CallerViews views;
    private final DisconnectMethod method;
    private final IoDomain domain;
    private final StreamListener listener;
    private final SessionTable table;
    /** Those that dequeue. */
    private final List<IoThread> workers = new CopyOnWriteArrayList<>();
    private final long startNanos;
    private final AtomicBoolean ticking = new AtomicBoolean();
    /** Written by the thread that ticks. */
    private volatile long nextTickNanos;
    /** One reference for the server itself, until it is closed, and one for each thread that has the pool grow. */
    private final RefCount references = new RefCount();
    private volatile boolean stopping;
    /** Set at the end: operations that the kernel has for ever, and the buffers of these with them. */
    private int operationsLost;

    /** Listens when it returns, but accepts nothing before {@link #accept}. */
    SessionEngine(ServerOptions options, DisconnectMethod method, Delivery delivery, SessionIdentity identity,
                  SessionHandler handler, Supplier<Win32> system, IoThread io) throws Win32Exception {
        this.options = options;
        this.idleNanos = options.idleTime().toNanos();
        this.disconnectNanos = options.disconnectTime().toNanos();
        this.handler = handler;
        this.identity = identity;
        this.method = method;
        this.views = new CallerViews(system);
        this.startNanos = io.nowNanos();
        this.nextTickNanos = startNanos;
        Win32 win32 = io.win32();
        int sockets = options.maxSessions() + options.accepts() + options.pool() + CLOSED_SOCKETS;
        FreeList.Order order = options.reuseLatest() ? FreeList.Order.LIFO : FreeList.Order.FIFO;
        boolean reset = method == DisconnectMethod.CLOSE;
        ListenerOptions listenerOptions = new ListenerOptions(options.address(), SOMAXCONN(),
                reset || options.listenerLinger(), reset, options.socketSendBufferBytes(),
                OptionalInt.empty());
        DomainOptions domainOptions = new DomainOptions(DomainOptions.Threads.POOL, options.concurrency(), sockets,
                delivery, false, method, options.pool(), options.mostFreeSockets(), order, options.disconnectTime(),
                null);
        Deque<Runnable> undo = new ArrayDeque<>();
        try {
            BufferPool bufferPool = new BufferPool(win32, options.bufferBytes(), options.buffers());
            undo.push(() -> bufferPool.release(win32));
            // The packets of Mailbox.wakeWorker: each ends a wait, and before the next one the worker looks there.
            IoDomain ioDomain = new IoDomain(domainOptions, (key, bytes, on) -> { }, io);
            undo.push(() -> ioDomain.end(io, options.disconnectTime()));
            ioDomain.prefill(Sockaddr.family(options.address().getAddress()), options.pool(), io);
            buffers = bufferPool;
            domain = ioDomain;
            table = new SessionTable(options.maxSessions(), order, slot -> new IocpSession(this, slot));
            mailbox = new Mailbox(this, domain, views, options.workers());
            listener = domain.listen(listenerOptions, this::connected, io);
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
    public void received(StreamSocket socket, int status, int bytes, IoThread io) {
        long owner = socket.receiveOwner();
        IocpSession session = table.find(owner);
        if (session == null) {
            late(socket);
        } else if (misnamed(owner, socket, io)) {
            session.misdirected(false, status, bytes, io);
        } else {
            session.receiveCompleted(status, bytes, io);
        }
    }

    @Override
    public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
        long owner = socket.sendOwner();
        IocpSession session = table.find(owner);
        if (session == null) {
            late(socket);
        } else if (misnamed(owner, socket, io)) {
            session.misdirected(true, status, bytes, io);
        } else {
            session.sendCompleted(status, bytes, io);
        }
    }

    /** The socket is free or closed, and its session has ended. */
    @Override
    public void gone(StreamSocket socket, IoThread io) {
        IocpSession session = table.find(socket.owner());
        if (session != null) { // else the connection was refused, or its session ended without packets
            session.vacate();
            table.release(session);
        }
        socket.recycle();
    }

    private boolean misnamed(long owner, StreamSocket socket, IoThread io) {
        if (identity == SessionIdentity.OVERLAPPED) {
            return false;
        }
        long key = io.packetKey();
        if (identity.names(key, SessionId.slot(owner), owner, domain)) {
            return false;
        }
        counters.keyMismatches.increment();
        LOG.debug("key {} names another session than {}, {}", key, Long.toUnsignedString(owner), socket);
        return true;
    }

    private void late(StreamSocket socket) {
        counters.latePackets.increment();
        LOG.debug("a late packet, {}", socket);
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
    private void connected(StreamSocket socket, IoThread io) {
        IocpSession session = null;
        LongAdder refusals = counters.sessionsRefusedStopping; // where it counts if it is refused, or throws, now
        boolean isTaken = false;
        try {
            if (!stopping) {
                refusals = counters.sessionsRefusedMemory;
                session = table.allocate();
                if (session == null) {
                    refusals = counters.sessionsRefusedFull;
                } else if (takeBuffer(session.input(), io)) {
                    refusals = counters.sessionsRefusedAssociation;
                    isTaken = attach(socket, session, io);
                }
            }
        } finally {
            if (!isTaken) {
                refusals.increment();
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

    private boolean attach(StreamSocket socket, IocpSession session, IoThread io) {
        int error = -socket.attach(this, identity.key(session.slot(), socket.slot()), io);
        if (error != 0) {
            String more = refusalLines.next();
            if (more != null) {
                LOG.error("CreateIoCompletionPort: {}, {}{}", ErrorName.of(error), socket, more);
            }
        }
        return error == 0;
    }

    /** Releases what there is for the connection, if anything, and resets it. */
    private void refuse(StreamSocket socket, @Nullable IocpSession session, IoThread io) {
        if (session != null) {
            session.input().giveBack(io);
            table.release(session);
        }
        socket.close(Closing.RST, io);
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
        session.socket().close(method.reuses() ? Closing.REUSE : Closing.FIN, io);
    }

    /**
     * The same for a session whose last bytes were dropped: the reset tells its peer that it has not got everything.
     */
    void cut(IocpSession session, IoThread io) {
        counters.sessionsCut.increment();
        session.socket().close(Closing.RST, io);
    }

    DisconnectMethod method() {
        return method;
    }

    // ---- any thread ----

    // None of these holds the server's memory open by a count that every sender would write to. A sender writes to it
    // under its session's queue's lock, and only while that is open; they are all closed before it is released.

    /** Whether the bytes were accepted. */
    boolean send(long id, ByteBuffer data) {
        IocpSession session = table.at(SessionId.slot(id));
        if (session == null || isPortLost()) {
            return false;
        }
        SendQueue.Added added = queue(session, id, data);
        if (added == SendQueue.Added.NEEDS_FLUSH) {
            mailbox.ask(session, id, IocpSession.FLUSH);
        }
        return added.isAccepted();
    }

    /** Which of the sessions have not accepted the bytes. */
    long[] broadcast(long[] ids, ByteBuffer data) {
        int position = data.position();
        Mailbox.Batch batch = new Mailbox.Batch();
        long[] refused = NONE;
        int refusals = 0;
        try {
            for (int i = 0; i < ids.length; i++) {
                long id = ids[i];
                if (!addTo(batch, id, data)) {
                    if (refusals == 0) {
                        refused = new long[ids.length - i];
                    }
                    refused[refusals++] = id;
                }
                data.position(position);
                if (batch.size() == MOST_IN_A_BATCH) {
                    mailbox.put(batch);
                }
            }
        } finally {
            mailbox.put(batch);
        }
        return refusals == refused.length ? refused : Arrays.copyOf(refused, refusals);
    }

    private boolean addTo(Mailbox.Batch batch, long id, ByteBuffer data) {
        IocpSession session = table.at(SessionId.slot(id));
        if (session == null || isPortLost()) {
            return false;
        }
        SendQueue.Added added = queue(session, id, data);
        if (added == SendQueue.Added.NEEDS_FLUSH && session.ask(id, IocpSession.FLUSH)) {
            batch.add(session);
        }
        return added.isAccepted();
    }

    private SendQueue.Added queue(IocpSession session, long id, ByteBuffer data) {
        SendQueue.Added added = session.queue().add(id, data, growth, null);
        if (added == SendQueue.Added.FULL) {
            counters.sendsRefused.increment();
        } else if (added == SendQueue.Added.NO_MEMORY) {
            counters.memoryRefusals.increment();
        }
        return added;
    }

    /** One more free buffer; false if there is no memory for it, or the server has ended. */
    private boolean grow() {
        Win32 view = views.take();
        try {
            return references.tryAcquire() && grow(view);
        } finally {
            views.give(view);
        }
    }

    private boolean grow(Win32 view) {
        try {
            return buffers.grow(view);
        } finally {
            release(view);
        }
    }

    /** Asks a worker to end the session, if it has not ended. */
    void end(long id, boolean abrupt) {
        IocpSession session = table.find(id);
        if (session != null && !isPortLost()) {
            mailbox.ask(session, id, abrupt ? IocpSession.ABORT : IocpSession.DISCONNECT);
        }
    }

    // ---- worker threads ----

    /** The calling thread is going to {@link #dequeue}. */
    void enter(IoThread io) {
        workers.add(io);
    }

    /** It does no more. */
    void leave(IoThread io) {
        io.giveStockBack();
        workers.remove(io);
    }

    /** Looks after the sessions' deadlines; {@link #dequeue} runs those that are due. */
    TimerWheel timers() {
        return domain.timers();
    }

    /** The first whole tick from this time on: deadlines that expire together wake each worker once. */
    long wholeTick(long nanos) {
        return nanos + Math.floorMod(startNanos - nanos, TICK_NANOS);
    }

    /**
     * Waits for packets for at most the length of a tick and dispatches them; then runs the deadlines that are due, and
     * the tick if it is.
     *
     * @throws CompletionFailedException if anything threw; everything else that there was to do has been done
     */
    void dequeue(IoThread io) {
        try {
            domain.dequeue(io, mailbox.isEmpty() ? TICK_MILLIS : 0);
        } catch (Win32Exception e) {
            counters.workerFailures.incrementAndGet();
            if (isPortLost()) {
                return;
            }
            LOG.error("a worker cannot dequeue: {}", e.getMessage());
            io.win32().sleep(TICK_MILLIS); // the shortage may pass; without this pause the log would fill the disk
        } finally {
            if (!isPortLost()) { // nothing that is posted would come home
                mailbox.drain(io);
                tickIfDue(io);
            }
        }
        io.throwFailure();
    }

    /** Other code has closed the port: no packet comes any more, and the server can only stop. Every worker notices. */
    boolean isPortLost() {
        return domain.isPortLost();
    }

    void accept(IoThread io) {
        listener.depth(options.accepts(), io);
    }

    /** By one thread at a time; the next tick is due a fixed time after the end of this one, however long it takes. */
    private void tickIfDue(IoThread io) {
        if (io.nowNanos() - nextTickNanos < 0 || !ticking.compareAndSet(false, true)) {
            return;
        }
        try {
            if (io.nowNanos() - nextTickNanos >= 0) { // or another thread has ticked since
                tick(io);
                io.refreshNow();
                nextTickNanos = io.nowNanos() + TICK_NANOS;
            }
        } catch (Throwable e) {
            io.failed(e);
        } finally {
            ticking.set(false);
        }
    }

    /**
     * What depends on time and on no session: it takes as long for a million of them as for one. If one part throws,
     * the others are done all the same.
     */
    private void tick(IoThread io) {
        workers.forEach(worker -> worker.forEachDeferred(task -> postIfLate(task, io)));
        attempt(on -> buffers.trim(on.win32()), io);
    }

    /** What one worker has put off, and not come to since it is stuck in a handler, say, another one does. */
    private static void postIfLate(IoTask task, IoThread io) {
        if (task instanceof IocpSession session && session.isReceiveLate(io.nowNanos())) {
            attempt(session::run, io);
        }
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

    /**
     * The last step, when no worker is at work any more: no packet ends the sessions that are left, so they end here.
     * Then handles are closed, and what is pending is awaited.
     */
    void end(IoThread io) {
        if (table.inUse() > 0) {
            LOG.error("{} sessions had not ended in time: cut off", table.inUse());
            forEachSession(session -> {
                if (session.endWithoutPackets()) {
                    table.release(session);
                }
            }, io);
        }
        operationsLost = domain.end(io, options.disconnectTime());
    }

    boolean isQuiet() {
        return listener.isGone() && table.inUse() == 0;
    }

    int operationsPending() {
        return domain.pendingCount();
    }

    /**
     * Drops the caller's reference; the last one to do so releases the buffers.
     *
     * @param win32 the caller's view
     */
    void release(Win32 win32) {
        if (references.drop()) {
            views.close();
            releaseAll(win32);
        }
    }

    private void releaseAll(Win32 win32) {
        if (operationsLost > 0) {
            return; // the buffers of these are the kernel's, too
        }
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
                counters.traffic(), ServerStatistics.Sockets.of(domain), counters.incidents(listener, domain),
                counters.faults(domain), ServerStatistics.Resources.of(buffers, domain, systemCalls));
    }
}
