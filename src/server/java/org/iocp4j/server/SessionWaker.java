package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicBoolean;

/** At most one of the actions that wait in a session is this one's. */
final class SessionWaker implements Waker, SessionAction {
    private final IocpSession session;
    private final long id;
    private final SessionAction action;
    /** Made once: a wake takes no memory, so that none is lost for want of it, nor those that are merged with it. */
    private final SessionRequests.Task task;
    /** Its action waits. */
    private final AtomicBoolean asked = new AtomicBoolean();

    /** In a call for the session. */
    SessionWaker(IocpSession session, SessionAction action) {
        this.session = session;
        this.id = session.id();
        this.action = action;
        this.task = new SessionRequests.Task(id, this, false);
    }

    @Override
    public boolean wake() {
        if (!session.isOpen() || session.id() != id || session.shard().isPortLost()) {
            return false;
        }
        if (!asked.getAndSet(true)) { // a write in any case: the action sees what who is merged has written before
            session.requests().add(task);
            session.shard().mailbox.ask(session, id, SessionRequests.EXECUTE);
        }
        return true;
    }

    @Override
    public void run(Session handle) throws Exception {
        asked.getAndSet(false); // first, and a read: who asks from now on has it run again, who asked before is seen
        action.run(handle);
    }
}
