package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * The turn of a session: its events, and what whoever has the turn does about them: calls the handler, or hands its
 * calls over ({@link HandedCalls}), and has what follows from them done. As an {@link IoTask} it goes on with what the
 * turn was left for.
 *
 * <p>With the turn, unless something else is said.
 */
final class SessionTurn extends Turn implements IoTask {
    /** The receive has completed; what came of it is in the fields of the {@link SessionInput}. */
    static final int RECEIVED = 2;
    /** To go on where the last turn has stopped, and to post a receive at once if one is to be posted. */
    static final int GO_ON = 4;
    /** There is room in the send queue that the handler, or the input, has been waiting for. */
    static final int ROOM = 8;
    /** There are actions to run. */
    static final int TASKS = 16;
    /** Nothing has happened for the idle time. */
    static final int IDLE = 32;
    /** The session is being aborted, or waits for the peer's FIN. */
    static final int ENDING = 64;
    /** The caller's reference is the turn's now, which drops it: it seemed to be the last. */
    static final int DROP = 128;
    /** The connection begins. */
    static final int OPENED = 256;
    /** The call that was handed over has returned. */
    static final int RETURNED = 512;
    /** In place of what is left for later: a call is under way, and has the turn. */
    static final int PARKED = -1;

    /** So many calls of the handler that one session gets in a row, before others have their turn. */
    static final int CALLS_IN_A_ROW = 16;

    /**
     * What has been put off for longer is done by whichever thread ticks. Sooner, a receive would only lose its chance
     * to complete synchronously.
     */
    private static final long LATE_NANOS = 100_000_000;

    private final IocpSession session;
    private final HandlerCall call;
    /** Null if the workers call the handler. */
    private final @Nullable HandedCalls elsewhere;
    /** The turn has its reference: see {@link IocpSession}. */
    private boolean holdsReference;
    /** The reference count has been taken to its end. */
    private boolean isOver;
    /** When the turn was left with something still to do; written before. */
    private long leftNanos;

    SessionTurn(IocpSession session, SessionEngine engine) {
        this.session = session;
        this.call = new HandlerCall(session);
        Executor executor = engine.executor;
        this.elsewhere = executor == null ? null : new HandedCalls(session, call, engine, executor);
    }

    /** A connection is about to begin, and the calling thread has its turn. */
    void begin(SessionHandler handler) {
        begin();
        holdsReference = true;
        isOver = false;
        if (elsewhere != null) {
            elsewhere.begin();
        }
        call.begin(handler);
    }

    /** The connection has ended, and the next one has not begun. */
    void forgetHandler() {
        call.forgetHandler();
    }

    /** The connection begins: the handler is told. */
    void open(IoThread io) {
        haveTurn(OPENED, io);
    }

    boolean holdsReference() {
        return holdsReference;
    }

    // ---- events ----

    /** Tells of events; handles them if nobody has the turn. Any thread with a reference. */
    void raise(int events, IoThread io) {
        assert session.ioCount().isHeld() : "an event without a reference";
        int all = take(events);
        if (all != 0) {
            haveTurn(all, io);
        }
    }

    /** Handles events until there are none, or others have to have their turn. */
    private void haveTurn(int first, IoThread io) {
        int events = first;
        for (int round = 1; ; round++) {
            int left = handle(events, io);
            if (left == PARKED) {
                return;
            }
            if (isOver) {
                session.release(io);
                return;
            }
            events = leave(left);
            if (events == 0) {
                if (left != 0) {
                    io.defer(this);
                }
                return;
            }
            events |= left & TASKS; // whether there is a receive to post is asked again
            if (round == CALLS_IN_A_ROW) {
                leftNanos = io.nowNanos();
                leaveAll(events);
                io.defer(this);
                return;
            }
        }
    }

    /** Handles events. Nothing is thrown: the turn has to go on. Returns what is left for later, or PARKED. */
    private int handle(int events, IoThread io) {
        if ((events & DROP) != 0) { // first: the turn may be another thread's afterwards
            drop();
            if (isOver) {
                return 0;
            }
        }
        int left = 0;
        try {
            boolean atOnce = (events & GO_ON) != 0;
            if ((events & RECEIVED) != 0) {
                atOnce |= !session.input().received(io);
            }
            if (elsewhere != null) {
                return goOnElsewhere(elsewhere, events, atOnce, io);
            }
            if ((events & (OPENED | TASKS | IDLE)) != 0) {
                left = handleOthers(events, io);
            }
            left |= goOn(atOnce, io);
        } catch (Throwable e) {
            io.failed(e); // dequeue reports it
            try {
                session.serverFailed(e, io);
            } catch (Throwable again) {
                io.failed(again);
            }
        }
        return isOver ? 0 : left;
    }

