package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The handler's calls for one session, one after another, and what it asks for during one. Whatever it throws ends this
 * session only.
 */
final class HandlerCall {
    private final Session session;
    private final SessionHandler handler;
    private final Counters counters;
    /** The one that is in the handler now, or null; from the start of a call to {@link #leave}. */
    private volatile Thread thread;
    private CloseReason endReason;
    private boolean abrupt;

    HandlerCall(Session session, SessionHandler handler, Counters counters) {
        this.session = session;
        this.handler = handler;
        this.counters = counters;
    }

    /** Another connection: nothing is asked for yet. */
    void begin() {
        endReason = null;
        abrupt = false;
    }

    void opened() {
        thread = Thread.currentThread();
        try {
            handler.opened(session);
        } catch (RuntimeException | Error e) {
            failed(e);
        }
    }

    void received(ByteBuffer data) {
        thread = Thread.currentThread();
        try {
            handler.received(session, data.order(ByteOrder.BIG_ENDIAN));
        } catch (RuntimeException | Error e) {
            failed(e);
        }
    }

    void closed(CloseReason reason) {
        thread = Thread.currentThread();
        try {
            handler.closed(session, reason);
        } catch (RuntimeException | Error e) {
            failed(e);
        }
    }

    /** After each call, when the session's time of last activity is that of the call's end. */
    void leave() {
        thread = null;
    }

    private void failed(Throwable failure) {
        counters.handlerFailures.increment();
        SessionEngine.LOG.error("the handler failed in session {}: the session ends", session, new LoggedFailure(failure));
        askEnd(CloseReason.HANDLER_FAILED, true);
    }

    /** The session is to end when the call returns; of two wishes the first abrupt one counts. */
    void askEnd(CloseReason reason, boolean isAbrupt) {
        if (!abrupt) {
            endReason = reason;
            abrupt = isAbrupt;
        }
    }

    /** Why the session is to end, or null. */
    CloseReason endReason() {
        return endReason;
    }

    /** Whether it is to end without sending what is queued. */
    boolean isAbrupt() {
        return abrupt;
    }

    /** Whether a call is under way. Any thread. */
    boolean isRunning() {
        return thread != null;
    }

    void requireInside() {
        if (thread != Thread.currentThread()) {
            throw new IllegalStateException("outside a callback of session " + session
                    + ": keep its id() and use the server's send and disconnect");
        }
    }
}
