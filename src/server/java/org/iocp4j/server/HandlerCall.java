package org.iocp4j.server;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * A session as its handler sees it: the calls of the handler, one after another, and what the handler asks for during
 * one. Anything the handler throws ends this session only.
 */
final class HandlerCall implements Session {
    private static final VarHandle THREAD;

    static {
        try {
            THREAD = MethodHandles.lookup().findVarHandle(HandlerCall.class, "thread", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final IocpSession session;
    /** The thread that is in the handler now, or null; set from the start of a call to {@link #exit}. */
    private volatile @Nullable Thread thread;
    /** That thread's own; null between calls, and in a call on a thread that is no worker. */
    private @Nullable IoThread io;
    private @Nullable Object attachment;
    /** Of the connection that there is. */
    private SessionHandler handler = SessionSettings.NONE.handler();
    /** In {@link SessionHandler#idle}. */
    private boolean isIdle;
    /** What the handler has thrown first. */
    private @Nullable Throwable failure;
    private @Nullable CloseReason endReason;
    private Ending ending = Ending.IN_ORDER;

    HandlerCall(IocpSession session) {
        this.session = session;
    }

    // ---- for the handler ----

    @Override
    public long id() {
        return session.id();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        requireInside();
        return session.socket().remoteAddress();
    }

    @Override
    public InetSocketAddress localAddress() {
        requireInside();
        return session.socket().localAddress();
    }

    @Override
    public IocpGroup group() {
        return session.engine().group();
    }

    @Override
    public SessionRef ref() {
        requireInside();
        SessionRef standing = session.standing(session.id());
        return standing != null ? standing : new EngineRef(session.engine(), session.id(), false);
    }

    @Override
    public void wrapRef(UnaryOperator<SessionRef> wrapper) {
        requireInside();
        SessionRef before = session.standing(session.id());
        SessionRef own = before != null ? before : new EngineRef(session.engine(), session.id(), true);
        session.stand(Objects.requireNonNull(wrapper.apply(own), "the wrapper's ref is null"));
    }

    @Override
    public SendResult send(ByteBuffer data) {
        requireInside();
        SendQueue.Added added = session.engine().commands.queue(session, session.id(), data, io);
        if (added == SendQueue.Added.NO_MEMORY) {
            askEnd(CloseReason.OUT_OF_MEMORY, Ending.AT_ONCE);
            return SendResult.CLOSED;
        }
        // Whoever may send sends now: a call on an executor may block for long.
        return session.engine().commands.flushed(session, session.id(), added);
    }

    @Override
    public SendResult sendFile(Path file, long position, long count) throws IOException {
        requireInside();
        SendQueue.Added added = session.engine().commands.queueFile(session, session.id(), file, position, count, io);
        return session.engine().commands.flushed(session, session.id(), added);
    }

    @Override
    public SendResult sendFile(FileChannel file, long position, long count) throws IOException {
        requireInside();
        SendQueue.Added added = session.engine().commands.queueFile(session, session.id(), file, position, count, io);
        return session.engine().commands.flushed(session, session.id(), added);
    }

    @Override
    public SendResult send(LentMemory memory, int offset, int count) {
        requireInside();
        SendQueue.Added added = session.engine().commands.queueLent(session, session.id(), memory, offset, count, io);
        return session.engine().commands.flushed(session, session.id(), added);
    }

    @Override
    public int bufferBytes() {
        requireInside();
        return session.engine().options.bufferBytes();
    }

    @Override
    public int sendQueueBytes() {
        requireInside();
        return session.settings().sendQueueBytes();
    }

    @Override
    public int queuedBytes() {
        requireInside();
        return session.queue().queuedBytes();
    }

    @Override
    public int sendRoomBytes() {
        requireInside();
        return session.queue().roomBytes();
    }

    @Override
    public void wantRoom(int bytes) {
        requireInside();
        session.queue().wantRoom(session.id(), bytes);
    }

    @Override
    public void pauseInput() {
        requireInside();
        session.input().pauseInput();
    }

    @Override
    public void resumeInput() {
        requireInside();
        session.input().resumeInput();
    }

    @Override
    public void shutdownOutput() {
        requireInside();
        session.output().shutdownOutput();
    }

    @Override
    public void idleTime(Duration time) {
        requireInside();
        session.timeouts().idleTime(within("time", time), io);
    }

    @Override
    public ScheduledAction schedule(Duration delay, SessionAction action) {
        requireInside();
        Objects.requireNonNull(action, "action is null");
        return session.requests().schedule(within("delay", delay), action, io);
    }

    @Override
    public Waker waker(SessionAction action) {
        requireInside();
        return new SessionWaker(session, Objects.requireNonNull(action, "action is null"));
    }

    private static long within(String name, Duration time) {
        GroupOptions.requireTime(name, time, Duration.ZERO);
        return time.toNanos();
    }

    @Override
    public void upgrade(SessionHandler next) {
        requireInside();
        handler = Objects.requireNonNull(next, "next is null");
        session.input().showAgain();
        try {
            next.upgraded(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    @Override
    public void disconnect() {
        requireInside();
        askEnd(reasonNow(), Ending.IN_ORDER);
    }

    @Override
    public void abort() {
        requireInside();
        askEnd(reasonNow(), Ending.RESET);
    }

    /** Why the session ends if the handler has it end now, however. */
    private CloseReason reasonNow() {
        if (isIdle) {
            return CloseReason.IDLE;
        }
        if (session.input().hasToldEnd()) {
            return CloseReason.PEER_CLOSED;
        }
        return session.isStopAsked() ? CloseReason.SERVER_STOPPED : CloseReason.DISCONNECTED;
    }

    @Override
    public <T> @Nullable T attachment(Class<T> type) {
        requireInside();
        return type.cast(attachment);
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        requireInside();
        attachment = newAttachment;
    }

    void requireInside() {
        if (thread != Thread.currentThread()) {
            String where = session.id() == 0 ? "after the session's end" : "outside a callback of session " + session;
            throw new IllegalStateException(where + ": keep its ref() and use that");
        }
    }

    /** The reason is that of the first end that drops what is queued; without one, the last. */
    private void askEnd(CloseReason reason, Ending how) {
        if (ending == Ending.IN_ORDER) {
            session.queue().close(); // what is sent from now on is refused
            endReason = reason;
        }
        ending = how.compareTo(ending) > 0 ? how : ending;
    }

    @Override
    public String toString() {
        return session.toString();
    }

    // ---- for the session ----

    /** Another connection begins: nothing is asked for yet. */
    void begin(SessionHandler itsHandler) {
        handler = itsHandler;
        failure = null;
        endReason = null;
        ending = Ending.IN_ORDER;
    }

    /** The connection has ended: what the handler refers to is nobody's any more. */
    void forgetHandler() {
        handler = SessionSettings.NONE.handler();
    }

    /** @param on the calling thread's own; null if it has none. Likewise below. */
    void opened(@Nullable IoThread on) {
        enter(on);
        try {
            handler.opened(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    void received(ByteBuffer data, @Nullable IoThread on) {
        enter(on);
        try {
            handler.received(this, data);
        } catch (Throwable e) {
            failed(e);
        }
    }

    void writable(@Nullable IoThread on) {
        enter(on);
        try {
            handler.writable(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    void inputEnded(@Nullable IoThread on) {
        enter(on);
        try {
            handler.inputEnded(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    void idle(@Nullable IoThread on) {
        enter(on);
        isIdle = true;
        try {
            handler.idle(this);
        } catch (Throwable e) {
            failed(e);
        }
        isIdle = false;
    }

    void run(SessionAction action, @Nullable IoThread on) {
        enter(on);
        try {
            action.run(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    /**
     * The last call; the attachment is forgotten.
     *
     * @param thrown what is behind it; null if nothing was thrown
     */
    void closed(CloseReason reason, @Nullable Throwable thrown, @Nullable IoThread on) {
        enter(on);
        try {
            handler.closed(this, reason, thrown);
        } catch (Throwable e) {
            failed(e);
        }
        attachment = null;
        failure = null;
        exit();
    }

    private void enter(@Nullable IoThread on) {
        io = on;
        THREAD.setRelease(this, Thread.currentThread());
    }

    /** After each call, once the session's time of last activity is the time of the call's end. */
    void exit() {
        io = null;
        Thread.interrupted(); // an interrupt that the handler left must not reach another session
        THREAD.setRelease(this, null); // a thread that sees this sees that time, too
    }

    /** Must not throw, whatever the handler threw: the session has to go on to its end. */
    private void failed(Throwable thrown) {
        Thread.interrupted(); // else it would close the log's file, if that is a channel
        session.engine().counters.handlerFailures.incrementAndGet();
        if (failure == null) {
            failure = thrown;
        }
        askEnd(CloseReason.HANDLER_FAILED, Ending.AT_ONCE);
        String more = session.engine().handlerLines.next();
        if (more != null) {
            SessionEngine.LOG.thrown(thrown, "the handler failed in session {}: the session ends{}", this, more);
        }
    }

    /** Whether a call is under way. Any thread. */
    boolean isRunning() {
        return thread != null;
    }

    /** Whether a call is under way on this thread. Any thread. */
    boolean isOn(Thread which) {
        return which == thread;
    }

    /** Whom it calls, for the log. */
    String handlerName() {
        return handler.getClass().getName();
    }

    /** Why the session is to end now that the call has returned; null if it is not. */
    @Nullable CloseReason endReason() {
        return endReason;
    }

    /** What the handler has thrown; null if nothing. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** How it is to end. */
    Ending ending() {
        return ending;
    }
}
