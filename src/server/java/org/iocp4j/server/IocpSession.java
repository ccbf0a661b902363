package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.FailureCause;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.jspecify.annotations.Nullable;

/**
 * One connection's life, in an object that serves one connection after another: its phases, its references and its end.
 * Any worker may be at work on it, several at the same time; what keeps them apart is who may do what:
 *
 * <ul>
 * <li>The <em>turn</em> ({@link SessionTurn}): who has it calls the handler, looks after the input and posts receives
 * ({@link SessionInput}). What happens to the session elsewhere is told as an event, of which none is lost. To tell one
 * takes a reference.</li>
 * <li>The <em>send side</em> ({@link SessionOutput}): any worker with a reference sends what is queued, also while
 * another one is in the handler. The {@link SendQueue} has a lock of its own and lets one send be pending.</li>
 * <li>The <em>phase</em> only goes forward: OPEN, FLUSHING, AWAITING_FIN, ABORTING or CUT. Each is entered by any
 * worker with a reference.</li>
 * <li>What any thread <em>asks</em> for ({@link SessionRequests}), a worker does with a reference; also what time
 * demands ({@link SessionTimeouts}).</li>
 * </ul>
 *
 * <p>Where the group has a {@link GroupOptions#handlerExecutor}, a worker with the turn hands each call of the handler
 * over, and leaves the turn to it ({@link HandedCalls}). The calls may block for as long as they like, so the socket
 * does not wait for them: if the session is aborted meanwhile, its socket is closed at once, and the session outlives
 * it.
 *
 * <p>References ({@link IoCount}): one is the turn's from {@link #open} on, until its holder finds it aborting
 * and no receive pending; it covers the pending receive, whose end only the turn learns of. Each pending send has one,
 * each piece of code that works on the session without the turn, and what is due. Who has the last one gives it to the
 * turn, whose holder drops it and releases the session. So a session lives as long as somebody has its turn.
 *
 * <pre>
 * state            set by                               cleared by                          carries
 *
 * IocpSession
 * OPEN             open                                 the next phase
 * FLUSHING         disconnect, with a reference         the next phase
 * AWAITING_FIN     finish, when the queue is empty      the next phase
 * ABORTING, CUT    abort, with a reference              open
 * broken           failed                               open
 * resets           end, with a reference                open
 * reason           closing, on the thread that ended    vacate, when the socket is back     the closing deadline
 *                  OPEN
 * socketEnds       endSocket, with a reference          open
 * id               open                                 vacate                              the session can be found
 *
 * SessionInput
 * receiving        receive, in the turn                 received, in the turn
 * starved          receive, or nextCall where it        receive, after a look
 *                  cancels, in the turn: no memory
 * waitsForRoom     isInputHeld, in the turn, which      the same, after an event ROOM
 *                  looks again at the queue
 * inputEnded       received, in the turn                open
 * waitsEmpty       receive, if the buffer is empty      takeBufferBack, if it cancels it    (a hint, may be stale)
 *
 * SessionOutput
 * send pending     flush, with a reference              its completion                      reference
 * sendDue          sendLater                            sendAgain, for a look; abort,       reference
 *                                                       dropping it
 * outputEnding     shutdownOutput, in the turn          open
 * outputEnded      endOutputIfSent, or finish, once     open
 *                  what was queued is sent
 *
 * SessionRequests
 * asked            ask, on any thread                   an end never: it names the serial;
 *                                                       the rest doWhatIsAsked            a place in the mailbox
 *
 * The handler's calls
 * handler's thread HandlerCall, in the turn             HandlerCall.exit                    the right to use Session
 * handed           HandedCalls, in the turn             the same, when the call is over     the turn, and with it a
 *                                                                                           reference
 * </pre>
 *
 * <p>When the last reference is dropped, the session is aborting and nothing is pending or due; {@link #release}
 * asserts it.
 */
