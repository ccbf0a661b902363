package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * A session's calls on {@link GroupOptions#handlerExecutor}. The worker that has the turn hands one call over and goes;
 * the turn stays taken, and whatever happens to the session meanwhile is noted there. When the call has returned, its
 * thread asks for a worker through the mailbox, and that one goes on with the turn. If the call has returned before the
 * executor's {@code execute} has, as it does where that runs it, the worker goes on by itself: so nothing is nested.
 *
 * <p>All methods are for whoever has the turn, unless they say otherwise.
 */
final class HandedCalls {
    private static final VarHandle WHEN_OPENED;

    static {
        try {
            WHEN_OPENED = MethodHandles.lookup().findVarHandle(HandedCalls.class, "whenOpened", Runnable.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final IocpSession session;
    private final HandlerCall call;
    private final SessionEngine engine;
    private final Executor executor;
    /** From before it is handed over until a worker goes on behind it. */
    private volatile @Nullable Call handed;
    /** Those of the turn's events for which the handler is still to be called. */
    private int due;
    /** How many actions have been run since the input had its turn. */
    private int actionsInARow;
    /** The handler knows of the session. */
    private boolean hasOpened;
    /** Tells that it does: what it puts in the place of the session's ref stands by then. */
    private volatile @Nullable Runnable whenOpened;

    private final class Call extends HandedCall {
        final CallKind kind;
        /** Of a call of received: what it reads. */
        final @Nullable ByteBuffer lent;
        private final Runnable body;
        private volatile @Nullable Thread thread;

        Call(CallKind kind, @Nullable ByteBuffer lent, Runnable body) {
            this.kind = kind;
            this.lent = lent;
            this.body = body;
        }

        Call(CallKind kind, Runnable body) {
            this(kind, null, body);
        }

        @Override
        void call() {
            thread = Thread.currentThread();
            try {
                if (kind == CallKind.OPENED || kind == CallKind.CLOSED || session.isOpen()) {
                    body.run();
                }
            } finally {
                call.exit();
            }
        }

        @Override
        void goOn() {
            session.turn().askToGoOn();
        }

        @Override
        void endLate() {
            if (kind != CallKind.CLOSED) {
                call.closed(session.endReason(), session.thrown(), null);
            }
            session.endLate();
        }

        @Override
        public String toString() {
            Thread present = thread;
            return kind + (present == null ? "" : " on " + present); // a virtual thread has no name, but a number
        }
    }

    HandedCalls(IocpSession session, HandlerCall call, SessionEngine engine, Executor executor) {
        this.session = session;
        this.call = call;
        this.engine = engine;
        this.executor = executor;
    }

    /** A connection begins. */
    void begin() {
        due = 0;
        actionsInARow = 0;
        hasOpened = false;
    }

    /** @param told run once behind the handler's first call */
    void whenOpened(Runnable told) {
        whenOpened = told;
    }

    /** Any thread. */
    void forgetWhenOpened(Runnable told) {
        WHEN_OPENED.compareAndSet(this, told, null);
    }

    /** A connect has its result, though the executor has not taken the call that tells of it. */
    private void openHere(Call first) {
        if (first.kind == CallKind.OPENED && !first.hasBegun() && whenOpened != null) {
            first.call();
            hasOpened = true;
        }
    }

    private void tellOpened() {
        Runnable told = whenOpened;
        if (told != null) {
            whenOpened = null;
            told.run();
        }
    }

    /** Whether a call is to be made or under way, or no worker has gone on behind it yet. Any thread. */
    boolean isOut() {
        return handed != null;
    }

    /** Whether a call is under way. Any thread. */
    boolean isUnderWay() {
        Call present = handed;
        return present != null && present.isUnderWay();
    }

    /**
     * Calls the handler for what there is, as long as the executor runs the calls at once.
     *
     * @param events of the turn
     * @return what is left for later; {@link SessionTurn#PARKED}: a call is under way, and the turn is no more the
     *         caller's
     */
    int goOn(int events, IoThread io) {
        if ((events & SessionTurn.RETURNED) != 0) {
            afterCall(io);
        }
        due |= events & (SessionTurn.OPENED | SessionTurn.TASKS | SessionTurn.IDLE);
        for (int calls = 0; calls < SessionTurn.CALLS_IN_A_ROW; calls++) {
            Call next = next(io);
            if (next == null) {
                return 0;
            }
            handed = next;
            if (session.isAborting()) {
                session.endSocket(io); // who aborted it has perhaps looked before
            }
            if (!next.isOverOn(executor, engine)) {
                return SessionTurn.PARKED;
            }
            afterCall(io);
        }
        return SessionTurn.GO_ON;
    }

    private @Nullable Call next(IoThread io) {
        if ((due & SessionTurn.OPENED) != 0) {
            due &= ~SessionTurn.OPENED;
            return new Call(CallKind.OPENED, () -> call.opened(null));
        }
        Call action = actionsInARow < SessionTurn.CALLS_IN_A_ROW ? nextAction() : null;
        if (action != null) {
            actionsInARow++;
            return action;
        }
        actionsInARow = 0;
        if ((due & SessionTurn.IDLE) != 0) {
            due &= ~SessionTurn.IDLE;
            if (session.timeouts().isIdle(io)) {
                return new Call(CallKind.IDLE, () -> call.idle(null));
            }
        }
        CallKind kind = session.isOpen() ? session.turn().nextCall(io) : null;
        if (kind == null) {
            session.turn().receiveMeanwhile(io);
            return nextAction();
        }
        return callFor(kind);
    }

    private @Nullable Call nextAction() {
        if (!session.isOpen() || (due & SessionTurn.TASKS) == 0) {
            return null;
        }
        SessionAction action = session.requests().nextAction();
        if (action == null) {
            due &= ~SessionTurn.TASKS;
            return null;
        }
        return new Call(CallKind.ACTION, () -> call.run(action, null));
    }

    private Call callFor(CallKind kind) {
        if (kind == CallKind.RECEIVED) {
            ByteBuffer lent = session.input().lend();
            return new Call(kind, lent, () -> call.received(lent, null));
        }
        return new Call(kind, kind == CallKind.WRITABLE ? () -> call.writable(null) : () -> call.inputEnded(null));
    }

    /** On a worker, behind the call that was handed over last. */
    private void afterCall(IoThread io) {
        Call over = handed;
        assert over != null : "the end of a call that nobody has made";
        openHere(over);
        session.turn().behindCall(io); // first: who looks at the session's time sees that it has been at work
        handed = null;
        hasOpened |= over.hasBegun();
        tellOpened();
        Throwable refusal = over.refusal();
        if (refusal != null) {
            engine.callRefused(over + " of session " + session, refusal);
            session.abort(CloseReason.HANDLER_FAILED, refusal, io);
        } else {
            session.turn().returnedFrom(over.lent, io);
        }
    }

    /**
     * The session is over: its last call. What the executor does not take, the calling worker does.
     *
     * @return false if the call is under way, and the turn is no more the caller's
     */
    boolean close(CloseReason why, @Nullable Throwable thrown, IoThread io) {
        if (!hasOpened) {
            return true;
        }
        Call last = new Call(CallKind.CLOSED, () -> call.closed(why, thrown, null));
        handed = last;
        if (!last.isOverOn(executor, engine)) {
            return false;
        }
        handed = null;
        Throwable refusal = last.refusal();
        if (refusal != null) {
            engine.callRefused(last + " of session " + session, refusal);
            call.closed(why, thrown, io);
        }
        return true;
    }

    /** A worker goes on behind {@link #close}. */
    void closed() {
        handed = null;
    }

    /**
     * The group has ended, and no worker is at work any more: the last call, unless it has been made.
     *
     * @return false if a call is still under way: its thread makes the last one, and ends the session
     */
    boolean closeAtTheEnd(IoThread io) {
        Call last = handed;
        if (last != null) {
            engine.holdMemory(); // first: the call may return at any time
            String whose = call.handlerName() + ", session " + session; // which its end forgets
            if (last.leave()) {
                engine.callLeft(last + " of " + whose);
                tellOpened();
                return false;
            }
            engine.release(io.win32());
            openHere(last);
        }
        tellOpened();
        handed = null;
        boolean hasBegun = last != null && last.hasBegun();
        boolean isTold = last != null && last.kind == CallKind.CLOSED && hasBegun;
        if (!isTold && (hasOpened || hasBegun)) {
            call.closed(session.endReason(), session.thrown(), null);
        }
        return true;
    }
}