    private int goOnElsewhere(HandedCalls calls, int events, boolean atOnce, IoThread io) {
        int left = calls.goOn(events, io);
        if (left == GO_ON) {
            leftNanos = io.nowNanos();
        }
        return left != 0 ? left : goOnBehindCalls(atOnce, io);
    }

    private int handleOthers(int events, IoThread io) {
        int left = 0;
        if ((events & OPENED) != 0) {
            call.opened(io);
            returned(io);
        }
        if ((events & (TASKS | IDLE)) != 0) {
            left = runTasks(io);
        }
        if ((events & IDLE) != 0) {
            idle(io);
        }
        session.output().flushNow(io);
        return left;
    }

    private void drop() {
        if (session.ioCount().drop()) {
            isOver = true;
        }
    }

    // ---- what is left for later ----

    /** In the turn that leaves it. */
    int putOff(int left, IoThread io) {
        leftNanos = io.nowNanos();
        return left;
    }

    /** Whether the thread that has put something off has not come to it for long. Any thread. */
    boolean isLate(long now) {
        return hasLeft() && now - leftNanos > LATE_NANOS;
    }

    /** What the turn was left for, unless another thread has come to it. Perhaps for the slot's next session. */
    @Override
    public void run(IoThread io) {
        int events = takeLeft();
        if (events != 0) {
            haveTurn(events, io);
        }
    }

    // ---- calls of the handler ----

    /**
     * Does what there is to do once events have been noted: calls the handler as long as there is something to call it
     * for, sends what it has queued, and posts a receive, if one is wanted and none is pending.
     *
     * @param atOnce whether a receive may not be put off
     * @return what is left for later
     */
    private int goOn(boolean atOnce, IoThread io) {
        for (int calls = 0; session.isOpen() && tellHandler(io); calls++) {
            session.output().flushNow(io);
            if (calls == CALLS_IN_A_ROW) {
                return putOff(GO_ON, io);
            }
        }
        return goOnBehindCalls(atOnce, io);
    }

    private int goOnBehindCalls(boolean atOnce, IoThread io) {
        if (!session.isOpen()) {
            goOnEnding(io);
            return 0;
        }
        if (session.output().isOutputEnding()) {
            session.output().endOutputIfSent(io);
        }
        return session.input().receiveNext(atOnce, io);
    }

    /** The session is ending. While it waits for the peer's FIN, what comes before that is received and dropped. */
    private void goOnEnding(IoThread io) {
        session.requests().dropActions(); // none is run any more
        session.finish(io);
        if (session.isAborting()) {
            if (!session.input().isReceiving() && holdsReference) {
                holdsReference = false;
                drop();
            }
        } else if (session.engine().lingers()) {
            session.input().receiveAndDrop(io);
        }
    }

    /** Calls the handler, if there is something to call it for. */
    private boolean tellHandler(IoThread io) {
        CallKind next = nextCall(io);
        if (next == null) {
            return false;
        }
        if (next == CallKind.RECEIVED) {
            ByteBuffer lent = session.input().lend();
            call.received(lent, io);
            session.input().readUpTo(lent.position());
        } else if (next == CallKind.WRITABLE) {
            call.writable(io);
        } else {
            call.inputEnded(io);
        }
        returned(io);
        return true;
    }

    /** What the handler of an open session is to be called for next, and is taken to have been; null: nothing. */
    @Nullable CallKind nextCall(IoThread io) {
        if (session.queue().hasRoomForRefused()) {
            session.queue().forgetRefused();
            session.input().showUnread();
            return CallKind.WRITABLE;
        }
        return session.input().nextCall(io);
    }

