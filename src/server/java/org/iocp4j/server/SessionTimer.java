package org.iocp4j.server;

import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * An action that a session is to run at a time. The timers of a session are linked, so that its end finds them; the
 * links are for whoever has the session's turn.
 */
final class SessionTimer extends Deadline implements ScheduledAction, SessionAction {
    private final IocpSession session;
    private final long id;
    private final SessionAction action;
    private boolean isOver;
    @Nullable SessionTimer next;
    @Nullable SessionTimer previous;

    SessionTimer(IocpSession session, SessionAction action) {
        super(session.shard().timers());
        this.session = session;
        this.id = session.id();
        this.action = action;
    }

    /** On a worker of the session's shard, which looks into the mailbox next. */
    @Override
    protected void expired(IoThread io) {
        if (session.isOpen() && session.id() == id) {
            boolean isPut = false;
            try {
                session.requests().add(new SessionRequests.Task(id, this, false));
                session.shard().mailbox.askHere(session, id, SessionRequests.EXECUTE);
                isPut = true;
            } finally {
                if (!isPut) {
                    arm(io.nowNanos() + TickAction.RETRY_NANOS);
                }
            }
        }
    }

    @Override
    public void run(Session handle) throws Exception {
        if (!isOver) {
            isOver = true;
            session.requests().forget(this);
            action.run(handle);
        }
    }

    @Override
    public void cancel() {
        session.turn().requireInside(id);
        if (!isOver) {
            isOver = true;
            session.requests().forget(this);
            retire();
        }
    }

    /** The session has ended. */
    void end() {
        isOver = true;
        retire();
    }
}
