package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.ERROR_CONNECTION_ABORTED;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NETNAME_DELETED;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.ERROR_SEM_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.SD_SEND;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNABORTED;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;
import static org.iocp4j.win32.generated.WinTypes.WSAENETRESET;
import static org.iocp4j.win32.generated.WinTypes.WSAETIMEDOUT;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.server.identity.SessionId;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.PooledSocket;
import org.iocp4j.win32.ErrorName;

/**
 * One connection's life, in an object that serves one connection after another. Everything that is out or at work on it has
 * a count of {@link IoCount}; the phases go one way only, and each is entered in one method.
 */
final class IocpSession implements IoTask {
    /** Open for the handler. */
    private static final int OPEN = 0;
    /** No more to the handler; what is queued goes out. */
    private static final int FLUSHING = 1;
    /** {@link DisconnectMethod#GRACEFUL} only: our FIN is sent, the peer's is awaited. */
    private static final int AWAITING_FIN = 2;
    /** Everything pending is cancelled; the counts run out. */
    private static final int ABORTING = 3;

    /** A receive that has been put off for so long is posted by whoever comes by. Earlier, it would only lose its turn. */
    private static final long LATE_NANOS = 100_000_000;

    /**
     * Of a session in which nothing happens for so long, the buffer goes back to the pool. That takes a cancel and two receives:
     * after one second they came in the midst of a burst of new connections, and slowed it by a third (measured under Wine).
     */
    private static final long QUIET_NANOS = 5_000_000_000L;

    /**
     * After a send that took longer than this, the next has one buffer only: so a session that ends sees that a slow peer goes
     * on reading.
     */
    private static final long SLOW_NANOS = 100_000_000;

