package org.iocp4j.server;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.FailureCause;
import org.iocp4j.socket.StreamSocket;

/**
 * How a session sends: the posts and completions of what its {@link SendQueue} has, and the FIN behind that. One send
 * is pending at most, and has a reference of its own.
 *
 * <p>Any worker with a reference; with the turn where that is said.
 */
final class SessionOutput {
    /**
     * After a send that took longer than this, the next one is of one buffer only, so that an ending session notices
     * that a slow peer goes on reading.
     */
    private static final long SLOW_NANOS = 100_000_000;

    private static final VarHandle SEND_DUE;
    private static final VarHandle OUTPUT_ENDED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            SEND_DUE = lookup.findVarHandle(SessionOutput.class, "sendDue", boolean.class);
            OUTPUT_ENDED = lookup.findVarHandle(SessionOutput.class, "outputEnded", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final IocpSession session;
    private final SendQueue queue;
    /**
     * The system had no memory for a send: a look tries again, and nobody else does before. Whoever clears this has the
     * reference that came with it.
     */
    private volatile boolean sendDue;
    /** The handler has said that it sends no more; the queue is closed. */
    private volatile boolean outputEnding;
    /** Our FIN is sent, or about to be. */
    private volatile boolean outputEnded;

    SessionOutput(IocpSession session) {
        this.session = session;
        this.queue = session.queue();
    }

    /** A connection begins. */
    void open() {
        sendDue = false;
        outputEnding = false;
        outputEnded = false;
    }

    // ---- posts ----

    /** Sends what is queued, if no send is pending. The caller has a reference. */
    void flush(IoThread io) {
        flush(IoThread.GATHER, io);
    }

    private void flush(int mostBuffers, IoThread io) {
        int buffers = beginSend(mostBuffers, io);
        if (buffers != 0) {
            StreamSocket socket = session.socket();
            sendPosted(buffers == SendQueue.FILE ? queue.transmit(socket, io) : socket.send(buffers, io), io);
        }
    }

    /**
     * The same in the turn, and what the system has sent when its call returns is over here: nothing is queued for this
     * thread, and the session's memory is not fetched a second time. Only the first send: what came of the others would
     * have to be bounded. The turn lends its reference to the send, and takes another if the send stays pending: it may
     * have completed by then, and its reference be dropped, and the session lives on since the turn is not over.
     */
    void flushNow(IoThread io) {
        int buffers = buffersToSend(IoThread.GATHER, io);
        if (buffers == 0) {
            return;
        }
        StreamSocket socket = session.socket();
        int outcome = buffers == SendQueue.FILE ? queue.transmit(socket, io) : socket.sendNow(buffers, io);
        if (outcome < 0 || outcome == StreamSocket.PENDING) {
            session.ioCount().acquire();
            sendPosted(outcome, io);
        } else if (sendEnded(outcome, io)) {
            flush(io);
        }
    }

    /** {@link SendQueue#begin}, with a reference for that; 0 if no send is to be posted now. */
    private int beginSend(int mostBuffers, IoThread io) {
        int buffers = buffersToSend(mostBuffers, io);
        if (buffers != 0) {
            session.ioCount().acquire();
            if (session.input().isInputPaused()) {
                session.active(io); // from now on its client may keep it idle, and no longer its handler
            }
        }
        return buffers;
    }

    private int buffersToSend(int mostBuffers, IoThread io) {
        assert session.ioCount().isHeld() : "sends without a reference";
        return session.isAborting() || sendDue ? 0 : queue.begin(io, mostBuffers);
    }

    private void sendPosted(int outcome, IoThread io) {
        SendSource source = null;
        if (outcome < 0) {
            source = queue.sourceInFlight();
            queue.end(0, io);
        }
        if (session.isForWantOfMemory(outcome)) {
            sendLater(io);
        } else {
            if (source != null) {
                blame(source, -outcome, io);
            }
            afterPost("WSASend", outcome, io);
        }
    }

    /** After a post: drops its reference if it failed, and cancels it if the session has been aborted meanwhile. */
    private void afterPost(String call, int outcome, IoThread io) {
        if (outcome < 0) {
            session.failed(call, -outcome, io);
            session.ioCount().drop(); // never the last: the caller has another
        } else if (session.isAborting()) {
            session.cancelAll(io);
        }
    }

    // ---- what there was no memory for ----

    /**
     * There is no memory for a send, and what it was to send is queued again: a look sends it. With a reference for
     * that. Only now: a look that came before the queue's end of the send would find nothing to send.
     */
    private void sendLater(IoThread io) {
        if (!SEND_DUE.compareAndSet(this, false, true)) {
            session.ioCount().drop(); // never the last: the caller has another
            return;
        }
        session.timeouts().lookIn(TickAction.RETRY_NANOS, io);
        if (session.isAborting() && SEND_DUE.compareAndSet(this, true, false)) { // abort has looked before
            session.ioCount().drop();
        }
    }

    /** For a look: sends what there was no memory for. */
    void sendAgain(IoThread io) {
        if (SEND_DUE.compareAndSet(this, true, false)) {
            try {
                flush(io);
            } catch (Throwable e) {
                session.serverFailed(e, io);
                throw e;
            } finally {
                session.drop(io);
            }
        }
    }

    /** Whether a look has a send to post. Any thread. */
    boolean isSendDue() {
        return sendDue;
    }

    /** The session has been aborted: what is due is not sent. */
    void dropDue() {
        if (SEND_DUE.compareAndSet(this, true, false)) {
            session.ioCount().drop(); // never the last: the caller has another
        }
    }

    // ---- completions ----

    /** A send has completed: its reference is the caller's now. */
    void sendCompleted(int status, int bytes, IoThread io) {
        assert session.ioCount().isHeld() && !session.socket().isSendPending() : "two sends at the same time";
        try {
            sent(status, bytes, io);
        } catch (Throwable e) {
            session.serverFailed(e, io);
            throw e;
        } finally {
            session.drop(io);
        }
    }

    private void sent(int status, int bytes, IoThread io) {
        boolean slow = session.silentNanos(io.nowNanos()) > SLOW_NANOS;
        session.active(io);
        SendSource source = queue.sourceInFlight();
        if (status < 0) {
            try {
                if (source != null) {
                    blame(source, io.win32().rtlNtStatusToDosError(status), io);
                }
                session.lost("a send", status, io); // first: part of it may have gone, so nothing queued may follow
            } finally {
                queue.end(0, io);
            }
            return;
        }
        if (source != null) {
            pieceSent(source, bytes, io);
        }
        if (sendEnded(bytes, io)) {
            flush(slow ? 1 : IoThread.GATHER, io);
        }
        if (queue.hasRoomForRefused() || (session.input().waitsForRoom() && queue.takesInput())) {
            session.turn().raise(SessionTurn.ROOM, io);
        }
        if (outputEnding) {
            endOutputIfSent(io);
        }
        session.finish(io);
    }

    /**
     * Whatever is queued in memory may take the close time. A file may be larger than any memory: each piece of it that
     * goes, goes for all the time before.
     */
    private void pieceSent(SendSource source, int bytes, IoThread io) {
        IOException shortage = bytes == 0 ? source.shortage() : null;
        if (shortage != null) {
            session.sourceFailed(shortage, io);
        } else if (session.isFlushing()) {
            session.timeouts().beginClosing(io);
        }
    }

    /** A send has failed: if a file is to blame, the session ends for that. */
    private void blame(SendSource source, int error, IoThread io) {
        IOException what = FailureCause.of(error) == FailureCause.FAULT ? source.failure(error) : null;
        if (what != null) {
            session.sourceFailed(what, io);
        }
    }

    /** The pending send is over; whether there is anything left to send. */
    boolean sendEnded(int bytes, IoThread io) {
        if (bytes > 0) {
            session.engine().counters.sent(bytes, io);
        }
        return queue.end(bytes, io);
    }

    // ---- the end of the output ----

    /** In the turn. */
    void shutdownOutput() {
        if (!outputEnding) {
            queue.close();
            outputEnding = true;
        }
    }

    /** The handler has ended its output: a FIN follows what was queued. With a reference, or the turn. */
    void endOutputIfSent(IoThread io) {
        if (session.isOpen() && queue.isIdle() && OUTPUT_ENDED.compareAndSet(this, false, true)) {
            session.active(io);
            int error = -session.socket().shutdownSend(io);
            if (error != 0) {
                session.failed("shutdown", error, io);
            }
        }
    }

    /** Whether the socket sends no more. */
    boolean hasEndedOutput() {
        return outputEnded;
    }

    /** Whether the handler has said that it sends no more. Any thread. */
    boolean isOutputEnding() {
        return outputEnding;
    }

    /** Sends our FIN, unless that has been done. The error if it failed; else 0. */
    int endOutput(IoThread io) {
        return OUTPUT_ENDED.compareAndSet(this, false, true) ? -session.socket().shutdownSend(io) : 0;
    }
}
