package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;

import java.nio.ByteBuffer;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How a session receives: its buffer, the posts and completions of receives, and what of the input the handler is to be
 * shown next. One receive is pending at most, and while it is, the buffer is the kernel's.
 *
 * <p>The buffer is one of the pool, or none: a quiet connection gives its buffer back and waits with a receive of no
 * bytes, which completes when there is something to receive.
 *
 * <p>For whoever has the turn; others read what is volatile, and hints.
 */
final class SessionInput {
    /**
     * A connection is quiet when nothing has happened for this long. Giving a buffer back takes a cancel and two
     * receives: after one second they came in the midst of a burst of new connections and slowed it by a third [wine].
     */
    static final long QUIET_NANOS = 5_000_000_000L;

    private final IocpSession session;
    private final SessionEngine engine;
    private final BufferPool buffers;
    private @Nullable PooledBuffer buffer;
    /** A receive may be pending in an empty buffer. */
    private boolean waitsEmpty;

    // The receive's, whose completion writes it before it tells of it.

    private int receivedStatus;
    private int receivedBytes;

    /** A receive is pending, or its completion not handled yet. */
    private boolean receiving;
    /** There is something to receive, and a buffer is needed first. */
    private boolean wantsBuffer;
    /** There was no memory for a receive, or one could not be cancelled: a look tries again. */
    private volatile boolean starved;
    /** Something is unread that the handler is to be shown, now or when it goes on. */
    private boolean unseen;
    private volatile boolean inputPaused;
    /** No receive is posted, since the send queue is too full; the completion of a send tells when that has changed. */
    private volatile boolean waitsForRoom;
    /** The peer has sent its FIN. */
    private volatile boolean inputEnded;
    /** The handler knows that the input has ended. */
    private boolean endTold;

    SessionInput(IocpSession session, SessionEngine engine, BufferPool buffers) {
        this.session = session;
        this.engine = engine;
        this.buffers = buffers;
    }

    /** A connection begins. */
    void open() {
        receiving = false;
        wantsBuffer = false;
        starved = false;
        unseen = false;
        inputPaused = false;
        waitsForRoom = false;
        inputEnded = false;
        endTold = false;
    }

    // ---- the buffer ----

    /**
     * Takes a buffer from the pool. It is wiped: the handler sees nothing of another connection, wherever it looks.
     *
     * @return false if the system has no memory for one
     */
    boolean take(IoThread io) {
        PooledBuffer taken = buffers.take(io);
        while (taken == null && buffers.grow(io.win32())) {
            taken = buffers.take(io);
        }
        if (taken == null) {
            return false;
        }
        taken.wipe();
        buffer = taken;
        return true;
    }

    /** As {@link IocpSession#prefetch}. */
    int prefetch() {
        PooledBuffer present = buffer;
        return present == null ? 0 : present.prefetch();
    }

    /** Any thread; a hint to those that have not the right to receive. */
    boolean hasBuffer() {
        return buffer != null;
    }

    /** The next receive is one of no bytes, until {@link #take}. */
    void giveBack(IoThread io) {
        if (buffer != null) {
            buffers.give(buffer, io);
            buffer = null;
        }
    }

    /** Gives the buffer back after its receive was cancelled, unless bytes came in the last moment. */
    private void giveBackIfEmpty(IoThread io) {
        if (isEmpty()) {
            giveBack(io);
        }
    }

    /** Whether nothing is unread. */
    private boolean isEmpty() {
        return buffer == null || buffer.filledBytes() == 0;
    }

    private boolean isFull() {
        return buffer != null && buffer.roomBytes() == 0;
    }

    /** Drops what is unread. */
    private void discard() {
        if (buffer != null) {
            buffer.consume(buffer.filledBytes());
            buffer.compact();
        }
    }

    /** Names the free part as the buffer of the receive that the caller posts next. */
    private void name(IoThread io) {
        if (buffer == null) {
            io.buffer(0, 0, 0);
        } else {
            io.buffer(0, buffer.address() + buffer.filledBytes(), buffer.roomBytes());
            waitsEmpty = buffer.filledBytes() == 0;
        }
    }

    /** A receive failed, and may have written anywhere in the free part. */
    private void spoilt() {
        if (buffer != null) {
            buffer.used(buffers.bufferBytes());
        }
    }

    /** What is unread, for the handler, which reads by moving the position. */
    ByteBuffer lend() {
        assert buffer != null;
        return buffer.readOnly();
    }

    /** The handler has returned. Only the position counts, and only as far as there was something. */
    void readUpTo(int position) {
        assert buffer != null;
        buffer.consume(Math.min(position, buffer.filledBytes()));
        buffer.compact();
    }

    /**
     * Whether an empty buffer may have been waiting in the kernel for so long that it should come back. Any thread;
     * only a hint, and so without a fence.
     *
     * @param silentNanos for how long nothing has happened on the connection
     */
    boolean isQuiet(long silentNanos) {
        return waitsEmpty && silentNanos >= QUIET_NANOS;
    }

    // ---- receives ----

    /**
     * Posts the next receive, if one is wanted and none is pending, or leaves that for when this thread's packets are
     * done.
     *
     * @param atOnce whether it may not be left
     * @return what is left for later
     */
    int receiveNext(boolean atOnce, IoThread io) {
        if (receiving || inputEnded || inputPaused || waitsForRoom) {
            return 0;
        }
        if (isFull()) {
            if (session.abortIfOpen(CloseReason.FRAME_TOO_LONG, engine.counters.framesTooLong, io)) {
                engine.frameTooLong(session);
            }
            return 0;
        }
        if (!atOnce && io.shouldDefer()) {
            return session.turn().putOff(SessionTurn.GO_ON, io);
        }
        receive(io);
        return 0;
    }

