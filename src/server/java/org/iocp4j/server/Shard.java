package org.iocp4j.server;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.TimerWheel;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DetachedSocket;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A completion port of a group, with what the sessions on it use: sockets, buffers, deadlines, and workers, which take
 * no other port's packets. A connection is one shard's from its first event to its last, and on the way of its bytes
 * nothing is written that another shard writes or reads. Here is also the path of a packet to its session: the id in
 * the packet's operation finds it, whatever the packet's completion key is.
 */
final class Shard implements SocketEvents {
    /**
     * How often a tick comes, and the longest that a worker waits: so a deadline that one worker sets, and another
     * would have to wake up for, is that much late at most, and nobody has to be woken.
     */
    static final int TICK_MILLIS = 100;
    static final long TICK_NANOS = TICK_MILLIS * 1_000_000L;

    final BufferPool buffers;
    final Mailbox mailbox;
    /** Has {@link #buffers} grow, for send queues. */
    final BooleanSupplier growth;
    /** Those of this shard that have had no result yet, from their call on, in the order of these. */
    final Set<Connect> connects = Collections.synchronizedSet(new LinkedHashSet<>());
    /** Calls that tell of failed connects, handed over and not returned. */
    final Set<Connect.FailedCall> failing = ConcurrentHashMap.newKeySet();
    /** Those whose sockets are connecting, or were closed before they could be a session's. */
    private final Map<StreamSocket, Connect> connecting = new ConcurrentHashMap<>();
    private final SessionEngine engine;
    private final int index;
    private final SessionTable table;
    private final IoDomain domain;
    /** Those that dequeue. */
    private final List<IoThread> workers = new CopyOnWriteArrayList<>();
    private final AtomicBoolean ticking = new AtomicBoolean();
    /** Written by the thread that ticks. */
    private volatile long nextTickNanos;
    /** Connections that came to another shard's worker. */
    private final LongAdder handedOver = new LongAdder();
    /** Sockets of those that were refused, and closed between two domains. */
    private final LongAdder closedOnTheWay = new LongAdder();
    /** Memory that sessions were sending when they ended without packets. */
    private final Queue<MemorySource> kept = new ConcurrentLinkedQueue<>();
    /** Set at the end: operations that the kernel has for ever, and the buffers of these with them. */
    private int operationsLost;

    /** @param index from 0 */
    Shard(SessionEngine engine, int index, SessionTable table, DomainOptions domainOptions, IoThread io)
            throws Win32Exception {
        this.engine = engine;
        this.index = index;
        this.table = table;
        this.nextTickNanos = io.nowNanos();
        buffers = new BufferPool(io.win32(), engine.options.bufferBytes(), engine.options.buffers());
        try {
            // The packets of Mailbox.wakeWorker: each ends a wait, and before the next one the worker looks there.
            domain = new IoDomain(domainOptions, (key, bytes, on) -> { }, io);
        } catch (Throwable e) {
            buffers.release(io.win32());
            throw e;
        }
        mailbox = new Mailbox(engine, domain, engine.views, engine.workersOf(index));
        growth = () -> engine.grow(buffers);
    }

    int index() {
        return index;
    }

    IoDomain domain() {
        return domain;
    }

    // ---- packets ----

    @Override
    public void connected(StreamSocket socket, int status, IoThread io) {
        Connect connect = connecting.get(socket);
        if (connect == null) {
            throw new IllegalStateException("connected, and nobody waits for it: " + socket);
        }
        connect.connected(status, io);
    }

    @Override
    public void received(StreamSocket socket, int status, int bytes, IoThread io) {
        long owner = socket.receiveOwner();
        IocpSession session = find(owner);
        if (session == null) {
            late(socket);
        } else if (misnamed(owner, socket, io)) {
            session.misdirected(false, status, bytes, io);
        } else {
            session.input().receiveCompleted(status, bytes, io);
        }
    }

