package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.jspecify.annotations.Nullable;

/**
 * One connection's life, in an object that serves one connection after another. Each pending operation and each piece
 * of code at work on the session has a reference ({@link IoCount}). Any worker may be at work on it, several at the
 * same time; what keeps them apart is who may do what:
 *
 * <ul>
 * <li>The <em>receive side</em> (the input, the handler's received, posting the next receive) belongs to one thread at
 * a time. The right to it is handed on: it is with the kernel while a receive is pending, with {@code receiveDue} or
 * {@code paused} while that is set, and else with the thread that took it from one of these.</li>
 * <li>The <em>send side</em> is the {@link SendQueue}, which has a lock of its own and lets one send be pending.</li>
 * <li>The <em>phase</em> only goes forward: OPEN, FLUSHING, AWAITING_FIN, ABORTING. Each is entered in one method.</li>
 * </ul>
 *
 * <pre>
 * state            set by                               cleared by                          carries
 * OPEN             open                                 the next phase
 * FLUSHING         disconnect, with a reference         the next phase
 * AWAITING_FIN     finish, when the queue is empty      the next phase
 * ABORTING         abort, with a reference              open
 * receive pending  receive, on the receive side         its completion                      reference, receive side
 * send pending     flush, with a reference              its completion                      reference
 * receiveDue       receiveNext, on the receive side     run, later on the same thread or    reference, receive side
 *                  or receiveLater                      by a tick or look; abort, dropping
 *                                                       both
 * sendDue          sendLater                            sendAgain, by a look; abort,        reference
 *                                                       dropping it
 * paused           deliver, on the receive side, while  deliver itself; resume, after a     receive side
 *                  a send is pending or due             send; disconnect
 * inputEnded       received, on the receive side        open
 * waitsEmpty       receive, if the buffer is empty      act, which cancels the receive      (a hint, may be stale)
 * broken           failed                               open
 * reason           closing, on the thread that ended    vacate, when the socket is back     the closing deadline
 *                  OPEN
 * asked            ask, on any thread                   an end never: it names the serial;
 *                                                       the rest doWhatIsAsked            a place in the mailbox
 * handler's thread HandlerCall, on the receive side,    HandlerCall.exit                    the right to use Session
 *                  and in open and release
 * id               open                                 vacate                              the session can be found
 * </pre>
 *
 * <p>As a {@link Deadline} it is the time of the next look at what time demands ({@link #expired}). Activity does not
 * move it: the look finds out, and sets the next. Whatever can make something due earlier brings it forward
 * ({@link #lookIn}) once it has written what the look is to see: {@link #open}, {@link #takeBuffer}, {@link #closing},
 * {@link #cancelAll}, {@link #receiveLater}, {@link #sendLater}. So a look may come early, and for the slot's last
 * session; it never fails to come. A session without a buffer and without an idle time has no next look.
 *
 * <p>When the last reference is dropped, the phase is ABORTING and nothing is pending or due; {@link #release} asserts
 * it.
 */
final class IocpSession extends Deadline implements IoTask {
    /** The handler is called. */
    private static final int OPEN = 0;
    /** The handler is called no more; what is queued is sent. */
    private static final int FLUSHING = 1;
    /** {@link DisconnectMethod#GRACEFUL} only: our FIN is sent, the peer's is awaited. */
    private static final int AWAITING_FIN = 2;
    /** Everything pending is cancelled; the references run out. */
    private static final int ABORTING = 3;

    /**
     * After a send that took longer than this, the next one is of one buffer only, so that an ending session notices
     * that a slow peer goes on reading.
     */
    private static final long SLOW_NANOS = 100_000_000;

    /**
     * A receive that has been put off for longer is posted by whichever thread ticks. Sooner, it would only lose its
     * chance to complete synchronously.
     */
    private static final long LATE_NANOS = 100_000_000;

