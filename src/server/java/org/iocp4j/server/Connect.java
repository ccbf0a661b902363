package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_SNDBUF;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * One connect, from its call to its one result. Its socket is made and connected by the workers of its shard. Whatever
 * can end it (its completion, its time limit, its caller, the end of the group) decides the result, the first one
 * alone; then the socket is closed, unless it is connected, and when that is gone the result is told. Until then it has
 * its session, which nobody else knows of.
 *
 * <p>As a {@link Deadline} it is the time limit. As a {@link Future} it is what the caller gets: no more than that,
 * since what is chained to a CompletableFuture would run on a worker.
 */
final class Connect extends Deadline implements Future<SessionRef> {
    /**
     * How it has ended.
     *
     * @param failure  null if it is connected
     * @param byCaller whether {@link #cancel} has ended it
     */
    private record Result(@Nullable ConnectFailedException failure, boolean byCaller) {
    }

    private static final Result CONNECTED = new Result(null, false);

    private final SessionEngine engine;
    private final Shard shard;
    private final IocpSession session;
    private final SessionSettings settings;
    private final InetSocketAddress remote;
    private final ConnectOptions options;
    private final Predicate<Thread> mayNotWait;
    private final AtomicReference<@Nullable Result> result = new AtomicReference<>();
    private final CompletableFuture<SessionRef> future = new CompletableFuture<>();
    /**
     * Null until there is one. Its object serves no other connection unless it is connected, so that who decides that
     * it is not may close it at any time.
     */
    private volatile @Nullable StreamSocket socket;

    /**
     * @param session    of the shard's, that nobody else has
     * @param mayNotWait whether a thread that waited for the result would keep the group from it
     */
    Connect(SessionEngine engine, Shard shard, IocpSession session, SessionSettings settings, InetSocketAddress remote,
            ConnectOptions options, Predicate<Thread> mayNotWait) {
        super(shard.timers());
        this.engine = engine;
        this.shard = shard;
        this.session = session;
        this.settings = settings;
        this.remote = remote;
        this.options = options;
        this.mayNotWait = mayNotWait;
    }

    /** Its time limit runs from now on, however late a worker comes to its first step. */
    void startTime(long nowNanos) {
        arm(engine.wholeTick(nowNanos + options.connectTime().toNanos()));
    }

    // ---- on a worker of the shard ----

    /** The first step. */
    void begin(IoThread io) {
        if (engine.isStopping()) {
            fail(ConnectFailure.CANCELLED, "the group is closed");
        }
        try {
            if (result.get() == null) {
                StreamSocket opened = shard.openFor(this, Sockaddr.family(remote.getAddress()), io);
                socket = opened; // before the result is looked at again: who decides it looks here afterwards
                start(opened, io);
            }
        } catch (Win32Exception e) {
            fail(ConnectFailure.of(e.code()), e.getMessage());
        } finally {
            if (socket == null) {
                fail(ConnectFailure.OTHER, "a socket"); // if it was no refusal of Windows'
                io.defer(_ -> ended()); // not now: a handler that connects again at once would keep this thread here
            }
        }
    }

    private void start(StreamSocket opened, IoThread io) {
        try {
            String call = "SO_SNDBUF";
            int error = options.socketSendBufferBytes().isEmpty() ? 0
                    : -opened.setOption(SOL_SOCKET(), SO_SNDBUF(), options.socketSendBufferBytes().getAsInt(), io);
            if (error == 0 && options.localAddress().isPresent()) {
                call = "bind to " + options.localAddress().get();
                error = -opened.bind(options.localAddress().get(), io);
            }
            if (error == 0) {
                call = "ConnectEx";
                int outcome = opened.connect(remote, io);
                error = outcome == StreamSocket.PENDING ? 0 : -outcome;
            }
            if (error != 0) {
                fail(ConnectFailure.of(error), call + ": " + ErrorName.of(error));
            }
        } catch (Throwable e) {
            fail(ConnectFailure.OTHER, "ConnectEx");
            throw e;
        } finally {
            Result decided = result.get();
            if (decided != null && decided.failure != null) {
                opened.close(Closing.RST, io);
            }
        }
    }

    /** ConnectEx has completed. */
    void connected(int status, IoThread io) {
        StreamSocket connected = socket;
        assert connected != null : "connected without a socket";
        boolean isTaken = false;
        try {
            if (status < 0) {
                fail(ConnectFailure.of(status),
                        "ConnectEx: " + ErrorName.of(io.win32().rtlNtStatusToDosError(status)));
            } else if (engine.takeBuffer(session.input(), io)) {
                isTaken = result.compareAndSet(null, CONNECTED);
            } else {
                fail(ConnectFailure.NO_ROOM, "no memory for a buffer");
            }
        } finally {
            if (!isTaken) {
                fail(ConnectFailure.OTHER, "ConnectEx");
                session.input().giveBack(io);
                connected.close(Closing.RST, io);
            }
        }
        if (isTaken) {
            opened(connected, io);
        }
    }