    /** While the session waits for the peer's FIN: what comes before that is received and dropped. */
    void receiveAndDrop(IoThread io) {
        if (!receiving && !inputEnded) {
            discard();
            receive(io);
        }
    }

    private void receive(IoThread io) {
        if (wantsBuffer && !engine.takeBuffer(this, io)) {
            starve(io);
            return;
        }
        if (wantsBuffer) {
            wantsBuffer = false;
            session.timeouts().lookIn(QUIET_NANOS, io);
        }
        name(io);
        int outcome = session.socket().receive(1, io);
        if (session.isForWantOfMemory(outcome)) {
            starve(io);
            return;
        }
        receiving = outcome >= 0;
        if (starved) {
            starved = false;
        }
        if (outcome < 0) {
            session.failed("WSARecv", -outcome, io);
        } else if (session.isAborting()) {
            session.cancelAll(io);
        }
    }

    /** There is no memory for a receive, or to cancel it: a look has the turn go on. */
    private void starve(IoThread io) {
        starved = true;
        session.timeouts().lookIn(TickAction.RETRY_NANOS, io);
    }

    /** Whether a look is to have the turn go on. Any thread. */
    boolean isStarved() {
        return starved;
    }

    /** For a look: whether it is to have the turn go on, which it does. */
    boolean takeStarved() {
        boolean isStarved = starved;
        if (isStarved) {
            starved = false;
        }
        return isStarved;
    }

    /** By a look: nothing has come for long, and the receive gives its empty buffer back. */
    void takeBufferBack(IoThread io) {
        waitsEmpty = false; // this is done once; first: the next receive may be out before the cancel returns
        if (session.socket().cancelReceive(io) < 0) {
            waitsEmpty = true; // a later look tries again
        }
    }

    boolean isReceiving() {
        return receiving;
    }

    /** A receive has completed; the turn is told what came of it. */
    void receiveCompleted(int status, int bytes, IoThread io) {
        receivedStatus = status;
        receivedBytes = bytes;
        session.turn().raise(SessionTurn.RECEIVED, io);
    }

    /** Whether it has brought bytes. */
    boolean received(IoThread io) {
        assert receiving && !session.socket().isReceivePending() : "the end of a receive that was not posted";
        receiving = false;
        int status = receivedStatus;
        int bytes = receivedBytes;
        if (status == STATUS_CANCELLED() && !session.isAborting()) { // by a look, since nothing had come for long
            giveBackIfEmpty(io);
            return false;
        }
        if (session.isOpen()) { // else it is discarded, and is no progress of the end
            session.active(io);
        }
        if (status < 0) {
            spoilt();
            session.lost("a receive", status, io);
            return false;
        }
        if (buffer == null) {
            wantsBuffer = true;
            return false;
        }
        if (bytes == 0) {
            inputEnded = true;
            return false;
        }
        buffer.fill(bytes);
        engine.counters.received(bytes, io);
        unseen = true;
        return true;
    }

    /** Whether the peer has sent its FIN. Any thread. */
    boolean hasEnded() {
        return inputEnded;
    }

    // ---- what the handler is shown ----

    /** What of the input the handler of an open session is to be called for next, and is taken to have been. */
    @Nullable CallKind nextCall(IoThread io) {
        if (isInputHeld(io)) {
            return null;
        }
        if (unseen && !isEmpty()) {
            if (receiving) { // it is to write behind what is unread, which the handler may move: first it comes home
                if (session.socket().cancelReceive(io) < 0) {
                    starve(io);
                }
                return null;
            }
            unseen = false;
            return CallKind.RECEIVED;
        }
        if (inputEnded && !endTold) {
            endTold = true;
            return CallKind.INPUT_ENDED;
        }
        return null;
    }

    /**
     * Whether the handler gets no input, and none is received. Something must always be going to happen in an open
     * session: so, before the input waits for room in the queue, this sets the flag that a send's completion looks at,
     * and then looks at the queue once more.
     */
    private boolean isInputHeld(IoThread io) {
        if (inputPaused) {
            return true;
        }
        SendQueue queue = session.queue();
        if (!queue.takesInput()) {
            waitsForRoom = true;
            if (!queue.takesInputNow()) {
                session.output().flush(io); // another thread may have filled it since, with no send pending yet
                return true;
            }
        }
        if (waitsForRoom) {
            waitsForRoom = false;
            unseen = true; // a handler that asked for the room, and was not refused, waits for a call, too
        }
        return false;
    }

    /** Whether no receive is posted, since the send queue is too full. Any thread. */
    boolean waitsForRoom() {
        return waitsForRoom;
    }

    /** What is unread is shown to the handler. */
    void showUnread() {
        unseen = true;
    }

    /** What is unread is shown to the handler again, and the end of the input told again. */
    void showAgain() {
        unseen = true;
        endTold = false;
    }

    boolean hasToldEnd() {
        return endTold;
    }

    /** Any thread. */
    boolean isInputPaused() {
        return inputPaused;
    }

    /** Paused, and not for a client that does not read: its handler is to go on. Any thread; asked before the time. */
    boolean isHeldByHandler() {
        return inputPaused && !session.socket().isSendPending();
    }

    void pauseInput() {
        inputPaused = true;
    }

    void resumeInput() {
        if (inputPaused) {
            inputPaused = false;
            unseen = true;
        }
    }
}
