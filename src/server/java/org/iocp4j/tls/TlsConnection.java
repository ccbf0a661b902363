package org.iocp4j.tls;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ScheduledAction;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.Waker;
import org.jspecify.annotations.Nullable;

/**
 * TLS on one connection. All of it happens in calls for the connection's session, one after another; only
 * {@link PlainQueue}, into which other threads send, has a lock. Each call changes something and then has everything
 * {@link #move} that can: what is to be sent, what has come, and the inner handler.
 *
 * <pre>
 *   InnerSession -- send --> PlainQueue --> RecordWriter --> the connection's queue
 *   InnerSession <-- Plaintext <-- RecordReader <-- the connection's buffer
 * </pre>
 *
 * <p>Each of the four has buffers only while there is something in them, and all of them are bounded: one that is full
 * stops the one before it, down to the connection, whose input is paused, and whose writable call starts all again.
 */
final class TlsConnection {
    private enum Phase {
        /** The inner handler knows of nothing. */
        HANDSHAKING,
        /** The inner handler is called. */
        OPEN,
        /** It is called no more; what it has sent, and the close_notify, is still on its way into the queue. */
        CLOSING,
        /** The rest is the connection's. */
        CLOSED
    }

    /** How long what is still to be encrypted may wait for a peer that reads nothing, once the session is to end. */
    private static final Duration CLOSE_QUIET_TIME = Duration.ofSeconds(5);
    /** And in all, whatever the peer reads. */
    private static final Duration CLOSE_TIME = Duration.ofMinutes(1);
    /** An alert, and what an engine may put before it. */
    private static final int MOST_ALERT_RECORDS = 4;

    private final TlsHandler owner;
    private final SSLEngine engine;
    private final InetSocketAddress peer;
    /** The most bytes in the connection's queue. */
    private final int limitBytes;
    private final PlainQueue outgoing;
    private final RecordWriter writer;
    private final RecordReader reader;
    private final InnerSession inner;
    private final EngineTasks tasks;
    /** Actions that other threads have had before the handshake was done, and that wait for it. */
    private final AtomicInteger earlyActions = new AtomicInteger();
    /** Has a call of the connection look at the queue, into which other threads send. */
    private final Waker sent;
    /** The same when another thread ends the session; a call of its own, behind the actions from before. */
    private final Waker ended;
    /** Null when it has ended: its object is another connection's by then. */
    private @Nullable Session connection;
    /** The connection's own. */
    @SuppressWarnings("NullAway.Init")
    private SessionRef direct;
    /** What stands for this session. */
    @SuppressWarnings("NullAway.Init")
    private SessionRef ref;

    private Phase phase = Phase.HANDSHAKING;
    /** The handshake is done: for other threads. */
    private volatile boolean shookHands;
    private @Nullable ScheduledAction handshakeLimit;
    /** Up to TLS 1.2. */
    private boolean mayRenegotiate;
    /** Why it has failed. */
    private @Nullable TlsException failure;
    /** Why it ends, if this has ended it for a reason that the connection does not know. */
    private @Nullable CloseReason endReason;
    /** The time for {@link Phase#CLOSING} is running. */
    private boolean closeLimited;

    // What is to be sent.
    /** Nothing more is taken; behind what was, there is a close_notify. */
    private boolean outputEnding;
    /** The engine has been told. */
    private boolean outputClosed;
    /** The connection has been told. */
    private boolean finAsked;

    // What has come.
    private int recordsWithoutData;
    /** The peer's close_notify has come. */
    private boolean inputClosed;
    /** The connection's input is. */
    private boolean connectionPaused;

    private TlsConnection(TlsHandler owner, Session connection) {
        this.owner = owner;
        this.connection = connection;
        this.engine = owner.newEngine();
        this.peer = connection.remoteAddress();
        this.limitBytes = connection.sendQueueBytes();
        this.outgoing = new PlainQueue(owner.packets, limitBytes, TlsHandler.MOST_FILES, owner.sendsRefused);
        this.writer = new RecordWriter(engine, owner.packets, outgoing);
        this.reader = new RecordReader(engine, owner.packets, owner.plaintexts);
        this.tasks = new EngineTasks(engine, owner.taskExecutor, connection, this::taskDone);
        this.sent = connection.waker(_ -> move());
        this.ended = connection.waker(_ -> disconnectNow());
        this.inner = new InnerSession(this, owner.inner, outgoing, limitBytes, connection);
    }