    /** The handler has returned: does what it asked for. */
    private void returned(IoThread io) {
        io.refreshNow(); // the time that the handler took is neither idle time nor part of a deadline
        session.active(io);
        call.exit();
        CloseReason why = call.endReason();
        if (why != null) {
            session.end(why, call.ending(), call.failure(), io);
        } else if (session.input().hasToldEnd() && session.output().isOutputEnding()) {
            session.disconnect(CloseReason.PEER_CLOSED, io);
        }
    }

    /** Runs the actions that have come, as many as may be run in a row. */
    private int runTasks(IoThread io) {
        for (int i = 0; session.isOpen(); i++) {
            if (i == CALLS_IN_A_ROW) {
                return putOff(TASKS, io);
            }
            SessionAction action = session.requests().nextAction();
            if (action == null) {
                return 0;
            }
            call.run(action, io);
            returned(io);
        }
        return 0;
    }

    private void idle(IoThread io) {
        if (session.timeouts().isIdle(io)) {
            call.idle(io);
            returned(io);
        }
    }

    /** Whether a call is under way, or to be made on the executor. Any thread. */
    boolean isInHandler() {
        return elsewhere != null ? elsewhere.isOut() : call.isRunning();
    }

    /** Whether a call is under way on this thread. Any thread. */
    boolean isCalledBy(Thread thread) {
        return call.isOn(thread);
    }

    /** @throws IllegalStateException if the calling thread is not in a call for the session with this id */
    void requireInside(long wanted) {
        call.requireInside();
        if (session.id() != wanted) {
            throw new IllegalStateException("of another session than " + session);
        }
    }

    /** What the handler has thrown; null if nothing. */
    @Nullable Throwable thrown() {
        return call.failure();
    }

    /** The session is over: the handler's last call. False if it is under way, and goes on behind it. */
    boolean close(CloseReason why, @Nullable Throwable thrown, IoThread io) {
        if (elsewhere == null) {
            call.closed(why, thrown, io);
            return true;
        }
        session.endSocket(io); // the call may block
        return elsewhere.close(why, thrown, io);
    }

    /** The same when no worker is at work any more. False if a call is under way, whose thread makes the last one. */
    boolean closeAtTheEnd(IoThread io) {
        if (elsewhere == null) {
            call.closed(session.endReason(), session.thrown(), null);
            return true;
        }
        session.leaveSocket();
        return elsewhere.closeAtTheEnd(io);
    }

    // ---- calls that were handed over ----

    /** @param told run once behind the handler's first call, if that is handed over */
    void whenOpened(Runnable told) {
        if (elsewhere != null) {
            elsewhere.whenOpened(told);
        }
    }

    /** It is told by other means. The session may be the next connection's, which has one of its own. Any thread. */
    void forgetWhenOpened(Runnable told) {
        if (elsewhere != null) {
            elsewhere.forgetWhenOpened(told);
        }
    }

    /** Whether one is to be made or under way, or no worker has gone on behind it yet. Any thread. */
    boolean isOutElsewhere() {
        return elsewhere != null && elsewhere.isOut();
    }

    /** Whether one is under way. Any thread. */
    boolean isInCallElsewhere() {
        return elsewhere != null && elsewhere.isUnderWay();
    }

    /** The handler is called for action after action: what comes, and the peer's end, must not wait for the last. */
    void receiveMeanwhile(IoThread io) {
        if (session.isOpen()) {
            goOnBehindCalls(true, io);
        }
    }

    /** By the call's thread: a worker is to take the turn back. */
    void askToGoOn() {
        session.shard().mailbox.ask(session, session.id(), SessionRequests.CALLED);
    }

    /** By the worker that takes the turn back. */
    void goOnBehindCall(IoThread io) {
        if (elsewhere == null) {
            return;
        }
        if (isOver) {
            elsewhere.closed();
            session.released(io);
        } else {
            haveTurn(takeEvents() | RETURNED, io);
        }
    }

    /** A call is over: the time that it took is no idle time. Its handler may have set another one. */
    void behindCall(IoThread io) {
        io.refreshNow();
        session.active(io);
        session.timeouts().lookWhileOpen(0, io);
    }

    /** Does what the handler asked for. */
    void returnedFrom(@Nullable ByteBuffer lent, IoThread io) {
        if (lent != null) {
            session.input().readUpTo(lent.position());
        }
        returned(io);
        session.output().flushNow(io);
    }
}
