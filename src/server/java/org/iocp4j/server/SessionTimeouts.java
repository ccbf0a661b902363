package org.iocp4j.server;

import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * What time demands of a session: its idle time, the bounds of its end, the buffer of a quiet connection, and what
 * found no memory.
 *
 * <p>As a {@link Deadline} it is the time of the next look at the session ({@link #expired}). Activity does not move
 * it: the look finds out, and sets the next. Whatever can make something due earlier brings it forward
 * ({@link #lookIn}) once it has written what the look is to see. So a look may come early, and for the slot's last
 * session; it never fails to come. A session without a buffer and without an idle time has no next look.
 *
 * <p>Any thread, unless something else is said.
 */
final class SessionTimeouts extends Deadline {
    private final IocpSession session;
    /** 0: no limit. */
    private volatile long idleNanos;
    /** When ending has lasted long enough, whatever progress it makes; valid when the session is closing. */
    private volatile long closeDeadlineNanos;

    SessionTimeouts(IocpSession session) {
        super(session.shard().timers());
        this.session = session;
    }

    /** A connection begins. */
    void open(long itsIdleNanos) {
        idleNanos = itsIdleNanos;
    }

    // ---- the times ----

    /**
     * In the turn.
     *
     * @param io null if the calling thread has none: what follows a call sees to it, or the session has ended
     */
    void idleTime(long nanos, @Nullable IoThread io) {
        idleNanos = nanos;
        if (io != null) {
            lookWhileOpen(0, io);
        }
    }

    /** Whether nothing has happened for the idle time. */
    boolean isIdle(IoThread io) {
        io.refreshNow(); // another thread's clock may have been the later one
        return session.isOpen() && !session.input().isHeldByHandler() && idleNanos != 0
                && session.silentNanos(io.nowNanos()) >= idleNanos;
    }

    /** How long a piece of a file may take, by any clock that watches the session. */
    long progressNanos() {
        long idle = idleNanos;
        long most = session.engine().disconnectNanos;
        return idle == 0 ? most : Math.min(idle, most);
    }

    /** The session begins to close, or has sent a piece of a file meanwhile: from now on it has its whole time. */
    void beginClosing(IoThread io) {
        closeDeadlineNanos = io.nowNanos() + session.settings().closeNanos();
    }

    // ---- the look ----

    /** Has the session looked at in so long or earlier, at a whole tick. */
    void lookIn(long nanos, IoThread io) {
        if (nanos != TickAction.NEVER) {
            armNoLater(session.engine().wholeTick(io.nowNanos() + nanos));
        }
    }

    /**
     * Has an open session looked at when it is idle, if nothing happens from now on, or its buffer is quiet.
     *
     * @param quietNanos {@link SessionInput#QUIET_NANOS}, or 0: whoever has taken the buffer has seen to that
     */
    void lookWhileOpen(long quietNanos, IoThread io) {
        lookIn(TickAction.nextWhileOpen(false, 0, idleNanos, quietNanos), io);
    }

    /**
     * The look at what time demands, while others may be at work on the session. It sets the time of the next one. What
     * there is to do is done out of the mailbox: the handler may take long, and no deadline expires meanwhile; and what
     * this worker does not come to, since another session's handler holds it up, another worker does.
     */
    @Override
    protected void expired(IoThread io) {
        long sessionId = session.id();
        boolean isShort = session.output().isSendDue() || session.input().isStarved()
                || session.queue().hasRoomForRefused();
        if (look(io.nowNanos(), io) != TickAction.NONE || isShort) {
            session.shard().mailbox.askHere(session, sessionId, SessionRequests.TIME);
        }
    }

    /** Does what time demands, if the session is still the one meant. */
    void actFor(long wanted, IoThread io) {
        if (!session.acquire(wanted, io)) {
            return;
        }
        try {
            session.output().sendAgain(io);
            TickAction action = look(io.nowNanos(), io);
            act(action, io);
            int events = (action == TickAction.TELL_IDLE ? SessionTurn.IDLE : 0)
                    | (session.input().takeStarved() ? SessionTurn.GO_ON : 0)
                    | (session.queue().hasRoomForRefused() ? SessionTurn.ROOM : 0);
            if (events != 0) {
                session.turn().raise(events, io);
            }
        } catch (Throwable e) {
            session.serverFailed(e, io);
            throw e;
        } finally {
            session.drop(io);
        }
    }

    private TickAction look(long now, IoThread io) {
        if (session.isOpen()) {
            boolean inHandler = session.turn().isInHandler(); // first: whoever sees its end sees its time
            boolean isHeld = session.input().isHeldByHandler(); // likewise
            boolean putOff = session.turn().hasLeft() || session.input().isStarved();
            long silentNanos = session.silentNanos(now);
            long quietNanos = session.input().hasBuffer() ? SessionInput.QUIET_NANOS : 0;
            long itsIdleNanos = idleNanos;
            lookIn(TickAction.nextWhileOpen(putOff, silentNanos, itsIdleNanos, quietNanos), io);
            return TickAction.whileOpen(putOff || isHeld, inHandler, silentNanos, itsIdleNanos,
                    session.input().isQuiet(silentNanos));
        }
        if (!session.isClosing()) { // ended just now, and its time is set later, or gone
            return TickAction.NONE;
        }
        boolean aborting = session.isAborting();
        long silentNanos = session.silentNanos(now);
        long leftNanos = closeDeadlineNanos - now;
        SessionEngine engine = session.engine();
        long mostNanos = session.isAwaitingFin() ? engine.lingerNanos : engine.disconnectNanos;
        lookIn(TickAction.nextWhileEnding(aborting, silentNanos, mostNanos, leftNanos), io);
        return TickAction.whileEnding(aborting, session.isPending(), silentNanos, mostNanos, leftNanos);
    }

    private void act(TickAction action, IoThread io) {
        switch (action) {
            case NONE, TELL_IDLE -> { }
            case TAKE_BUFFER_BACK -> session.input().takeBufferBack(io);
            case ABORT -> session.abortOverdue(io);
            case CANCEL_AGAIN -> session.cancelAll(io);
        }
    }
}
