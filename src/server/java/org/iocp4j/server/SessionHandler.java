package org.iocp4j.server;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the sessions of a server, of a listener or of a connect do. One handler serves all of them, unless it hands one
 * on ({@link Session#upgrade}); what belongs to a single session is its {@link Session#attachment}.
 *
 * <p>The calls for one session come one after another, each on any of the group's worker threads; so do the actions of
 * {@link IocpGroup#execute}, {@link Session#schedule} and {@link Session#waker}. Calls for different sessions come at
 * the same time. A call should not block: it holds up a worker, and with it every session whose completions that worker
 * has dequeued. For handlers that block there is {@link ServerOptions#handlerExecutor}, whose threads then make all
 * these calls. What is left at the end of a group, the thread in {@link IocpGroup#close} does: {@link #closed},
 * {@link #connectFailed}, and {@link #opened} of a connect may be called by that one.
 *
 * <p>Each call, or action, happens-before the next one of the same session, whichever threads make them: what belongs
 * to one session needs no lock and no {@code volatile}. The handler object is shared by sessions: what it keeps for all
 * of them does.
 *
 * <p>Anything a call throws ends its session ({@link CloseReason#HANDLER_FAILED}), drops what is queued, is logged,
 * counted in {@link ServerStatistics.Faults#handlerFailures}, and does not affect other sessions.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public interface SessionHandler {
    /**
     * A client has connected, or a connect has succeeded. What is sent here goes out before {@link #received} is first
     * called.
     *
     * @throws Exception ends the session
     */
    default void opened(Session session) throws Exception {
    }

    /**
     * The session has been given to this handler, which it has not had before ({@link Session#upgrade}). Called inside
     * the other handler's call, which may go on; what that one leaves unread comes with {@link #received}.
     *
     * @throws Exception ends the session
     */
    default void upgraded(Session session) throws Exception {
    }

    /**
     * Bytes have been received.
     *
     * <p>The handler reads from the buffer's position on and leaves the rest; that is passed again with the next call,
     * followed by what has been received since. So a handler reads complete messages and returns. Only the position
     * says how much has been read; changes to the limit have no effect.
     *
     * <p>What is unread is also passed again, though nothing has been received since, after {@link #writable}, after
     * {@link Session#resumeInput} and after {@link Session#upgrade}. While a send that was refused waits for room,
     * while more than half of the send queue is full, and while the input is paused, nothing is passed. A buffer that
     * is full, and of which the handler then reads nothing, ends the session ({@link CloseReason#FRAME_TOO_LONG}).
     *
     * @param data the unread bytes, oldest first, at least one: read-only, big-endian, valid until the call returns. Do
     *             not keep it: the same object is used for other sessions. Its memory beyond the limit never shows
     *             another connection's bytes
     * @throws Exception ends the session
     */
    void received(Session session, ByteBuffer data) throws Exception;

    /**
     * There is room in the send queue again. Called once after one or more sends, from whichever threads, were refused
     * ({@link SendResult#FULL}), when the largest of them would fit and half of the queue is free. A send that is
     * refused during this call or after it is followed by another one. What other threads send may take the room first.
     *
     * @throws Exception ends the session
     */
    default void writable(Session session) throws Exception {
    }

    /**
     * The client has sent its last byte (FIN), and all of it has been passed to {@link #received}, which may have left
     * some unread. It comes once. The client may still read: a handler that stays to answer ends the session, or its
     * output ({@link Session#shutdownOutput}), later. Until it sends, a session does not notice that its client has
     * gone altogether; its idle time still runs.
     *
     * <p>This implementation calls {@link Session#disconnect}: what is queued is sent, and the session ends
     * ({@link CloseReason#PEER_CLOSED}).
     *
     * @throws Exception ends the session
     */
    default void inputEnded(Session session) throws Exception {
        session.disconnect();
    }

    /**
     * Nothing has been received or sent, and no call has been made, for the session's idle time
     * ({@link Session#idleTime}). A session whose input is paused and that has nothing queued is not idle: its handler
     * waits for something else. One whose client does not read what is queued is. If this leaves the session open, its
     * idle time begins anew.
     *
     * <p>This implementation calls {@link Session#disconnect}: the session ends ({@link CloseReason#IDLE}).
     *
     * @throws Exception ends the session
     */
    default void idle(Session session) throws Exception {
        session.disconnect();
    }

    /**
     * The session has ended: nothing is pending any more, and this is its last call. It comes for every session for
     * which {@link #opened} was called, to the handler that the session had last. {@link Session#send} accepts nothing
     * here.
     *
     * @param failure what was thrown, by the handler or by the server; null if nothing was
     * @throws Exception is logged and counted
     */
    default void closed(Session session, CloseReason reason, @Nullable Throwable failure) throws Exception {
    }

    /**
     * A connect with this handler has not led to a session ({@link IocpGroup#connect}). Called as {@link #opened}
     * is: on a worker, or on the {@link GroupOptions#handlerExecutor}; or by the thread that closes the group. It must
     * not block a worker; it may connect again.
     *
     * @throws Exception is logged and counted
     */
    default void connectFailed(ConnectFailedException failure) throws Exception {
    }
}
