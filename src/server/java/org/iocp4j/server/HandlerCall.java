package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * A session as its handler sees it: the handler's calls, one after another, and what it asks for during one. Whatever the
 * handler throws ends this session only.
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
    /** The one that is in the handler now, or null; from the start of a call to {@link #exit}. */
    private volatile Thread thread;
    private Object attachment;
    private boolean sendRefused;
    private CloseReason endReason;
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
        SendQueue.Added added = session.queue().add(session.id(), data, engine.callers);
        if (added == SendQueue.Added.FULL) {
            engine.counters.sendsRefused.increment();
            sendRefused = true;
        } else if (added == SendQueue.Added.NO_MEMORY) {
            engine.counters.memoryRefusals.increment();
            askEnd(CloseReason.OUT_OF_MEMORY, true);
        }
        return added.isTaken();
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
    public Object attachment() {
        requireInside();
        return attachment;
    }

    @Override
    public void attach(Object newAttachment) {
        requireInside();
        attachment = newAttachment;
    }

    private void requireInside() {
        if (thread != Thread.currentThread()) {
            throw new IllegalStateException("outside a callback of session " + session
                    + ": keep its id() and use the server's send and disconnect");
        }
    }

    /** Of two wishes the first abrupt one counts. */
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

    /** Another connection: nothing is asked for yet. */
    void begin() {
        endReason = null;
        abrupt = false;
    }

    void opened() {
        enter();
        try {
            engine.handler.opened(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    void received(ByteBuffer data) {
        enter();
        try {
            engine.handler.received(this, data);
        } catch (Throwable e) {
            failed(e);
        }
    }

    /** The last; nothing is kept for the session any more. */
    void closed(CloseReason reason) {
        enter();
        try {
            engine.handler.closed(this, reason);
        } catch (Throwable e) {
            failed(e);
        }
        attachment = null;
        exit();
    }

    private void enter() {
        THREAD.setRelease(this, Thread.currentThread());
    }

    /** After each call, when the session's time of last activity is that of the call's end. */
    void exit() {
        Thread.interrupted(); // what the handler left is no other session's
        THREAD.setRelease(this, null); // whoever sees it sees that time
    }

    /** Throws nothing: what the handler threw may be anything, and the session has to go on to its end. */
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

    /** Whether a send found the queue full since {@link #forgetRefusal}. */
    boolean sendRefused() {
        return sendRefused;
    }

    void forgetRefusal() {
        sendRefused = false;
    }

    /** Why the session is to end when the call has returned, or null. */
    CloseReason endReason() {
        return endReason;
    }

    /** Whether it is to end without sending what is queued. */
    boolean isAbrupt() {
        return abrupt;
    }
}