final class IocpSession {
    /** The handler is called. */
    private static final int OPEN = 0;
    /** The handler is called no more; what is queued is sent. */
    private static final int FLUSHING = 1;
    /** Our FIN is sent, the peer's is awaited, and what comes before it is dropped. */
    private static final int AWAITING_FIN = 2;
    /** Everything pending is cancelled; the references run out. */
    private static final int ABORTING = 3;
    /**
     * The same, and the peer is to see a reset, unless our FIN is sent: it was OPEN, and what stands for it may have
     * taken bytes that the queue does not know of, as TLS has.
     */
    private static final int CUT = 4;

    /** In socketEnds: the peer sees a reset. */
    private static final int ENDED_BY_RESET = 4;

    private static final VarHandle PHASE;
    private static final VarHandle LAST_ACTIVITY_NANOS;
    private static final VarHandle SOCKET_ENDS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PHASE = lookup.findVarHandle(IocpSession.class, "phase", int.class);
            LAST_ACTIVITY_NANOS = lookup.findVarHandle(IocpSession.class, "lastActivityNanos", long.class);
            SOCKET_ENDS = lookup.findVarHandle(IocpSession.class, "socketEnds", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SessionEngine engine;
    private final Shard shard;
    private final int slot;
    private final SessionInput input;
    private final SendQueue queue;
    private final SessionOutput output;
    private final SessionTimeouts timeouts;
    private final IoCount ioCount = new IoCount();
    private final SessionTurn turn;
    private final SessionRequests requests;

    private volatile long id;
    private long serial;
    private volatile int phase = ABORTING;
    private volatile long lastActivityNanos;
    /** The connection is known to be broken: the peer needs no reset to learn of it. */
    private volatile boolean broken;
    /** An end by a reset was asked for. */
    private volatile boolean resets;
    /**
     * 0: the socket's end is the session's. Else 1, and 1 more when the socket is gone, when the session is over; and
     * ENDED_BY_RESET.
     */
    private volatile int socketEnds;
    private volatile @Nullable CloseReason reason;
    /** What was thrown, if that is the reason; written before it. */
    private @Nullable Throwable failure;
    /** Of Flight Recorder, while the socket is disconnected; null if that does not record it. */
    private @Nullable DisconnectEvent disconnectEvent;
    /** What a handler has put in the place of the session's own ref; null if nothing. */
    private volatile @Nullable SessionRef standing;
    /** The group has asked it to end the session. */
    private volatile boolean stopAsked;
    /** The connection's, from {@link #open} on. */
    @SuppressWarnings("NullAway.Init")
    private StreamSocket socket;
    /** The connection's, from {@link #open} to {@link #vacate}; written before the phase. */
    private SessionSettings settings = SessionSettings.NONE;
    /** Files or lent memory were still to be sent at the end; for whoever has the turn. */
    private boolean sourcesDropped;

    IocpSession(SessionEngine engine, Shard shard, int slot) {
        this.engine = engine;
        this.shard = shard;
        this.slot = slot;
        this.queue = new SendQueue(shard.buffers, engine.options.sendQueueFiles());
        this.input = new SessionInput(this, engine, shard.buffers);
        this.output = new SessionOutput(this);
        this.timeouts = new SessionTimeouts(this);
        this.turn = new SessionTurn(this, engine);
        this.requests = new SessionRequests(this);
    }

    /** Names this connection and no other, as long as the server lives; 0 if there is none. Any thread. */
    long id() {
        return id;
    }

    int slot() {
        return slot;
    }

    SessionEngine engine() {
        return engine;
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

    SessionSettings settings() {
        return settings;
    }

    /** The id of the connection for which {@link #open} is called next. */
    long nextId() {
        return SessionId.next(slot, serial);
    }

    IoCount ioCount() {
        return ioCount;
    }

    SessionInput input() {
        return input;
    }

    SendQueue queue() {
        return queue;
    }

    SessionOutput output() {
        return output;
    }

    SessionTimeouts timeouts() {
        return timeouts;
    }

    SessionTurn turn() {
        return turn;
    }

    SessionRequests requests() {
        return requests;
    }

    /**
     * A connection starts; the input has a buffer. Returns with the first receive posted or due, or with the session
     * ending.
     *
     * @param itsSettings what it has of its listener or connect
     */
    void open(StreamSocket connected, SessionSettings itsSettings, IoThread io) {
        assert isAborting() && !ioCount.isHeld() : "the slot's last connection has not ended";
        turn.begin(itsSettings.handler());
        socket = connected;
        settings = itsSettings;
        reason = null;
        failure = null;
        broken = false;
        resets = false;
        input.open();
        output.open();
        sourcesDropped = false;
        socketEnds = 0;
        standing = null; // before the id: who has that one finds no other session's
        stopAsked = false;
        timeouts.open(itsSettings.idleNanos());
        active(io);
        phase = OPEN;
        id = nextId();
        serial = SessionId.serial(id);
        connected.owner(id);
        queue.open(id, itsSettings.sendQueueBytes());
        ioCount.begin();
        timeouts.lookWhileOpen(SessionInput.QUIET_NANOS, io);
        engine.telemetry.accepted(id, connected, itsSettings.handler());
        turn.open(io);
    }

    // ---- its state, on any thread ----

    boolean isOpen() {
        return phase == OPEN;
    }

    boolean isFlushing() {
        return phase == FLUSHING;
    }

    boolean isAwaitingFin() {
        return phase == AWAITING_FIN;
    }

    boolean isAborting() {
        return phase >= ABORTING;
    }

    /** Whether it is ending, and the times for that are set. Any thread. */
    boolean isClosing() {
        return reason != null;
    }

    /** Whether a receive or a send is pending. Any thread. */
    boolean isPending() {
        return socket.isReceivePending() || socket.isSendPending();
    }

    /**
     * Release is enough: a look may miss what is just being written. {@link HandlerCall#exit} orders it before a
     * call's end.
     */
    void active(IoThread io) {
        LAST_ACTIVITY_NANOS.setRelease(this, io.nowNanos());
    }

    /** For how long nothing has been received or sent, and the handler has not returned. Any thread. */
    long silentNanos(long now) {
        return now - lastActivityNanos;
    }

    /** Reads something of each object that an echo reads. Any thread. */
    int prefetch() {
        int inHandler = turn.isInHandler() ? 1 : 0;
        int held = ioCount.isHeld() ? 1 : 0;
        int left = turn.hasLeft() ? 1 : 0;
        int queued = queue.queuedBytes();
        int due = output.isSendDue() ? 1 : 0;
        return inHandler + held + left + queued + due + input.prefetch();
    }

    // ---- failures ----

    /**
     * Something other than the handler threw while the caller had a reference: the session ends, dequeue reports it.
     */
    void serverFailed(Throwable e, IoThread io) {
        abort(CloseReason.SERVER_FAILED, e, io);
    }

    /** A file that it sends has failed: the session ends for that, unless another thread is aborting it already. */
    void sourceFailed(IOException what, IoThread io) {
        int before = beginAbort();
        if (before >= ABORTING) {
            return;
        }
        engine.counters.fileFailures.increment();
        if (before == FLUSHING) {
            failure = what; // beside the reason that there is
        }
        aborted(before, CloseReason.FILE_FAILED, what, io);
        String more = engine.refusalLines.next();
        if (more != null) {
            SessionEngine.LOG.error("{}, session {}: it ends{}", what.getMessage(), this, more);
        }
    }

    /** Whether a post was refused for the moment only; counted if so. */
    boolean isForWantOfMemory(int outcome) {
        boolean isShort = outcome < 0 && FailureCause.of(-outcome) == FailureCause.SHORTAGE;
        if (isShort) {
            engine.counters.memoryRefusals.increment();
        }
        return isShort;
    }

    /** An operation completed with an error: the connection broke, or we cancelled it. */
    void lost(String what, int status, IoThread io) {
        failed(what, io.win32().rtlNtStatusToDosError(status), io);
    }

    /** A receive or send has failed for good: the session ends, if it is not being aborted. */
    void failed(String what, int error, IoThread io) {
        FailureCause cause = FailureCause.of(error);
        if (cause == FailureCause.PEER) {
            broken = true;
        }
        if (isAborting()) {
            return;
        }
        switch (cause) {
            case PEER, NETWORK -> {
                abort(CloseReason.PEER_RESET, null, engine.counters.peerResets, io);
                SessionEngine.LOG.debug("{}: {}, {}, session {}", what, ErrorName.of(error), socket, this);
            }
            case SHORTAGE -> { // of one that had begun: what has become of its bytes is not known
                abort(CloseReason.OUT_OF_MEMORY, null, engine.counters.memoryRefusals, io);
                refusal(what, error);
            }
            case FAULT -> {
                abort(CloseReason.SERVER_FAILED, null, engine.counters.callFailures, io);
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

    /** The packet named another session: its operation is complete, and what it received is lost. */
    void misdirected(boolean wasSend, int status, int bytes, IoThread io) {
        if (!wasSend) {
            abort(CloseReason.KEY_MISMATCH, null, io);
            input.receiveCompleted(STATUS_CANCELLED(), 0, io); // so that what it has received is wiped with the rest
            return;
        }
        try {
            output.sendEnded(status < 0 ? 0 : bytes, io);
            abort(CloseReason.KEY_MISMATCH, null, io);
        } finally {
            drop(io);
        }
    }

    // ---- the phases of the end ----

    /** The handler is called no more, what is queued is sent, then the session ends. The caller has a reference. */
    void disconnect(CloseReason why, IoThread io) {
        queue.close(); // before the phase says so: what was taken is sent
        if (PHASE.compareAndSet(this, OPEN, FLUSHING)) {
            closing(why, null, io);
            output.flush(io);
            if (engine.lingers() && !input.hasEnded()) {
                turn.raise(SessionTurn.ENDING, io); // a receive may have to be posted
            }
        }
        finish(io);
    }

    /** If everything queued has been sent: the next step of the end. */
    void finish(IoThread io) {
        if (phase == FLUSHING && queue.isIdle()) {
            if (!engine.lingers() || input.hasEnded()) {
                abort(null, null, io);
            } else if (PHASE.compareAndSet(this, FLUSHING, AWAITING_FIN)) {
                active(io);
                timeouts.lookIn(engine.lingerNanos, io);
                int error = output.endOutput(io);
                if (error != 0) {
                    abort(null, null, io);
                    SessionEngine.LOG.debug("shutdown: {}, {}, session {}", ErrorName.of(error), socket, this);
                }
            }
        }
        if (phase == AWAITING_FIN && input.hasEnded()) {
            abort(null, null, io);
        }
    }

    /**
     * Cancels everything; the references run out. The caller has a reference.
     *
     * @param why     null if the session is ending already
     * @param thrown  what is behind it; null if nothing was thrown
     */
    void abort(@Nullable CloseReason why, @Nullable Throwable thrown, IoThread io) {
        abort(why, thrown, null, io);
    }

    /**
     * The same for a cause that is counted: once for a session, however many threads find it, and before the handler
     * can learn of the end.
     */
    void abort(@Nullable CloseReason why, @Nullable Throwable thrown, @Nullable LongAdder count, IoThread io) {
        int before = beginAbort();
        if (before < ABORTING) {
            if (count != null) {
                count.increment();
            }
            aborted(before, why, thrown, io);
        }
    }

    /** The same, but not if another thread has ended the session, be it in order; whether it was done. */
    boolean abortIfOpen(CloseReason why, LongAdder count, IoThread io) {
        queue.close(); // as in beginAbort
        boolean isOpen = PHASE.compareAndSet(this, OPEN, aborting(OPEN));
        if (isOpen) {
            count.increment();
            aborted(OPEN, why, null, io);
        }
        return isOpen;
    }

    /** Ending has taken too long. The caller has a reference. */
    void abortOverdue(IoThread io) {
        int before = beginAbort();
        if (before < ABORTING) {
            if (before != AWAITING_FIN) {
                engine.counters.closeTimeouts.increment();
            } else if (!turn.isOutElsewhere()) { // while a call is, nothing is received: the FIN may have come
                engine.counters.lingerTimeouts.increment();
            }
            aborted(before, null, null, io);
        }
    }

    /** The phase that the session was in: if it was not aborting, {@link #aborted} is the caller's to call. */
    private int beginAbort() {
        assert ioCount.isHeld() : "aborts without a reference";
        queue.close(); // else a send would be taken and dropped behind the look at the queue that ends the socket
        int before = phase;
        while (before < ABORTING && !PHASE.compareAndSet(this, before, aborting(before))) {
            before = phase;
        }
        return before;
    }

    private int aborting(int before) {
        return before == OPEN && standing != null ? CUT : ABORTING;
    }

    private boolean asksForReset() {
        return resets || (phase == CUT && !output.hasEndedOutput());
    }

    private void aborted(int before, @Nullable CloseReason why, @Nullable Throwable thrown, IoThread io) {
        if (before == OPEN) {
            assert why != null;
            closing(why, thrown, io);
        }
        output.dropDue();
        try {
            if (isPending()) {
                cancelAll(io);
            }
            if (turn.isOutElsewhere()) {
                endSocket(io);
            }
        } finally {
            turn.raise(SessionTurn.ENDING, io);
        }
    }

    /** The look comes first, since the cancel may throw: it cancels again what is pending then. */
    void cancelAll(IoThread io) {
        timeouts.lookIn(TickAction.RETRY_NANOS, io);
        socket.cancelAll(io);
    }

    /**
     * Called by the thread that ended the open phase. The reason is written after the times: a look reads these only
     * when it sees a reason.
     */
    private void closing(CloseReason why, @Nullable Throwable thrown, IoThread io) {
        if (why == CloseReason.IDLE) {
            engine.counters.idleTimeouts.increment();
        }
        timeouts.beginClosing(io);
        active(io);
        failure = thrown;
        reason = why;
        timeouts.lookIn(engine.disconnectNanos, io);
    }

    // ---- ends from outside, and what stands for the session ----

    /** What stands for the session with this id, for other threads; null if it stands for itself, or has ended. */
    @Nullable SessionRef standing(long wanted) {
        SessionRef present = standing;
        return present != null && id == wanted ? present : null;
    }

    void stand(SessionRef newStanding) {
        standing = newStanding;
    }

    boolean isStopAsked() {
        return stopAsked;
    }

    /** What stands for the session may hand on what the group asks it for. */
    CloseReason reasonFromElsewhere() {
        return stopAsked ? CloseReason.SERVER_STOPPED : CloseReason.DISCONNECTED;
    }

    /** The group is being closed. */
    void stop(boolean abrupt, IoThread io) {
        long present = id;
        SessionRef itsStanding = abrupt || phase != OPEN ? null : standing(present);
        if (itsStanding == null) {
            endFor(present, CloseReason.SERVER_STOPPED, abrupt ? Ending.AT_ONCE : Ending.IN_ORDER, io);
            return;
        }
        stopAsked = true;
        try {
            itsStanding.disconnect();
        } catch (Throwable e) {
            engine.handlerFailed(e, "a ref that stands for a session failed");
            endFor(present, CloseReason.SERVER_STOPPED, Ending.IN_ORDER, io);
        }
    }

    /** Ends the session, if it is still the one meant. */
    void endFor(long wanted, CloseReason why, Ending how, IoThread io) {
        if (!acquire(wanted, io)) {
            return;
        }
        try {
            end(why, how, null, io);
        } catch (Throwable e) {
            serverFailed(e, io);
            throw e;
        } finally {
            drop(io);
        }
    }

    /** The caller has a reference. */
    void end(CloseReason why, Ending how, @Nullable Throwable thrown, IoThread io) {
        if (how == Ending.IN_ORDER) {
            disconnect(why, io);
        } else {
            if (how == Ending.RESET) {
                resets = true; // first: another thread may end the socket as soon as the phase says so
            }
            abort(why, thrown, io);
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
        if (!ioCount.tryDrop()) {
            turn.raise(SessionTurn.DROP, io); // the reference goes with it
        }
    }

    /** The last reference is dropped, and the turn is the caller's: the handler's last call, and the end. */
    void release(IoThread io) {
        assert isAborting() && !input.isReceiving() && !turn.holdsReference() && !output.isSendDue()
                && !isPending() : "released while something is still to happen";
        CloseReason why = reason;
        assert why != null : "released before it was ended";
        sourcesDropped = queue.dropSources(io); // first: the handler may delete a file
        if (turn.close(why, thrown(), io)) { // else it goes on behind the call
            released(io);
        }
    }

    /**
     * The handler has had its last call: the socket is disconnected. A peer whose last bytes were dropped sees a reset,
     * since after a FIN it would take a part for the whole; so does one whose session was aborted.
     */
    void released(IoThread io) {
        CloseReason why = endReason();
        boolean dropped = queue.clear(io) || sourcesDropped;
        input.giveBack(io);
        forgetWork();
        boolean outlives = socketEnds != 0; // else the session may be another connection's below
        boolean isCut = dropped && !broken;
        boolean mustReset = isCut || (asksForReset() && !broken);
        boolean isReset = outlives ? (socketEnds & ENDED_BY_RESET) != 0 // as was decided there
                : mustReset || engine.method() == DisconnectMethod.CLOSE;
        engine.telemetry.disconnecting(id, isReset, settings.handler());
        disconnectEvent = engine.telemetry.disconnect(id, socket, why, isReset); // before it can be over
        if (isCut) {
            engine.counters.sessionsCut.increment();
        }
        engine.disconnect(this, mustReset, io);
        if (outlives && isLastEnd()) {
            vacate();
            engine.release(this);
        }
    }

    private void forgetWork() {
        requests.endTimers();
        requests.dropActions();
        turn.end();
    }

    /**
     * The session is aborted, and a call under way or to come: its socket does not wait for that. With a reference, or
     * when the last one has been dropped. The session itself lives on, until the handler has had its last call.
     */
    void endSocket(IoThread io) {
        boolean mustReset = (asksForReset() || sourcesDropped || !queue.isIdle()) && !broken;
        boolean isReset = mustReset || engine.method() == DisconnectMethod.CLOSE;
        if (SOCKET_ENDS.compareAndSet(this, 0, isReset ? 1 | ENDED_BY_RESET : 1)) {
            engine.disconnect(this, isReset, io);
        }
    }

    /** The group has ended, and a call may be under way: whoever is the last vacates the session. */
    void leaveSocket() {
        SOCKET_ENDS.compareAndSet(this, 0, 1);
    }

    /** The socket is gone: whether the session is over, too, so that the caller vacates it. */
    boolean endsWithSocket() {
        return socketEnds == 0 || isLastEnd();
    }

    private boolean isLastEnd() {
        return ((int) SOCKET_ENDS.getAndAdd(this, 1) & ~ENDED_BY_RESET) == 2;
    }

    /** Why it has ended; if nothing else has ended it, the end of the group. */
    CloseReason endReason() {
        CloseReason present = reason;
        return present != null ? present : CloseReason.SERVER_STOPPED;
    }

    /** What is behind the end, or what a call has thrown while another thread ended the session. */
    @Nullable Throwable thrown() {
        return failure != null ? failure : turn.thrown();
    }

    /**
     * No thread is at work any more, and no packet comes. Pending operations and their memory stay with the kernel; the
     * handler is told of the end, unless it has been. If a call is still under way, that is left to its thread.
     *
     * @return whether there was a connection, and it is over
     */
    boolean endWithoutPackets(IoThread io) {
        if (!ioCount.release() && !turn.isOutElsewhere()) {
            return false;
        }
        queue.close();
        queue.abandonSources(shard::keep);
        phase = ABORTING;
        if (!turn.closeAtTheEnd(io)) {
            return false;
        }
        forgetConnection();
        return true;
    }

    /** The group has ended, and so has the call that was under way then, on its own thread. */
    void endLate() {
        forgetConnection();
        engine.endedLate(this);
    }

    private void forgetConnection() {
        forgetWork();
        vacate();
    }

    /** The socket is back in the pool or closed: the id names nothing any more. */
    void vacate() {
        engine.telemetry.gone(disconnectEvent);
        disconnectEvent = null;
        id = 0;
        standing = null;
        reason = null;
        failure = null;
        settings = SessionSettings.NONE;
        turn.forgetHandler();
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(id);
    }
}