    @Override
    public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
        long owner = socket.sendOwner();
        IocpSession session = find(owner);
        if (session == null) {
            late(socket);
        } else if (misnamed(owner, socket, io)) {
            session.misdirected(true, status, bytes, io);
        } else {
            session.output().sendCompleted(status, bytes, io);
        }
    }

    @Override
    public int prefetch(StreamSocket socket, int depth) {
        IocpSession session = table.find(socket.owner()); // which reads the first of it
        return session == null || depth == 0 ? 0 : session.prefetch();
    }

    /** The socket is free or closed, and its session has ended. */
    @Override
    public void gone(StreamSocket socket, IoThread io) {
        Connect connect = connecting.remove(socket);
        if (connect != null) {
            connect.ended();
            return; // whoever closes it for its time limit, say, may refer to it still: it serves no other connection
        }
        IocpSession session = find(socket.owner());
        if (session != null) { // else the connection was refused, or its session ended without packets
            if (!session.endsWithSocket()) {
                return; // a call of its handler may ask for its addresses: it serves no other connection
            }
            session.vacate();
            table.release(session);
        }
        socket.recycle();
    }

    private @Nullable IocpSession find(long id) {
        IocpSession session = table.find(id);
        assert session == null || session.shard() == this : "a packet for a session of another port";
        return session;
    }

    private boolean misnamed(long owner, StreamSocket socket, IoThread io) {
        if (engine.identity == SessionIdentity.OVERLAPPED) {
            return false;
        }
        long key = io.packetKey();
        if (engine.identity.names(key, SessionId.slot(owner), owner, domain)) {
            return false;
        }
        engine.counters.keyMismatches.increment();
        SessionEngine.LOG.debug("key {} names another session than {}, {}", key, Long.toUnsignedString(owner), socket);
        return true;
    }

    private void late(StreamSocket socket) {
        engine.counters.latePackets.increment();
        SessionEngine.LOG.debug("a late packet, {}", socket);
    }

    // ---- connections ----

    /** A connection that was accepted on this shard, and is this one's. */
    void begin(IocpSession session, SessionSettings settings, StreamSocket socket, IoThread io) {
        LongAdder refusals = engine.counters.sessionsRefusedMemory; // where it counts if it is refused, or throws, now
        boolean isTaken = false;
        try {
            if (engine.takeBuffer(session.input(), io)) {
                refusals = engine.counters.sessionsRefusedAssociation;
                isTaken = attach(session, socket, io);
            }
        } finally {
            if (!isTaken) {
                refusals.increment();
                giveUp(session, io);
                socket.close(Closing.RST, io);
            }
        }
        if (isTaken) {
            open(session, settings, socket, io);
        }
    }

    private boolean attach(IocpSession session, StreamSocket socket, IoThread io) {
        int error = -socket.attach(this, engine.identity.key(session.slot(), socket.slot()), io);
        if (error != 0) {
            refused("CreateIoCompletionPort: " + ErrorName.of(error), socket);
        }
        return error == 0;
    }

    private void refused(@Nullable String what, Object socket) {
        String more = engine.refusalLines.next();
        if (more != null) {
            SessionEngine.LOG.error("{}, {}{}", what, socket, more);
        }
    }

    private void giveUp(IocpSession session, IoThread io) {
        session.input().giveBack(io);
        table.release(session);
    }

    private void open(IocpSession session, SessionSettings settings, StreamSocket socket, IoThread io) {
        session.open(socket, settings, io);
        if (engine.isStopping()) { // stop() may have looked at this slot before
            session.endFor(session.id(), CloseReason.SERVER_STOPPED, Ending.IN_ORDER, io);
        }
    }

    /**
     * A connection that was accepted on another shard, and is this one's: a worker of this one begins it. However many
     * come at a time, they cost one packet.
     *
     * @param io the calling thread's own, another shard's
     */
    void handOver(IocpSession session, SessionSettings settings, StreamSocket socket, IoThread io) {
        DetachedSocket detached = null;
        boolean isTold = false;
        try {
            detached = socket.detach(io);
            DetachedSocket onItsWay = detached;
            domain.tell(on -> beginHere(session, settings, onItsWay, on), io);
            isTold = true;
        } finally {
            if (!isTold) {
                engine.counters.sessionsRefusedMemory.increment();
                giveUp(session, io);
                if (detached != null) {
                    reset(detached, io);
                } else {
                    socket.close(Closing.RST, io);
                }
            }
        }
    }

    /** Also at the end, when the server is stopping. */
    private void beginHere(IocpSession session, SessionSettings settings, DetachedSocket detached, IoThread io) {
        StreamSocket socket = null;
        LongAdder refusals = engine.counters.sessionsRefusedStopping; // as above
        try {
            if (!engine.isStopping() && !isPortLost()) { // whose number may be another port's by now
                refusals = engine.counters.sessionsRefusedMemory;
                if (engine.takeBuffer(session.input(), io)) {
                    refusals = engine.counters.sessionsRefusedAssociation;
                    socket = adopt(detached, io);
                }
            }
        } finally {
            if (socket == null) {
                refusals.increment();
                giveUp(session, io);
                reset(detached, io);
            }
        }
        if (socket != null) {
            handedOver.increment();
            open(session, settings, socket, io);
        }
    }

    private @Nullable StreamSocket adopt(DetachedSocket detached, IoThread io) {
        try {
            return domain.adopt(detached, this, index + 1, io);
        } catch (Win32Exception e) {
            refused(e.getMessage(), detached);
            return null;
        }
    }

    /**
     * A socket of this shard's for a connect, which is told of its completion, or of its end.
     *
     * @throws Win32Exception if Windows refuses
     */
    StreamSocket openFor(Connect connect, int family, IoThread io) throws Win32Exception {
        StreamSocket socket = domain.open(family, this, 0, io);
        connecting.put(socket, connect);
        return socket;
    }

    /** It is connected, and a session's from now on. */
    void beginConnected(IocpSession session, SessionSettings settings, StreamSocket socket, IoThread io) {
        connecting.remove(socket);
        open(session, settings, socket, io);
    }

    private void reset(DetachedSocket detached, IoThread io) {
        closedOnTheWay.increment();
        int error = detached.reset(io);
        if (error != 0) {
            refused("a reset: " + ErrorName.of(error), detached);
        }
    }

    // ---- worker threads ----

    /** The calling thread is going to {@link #dequeue}. */
    void enter(IoThread io) {
        workers.add(io);
    }

    /** It does no more. */
    void leave(IoThread io) {
        if (isPortLost()) {
            domain.runQueued(io); // nobody else knows of it
            if (io.hasWork()) { // a receive that is done when it is posted needs no port, and may go on so for ever
                stop(true, io);
            }
            while (io.hasWork()) {
                domain.runQueued(io);
            }
        }
        io.giveStockBack();
        workers.remove(io);
        io.throwFailure();
    }

    /** Looks after the sessions' deadlines; {@link #dequeue} runs those that are due. */
    TimerWheel timers() {
        return domain.timers();
    }

    /**
     * Waits for packets for at most the length of a tick and dispatches them; then runs the deadlines that are due, and
     * the tick if it is.
     *
     * @throws org.iocp4j.port.CompletionFailedException if anything threw; everything else that there was to do has
     *                                                   been done
     */
    void dequeue(IoThread io) {
        try {
            engine.telemetry.batch(index, domain.dequeue(io, mailbox.isEmpty() ? TICK_MILLIS : 0));
        } catch (Win32Exception e) {
            engine.counters.workerFailures.incrementAndGet();
            if (isPortLost()) {
                return;
            }
            SessionEngine.LOG.error("a worker cannot dequeue: {}", e.getMessage());
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
        SessionEngine.attempt(on -> buffers.trim(on.win32()), io);
    }

    /** What one worker has put off, and not come to since it is stuck in a handler, say, another one does. */
    private static void postIfLate(IoTask task, IoThread io) {
        if (task instanceof SessionTurn turn && turn.isLate(io.nowNanos())) {
            SessionEngine.attempt(turn::run, io);
        }
    }

    // ---- the end, in this order ----

    /** Gives connects up, and ends sessions once what they have queued is sent, or at once. */
    void stop(boolean abrupt, IoThread io) {
        List.copyOf(connects).forEach(connect -> SessionEngine.attempt(connect::stop, io));
        forEachSession(session -> session.stop(abrupt, io), io);
    }

    /** Whether no session is left, or none can end by itself. */
    boolean isQuiet() {
        return isPortLost() || (table.inUse(index) == 0 && failing.isEmpty());
    }

    /** Operations whose packets can still come. */
    int operationsPending() {
        return isPortLost() ? 0 : domain.pendingCount();
    }

    /**
     * When no worker is at work any more: no packet ends the sessions that are left, so they end here. Then handles are
     * closed, and what is pending is awaited.
     */
    void end(Duration bound, IoThread io) {
        forEachSession(session -> {
            if (session.endWithoutPackets(io)) {
                table.release(session);
            }
        }, io);
        operationsLost = domain.end(io, bound);
        List.copyOf(connects).forEach(connect -> SessionEngine.attempt(_ -> connect.ended(), io));
        failing.forEach(call -> SessionEngine.attempt(_ -> call.end(), io));
    }

    /** Keeps memory that the kernel may have until {@link #releaseBuffers}. */
    void keep(MemorySource memory) {
        kept.add(memory);
    }

    /** When no thread of others is inside of the server any more. */
    void releaseBuffers(Win32 win32) {
        if (operationsLost > 0) {
            return; // the buffers of these are the kernel's, too
        }
        kept.forEach(MemorySource::release);
        try {
            buffers.release(win32);
        } catch (IllegalStateException e) {
            SessionEngine.LOG.error("a handler's buffer is in use elsewhere: the buffers' memory stays allocated ({})",
                    e.getMessage());
        }
    }

    private void forEachSession(Consumer<IocpSession> action, IoThread io) {
        for (int i = 0; i < table.made(); i++) {
            IocpSession session = table.at(i);
            if (session != null && session.shard() == this) {
                SessionEngine.attempt(_ -> action.accept(session), io);
            }
        }
    }

    // ---- figures ----

    long handedOver() {
        return handedOver.sum();
    }

    long closedOnTheWay() {
        return closedOnTheWay.sum();
    }
}