    private static final VarHandle PHASE;
    private static final VarHandle PAUSED;
    private static final VarHandle RECEIVE_DUE;
    private static final VarHandle LAST_ACTIVITY_NANOS;
    private static final VarHandle ASKED;
    /** Bits of {@link #asked} below the serial. */
    private static final long ASKED_TO_DISCONNECT = 1;
    private static final long ASKED_TO_ABORT = 2;
    private static final int ASKED_BITS = 2;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PHASE = lookup.findVarHandle(IocpSession.class, "phase", int.class);
            PAUSED = lookup.findVarHandle(IocpSession.class, "paused", boolean.class);
            RECEIVE_DUE = lookup.findVarHandle(IocpSession.class, "receiveDue", boolean.class);
            LAST_ACTIVITY_NANOS = lookup.findVarHandle(IocpSession.class, "lastActivityNanos", long.class);
            ASKED = lookup.findVarHandle(IocpSession.class, "asked", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SessionEngine engine;
    private final int slot;
    private final ReceiveBuffer input;
    private final SendQueue queue;
    private final IoCount ioCount = new IoCount();
    private final HandlerCall call;

    private volatile long id;
    private long serial;
    private volatile int phase = ABORTING;
    /** No receive is out, because the send queue is full; whoever clears it receives again. */
    private volatile boolean paused;
    /** The next receive is put off; it has a count, which goes to whoever clears this. */
    private volatile boolean receiveDue;
    /** Since when; written before {@link #receiveDue} says so. */
    private long receiveDueNanos;
    /** The peer has sent its FIN. */
    private volatile boolean inputEnded;
    private volatile long lastActivityNanos;
    /** When closing has lasted long enough, however it goes on; valid when there is a reason. */
    private volatile long closeDeadlineNanos;
    /** The connection is known to be broken: the peer needs no reset to learn of it. */
    private volatile boolean broken;
    /** The serial of the session that other threads have asked to end, and how. */
    private volatile long asked;
    private volatile CloseReason reason;
    private PooledSocket socket;

    IocpSession(SessionEngine engine, int slot) {
        this.engine = engine;
        this.slot = slot;
        this.input = new ReceiveBuffer(engine.buffers);
        this.queue = new SendQueue(engine.buffers, engine.options.sendQueueBytes());
        this.call = new HandlerCall(this, engine);
    }

    /** The session's id: names it and no other as long as the server lives. Any thread. */
    long id() {
        return id;
    }

    int slot() {
        return slot;
    }

    PooledSocket socket() {
        return socket;
    }

    ReceiveBuffer input() {
        return input;
    }

    SendQueue queue() {
        return queue;
    }

    /** A connection starts. Returns with the first receive posted or due, or the session on its way out. */
    void open(PooledSocket accepted, PooledBuffer buffer, IoThread io) {
        socket = accepted;
        input.borrow(buffer);
        reason = null;
        inputEnded = false;
        paused = false;
        broken = false;
        call.begin();
        active(io);
        phase = OPEN;
        id = SessionId.next(slot, serial);
        serial = SessionId.serial(id);
        accepted.owner(id);
        queue.open(id);
        ioCount.begin(); // without this hold the login packet's completion could release the session during the callback
        try {
            call.opened();
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

    /** A receive's packet: the count that its post added is the caller's, until the drop. */
    void receiveCompleted(int status, int bytes, IoThread io) {
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
     * Something threw that is not the handler, while the caller had a count: whoever wrote it, it ends this session, and the
     * thread's dequeue tells of it.
     */
    private void serverFailed(IoThread io) {
        abort(CloseReason.SERVER_FAILED, io);
    }

    private void received(int status, int bytes, IoThread io) {
        if (status == STATUS_CANCELLED() && phase != ABORTING) {
            giveBufferBack(io);
        } else {
            if (phase == OPEN) { // else it is dropped, and puts nothing off
                active(io);
            }
            if (status < 0) {
                input.failed();
                lost(status, io);
            } else if (!input.hasBuffer()) {
                takeBuffer(io);
            } else if (bytes == 0) {
                inputEnded = true;
                disconnect(CloseReason.PEER_CLOSED, io);
            } else {
                input.received(bytes);
                deliver(io);
            }
        }
    }

    /**
     * The tick has cancelled the receive, because nothing has come for long. An idle connection waits without a buffer; but if
     * something has come in the last moment, what is unread stays where it is.
     */
    private void giveBufferBack(IoThread io) {
        if (input.isEmpty()) {
            input.giveBack();
        }
        receiveUnlessClosing(io);
    }

    /** There is something to receive, and a buffer is needed again. */
    private void takeBuffer(IoThread io) {
        PooledBuffer buffer = engine.takeBuffer(io);
        if (buffer == null) {
            abort(CloseReason.OUT_OF_MEMORY, io);
        } else {
            input.borrow(buffer);
            receiveUnlessClosing(io);
        }
    }

    /** A send's packet. */
    void sendCompleted(int status, int bytes, IoThread io) {
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
            queue.end(0); // part of it may have gone: it is never sent again
            lost(status, io);
            return;
        }
        if (queue.end(bytes)) {
            flush(slow ? 1 : IoThread.GATHER, io);
        }
        resume(io);
        finish(io);
    }

    /** The packet named another session. The operation is home and its count runs out; what was received goes nowhere. */
    void misdirected(boolean wasSend, int status, int bytes, IoThread io) {
        try {
            if (wasSend) {
                queue.end(status < 0 ? 0 : bytes);
            } else {
                input.failed(); // what it has received is wiped with the rest
            }
            abort(CloseReason.KEY_MISMATCH, io);
        } finally {
            drop(io);
        }
    }

    /**
     * Gives the handler what has come, and receives more; or pauses, if the send queue is too full. An open session always has
     * a receive out or due, or a send, or someone inside: so a pause is kept only while a send is out, whose coming home ends it.
     */
    private void deliver(IoThread io) {
        while (phase == OPEN) {
            call.forgetRefusal();
            if (!input.isEmpty()) {
                ByteBuffer lent = input.lend();
                call.received(lent);
                input.readUpTo(lent.position());
                returned(io);
            }
            flush(io);
            if (phase != OPEN) {
                break;
            }
            if (!call.sendRefused() && queue.hasRoom()) {
                receiveOrEnd(io);
                return;
            }
            paused = true;
            if (phase == OPEN && (call.sendRefused() ? !queue.isIdle() : !queue.hasRoom())) {
                flush(io); // another thread may have filled the queue since, with no send out yet to end the pause
                return;
            }
            if (!PAUSED.compareAndSet(this, true, false)) {
                return;
            }
        }
        finish(io);
        discardInput(io);
    }

    private void receiveOrEnd(IoThread io) {
        if (input.isFull()) {
            engine.counters.framesTooLong.increment();
            abort(CloseReason.FRAME_TOO_LONG, io);
        } else {
            receiveNext(io);
        }
    }

    /** The handler has returned: does what it asked for. */
    private void returned(IoThread io) {
        io.refreshNow(); // however long the handler took, that is neither idle time nor part of a deadline
        active(io);
        call.exit();
        CloseReason why = call.endReason();
        if (why != null && call.isAbrupt()) {
            abort(why, io);
        } else if (why != null) {
            disconnect(why, io);
        }
    }

    /** A send is home: if receiving paused for want of room, it goes on, or the next send ends the pause. */
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

    /** While closing gracefully, what still comes is received and dropped, so that the peer's FIN can be seen. */
    private void discardInput(IoThread io) {
        if (engine.method() == DisconnectMethod.GRACEFUL && phase != ABORTING && !inputEnded) {
            input.discard();
            receive(io);
        }
    }

    /** Posts the next receive now, or puts it off until this thread's packets are done. The caller has a count. */
    private void receiveNext(IoThread io) {
        if (!io.shouldDefer()) {
            receive(io);
            return;
        }
        ioCount.acquire();
        receiveDueNanos = io.nowNanos();
        receiveDue = true;
        io.defer(this);
    }

    /**
     * Posts the receive that was put off, unless someone else has. The session may be over by now, and another one's receive
     * be due in its place: then that one is posted, a little early.
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
            receiveNext(io);
        } else {
            finish(io);
            discardInput(io);
        }
    }

    /** Posts the receive. The caller has a count. */
    private void receive(IoThread io) {
        input.name(io);
        ioCount.acquire();
        int error = io.receive(socket.receive(), id, socket.handle());
        afterPost(socket.receive(), "WSARecv", error, io);
    }

    /** Sends what is queued, if no send is out. The caller has a count. */
    private void flush(IoThread io) {
        flush(IoThread.GATHER, io);
    }

    private void flush(int mostBuffers, IoThread io) {
        if (phase == ABORTING) {
            return;
        }
        int buffers = queue.begin(io, mostBuffers);
        if (buffers == 0) {
            return;
        }
        ioCount.acquire();
        int error = io.send(socket.send(), id, socket.handle(), buffers);
        if (error != 0) {
            queue.end(0);
        }
        afterPost(socket.send(), "WSASend", error, io);
    }

    /** After a post: drops its count if it failed, and cancels it if the session has been aborted meanwhile. */
    private void afterPost(Operation operation, String call, int error, IoThread io) {
        if (error != 0) {
            noteIfBroken(error);
            engine.counters.peerResets.increment();
            abort(CloseReason.PEER_RESET, io);
            ioCount.drop(); // never the last: the caller has one
            SessionEngine.LOG.debug("{}: {}, {}, session {}", call, ErrorName.of(error), socket, this);
        } else if (phase == ABORTING) {
            cancel(operation.address(), io);
        }
    }

    /** An operation ended with an error: the connection broke, or we cancelled it. */
    private void lost(int status, IoThread io) {
        noteIfBroken(io.win32().rtlNtStatusToDosError(status));
        if (phase != ABORTING) {
            engine.counters.peerResets.increment();
            abort(CloseReason.PEER_RESET, io);
            SessionEngine.LOG.debug("{}, {}, session {}", ErrorName.ofStatus(status), socket, this);
        }
    }

    /** Some errors say that the connection is no more: by the peer's RST or silence, or by the network. */
    private void noteIfBroken(int error) {
        if (error == ERROR_NETNAME_DELETED() || error == ERROR_CONNECTION_ABORTED() || error == ERROR_SEM_TIMEOUT()
                || error == WSAECONNRESET() || error == WSAECONNABORTED() || error == WSAENETRESET()
                || error == WSAETIMEDOUT()) {
            broken = true;
        }
    }

    /** No more to the handler; what is queued goes out, then the end. */
    void disconnect(CloseReason why, IoThread io) {
        queue.close(); // before the phase says so: what was taken goes out
        if (PHASE.compareAndSet(this, OPEN, FLUSHING)) {
            closing(why, io);
            flush(io);
            if (PAUSED.compareAndSet(this, true, false)) {
                discardInput(io);
            }
        }
        finish(io);
    }

    /** If everything queued is out: the next step of closing. */
    private void finish(IoThread io) {
        if (phase == FLUSHING && queue.isIdle()) {
            if (engine.method() != DisconnectMethod.GRACEFUL) {
                abort(reason, io);
            } else if (PHASE.compareAndSet(this, FLUSHING, AWAITING_FIN)) {
                active(io);
                int error = io.win32().shutdown(socket.handle(), SD_SEND());
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

    /** Cancels everything; the counts run out. The caller has a count. */
    void abort(CloseReason why, IoThread io) {
        int before = (int) PHASE.getAndSet(this, ABORTING);
        if (before == ABORTING) {
            return;
        }
        if (before == OPEN) {
            queue.close();
            closing(why, io);
        }
        if (RECEIVE_DUE.compareAndSet(this, true, false)) {
            ioCount.drop(); // never the last: the caller has one
        }
        if (socket.receive().isPending() || socket.send().isPending()) {
            cancel(0, io);
        }
    }

    /** The one that ended the open phase; tick trusts the deadline when there is a reason. */
    private void closing(CloseReason why, IoThread io) {
        closeDeadlineNanos = io.nowNanos() + engine.options.closeTime().toNanos();
        active(io);
        reason = why;
    }

    private void cancel(long overlapped, IoThread io) {
        int error = io.win32().cancelIoEx(socket.handle(), overlapped);
        if (error != 0 && error != ERROR_NOT_FOUND()) {
            String more = engine.refusalLines.next();
            if (more != null) {
                SessionEngine.LOG.warn("CancelIoEx: {}, {}, session {}{}", ErrorName.of(error), socket, this, more);
            }
        }
    }

    /** No fence, for a tick may be late by one: but before the call's end is seen, see {@link HandlerCall#exit}. */
    private void active(IoThread io) {
        LAST_ACTIVITY_NANOS.setRelease(this, io.nowNanos());
    }

    /** Time's part: idle sessions end, and closing ones do not take for ever. */
    void tick(IoThread io) {
        long sessionId = id;
        long now = io.nowNanos();
        long idleNanos = engine.options.idleTime().toNanos();
        boolean putOff = receiveDue;
        boolean due = putOff && now - receiveDueNanos > LATE_NANOS; // its thread is busy elsewhere, perhaps for long
        boolean idle = phase == OPEN && !putOff && !call.isRunning() && idleNanos > 0
                && now - lastActivityNanos > idleNanos;
        boolean quiet = phase == OPEN && input.waitsEmpty() && now - lastActivityNanos > QUIET_NANOS;
        boolean closing = phase != OPEN && reason != null;
        boolean overdue = closing && (now - closeDeadlineNanos > 0
                || now - lastActivityNanos > engine.options.disconnectTime().toNanos());
        boolean uncancelled = closing && phase == ABORTING && (socket.receive().isPending() || socket.send().isPending());
        if (!due && !idle && !quiet && !overdue && !uncancelled || !acquire(sessionId, io)) {
            return;
        }
        try {
            ticked(due, idle, overdue, uncancelled, quiet, io);
        } catch (Throwable e) {
            serverFailed(io);
            throw e;
        } finally {
            drop(io);
        }
    }

    private void ticked(boolean due, boolean idle, boolean overdue, boolean uncancelled, boolean quiet, IoThread io) {
        if (due) {
            run(io);
        }
        if (idle && phase == OPEN) {
            engine.counters.idleTimeouts.increment();
            disconnect(CloseReason.IDLE, io);
        } else if (overdue && (phase == FLUSHING || phase == AWAITING_FIN)) {
            engine.counters.closeTimeouts.increment();
            abort(reason, io);
        } else if (uncancelled) {
            cancel(0, io); // the cancel before may have failed
        } else if (quiet) {
            input.askedBack();
            cancel(socket.receive().address(), io);
        }
    }

    // ---- what other threads ask for ----

    /** Sends what is queued, if this is still the session meant. */
    void flushFor(long wanted, IoThread io) {
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

    /** Ends it, if this is still the session meant. */
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

    /** Whether this is the session meant, and nobody has asked it for such an end before. Any thread. */
    boolean isFirstToAsk(long wanted, boolean abrupt) {
        if (id != wanted) {
            return false; // it is over
        }
        long wantedSerial = SessionId.serial(wanted);
        long bit = abrupt ? ASKED_TO_ABORT : ASKED_TO_DISCONNECT;
        long before;
        long after;
        do {
            before = asked;
            boolean same = before >>> ASKED_BITS == wantedSerial;
            if (same && (before & bit) != 0) {
                return false;
            }
            after = same ? before | bit : wantedSerial << ASKED_BITS | bit;
        } while (!ASKED.compareAndSet(this, before, after));
        return true;
    }

    // ---- counting ----

    /** A count on the session with this id; false if it is over, and then there is nothing to drop. */
    boolean acquire(long wanted, IoThread io) {
        if (ioCount.enter() && id == wanted) {
            return true;
        }
        drop(io); // may be the last count of the session that is here now: then we release that one
        return false;
    }

    void drop(IoThread io) {
        if (ioCount.drop()) {
            release(io);
        }
    }

    /**
     * Nothing is out and nobody is in: the handler's last call, then the socket goes its way. A peer whose last bytes were
     * dropped sees a reset, since after a FIN it would take what it has for all.
     */
    private void release(IoThread io) {
        call.closed(reason);
        boolean dropped = queue.clear();
        input.giveBack();
        if (dropped && !broken) {
            engine.cut(this, io);
        } else {
            engine.disconnect(this, io);
        }
    }

    /**
     * No thread is at work any more, and no packet comes. What is out stays the kernel's, its memory, too; the handler hears of
     * the end, unless it has.
     */
    void endWithoutPackets() {
        if (ioCount.release()) {
            queue.close();
            phase = ABORTING;
            call.closed(reason != null ? reason : CloseReason.SERVER_STOPPED);
        }
    }

    /** The socket is back: the id names nothing any more. */
    void vacate() {
        id = 0;
        reason = null;
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(id);
    }
}