    /** In a call for the connection. */
    static void begin(TlsHandler owner, Session connection) throws Exception {
        TlsConnection begun = new TlsConnection(owner, connection);
        connection.wrapRef(begun::stand);
        connection.attach(begun);
        begun.handshakeLimit = connection.schedule(owner.handshakeTime, _ -> begun.handshakeTimedOut());
        connection.resumeInput(); // what a handler before has held is the handshake's
        begun.engine.beginHandshake();
        begun.move();
    }

    private SessionRef stand(SessionRef connections) {
        direct = connections;
        ref = new TlsRef(this, connections);
        return ref;
    }

    /** Of the calls for the connection. */
    Session connection() {
        return Objects.requireNonNull(connection, "the connection has ended");
    }

    // ---- the connection's calls ----

    void received(ByteBuffer data) throws Exception {
        reader.source(data);
        try {
            move();
        } finally {
            reader.source(null);
        }
    }

    void inputEnded() throws Exception {
        if (phase == Phase.HANDSHAKING) {
            fail(TlsFailure.CLOSED_IN_HANDSHAKE, "the peer has ended it", null);
        } else if (phase == Phase.OPEN && !inputClosed) {
            fail(TlsFailure.TRUNCATED, "a FIN without a close_notify", null);
        }
        move();
    }

    void idle() throws Exception {
        if (phase == Phase.CLOSING) {
            giveUp();
        } else if (phase == Phase.OPEN) {
            inner.idle();
        }
        move();
    }

    void closed(CloseReason reason, @Nullable Throwable thrown) throws Exception {
        phase = Phase.CLOSED;
        release();
        try {
            if (inner.isOpened()) {
                inner.closed(endReason != null ? endReason : reason, failure != null ? failure : thrown);
            } else if (failure == null && !shookHands) {
                count(new TlsException(TlsFailure.CLOSED_IN_HANDSHAKE, "ended before: " + reason, thrown));
            }
        } finally {
            connection = null;
            inner.forgetAttachment();
        }
    }

    private void handshakeTimedOut() throws Exception {
        if (phase == Phase.HANDSHAKING) {
            fail(TlsFailure.HANDSHAKE_TIMED_OUT, "not done within " + owner.handshakeTime, null);
        }
        move();
    }

    /** The peer does not read, or not fast enough, what is to go out before the end. */
    private void giveUp() {
        if (phase == Phase.CLOSING) {
            owner.closeTimeouts.increment();
            phase = Phase.CLOSED;
            direct.abort(); // by the ref: in idle() the connection would end for its idle time
        }
    }

    // ---- everything that can move ----

    void move() throws Exception {
        boolean moved = true;
        while (moved && phase != Phase.CLOSED) {
            moved = write();
            moved |= read();
            moved |= phase == Phase.OPEN && inner.tell();
        }
        settle();
    }

    /** Nothing can move now: gives back what is empty, and sees to it that the connection calls again. */
    private void settle() {
        if (phase == Phase.CLOSED) {
            release();
            reader.skipSource();
            return;
        }
        writer.giveBackEmpty();
        reader.giveBackEmpty();
        if (inputClosed) {
            reader.skipSource();
        }
        Session its = connection();
        boolean isOpen = phase == Phase.OPEN;
        boolean isHeld = isOpen && inner.isInputHeld();
        pause(isHeld || tasks.isRunning() || phase == Phase.CLOSING || reader.hasSource());
        int staged = writer.stagedBytes();
        if (staged > 0) {
            its.wantRoom(Math.min(staged, limitBytes));
        } else if (isOpen && inner.wasHeldForRoom()) {
            its.wantRoom(Math.clamp(outgoing.refusedBytes(), 1, limitBytes));
        }
        if (phase == Phase.CLOSING && !closeLimited) {
            closeLimited = true;
            its.idleTime(CLOSE_QUIET_TIME);
            limitClose();
        }
    }