    private void opened(StreamSocket connected, IoThread io) {
        retire();
        shard.connects.remove(this);
        engine.counters.connects.increment();
        long id = session.nextId(); // before it begins: it may be over when this returns
        SessionRef ref = new EngineRef(engine, id, false);
        Runnable told = () -> future.complete(ref);
        session.turn().whenOpened(told);
        try {
            shard.beginConnected(session, settings, connected, io);
        } finally {
            if (engine.executor == null || session.id() != id) { // else the call of opened is under way, or to come
                session.turn().forgetWhenOpened(told);
                told.run();
            }
        }
    }

    @Override
    protected void expired(IoThread io) {
        if (fail(ConnectFailure.TIMED_OUT, "no answer within " + options.connectTime())) {
            close(io);
        }
    }

    /** The group is being closed. */
    void stop(IoThread io) {
        if (fail(ConnectFailure.CANCELLED, "the group is closed")) {
            close(io);
        }
    }

    /** If there is no socket yet, {@link #begin} looks at the result. */
    private void close(IoThread io) {
        StreamSocket present = socket;
        if (present != null) {
            present.close(Closing.RST, io);
        }
    }

    /**
     * Its socket is closed, and nothing of it is pending, or there never was one. Also on the closing thread, when no
     * worker is at work any more.
     */
    void ended() {
        retire();
        fail(ConnectFailure.CANCELLED, "the group is closed"); // unless something else has ended it
        Result decided = result.get();
        if (decided == null || decided.failure == null || !shard.connects.remove(this)) {
            return;
        }
        ConnectFailedException failure = decided.failure;
        engine.release(session);
        engine.counters.connectFailed(failure.failure());
        Executor executor = engine.executor;
        if (executor == null || engine.hasEnded()) {
            tell(failure, decided.byCaller);
        } else {
            new FailedCall(failure, decided.byCaller).handOver(executor);
        }
    }

    private void tell(ConnectFailedException failure, boolean byCaller) {
        try {
            settings.handler().connectFailed(failure);
        } catch (Throwable e) {
            engine.handlerFailed(e, "the handler of a connect failed");
        } finally {
            Thread.interrupted(); // an interrupt that it left must not reach a session
            if (byCaller) {
                future.cancel(false);
            } else {
                future.completeExceptionally(failure);
            }
        }
    }

    /** {@link #tell} on the group's executor. Its shard knows of it until it has returned. */
    final class FailedCall extends HandedCall {
        private final ConnectFailedException failure;
        private final boolean byCaller;
        private volatile @Nullable Thread thread;

        private FailedCall(ConnectFailedException failure, boolean byCaller) {
            this.failure = failure;
            this.byCaller = byCaller;
        }

        private void handOver(Executor executor) {
            shard.failing.add(this);
            Throwable refusal = isOverOn(executor, engine) ? refusal() : null;
            if (refusal != null) {
                engine.callRefused("connectFailed of a " + Connect.this, refusal);
                tellHere();
            }
        }

        private void tellHere() {
            thread = Thread.currentThread();
            try {
                tell(failure, byCaller);
            } finally {
                thread = null;
                shard.failing.remove(this);
            }
        }

        /** When no worker is at work any more: the last time to tell it, unless it is being told. */
        void end() {
            if (leave()) {
                engine.callLeft("connectFailed of " + settings.handler().getClass().getName() + ", " + Connect.this);
            } else if (!hasBegun()) {
                tellHere();
            }
        }

        boolean isOn(Thread which) {
            return which == thread;
        }

        @Override
        void call() {
            tellHere();
        }

        @Override
        void goOn() {
            // Nothing waits for it.
        }

        @Override
        void endLate() {
            // Nothing is left to end.
        }
    }

    /** Whether this was the first to decide. */
    private boolean fail(ConnectFailure why, @Nullable String what) {
        return result.get() == null && result.compareAndSet(null,
                new Result(new ConnectFailedException(String.valueOf(what), remote, why), false));
    }

    // ---- the caller's; any thread ----

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        ConnectFailedException cancelled = new ConnectFailedException("cancelled", remote, ConnectFailure.CANCELLED);
        if (!result.compareAndSet(null, new Result(cancelled, true))) {
            return future.isCancelled();
        }
        future.cancel(false);
        shard.mailbox.run(this::close);
        return true;
    }

    @Override
    public boolean isCancelled() {
        return future.isCancelled();
    }

    @Override
    public boolean isDone() {
        return future.isDone();
    }

    @Override
    public SessionRef get() throws InterruptedException, ExecutionException {
        requireMayWait();
        return future.get();
    }

    @Override
    public SessionRef get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        requireMayWait();
        return future.get(timeout, unit);
    }

    private void requireMayWait() {
        if (!isDone() && mayNotWait.test(Thread.currentThread())) {
            throw new IllegalStateException("a handler waits for a " + this + ": it would hold up the worker that is to"
                    + " tell the result");
        }
    }

    @Override
    public String toString() {
        return "connect to " + remote;
    }
}
