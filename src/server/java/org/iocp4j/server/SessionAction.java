package org.iocp4j.server;

/**
 * What {@link IocpGroup#execute}, {@link Session#schedule} or {@link Session#waker} has a session do, as a call of its
 * handler.
 */
@FunctionalInterface
public interface SessionAction {
    /**
     * Runs as a call of the handler does, on one of the session's worker threads or on the
     * {@link ServerOptions#handlerExecutor}, while no other call for the session is under way.
     * It must not block a worker.
     *
     * @param session as in a call of the handler: not to be kept
     * @throws Exception whatever it throws ends the session, as for a call of the handler
     */
    void run(Session session) throws Exception;
}