    /** A file may be larger than any queue: as long as some of it has gone, the time begins anew. */
    private void limitClose() {
        long before = outgoing.fileBytes();
        connection().schedule(CLOSE_TIME, _ -> {
            if (phase == Phase.CLOSING && outgoing.fileBytes() != before) {
                limitClose();
            } else {
                giveUp();
            }
        });
    }

    private void pause(boolean paused) {
        if (paused != connectionPaused) {
            connectionPaused = paused;
            if (paused) {
                connection().pauseInput();
            } else {
                connection().resumeInput();
            }
        }
    }

    /** Gives everything back. */
    private void release() {
        writer.drop();
        reader.drop();
        inner.released();
    }

    // ---- what is to be sent ----

    /** Whether anything was encrypted. */
    private boolean write() {
        boolean moved = false;
        try {
            while (writer.push(connection()) && wantsToWrap() && wrap()) {
                moved = true;
            }
        } catch (SSLException e) {
            fail(e);
            return false;
        }
        if (!outputClosed && !tasks.isRunning() && engine.isOutboundDone()) { // by the peer's, up to TLS 1.2
            outputEnding = true;
            outputClosed = true;
            writer.dropPlaintext();
        }
        if (outputClosed && writer.stagedBytes() == 0) {
            outputEnded();
        }
        return moved;
    }

