package org.iocp4j.server;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.RefCount;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * What all sessions of a group share, and the shards that they are dealt to. The packets of a listener's accepts come
 * to its port, so one shard's workers accept all its connections. A connection whose socket is on a port already, from
 * one before, is that shard's; any other is for the shard that has the fewest sessions, and so is a connect.
 */
final class SessionEngine {
    static final Log LOG = Log.of(IocpServer.class);
    /** Extra slots for closed sockets whose packets are still outstanding. */
    private static final int CLOSED_SOCKETS = 1024;

    final GroupOptions options;
    /** {@link GroupOptions#disconnectTime}, asked for at each look at a session. */
    final long disconnectNanos;
    /** {@link GroupOptions#lingerTime}, likewise. */
    final long lingerNanos;
    final ServerStatistics.Counters counters = new ServerStatistics.Counters();
    /** Limits log lines about the handler: a peer may be able to make it fail with each message. */
    final LogLimit handlerLines = new LogLimit();
    /** Limits log lines about calls that the system refuses. */
    final LogLimit refusalLines = new LogLimit();
    private final LogLimit frameLines = new LogLimit();
    final SessionIdentity identity;
    /** {@link GroupOptions#handlerExecutor}; null if there is none. */
    final @Nullable Executor executor;
    final CallerViews views;
    final Telemetry telemetry = new Telemetry();
    final Lending lending;
    final SessionCommands commands;
    private final DisconnectMethod method;
    private final int ports;
    private final List<Shard> shards = new ArrayList<>();
    /** Where the next connection goes if several shards have the fewest sessions. */
    private volatile int turn;
    /** The disconnected sockets of all shards; null if there is one, which keeps its own. */
    private final @Nullable SocketPool pool;
    final Listeners listeners;
    /** How many there have been: the next one's accepts are on the next shard. */
    private final AtomicInteger listenersMade = new AtomicInteger();
    /** Threads that are in {@link #listen}: until they are out, the ports stay. */
    private final AtomicInteger listening = new AtomicInteger();
    /** The address families for which the pool has its sockets. */
    private final Set<Integer> prefilled = ConcurrentHashMap.newKeySet();
    private final SessionTable table;
    private final long startNanos;
    /** One reference for the server itself, until it is closed, and one for each thread that has a pool grow. */
    private final RefCount references = new RefCount();
    private volatile boolean stopping;
    /** No worker is at work any more, nor will be. */
    private volatile boolean ended;
    /** Whose engine it is; set before any session begins. */
    private @Nullable IocpGroup group;

