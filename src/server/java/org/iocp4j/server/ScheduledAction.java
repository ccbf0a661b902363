package org.iocp4j.server;

/** An action that {@link Session#schedule} will run. */
public interface ScheduledAction {
    /**
     * Keeps the action from being run, if it has not begun to. May be called only during a call for the same session,
     * on the thread of that call.
     *
     * @throws IllegalStateException elsewhere
     */
    void cancel();
}
