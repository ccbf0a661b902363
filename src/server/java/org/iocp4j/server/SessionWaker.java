package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicBoolean;

/** At most one of the actions that wait in a session is this one's. */
final class SessionWaker implements Waker, SessionAction {
    private final IocpSession session;
    private final long id;
    private final SessionAction action;
    /** Its action waits. */
    private final AtomicBoolean asked = new AtomicBoolean();

    /** In a call for the session. */
    SessionWaker(IocpSession session, SessionAction action) {
        this.session = session;
        this.id = session.id();
        this.action = action;
    }

    @Override
    public boolean wake() {
        if (!session.isOpen() || session.id() != id || session.shard().isPortLost()) {
            return false;
        }
        if (!asked.getAndSet(true)) { // a write in any case: the action sees what who is merged has written before
            boolean isPut = false;
            try {
                session.requests().executeUncounted(id, this);
                session.shard().mailbox.ask(session, id, SessionRequests.EXECUTE);
                isPut = true;
            } finally {
                if (!isPut) { // or no wake would do anything any more
                    asked.set(false);
                }
            }
        }
        return true;
    }

    @Override
    public void run(Session handle) throws Exception {
        asked.getAndSet(false); // first, and a read: who asks from now on has it run again, who asked before is seen
        action.run(handle);
    }
}