    /** There are its ports when it returns, and no listener. */
    SessionEngine(GroupOptions options, DisconnectMethod method, Delivery delivery, SessionIdentity identity,
                  Supplier<Win32> system, IoThread io) throws Win32Exception {
        this.options = options;
        this.disconnectNanos = options.disconnectTime().toNanos();
        this.lingerNanos = options.lingerTime().toNanos();
        this.identity = identity;
        this.executor = options.handlerExecutor().orElse(null);
        this.method = method;
        this.views = new CallerViews(system);
        this.startNanos = io.nowNanos();
        this.listeners = new Listeners(options.maxAcceptsPosted());
        this.lending = new Lending(options.lendBytes());
        FreeList.Order order = options.reuseLatest() ? FreeList.Order.LIFO : FreeList.Order.FIFO;
        // Those that are kept free of either family, too: they must not take the place of a connect or an accept.
        int sockets = options.maxSessions() + options.maxAcceptsPosted() + 2 * options.mostFreeSockets()
                + CLOSED_SOCKETS;
        ports = identity == SessionIdentity.OVERLAPPED ? options.ports() : 1; // a key names a session on one port
        pool = ports == 1 ? null : new SocketPool(options.pool(), options.mostFreeSockets(), order);
        DomainOptions domainOptions = new DomainOptions(DomainOptions.Threads.POOL, concurrencyOfAPort(), sockets,
                delivery, false, method, options.pool(), options.mostFreeSockets(), order, options.disconnectTime(),
                pool);
        table = new SessionTable(options.maxSessions(), order, ports,
                (slot, shard) -> new IocpSession(this, shards.get(shard), slot));
        commands = new SessionCommands(this, table);
        Deque<Runnable> undo = new ArrayDeque<>();
        try {
            for (int i = 0; i < ports; i++) {
                Shard shard = new Shard(this, i, table, domainOptions, io);
                undo.push(() -> shard.buffers.release(io.win32()));
                undo.push(() -> shard.end(options.disconnectTime(), io));
                shards.add(shard);
            }
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

    /** Each port's share, rounded up. */
    private int concurrencyOfAPort() {
        if (ports == 1) {
            return options.concurrency();
        }
        int all = options.concurrency() > 0 ? options.concurrency() : Runtime.getRuntime().availableProcessors();
        return Math.ceilDiv(all, ports);
    }

    /** How many workers a shard has: as many as any other, or one more. */
    int workersOf(int shard) {
        return Math.ceilDiv(options.workers() - shard, ports);
    }

    /** As many as there are ports. */
    List<Shard> shards() {
        return shards;
    }

    /** What it throws is reported after this thread's work at hand, and keeps nothing else from being done. */
    static void attempt(Consumer<IoThread> work, IoThread io) {
        try {
            work.accept(io);
        } catch (Throwable e) {
            io.failed(e);
        }
    }

    // ---- listeners ----

    /**
     * Listens when it returns, but accepts nothing before {@link IocpListener#accept}. Any thread.
     *
     * @param lingerReset {@link ServerOptions#listenerLinger}
     * @param io          the calling thread's own
     * @throws IllegalStateException if the group is closed
     */
    IocpListener listen(InetSocketAddress address, SessionHandler handler, ListenOptions listen, boolean lingerReset,
            IoThread io) throws Win32Exception {
        SessionSettings settings = SessionSettings.accepted(handler, listen, options, method);
        listening.incrementAndGet(); // first: who stops looks there afterwards
        try {
            requireOpen();
            return listen(address, settings, listen, lingerReset, io);
        } finally {
            listening.decrementAndGet();
        }
    }

    private IocpListener listen(InetSocketAddress address, SessionSettings settings, ListenOptions listen,
            boolean lingerReset, IoThread io) throws Win32Exception {
        Shard shard = shards.get(Math.floorMod(listenersMade.getAndIncrement(), shards.size()));
        IocpListener listener = null;
        listeners.reserve(listen.acceptsPosted());
        try {
            prefill(Sockaddr.family(address.getAddress()), shard.domain(), io);
            listener = new IocpListener(this, shard, address, settings, listen, lingerReset, io);
        } finally {
            if (listener == null) {
                listeners.giveBack(listen.acceptsPosted());
            }
        }
        listeners.add(listener);
        if (stopping) { // stop() may have looked before
            listener.close(io);
            requireOpen();
        }
        return listener;
    }

    private void prefill(int family, IoDomain domain, IoThread io) throws Win32Exception {
        if (!prefilled.add(family)) {
            return;
        }
        boolean isDone = false;
        try {
            domain.prefill(family, options.pool(), io);
            isDone = true;
        } finally {
            if (!isDone) {
                prefilled.remove(family);
            }
        }
    }

    private void requireOpen() {
        if (stopping) {
            throw new IllegalStateException("the group is closed");
        }
    }

    /**
     * Does something that needs a view of the system, on a thread that has none to give. Nothing, if the group has
     * released its memory.
     */
    void onCallersThread(Consumer<IoThread> work) {
        Win32 view = views.take();
        try {
            if (references.tryAcquire()) {
                try {
                    work.accept(new IoThread(view));
                } finally {
                    release(view);
                }
            }
        } finally {
            views.give(view);
        }
    }

    // ---- connections ----

    /**
     * From a listener: a connection needs a session of the shard that it is for.
     *
     * @param accepting the listener's, of whose workers the calling thread is one
     */
    void connected(StreamSocket socket, SessionSettings settings, Shard accepting, IoThread io) {
        Shard shard = shardFor(socket);
        LongAdder refusals = counters.sessionsRefusedStopping; // where it counts if it is refused, or throws, now
        IocpSession session = null;
        try {
            if (!stopping && !shard.isPortLost()) {
                refusals = counters.sessionsRefusedMemory;
                session = table.allocate(shard.index());
                if (session == null) {
                    refusals = counters.sessionsRefusedFull;
                }
            }
        } finally {
            if (session == null) {
                refusals.increment();
                socket.close(Closing.RST, io);
            }
        }
        if (session == null) {
            return;
        }
        if (shard == accepting) {
            shard.begin(session, settings, socket, io);
        } else {
            shard.handOver(session, settings, socket, io);
        }
    }

    private Shard shardFor(StreamSocket socket) {
        if (shards.size() == 1) {
            return shards.getFirst();
        }
        IoDomain home = socket.home();
        if (home == null) {
            return fewestSessions();
        }
        for (Shard shard : shards) {
            if (shard.domain() == home) {
                return shard;
            }
        }
        throw new IllegalStateException("on no port of this server: " + socket);
    }

    /** The next in turn, if there are several: else sessions that come one after another would all be one shard's. */
    private Shard fewestSessions() {
        int first = turn; // two workers that read the same do no harm
        turn = (first + 1) % shards.size();
        Shard fewest = shards.get(first);
        for (int i = 1; i < shards.size(); i++) {
            Shard other = shards.get((first + i) % shards.size());
            if (table.inUse(other.index()) < table.inUse(fewest.index())) {
                fewest = other;
            }
        }
        return fewest;
    }

    /**
     * Begins a connect. Any thread, a handler's too.
     *
     * @param mayNotWait whether a thread that waited for the result would keep the group from it
     * @throws ConnectFailedException if there is no session for it, or the group is closed; then its handler is not
     *                                told
     */
    Connect connect(InetSocketAddress remote, SessionHandler handler, ConnectOptions connect,
            Predicate<Thread> mayNotWait) throws ConnectFailedException {
        SessionSettings settings = SessionSettings.connected(handler, connect, options, method);
        if (stopping || isPortLost()) {
            throw new ConnectFailedException("the group is closed", remote, ConnectFailure.CANCELLED);
        }
        long now = nowNanos();
        Shard shard = fewestSessions();
        IocpSession session = table.allocate(shard.index());
        if (session == null) {
            counters.connectFailed(ConnectFailure.NO_ROOM);
            throw new ConnectFailedException("maxSessions, " + options.maxSessions() + ", are there", remote,
                    ConnectFailure.NO_ROOM);
        }
        Connect begun = null;
        boolean isAdded = false;
        boolean isBegun = false;
        try {
            begun = new Connect(this, shard, session, settings, remote, connect, mayNotWait);
            isAdded = shard.connects.add(begun);
            begun.startTime(now);
            shard.mailbox.run(begun::begin);
            isBegun = true;
        } finally {
            if (!isBegun) { // no memory, or the stack is at its end
                boolean isMine = begun != null && shard.connects.remove(begun);
                if (isMine || !isAdded) {
                    giveUp(begun, session);
                }
            }
        }
        if (ended && shard.connects.remove(begun)) { // else the end has found it, and tells its handler
            giveUp(begun, session);
            throw new ConnectFailedException("the group is closed", remote, ConnectFailure.CANCELLED);
        }
        return begun;
    }

    private void giveUp(@Nullable Connect connect, IocpSession session) {
        table.release(session);
        if (connect != null) {
            connect.retire();
        }
    }

    /** For a thread that has no {@link IoThread}. */
    long nowNanos() {
        Win32 view = views.take();
        try {
            return view.nanoTime();
        } finally {
            views.give(view);
        }
    }

    /** Code of the user's has thrown, outside a call for a session. Must not throw. */
    void handlerFailed(Throwable failure, String what) {
        Thread.interrupted(); // else it would close the log's file, if that is a channel
        counters.handlerFailures.incrementAndGet();
        String more = handlerLines.next();
        if (more != null) {
            LOG.thrown(failure, "{}{}", what, more);
        }
    }

    /**
     * The {@link GroupOptions#handlerExecutor} has not taken a call. Must not throw.
     *
     * @param what the call
     */
    void callRefused(String what, Throwable refusal) {
        Thread.interrupted(); // as above
        counters.callsRefused.increment();
        String more = handlerLines.next();
        if (more != null) {
            LOG.thrown(refusal, "the handlerExecutor refused the call {}{}", what, more);
        }
    }

    /** The handler has left a full buffer unread. The client can cause it, so there are few lines. */
    void frameTooLong(IocpSession session) {
        String more = frameLines.next();
        if (more != null) {
            LOG.warn("session {}: a message is longer than bufferBytes, {}, or the handler has read nothing of it{}",
                    session, options.bufferBytes(), more);
        }
    }

    /** A call to the system has thrown, and whoever made it goes on without it. Must not throw. */
    void callThrew(String what, Throwable thrown) {
        String more = refusalLines.next();
        if (more != null) {
            LOG.thrown(thrown, "{}{}", what, more);
        }
    }

    /** The group has ended, and a call goes on. */
    void callLeft(String what) {
        counters.callsLeft.increment();
        String more = handlerLines.next();
        if (more != null) {
            LOG.error("the group has ended, and a call has not returned: {}{}", what, more);
        }
    }

    /** Whether the thread is in a call of a handler. */
    boolean isInHandler(Thread thread) {
        return isAny(session -> session.turn().isCalledBy(thread))
                || shards.stream().anyMatch(shard -> shard.failing.stream().anyMatch(call -> call.isOn(thread)));
    }

    /** Whether a call on the {@link #executor} is under way. */
    boolean isInCallElsewhere() {
        return executor != null && (isAny(session -> session.turn().isInCallElsewhere())
                || shards.stream().anyMatch(shard -> shard.failing.stream().anyMatch(HandedCall::isUnderWay)));
    }

    private boolean isAny(Predicate<IocpSession> condition) {
        for (int i = 0; i < table.made(); i++) {
            IocpSession session = table.at(i);
            if (session != null && condition.test(session)) {
                return true;
            }
        }
        return false;
    }

    /** A session that has served no connection, or whose connection was over before it was. */
    void release(IocpSession session) {
        table.release(session);
    }

    /** False, and counted, if the system has no memory for a buffer. */
    boolean takeBuffer(SessionInput input, IoThread io) {
        boolean isTaken = input.take(io);
        if (!isTaken) {
            counters.memoryRefusals.increment();
        }
        return isTaken;
    }

    /**
     * Called by the session when nothing of it is pending any more.
     *
     * @param reset in place of the session's way
     */
    void disconnect(IocpSession session, boolean reset, IoThread io) {
        if (reset) {
            session.socket().close(Closing.RST, io);
            return;
        }
        Closing closing = session.settings().closing();
        // TransmitFile fails after a shutdown: 10058 [wine].
        boolean isSpent = closing == Closing.REUSE && method == DisconnectMethod.TRANSMIT_FILE
                && session.output().hasEndedOutput();
        session.socket().close(isSpent ? Closing.FIN : closing, io);
    }

    /** Whether a session that the group ends waits for its peer's FIN. */
    boolean lingers() {
        return lingerNanos > 0 && (method == DisconnectMethod.DISCONNECT_EX || method == DisconnectMethod.GRACEFUL);
    }

    IocpGroup group() {
        return Objects.requireNonNull(group, "an engine without a group");
    }

    void group(IocpGroup newGroup) {
        group = newGroup;
    }

    DisconnectMethod method() {
        return method;
    }

    /** The first whole tick from this time on: deadlines that expire together wake each worker once. */
    long wholeTick(long nanos) {
        return nanos + Math.floorMod(startNanos - nanos, Shard.TICK_NANOS);
    }

    // ---- any thread ----

    /** One more free buffer there; false if there is no memory for it or for the call, or the server has ended. */
    boolean grow(BufferPool buffers) {
        try {
            Win32 view = views.take();
            try {
                return references.tryAcquire() && grow(buffers, view);
            } finally {
                views.give(view);
            }
        } catch (Throwable e) { // whoever sends is told that there is no memory
            callThrew("no memory for a buffer", e);
            return false;
        }
    }

    private boolean grow(BufferPool buffers, Win32 view) {
        try {
            return buffers.grow(view);
        } finally {
            release(view);
        }
    }

    /** Whether other code has closed a port: then the server can only stop. */
    boolean isPortLost() {
        for (Shard shard : shards) {
            if (shard.isPortLost()) {
                return true;
            }
        }
        return false;
    }

    // ---- the end, in this order ----

    boolean isStopping() {
        return stopping;
    }

    /**
     * Accepts no more connections, gives connects up, and has workers end the sessions once what these have queued is
     * sent.
     */
    void stop() {
        stopping = true;
        for (IocpListener listener : listeners.present()) {
            listener.shard().mailbox.run(listener::close);
        }
        for (Shard shard : shards) {
            shard.mailbox.run(io -> shard.stop(false, io));
        }
    }

    /** The drain time is over. */
    void abortAll() {
        for (Shard shard : shards) {
            shard.mailbox.run(io -> shard.stop(true, io));
        }
    }

    boolean isQuiet() {
        return listening.get() == 0 && listeners.present().stream().allMatch(IocpListener::isQuiet)
                && shards.stream().allMatch(Shard::isQuiet);
    }

    /** Operations whose packets can still come. */
    int operationsPending() {
        return shards.stream().mapToInt(Shard::operationsPending).sum();
    }

    /** The last step, when no worker is at work any more: what is left ends here, all of it within this time. */
    void end(Duration bound, IoThread io) {
        ended = true; // first: no connect begins that nobody would end
        if (table.inUse() > 0) {
            LOG.error("{} sessions had not ended in time: their sockets are closed", table.inUse());
        }
        long deadline = io.win32().nanoTime() + bound.toNanos();
        int left = shards.size();
        for (Shard shard : shards) { // each has its share of the time, and what those before have not needed
            long nanos = Math.max(0, deadline - io.win32().nanoTime()) / left--;
            attempt(on -> shard.end(Duration.ofNanos(nanos), on), io);
        }
    }

    /** For a call that may outlive the group, and reads a buffer; {@link #release(Win32)} ends that. */
    void holdMemory() {
        boolean isHeld = references.tryAcquire();
        assert isHeld : "a call outlives the memory";
    }

    /** A session is over whose call outlived the group: on that call's thread. */
    void endedLate(IocpSession session) {
        table.release(session);
        Win32 view = views.take();
        try {
            release(view);
        } finally {
            views.give(view);
        }
    }

    /** Whether no worker is at work any more, nor will be. */
    boolean hasEnded() {
        return ended;
    }

    /**
     * Drops the caller's reference; the last one to do so releases the buffers.
     *
     * @param win32 the caller's view
     */
    void release(Win32 win32) {
        if (references.drop()) {
            views.close();
            shards.forEach(shard -> shard.releaseBuffers(win32));
        }
    }

    // ---- figures ----

    /** @param systemCalls made by the threads that run this */
    ServerStatistics statistics(long systemCalls) {
        return ServerStatistics.of(counters, table, listeners, lending, shards, pool, systemCalls);
    }
}