    private static final VarHandle PHASE;
    private static final VarHandle PAUSED;
    private static final VarHandle RECEIVE_DUE;
    private static final VarHandle SEND_DUE;
    private static final VarHandle LAST_ACTIVITY_NANOS;
    private static final VarHandle ASKED;
    /** Bits of {@link #asked} below the serial: send what is queued. */
    static final long FLUSH = 1;
    /** End in order. It stays: what is asked again has been done, or will be. */
    static final long DISCONNECT = 2;
    /** End now. It stays, too. */
    static final long ABORT = 4;
    /** In the mailbox, or about to be; whatever the serial. */
    private static final long LISTED = 8;
    private static final int ASKED_BITS = 4;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PHASE = lookup.findVarHandle(IocpSession.class, "phase", int.class);
            PAUSED = lookup.findVarHandle(IocpSession.class, "paused", boolean.class);
            RECEIVE_DUE = lookup.findVarHandle(IocpSession.class, "receiveDue", boolean.class);
            SEND_DUE = lookup.findVarHandle(IocpSession.class, "sendDue", boolean.class);
            LAST_ACTIVITY_NANOS = lookup.findVarHandle(IocpSession.class, "lastActivityNanos", long.class);
            ASKED = lookup.findVarHandle(IocpSession.class, "asked", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SessionEngine engine;
    private final Shard shard;
    private final int slot;
    private final ReceiveBuffer input;
    private final SendQueue queue;
    private final IoCount ioCount = new IoCount();
    private final HandlerCall call;

    private volatile long id;
    private long serial;
    private volatile int phase = ABORTING;
    /** No receive is pending, because the send queue is full. Whoever clears this has the receive side. */
    private volatile boolean paused;
    /** The next receive is put off. Whoever clears this has the receive side and the reference that came with it. */
    private volatile boolean receiveDue;
    /** Since when; written before {@link #receiveDue}. */
    private long receiveDueNanos;
    /**
     * The system had no memory for a send: a look tries again, and nobody else does before. Whoever clears this has the
     * reference that came with it.
     */
    private volatile boolean sendDue;
    /** The peer has sent its FIN. */
    private volatile boolean inputEnded;
    private volatile long lastActivityNanos;
    /** When ending has lasted long enough, whatever progress it makes; valid when there is a reason. */
    private volatile long closeDeadlineNanos;
    /** The connection is known to be broken: the peer needs no reset to learn of it. */
    private volatile boolean broken;
    /** The serial of the session that other threads have asked for something, and what for. */
    private volatile long asked;
    /** The mailbox's, while LISTED is set. */
    private @Nullable IocpSession nextAsked;
    private volatile @Nullable CloseReason reason;
    /** The connection's, from {@link #open} on. */
    @SuppressWarnings("NullAway.Init")
    private StreamSocket socket;

    IocpSession(SessionEngine engine, Shard shard, int slot) {
        super(shard.timers());
        this.engine = engine;
        this.shard = shard;
        this.slot = slot;
        this.input = new ReceiveBuffer(shard.buffers);
        this.queue = new SendQueue(shard.buffers, engine.options.sendQueueBytes());
        this.call = new HandlerCall(this, engine);
    }

    /** Names this connection and no other, as long as the server lives; 0 if there is none. Any thread. */
    long id() {
        return id;
    }

    int slot() {
        return slot;
    }

    /** Whose workers alone are at work on it, as long as there is this object. */
    Shard shard() {
        return shard;
    }

    /** Takes over the slot of an object that has no connection, and gets none any more. */
    void follow(IocpSession before) {
        serial = before.serial;
    }

    StreamSocket socket() {
        return socket;
    }

    ReceiveBuffer input() {
        return input;
    }

    SendQueue queue() {
        return queue;
    }

    /**
     * A connection starts; the input has a buffer. Returns with the first receive posted or due, or with the session
     * ending.
     */
    void open(StreamSocket accepted, IoThread io) {
        assert phase == ABORTING && !ioCount.isHeld() : "the slot's last connection has not ended";
        socket = accepted;
        reason = null;
        inputEnded = false;
        paused = false;
        sendDue = false;
        broken = false;
        call.begin();
        active(io);
        phase = OPEN;
        id = SessionId.next(slot, serial);
        serial = SessionId.serial(id);
        accepted.owner(id);
        queue.open(id);
        ioCount.begin(); // without it the end of a send made in opened() could release the session during the call
        lookIn(TickAction.nextWhileOpen(false, 0, engine.idleNanos, ReceiveBuffer.QUIET_NANOS), io);
        try {
            call.opened(io);
            returned(io);
            flush(io);
            receiveNextUnlessClosing(io);
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            drop(io);
        }
    }

    /** A receive has completed: its reference is the caller's now, and so is the receive side. */
    void receiveCompleted(int status, int bytes, IoThread io) {
        assert ioCount.isHeld() && hasReceiveSide() : "the receive side is with two";
        try {
            received(status, bytes, io);
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            drop(io);
        }
    }

    /**
     * Something other than the handler threw while the caller had a reference: the session ends, dequeue reports it.
     */
    private void serverFailed(IoThread io) {
        abort(CloseReason.SERVER_FAILED, io);
    }

    private void received(int status, int bytes, IoThread io) {
        if (status == STATUS_CANCELLED() && phase != ABORTING) { // by a look, since nothing had come for long
            input.giveBackIfEmpty(io);
            receiveUnlessClosing(io);
        } else {
            if (phase == OPEN) { // else it is discarded, and is no progress of the end
                active(io);
            }
            if (status < 0) {
                input.failed();
                lost("a receive", status, io);
            } else if (!input.hasBuffer()) {
                takeBuffer(io);
            } else if (bytes == 0) {
                inputEnded = true;
                disconnect(CloseReason.PEER_CLOSED, io);
            } else {
                input.received(bytes);
                engine.counters.received(bytes, io);
                deliver(io);
            }
        }
    }

    /** There is something to receive, and a buffer is needed again. */
    private void takeBuffer(IoThread io) {
        if (engine.takeBuffer(input, io)) {
            lookIn(ReceiveBuffer.QUIET_NANOS, io);
            receiveUnlessClosing(io);
        } else {
            ioCount.acquire();
            receiveLater(io);
        }
    }

    /** Whether the receive side can be with the calling thread: it is with nobody else. */
    private boolean hasReceiveSide() {
        return !receiveDue && !paused && !socket.isReceivePending();
    }

    /** A send has completed: its reference is the caller's now. */
    void sendCompleted(int status, int bytes, IoThread io) {
        assert ioCount.isHeld() && !socket.isSendPending() : "two sends at the same time";
        try {
            sent(status, bytes, io);
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            drop(io);
        }
    }

    private void sent(int status, int bytes, IoThread io) {
        boolean slow = io.nowNanos() - lastActivityNanos > SLOW_NANOS;
        active(io);
        if (status < 0) {
            try {
                lost("a send", status, io); // first: part of it may have gone, so nothing that is queued may follow it
            } finally {
                queue.end(0, io);
            }
            return;
        }
        if (sendEnded(bytes, io)) {
            flush(slow ? 1 : IoThread.GATHER, io);
        }
        resume(io);
        finish(io);
    }

    /** The pending send is over; whether there is anything left to send. */
    private boolean sendEnded(int bytes, IoThread io) {
        if (bytes > 0) {
            engine.counters.sent(bytes, io);
        }
        return queue.end(bytes, io);
    }

    /**
     * The packet named another session: its operation is complete and its reference dropped, and what it received is
     * lost.
     */
    void misdirected(boolean wasSend, int status, int bytes, IoThread io) {
        try {
            if (wasSend) {
                sendEnded(status < 0 ? 0 : bytes, io);
            } else {
                input.failed(); // so that what it has received is wiped with the rest
            }
            abort(CloseReason.KEY_MISMATCH, io);
        } finally {
            drop(io);
        }
    }

    /**
     * Gives the handler what has come, and receives more; or pauses, if the send queue is too full. Called with the
     * receive side, which it hands on. Something must always be going to happen in an open session; so a pause is kept
     * only while a send is pending or due, whose completion ends it. To pause is therefore to set the flag, to look
     * again whether there is room by now, and to take the flag back if there is, unless another thread has been faster.
     */
    private void deliver(IoThread io) {
        assert ioCount.isHeld() && hasReceiveSide() : "the receive side is with two";
        while (phase == OPEN) {
            call.forgetRefusal();
            if (!input.isEmpty()) {
                ByteBuffer lent = input.lend();
                call.received(lent, io);
                input.readUpTo(lent.position());
                returned(io);
            }
            boolean hasSpare = flushNow(io);
            if (phase == OPEN && !call.sendRefused() && queue.hasRoom()) {
                receiveOrEnd(hasSpare, io);
                return;
            }
            if (hasSpare) {
                ioCount.drop(); // never the last: the caller has another
            }
            if (phase != OPEN) {
                break;
            }
            paused = true;
            if (phase == OPEN && (call.sendRefused() ? !queue.isIdle() : !queue.hasRoom())) {
                flush(io); // another thread may have filled the queue since, with no send pending yet to end the pause
                return;
            }
            if (!PAUSED.compareAndSet(this, true, false)) {
                return;
            }
        }
        finish(io);
        discardInput(io);
    }

    /** @param hasSpare whether the caller has a reference to spare, which is the receive's then */
    private void receiveOrEnd(boolean hasSpare, IoThread io) {
        if (!hasSpare) {
            ioCount.acquire();
        }
        if (input.isFull()) {
            ioCount.drop(); // never the last: the caller has another
            engine.counters.framesTooLong.increment();
            abort(CloseReason.FRAME_TOO_LONG, io);
        } else {
            receiveNext(io);
        }
    }

    /** The handler has returned: does what it asked for. */
    private void returned(IoThread io) {
        io.refreshNow(); // the time that the handler took is neither idle time nor part of a deadline
        active(io);
        call.exit();
        CloseReason why = call.endReason();
        if (why != null && call.isAbrupt()) {
            abort(why, io);
        } else if (why != null) {
            disconnect(why, io);
        }
    }

    /** A send has completed: if receiving paused for want of room, it goes on, or the next send ends the pause. */
    private void resume(IoThread io) {
        if (!paused) {
            return;
        }
        if (!call.sendRefused() && !queue.hasRoom()) {
            flush(io); // filled since the flush before
        } else if (PAUSED.compareAndSet(this, true, false)) {
            deliver(io);
        }
    }

    /** While ending gracefully, what still comes is received and dropped, so that the peer's FIN can be seen. */
    private void discardInput(IoThread io) {
        if (engine.method() == DisconnectMethod.GRACEFUL && phase != ABORTING && !inputEnded) {
            input.discard();
            receive(io);
        }
    }

    /**
     * Posts the next receive now, or puts it off until this thread's packets are done. With the receive side, and with
     * two references: the receive's is one of them.
     */
    private void receiveNext(IoThread io) {
        if (!io.shouldDefer()) {
            receiveCounted(io);
            return;
        }
        receiveDueNanos = io.nowNanos();
        receiveDue = true;
        io.defer(this);
    }

    /**
     * Posts the receive that was put off, unless another thread has. The session may have ended since, and the receive
     * of the slot's next session may be due: then that one is posted, a little early.
     */
    @Override
    public void run(IoThread io) {
        if (RECEIVE_DUE.compareAndSet(this, true, false)) {
            try {
                receiveUnlessClosing(io);
            } catch (Throwable e) {
                serverFailed(io);
                throw e;
            } finally {
                drop(io);
            }
        }
    }

    /** Whether the thread that has put the receive off has not come to it for long. Any thread. */
    boolean isReceiveLate(long now) {
        return receiveDue && now - receiveDueNanos > LATE_NANOS;
    }

    private void receiveUnlessClosing(IoThread io) {
        if (phase == OPEN) {
            receive(io);
        } else {
            finish(io);
            discardInput(io);
        }
    }

    private void receiveNextUnlessClosing(IoThread io) {
        if (phase == OPEN) {
            ioCount.acquire();
            receiveNext(io);
        } else {
            finish(io);
            discardInput(io);
        }
    }

    /** Posts the receive. With a reference and the receive side. */
    private void receive(IoThread io) {
        ioCount.acquire();
        receiveCounted(io);
    }

    /** The same with a reference for the receive besides the caller's. */
    private void receiveCounted(IoThread io) {
        input.name(io);
        int outcome = socket.receive(1, io);
        if (isForWantOfMemory(outcome)) {
            receiveLater(io);
        } else {
            afterPost("WSARecv", outcome, io);
        }
    }

    /** There is no memory for a receive: a look posts it. With a reference for that, and the receive side. */
    private void receiveLater(IoThread io) {
        receiveDueNanos = io.nowNanos();
        receiveDue = true;
        lookIn(TickAction.RETRY_NANOS, io);
        if (phase == ABORTING && RECEIVE_DUE.compareAndSet(this, true, false)) { // abort has looked before
            ioCount.drop(); // never the last: the caller has another
        }
    }

    /** Sends what is queued, if no send is pending. The caller has a reference. */
    private void flush(IoThread io) {
        flush(IoThread.GATHER, io);
    }

    private void flush(int mostBuffers, IoThread io) {
        int buffers = beginSend(mostBuffers, io);
        if (buffers > 0) {
            sendPosted(socket.send(buffers, io), io);
        }
    }

    /**
     * The same, and what the system has sent when its call returns is over here: nothing is queued for this thread, and
     * the session's memory is not fetched a second time. Only the first send: what came of the others would have to be
     * bounded. On the receive side, which looks after what a send's completion would: a pause, the end.
     *
     * @return whether the reference of that send is the caller's now
     */
    private boolean flushNow(IoThread io) {
        int buffers = beginSend(IoThread.GATHER, io);
        if (buffers == 0) {
            return false;
        }
        int outcome = socket.sendNow(buffers, io);
        if (outcome < 0 || outcome == StreamSocket.PENDING) {
            sendPosted(outcome, io);
            return false;
        }
        if (sendEnded(outcome, io)) {
            flush(io);
        }
        return true;
    }

    /** How many buffers to send, with a reference for that; 0 if there is none, or no send is to be posted now. */
    private int beginSend(int mostBuffers, IoThread io) {
        assert ioCount.isHeld() : "sends without a reference";
        if (phase == ABORTING || sendDue) {
            return 0;
        }
        int buffers = queue.begin(io, mostBuffers);
        if (buffers > 0) {
            ioCount.acquire();
        }
        return buffers;
    }

    private void sendPosted(int outcome, IoThread io) {
        if (outcome < 0) {
            queue.end(0, io);
        }
        if (isForWantOfMemory(outcome)) {
            sendLater(io);
        } else {
            afterPost("WSASend", outcome, io);
        }
    }

    /**
     * There is no memory for a send, and what it was to send is queued again: a look sends it. With a reference for
     * that. Only now: a look that came before the queue's end of the send would find nothing to send.
     */
    private void sendLater(IoThread io) {
        if (!SEND_DUE.compareAndSet(this, false, true)) {
            ioCount.drop(); // never the last: the caller has another
            return;
        }
        lookIn(TickAction.RETRY_NANOS, io);
        if (phase == ABORTING && SEND_DUE.compareAndSet(this, true, false)) { // abort has looked before
            ioCount.drop();
        }
    }

    /** By a look: sends what there was no memory for. */
    private void sendAgain(IoThread io) {
        if (SEND_DUE.compareAndSet(this, true, false)) {
            try {
                flush(io);
            } catch (Throwable e) {
                serverFailed(io);
                throw e;
            } finally {
                drop(io);
            }
        }
    }

    /** Whether a post was refused for the moment only; counted if so. */
    private boolean isForWantOfMemory(int outcome) {
        boolean isShort = outcome < 0 && FailureCause.of(-outcome) == FailureCause.SHORTAGE;
        if (isShort) {
            engine.counters.memoryRefusals.increment();
        }
        return isShort;
    }

    /** After a post: drops its reference if it failed, and cancels it if the session has been aborted meanwhile. */
    private void afterPost(String call, int outcome, IoThread io) {
        if (outcome < 0) {
            failed(call, -outcome, io);
            ioCount.drop(); // never the last: the caller has another
        } else if (phase == ABORTING) {
            cancelAll(io);
        }
    }

    /** An operation completed with an error: the connection broke, or we cancelled it. */
    private void lost(String what, int status, IoThread io) {
        failed(what, io.win32().rtlNtStatusToDosError(status), io);
    }

    /** A receive or send has failed for good: the session ends, if it is not being aborted. */
    private void failed(String what, int error, IoThread io) {
        FailureCause cause = FailureCause.of(error);
        if (cause == FailureCause.PEER) {
            broken = true;
        }
        if (phase == ABORTING) {
            return;
        }
        switch (cause) {
            case PEER, NETWORK -> {
                engine.counters.peerResets.increment();
                abort(CloseReason.PEER_RESET, io);
                SessionEngine.LOG.debug("{}: {}, {}, session {}", what, ErrorName.of(error), socket, this);
            }
            case SHORTAGE -> { // of one that had begun: what has become of its bytes is not known
                engine.counters.memoryRefusals.increment();
                abort(CloseReason.OUT_OF_MEMORY, io);
                refusal(what, error);
            }
            case FAULT -> {
                engine.counters.callFailures.increment();
                abort(CloseReason.SERVER_FAILED, io);
                refusal(what, error);
            }
        }
    }

    private void refusal(String what, int error) {
        String more = engine.refusalLines.next();
        if (more != null) {
            SessionEngine.LOG.error("{}: {}, {}, session {}: it ends{}", what, ErrorName.of(error), socket, this, more);
        }
    }

    /** The handler is called no more, what is queued is sent, then the session ends. The caller has a reference. */
    void disconnect(CloseReason why, IoThread io) {
        queue.close(); // before the phase says so: what was taken is sent
        if (PHASE.compareAndSet(this, OPEN, FLUSHING)) {
            closing(why, io);
            flush(io);
            if (PAUSED.compareAndSet(this, true, false)) {
                discardInput(io);
            }
        }
        finish(io);
    }

    /** If everything queued has been sent: the next step of the end. */
    private void finish(IoThread io) {
        if (phase == FLUSHING && queue.isIdle()) {
            if (engine.method() != DisconnectMethod.GRACEFUL) {
                abort(reason, io);
            } else if (PHASE.compareAndSet(this, FLUSHING, AWAITING_FIN)) {
                active(io);
                int error = -socket.shutdownSend(io);
                if (error != 0) {
                    abort(reason, io);
                    SessionEngine.LOG.debug("shutdown: {}, {}, session {}", ErrorName.of(error), socket, this);
                }
            }
        }
        if (phase == AWAITING_FIN && inputEnded) {
            abort(reason, io);
        }
    }

    /** Cancels everything; the references run out. The caller has a reference. */
    void abort(@Nullable CloseReason why, IoThread io) {
        assert ioCount.isHeld() : "aborts without a reference";
        int before = (int) PHASE.getAndSet(this, ABORTING);
        if (before == ABORTING) {
            return;
        }
        if (before == OPEN) {
            assert why != null;
            queue.close();
            closing(why, io);
        }
        if (RECEIVE_DUE.compareAndSet(this, true, false)) {
            ioCount.drop(); // never the last: the caller has another
        }
        if (SEND_DUE.compareAndSet(this, true, false)) {
            ioCount.drop();
        }
        if (isPending()) {
            cancelAll(io);
        }
    }

    /** The look comes first, since the cancel may throw: it cancels again what is pending then. */
    private void cancelAll(IoThread io) {
        lookIn(TickAction.RETRY_NANOS, io);
        socket.cancelAll(io);
    }

    /**
     * Called by the thread that ended the open phase. The reason is written after the times: a look reads these only
     * when it sees a reason.
     */
    private void closing(CloseReason why, IoThread io) {
        closeDeadlineNanos = io.nowNanos() + engine.options.closeTime().toNanos();
        active(io);
        reason = why;
        lookIn(engine.disconnectNanos, io);
    }

    /**
     * Release is enough: a look may miss what is just being written. {@link HandlerCall#exit} orders it before a
     * call's end.
     */
    private void active(IoThread io) {
        LAST_ACTIVITY_NANOS.setRelease(this, io.nowNanos());
    }

    // ---- what time demands ----

    /** Has this looked at in so long or earlier, at a whole tick. Any thread. */
    private void lookIn(long nanos, IoThread io) {
        if (nanos != TickAction.NEVER) {
            armNoLater(engine.wholeTick(io.nowNanos() + nanos));
        }
    }

    /** The look at what time demands, while others may be at work on the session. It sets the time of the next one. */
    @Override
    protected void expired(IoThread io) {
        if (receiveDue) {
            io.defer(this); // for want of memory; one that waits for its batch is posted early, which does no harm
        }
        if (sendDue) {
            io.defer(this::sendAgain);
        }
        long sessionId = id;
        TickAction action = look(io.nowNanos(), io);
        if (action == TickAction.NONE) {
            return;
        }
        IoTask drop = this::drop; // first, since it needs memory
        if (!acquire(sessionId, io)) {
            return;
        }
        try {
            act(action, io);
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            io.defer(drop); // not now: the handler's last call may take long, and no deadline expires meanwhile
        }
    }

    private TickAction look(long now, IoThread io) {
        if (phase == OPEN) {
            boolean inHandler = call.isRunning(); // first: whoever sees its end sees its time
            boolean putOff = receiveDue;
            long silentNanos = now - lastActivityNanos;
            long quietNanos = input.hasBuffer() ? ReceiveBuffer.QUIET_NANOS : 0;
            lookIn(TickAction.nextWhileOpen(putOff, silentNanos, engine.idleNanos, quietNanos), io);
            return TickAction.whileOpen(putOff, inHandler, silentNanos, engine.idleNanos, input.isQuiet(silentNanos));
        }
        if (reason == null) { // ended just now, and its time is set later, or gone
            return TickAction.NONE;
        }
        boolean aborting = phase == ABORTING;
        long silentNanos = now - lastActivityNanos;
        long leftNanos = closeDeadlineNanos - now;
        lookIn(TickAction.nextWhileEnding(aborting, silentNanos, engine.disconnectNanos, leftNanos), io);
        return TickAction.whileEnding(aborting, isPending(), silentNanos, engine.disconnectNanos, leftNanos);
    }

    private void act(TickAction action, IoThread io) {
        switch (action) {
            case NONE -> { }
            case END_IDLE -> {
                if (phase == OPEN) {
                    engine.counters.idleTimeouts.increment();
                    disconnect(CloseReason.IDLE, io);
                }
            }
            case TAKE_BUFFER_BACK -> {
                input.cancelled();
                socket.cancelReceive(io);
            }
            case ABORT -> {
                if (phase != ABORTING) {
                    engine.counters.closeTimeouts.increment();
                    abort(reason, io);
                }
            }
            case CANCEL_AGAIN -> cancelAll(io);
        }
    }

    private boolean isPending() {
        return socket.isReceivePending() || socket.isSendPending();
    }

    // ---- what other threads ask for ----

    /**
     * Asks for something. Any thread; it may be too late, and then nothing comes of it.
     *
     * @param what {@link #FLUSH}, {@link #DISCONNECT} or {@link #ABORT}
     * @return whether the caller must put this into the mailbox
     */
    boolean ask(long wanted, long what) {
        long before;
        long after;
        do {
            before = asked;
            if (id != wanted) { // read after it: what the next session is asked for is not overwritten
                return false;
            }
            long serialWanted = SessionId.serial(wanted);
            long own = before >>> ASKED_BITS == serialWanted ? before
                    : (serialWanted << ASKED_BITS) | (before & LISTED);
            if ((own & what) != 0) {
                return false;
            }
            after = own | what | LISTED;
        } while (!ASKED.compareAndSet(this, before, after));
        return (before & LISTED) == 0;
    }

    /** The one behind this one in the mailbox. */
    @Nullable IocpSession nextAsked() {
        return nextAsked;
    }

    void nextAsked(@Nullable IocpSession next) {
        nextAsked = next;
    }

    /** By the worker that has taken this out of the mailbox. From now on it can be put there again. */
    void doWhatIsAsked(IoThread io) {
        long taken = (long) ASKED.getAndBitwiseAnd(this, ~(FLUSH | LISTED));
        long wanted = SessionId.of(slot, taken >>> ASKED_BITS);
        if ((taken & ABORT) != 0) {
            endFor(wanted, CloseReason.DISCONNECTED, true, io);
            return;
        }
        if ((taken & FLUSH) != 0) {
            flushFor(wanted, io);
        }
        if ((taken & DISCONNECT) != 0) {
            endFor(wanted, CloseReason.DISCONNECTED, false, io);
        }
    }

    /** Sends what is queued, if the session is still the one meant. */
    private void flushFor(long wanted, IoThread io) {
        if (!acquire(wanted, io)) {
            return;
        }
        try {
            flush(io);
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            drop(io);
        }
    }

    /** Ends the session, if it is still the one meant. */
    void endFor(long wanted, CloseReason why, boolean abrupt, IoThread io) {
        if (!acquire(wanted, io)) {
            return;
        }
        try {
            if (abrupt) {
                abort(why, io);
            } else {
                disconnect(why, io);
            }
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            drop(io);
        }
    }

    // ---- references ----

    /** Takes a reference to the session with this id; false if that has ended, and then there is nothing to drop. */
    boolean acquire(long wanted, IoThread io) {
        if (ioCount.enter() && id == wanted) {
            return true;
        }
        drop(io); // may be the last reference to the session that is here now: then we release that one
        return false;
    }

    void drop(IoThread io) {
        if (ioCount.drop()) {
            release(io);
        }
    }

    /**
     * The last reference is dropped: the handler's last call, then the socket is disconnected. A peer whose last bytes
     * were dropped sees a reset, since after a FIN it would take a part for the whole.
     */
    private void release(IoThread io) {
        assert phase == ABORTING && !receiveDue && !sendDue && !isPending()
                : "released while something is still to happen";
        CloseReason why = reason;
        assert why != null : "released before it was ended";
        call.closed(why, io);
        boolean dropped = queue.clear(io);
        input.giveBack(io);
        if (dropped && !broken) {
            engine.cut(this, io);
        } else {
            engine.disconnect(this, io);
        }
    }

    /**
     * No thread is at work any more, and no packet comes. Pending operations and their memory stay with the kernel; the
     * handler is told of the end, unless it has been.
     *
     * @return whether there was a connection
     */
    boolean endWithoutPackets() {
        if (!ioCount.release()) {
            return false;
        }
        queue.close();
        phase = ABORTING;
        call.closed(reason != null ? reason : CloseReason.SERVER_STOPPED, null);
        vacate();
        return true;
    }

    /** The socket is back in the pool or closed: the id names nothing any more. */
    void vacate() {
        id = 0;
        reason = null;
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(id);
    }
}
