package org.iocp4j.server;

/** Has a session run an action, always the same one, whenever any thread says so: {@link Session#waker}. */
public interface Waker {
    /**
     * Has the session run the action, soon, as a call of its handler: one that begins after this call, and sees what
     * the calling thread has written before. Any thread, at any time; does not block. Calls made before the action
     * begins are merged: it runs once for all of them. So there is nothing to refuse: it does not count for
     * {@link GroupOptions#maxActions}.
     *
     * @return false if the session has ended or is ending: the action is not run
     */
    boolean wake();
}
