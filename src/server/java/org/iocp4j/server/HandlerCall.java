package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
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
    private final SessionEngine engine;
    /** The thread that is in the handler now, or null; set from the start of a call to {@link #exit}. */
    private volatile @Nullable Thread thread;
    /** That thread's own; null between calls, and in a call on a thread that has none. */
    private @Nullable IoThread io;
    private @Nullable Object attachment;
    private boolean sendRefused;
    private @Nullable CloseReason endReason;
    private boolean abrupt;

    HandlerCall(IocpSession session, SessionEngine engine) {
        this.session = session;
        this.engine = engine;
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
    public boolean send(ByteBuffer data) {
        requireInside();
        SendQueue.Added added = session.queue().add(session.id(), data, session.shard().growth, io);
        if (added == SendQueue.Added.FULL) {
            engine.counters.sendsRefused.increment();
            sendRefused = true;
        } else if (added == SendQueue.Added.NO_MEMORY) {
            engine.counters.memoryRefusals.increment();
            askEnd(CloseReason.OUT_OF_MEMORY, true);
        }
        return added.isAccepted();
    }

    @Override
    public void disconnect() {
        requireInside();
        askEnd(CloseReason.DISCONNECTED, false);
    }

    @Override
    public void abort() {
        requireInside();
        askEnd(CloseReason.DISCONNECTED, true);
    }

    @Override
    public @Nullable Object attachment() {
        requireInside();
        return attachment;
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        requireInside();
        attachment = newAttachment;
    }

    private void requireInside() {
        if (thread != Thread.currentThread()) {
            throw new IllegalStateException("outside a callback of session " + session
                    + ": keep its id() and use the server's send and disconnect");
        }
    }

    /** The first abrupt end that is asked for counts; without one, the last. */
    private void askEnd(CloseReason reason, boolean isAbrupt) {
        if (!abrupt) {
            endReason = reason;
            abrupt = isAbrupt;
        }
    }

    @Override
    public String toString() {
        return session.toString();
    }

    // ---- for the session ----

    /** Another connection begins: nothing is asked for yet. */
    void begin() {
        endReason = null;
        abrupt = false;
    }

    void opened(IoThread on) {
        enter(on);
        try {
            engine.handler.opened(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    void received(ByteBuffer data, IoThread on) {
        enter(on);
        try {
            engine.handler.received(this, data);
        } catch (Throwable e) {
            failed(e);
        }
    }

    /**
     * The last call; the attachment is forgotten.
     *
     * @param on the calling thread's own; null if it has none
     */
    void closed(CloseReason reason, @Nullable IoThread on) {
        enter(on);
        try {
            engine.handler.closed(this, reason);
        } catch (Throwable e) {
            failed(e);
        }
        attachment = null;
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
    private void failed(Throwable failure) {
        Thread.interrupted(); // else it would close the log's file, if that is a channel
        engine.counters.handlerFailures.incrementAndGet();
        askEnd(CloseReason.HANDLER_FAILED, true);
        String more = engine.handlerLines.next();
        if (more != null) {
            SessionEngine.LOG.thrown(failure, "the handler failed in session {}: the session ends{}", this, more);
        }
    }

    /** Whether a call is under way. Any thread. */
    boolean isRunning() {
        return thread != null;
    }

    /** Whether a send has found the queue full since {@link #forgetRefusal}. */
    boolean sendRefused() {
        return sendRefused;
    }

    void forgetRefusal() {
        sendRefused = false;
    }

    /** Why the session is to end now that the call has returned; null if it is not. */
    @Nullable CloseReason endReason() {
        return endReason;
    }

    /** Whether it is to end without sending what is queued. */
    boolean isAbrupt() {
        return abrupt;
    }
}
