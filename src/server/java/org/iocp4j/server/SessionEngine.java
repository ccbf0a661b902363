package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.SOMAXCONN;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
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
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * What all sessions of a server share, and the shards that they are dealt to. One shard's workers accept all
 * connections, for the packets of accepts come to the port of the listener. A connection whose socket is on a port
 * already, from one before, is that shard's; any other is for the shard that has the fewest sessions.
 */
final class SessionEngine {
    static final Log LOG = Log.of(IocpServer.class);
    /** Extra slots for closed sockets whose packets are still outstanding. */
    private static final int CLOSED_SOCKETS = 1024;
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
    final SessionIdentity identity;
    final CallerViews views;
    private final DisconnectMethod method;
    private final int ports;
    private final List<Shard> shards = new ArrayList<>();
    /** Where the next connection goes if several shards have the fewest sessions. */
    private volatile int turn;
    /** The disconnected sockets of all shards; null if there is one, which keeps its own. */
    private final @Nullable SocketPool pool;
    private final StreamListener listener;
    private final SessionTable table;
    private final long startNanos;
    /** One reference for the server itself, until it is closed, and one for each thread that has a pool grow. */
    private final RefCount references = new RefCount();
    private volatile boolean stopping;

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
        FreeList.Order order = options.reuseLatest() ? FreeList.Order.LIFO : FreeList.Order.FIFO;
        boolean reset = method == DisconnectMethod.CLOSE;
        ListenerOptions listenerOptions = new ListenerOptions(options.address(), SOMAXCONN(),
                reset || options.listenerLinger(), reset, options.socketSendBufferBytes(),
                OptionalInt.empty());
        int sockets = options.maxSessions() + options.accepts() + options.pool() + CLOSED_SOCKETS;
        ports = identity == SessionIdentity.OVERLAPPED ? options.ports() : 1; // a key names a session on one port
        pool = ports == 1 ? null : new SocketPool(options.pool(), options.mostFreeSockets(), order);
        DomainOptions domainOptions = new DomainOptions(DomainOptions.Threads.POOL, concurrencyOfAPort(), sockets,
                delivery, false, method, options.pool(), options.mostFreeSockets(), order, options.disconnectTime(),
                pool);
        table = new SessionTable(options.maxSessions(), order, ports,
                (slot, shard) -> new IocpSession(this, shards.get(shard), slot));
        Deque<Runnable> undo = new ArrayDeque<>();
        try {
            for (int i = 0; i < ports; i++) {
                Shard shard = new Shard(this, i, table, domainOptions, io);
                undo.push(() -> shard.buffers.release(io.win32()));
                undo.push(() -> shard.end(options.disconnectTime(), io));
                shards.add(shard);
            }
            IoDomain accepting = shards.getFirst().domain();
            accepting.prefill(Sockaddr.family(options.address().getAddress()), options.pool(), io);
            listener = accepting.listen(listenerOptions, this::connected, io);
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

    /** As many as there are ports; accepts are on the first. */
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

    // ---- connections ----

    /** From the listener, on a worker of the first shard: a connection needs a session of the shard that it is for. */
    private void connected(StreamSocket socket, IoThread io) {
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
        if (shard == shards.getFirst()) {
            shard.begin(session, socket, io);
        } else {
            shard.handOver(session, socket, io);
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

    /** The first whole tick from this time on: deadlines that expire together wake each worker once. */
    long wholeTick(long nanos) {
        return nanos + Math.floorMod(startNanos - nanos, Shard.TICK_NANOS);
    }

    // ---- any thread ----

    // None of these holds the server's memory open by a count that every sender would write to. A sender writes to it
    // under its session's queue's lock, and only while that is open; they are all closed before it is released.

    /** Whether the bytes were accepted. */
    boolean send(long id, ByteBuffer data) {
        IocpSession session = table.at(SessionId.slot(id));
        if (session == null || session.shard().isPortLost()) {
            return false;
        }
        SendQueue.Added added = queue(session, id, data);
        if (added == SendQueue.Added.NEEDS_FLUSH) {
            session.shard().mailbox.ask(session, id, IocpSession.FLUSH);
        }
        return added.isAccepted();
    }

    /** Which of the sessions have not accepted the bytes. */
    long[] broadcast(long[] ids, ByteBuffer data) {
        int position = data.position();
        Mailbox.Batch[] batches = new Mailbox.Batch[shards.size()];
        Arrays.setAll(batches, _ -> new Mailbox.Batch());
        long[] refused = NONE;
        int refusals = 0;
        try {
            for (int i = 0; i < ids.length; i++) {
                long id = ids[i];
                if (!addTo(batches, id, data)) {
                    if (refusals == 0) {
                        refused = new long[ids.length - i];
                    }
                    refused[refusals++] = id;
                }
                data.position(position);
            }
        } finally {
            for (Shard shard : shards) {
                shard.mailbox.put(batches[shard.index()]);
            }
        }
        return refusals == refused.length ? refused : Arrays.copyOf(refused, refusals);
    }

    private boolean addTo(Mailbox.Batch[] batches, long id, ByteBuffer data) {
        IocpSession session = table.at(SessionId.slot(id));
        if (session == null || session.shard().isPortLost()) {
            return false;
        }
        SendQueue.Added added = queue(session, id, data);
        if (added == SendQueue.Added.NEEDS_FLUSH && session.ask(id, IocpSession.FLUSH)) {
            Shard shard = session.shard();
            Mailbox.Batch batch = batches[shard.index()];
            batch.add(session);
            if (batch.size() == MOST_IN_A_BATCH) {
                shard.mailbox.put(batch);
            }
        }
        return added.isAccepted();
    }

    private SendQueue.Added queue(IocpSession session, long id, ByteBuffer data) {
        SendQueue.Added added = session.queue().add(id, data, session.shard().growth, null);
        if (added == SendQueue.Added.FULL) {
            counters.sendsRefused.increment();
        } else if (added == SendQueue.Added.NO_MEMORY) {
            counters.memoryRefusals.increment();
        }
        return added;
    }

    /** One more free buffer there; false if there is no memory for it, or the server has ended. */
    boolean grow(BufferPool buffers) {
        Win32 view = views.take();
        try {
            return references.tryAcquire() && grow(buffers, view);
        } finally {
            views.give(view);
        }
    }

    private boolean grow(BufferPool buffers, Win32 view) {
        try {
            return buffers.grow(view);
        } finally {
            release(view);
        }
    }

    /** Asks a worker to end the session, if it has not ended. */
    void end(long id, boolean abrupt) {
        IocpSession session = table.find(id);
        if (session != null && !session.shard().isPortLost()) {
            session.shard().mailbox.ask(session, id, abrupt ? IocpSession.ABORT : IocpSession.DISCONNECT);
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

    /** On a worker of the first shard. */
    void accept(IoThread io) {
        listener.depth(options.accepts(), io);
    }

    // ---- the end, in this order ----

    boolean isStopping() {
        return stopping;
    }

    /** Accepts no more connections, and has workers end the sessions once what these have queued is sent. */
    void stop() {
        stopping = true;
        shards.getFirst().mailbox.run(listener::close);
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
        return (listener.isGone() || shards.getFirst().isPortLost()) && shards.stream().allMatch(Shard::isQuiet);
    }

    /** Operations whose packets can still come. */
    int operationsPending() {
        return shards.stream().mapToInt(Shard::operationsPending).sum();
    }

    /** The last step, when no worker is at work any more: what is left ends here, all of it within this time. */
    void end(Duration bound, IoThread io) {
        if (table.inUse() > 0) {
            LOG.error("{} sessions had not ended in time: cut off", table.inUse());
        }
        long deadline = io.win32().nanoTime() + bound.toNanos();
        int left = shards.size();
        for (Shard shard : shards) { // each has its share of the time, and what those before have not needed
            long nanos = Math.max(0, deadline - io.win32().nanoTime()) / left--;
            attempt(on -> shard.end(Duration.ofNanos(nanos), on), io);
        }
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

    InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /** @param systemCalls made by the threads that run this */
    ServerStatistics statistics(long systemCalls) {
        return ServerStatistics.of(counters, table, listener, shards, pool, systemCalls);
    }
}