    private boolean wantsToWrap() {
        HandshakeStatus status = tasks.isRunning() ? HandshakeStatus.NEED_TASK : engine.getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK) {
            tasks.begin();
            return false;
        }
        if (status == HandshakeStatus.NEED_WRAP || (phase != Phase.HANDSHAKING && writer.hasPlaintext())) {
            return true;
        }
        if (!outputEnding || outputClosed || phase == Phase.HANDSHAKING) {
            return false;
        }
        outputClosed = true;
        engine.closeOutbound();
        return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
    }

    /** Whether the engine has done anything. */
    private boolean wrap() throws SSLException {
        SSLEngineResult result = writer.wrap();
        if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
            handshakeDone();
        }
        return result.bytesProduced() > 0 || result.bytesConsumed() > 0;
    }

    /** The close_notify is in the connection's queue. */
    private void outputEnded() {
        if (phase == Phase.CLOSING) {
            phase = Phase.CLOSED;
            connection().disconnect();
        } else if (!finAsked) {
            finAsked = true;
            connection().shutdownOutput();
        }
    }

    // ---- what has come ----

    /** Whether anything was decrypted. */
    private boolean read() {
        boolean moved = false;
        try {
            while (mayUnwrap() && (unwrap() || reader.fill())) {
                moved = true;
            }
        } catch (SSLException e) {
            fail(e);
            return false;
        }
        return moved;
    }

    private boolean mayUnwrap() {
        if (inputClosed || tasks.isRunning()) {
            return false;
        }
        return switch (phase) {
            case HANDSHAKING -> isReadyToUnwrap();
            case OPEN -> !inner.isInputHeld() && reader.unreadBytes() < owner.messageBytes && isReadyToUnwrap();
            case CLOSING, CLOSED -> false;
        };
    }

    /** An answer of the engine's goes first: so a peer that asks and does not read is read no further. */
    private boolean isReadyToUnwrap() {
        return writer.stagedBytes() == 0 && engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP;
    }

    /** Takes a record; false if there is no complete one. */
    private boolean unwrap() throws SSLException {
        boolean wasOpen = phase == Phase.OPEN;
        SSLEngineResult result = reader.unwrap();
        if (result == null) {
            return false;
        }
        if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
            handshakeDone();
        }
        if (result.getStatus() == Status.CLOSED) {
            peerClosed(wasOpen);
        } else {
            decrypted(result, wasOpen);
        }
        return result.bytesConsumed() > 0 || result.bytesProduced() > 0 || inputClosed
                || result.getHandshakeStatus() == HandshakeStatus.NEED_TASK
                || result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
    }

    private void peerClosed(boolean wasOpen) {
        inputClosed = true;
        if (!wasOpen) {
            fail(TlsFailure.CLOSED_IN_HANDSHAKE, "the peer's close_notify", null);
        }
    }

    private void decrypted(SSLEngineResult result, boolean wasOpen) {
        HandshakeStatus next = result.getHandshakeStatus();
        if (result.bytesProduced() > 0) {
            inner.hasMore();
            recordsWithoutData = 0;
        } else if (wasOpen && result.bytesConsumed() > 0 && ++recordsWithoutData > TlsHandler.MOST_WITHOUT_DATA) {
            fail(TlsFailure.WITHOUT_DATA, recordsWithoutData + " records in a row", null);
            return;
        }
        boolean begins = next == HandshakeStatus.NEED_TASK || next == HandshakeStatus.NEED_WRAP;
        if (wasOpen && begins && mayRenegotiate && !outputClosed) {
            fail(TlsFailure.RENEGOTIATION, "a second handshake is not supported", null);
        } else if (next == HandshakeStatus.NEED_TASK) {
            tasks.begin();
        }
    }

    // ---- the handshake ----

    private void taskDone(@Nullable Throwable thrown) throws Exception {
        if (phase == Phase.HANDSHAKING && thrown != null) {
            fail(TlsFailure.HANDSHAKE_FAILED, String.valueOf(thrown.getMessage()), thrown);
        } else if (phase == Phase.HANDSHAKING) {
            askForFailure();
        }
        move();
    }

    /** An engine may keep what a task of its own threw until its next call, which may be for bytes that never come. */
    private void askForFailure() {
        try {
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
                engine.unwrap(ByteBuffer.allocate(0), ByteBuffer.allocate(0));
            }
        } catch (SSLException e) {
            fail(e);
        }
    }

    private void handshakeDone() {
        if (phase != Phase.HANDSHAKING) {
            return;
        }
        owner.handshakes.increment();
        mayRenegotiate = !engine.getSession().getProtocol().equals("TLSv1.3");
        phase = Phase.OPEN;
        shookHands = true;
        if (handshakeLimit != null) {
            handshakeLimit.cancel();
        }
    }

    // ---- the failure ----

    private void fail(SSLException cause) {
        fail(phase == Phase.HANDSHAKING ? TlsFailure.HANDSHAKE_FAILED : TlsFailure.BROKEN,
                String.valueOf(cause.getMessage()), cause);
    }

    /** The peer gets an alert, if there is room for it and nothing of what was taken is lost, and the session ends. */
    private void fail(TlsFailure kind, String what, @Nullable Throwable cause) {
        if (phase == Phase.CLOSED || failure != null) {
            return;
        }
        TlsException thrown = new TlsException(kind, what, cause);
        failure = thrown;
        endReason = CloseReason.TLS_FAILED;
        outgoing.close(); // before the look: nothing is taken that it does not see
        boolean isCut = phase == Phase.OPEN && !outgoing.isEmpty();
        writer.dropPlaintext();
        if (isCut && cause == null) { // a sound engine says close_notify: the peer would take a part for the whole
            abort();
        } else {
            sendAlert(thrown);
            phase = Phase.CLOSED;
            connection().disconnect();
        }
        count(thrown);
    }

    private void count(TlsException thrown) {
        owner.failed(thrown, peer);
        if (!inner.isOpened()) {
            owner.tellHandshakeFailed(thrown, peer);
        }
    }

    private void sendAlert(TlsException thrown) {
        if (tasks.isRunning()) { // the engine is a calculation's, which may take as long as it likes
            return;
        }
        try {
            engine.closeOutbound(); // of an engine that has failed itself, it changes nothing
            writer.giveBackEmpty();
            for (int i = 0; i < MOST_ALERT_RECORDS && writer.push(connection()); i++) {
                if (engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP || !wrap()) {
                    return;
                }
            }
        } catch (SSLException e) {
            thrown.addSuppressed(e);
            writer.push(connection());
        }
    }

    // ---- for the session inside ----

    /** Of the calls for the connection; null when it has ended. */
    @Nullable Session connectionOrNull() {
        return connection;
    }

    TlsHandler owner() {
        return owner;
    }

    RecordReader reader() {
        return reader;
    }

    SessionRef ref() {
        return ref;
    }

    void ref(SessionRef wrapped) {
        ref = wrapped;
    }

    SSLSession sslSession() {
        return engine.getSession();
    }

    @Nullable String applicationProtocol() {
        return engine.getApplicationProtocol();
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    boolean isInputClosed() {
        return inputClosed;
    }

    boolean isOutputEnding() {
        return outputEnding;
    }

    boolean isFinAsked() {
        return finAsked;
    }

    int stagedBytes() {
        return writer.stagedBytes();
    }

    /** Behind what was sent. */
    void endOutput() {
        outputEnding = true;
        outgoing.close();
    }

    /** For a reason that the connection may not know; null if it knows. */
    void abort(@Nullable CloseReason why) {
        if (endReason == null) {
            endReason = why;
        }
        abort();
    }

    void messageTooLong() {
        owner.messagesTooLong.increment();
        endReason = CloseReason.FRAME_TOO_LONG;
        abort();
    }

    /** The inner handler is called no more except for the end. */
    void close(@Nullable CloseReason why) {
        endReason = why;
        endOutput();
        phase = Phase.CLOSING;
    }

    void abort() {
        phase = Phase.CLOSED;
        connection().abort();
    }

    // ---- from other threads ----

    /** What a file would be told now; null if it would be taken. */
    @Nullable SendResult refusesFile() {
        return outgoing.refusesFile();
    }

    /** The most bytes of a send, but for files. */
    int limitBytes() {
        return limitBytes;
    }

    SendResult sendFromElsewhere(FilePart file) {
        return wokenFor(outgoing.addOrClose(file));
    }

    SendResult sendFromElsewhere(ByteBuffer data) {
        int before = data.position();
        SendResult result = wokenFor(outgoing.add(data, limitBytes, false));
        if (result != SendResult.TAKEN) {
            data.position(before);
        }
        return result;
    }

    /** Also for what was refused: the queue has noted what for, and the look tells when there is room. */
    private SendResult wokenFor(SendResult result) {
        return result == SendResult.CLOSED || sent.wake() ? result : SendResult.CLOSED;
    }

    void disconnectFromElsewhere() {
        ended.wake();
    }

    private void disconnectNow() throws Exception {
        outgoing.close(); // before the look: nothing is taken that it does not see
        if (phase == Phase.OPEN || (phase == Phase.HANDSHAKING && outgoing.isEmpty())) {
            close(null);
        } else {
            inner.endLater();
        }
        move();
    }

    boolean executeFromElsewhere(SessionAction action, SessionRef connections) {
        boolean isEarly = !shookHands;
        if (isEarly && earlyActions.getAndUpdate(count -> Math.min(count + 1, TlsHandler.MOST_EARLY_ACTIONS))
                == TlsHandler.MOST_EARLY_ACTIONS) {
            owner.actionsRefused.increment();
            throw new RejectedExecutionException(TlsHandler.MOST_EARLY_ACTIONS
                    + " actions wait for the handshake of session " + inner);
        }
        boolean isTaken = false;
        try {
            isTaken = connections.execute(_ -> runFromElsewhere(action));
        } finally {
            if (isEarly && !isTaken) {
                earlyActions.decrementAndGet();
            }
        }
        return isTaken;
    }

    /** In a call for the connection: an action for the session. */
    void runFromElsewhere(SessionAction action) throws Exception {
        if (phase == Phase.HANDSHAKING) {
            inner.runLater(action);
        } else if (phase == Phase.OPEN) {
            inner.run(action);
        }
        move();
    }
}
