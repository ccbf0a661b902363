package org.iocp4j.socket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.jspecify.annotations.Nullable;

/**
 * A handle of Windows', and the one protocol by which it is closed. Any thread may close it, also while others call
 * Windows with it: the number of a closed handle is soon another's, so every call is counted while it lasts, and the
 * handle is closed by whichever thread ends the last of them. Operations may be pending then. They are cancelled, each
 * still completes, and after the last has been told, {@code gone} is: the last event of the handle.
 *
 * <pre>
 * state      entered by                                   until
 * OPEN       the constructor                              close
 * CLOSING    close, by one thread                         no call is in progress
 * RELEASING  the thread that ended the last call          it has cancelled what was pending and closed the handle
 * CLOSED     the same thread                              no operation is pending or being told
 * GONE       the thread that ended the last of either     for ever, or the object serves another handle
 * </pre>
 */
abstract sealed class IoHandle permits StreamSocket, StreamListener, OverlappedFile {
    private static final long OPEN = 0;
    private static final long CLOSING = 1;
    private static final long RELEASING = 2;
    private static final long CLOSED = 3;
    private static final long GONE = 4;
    private static final long STATE = 7;
    /** Two bits: how it is to be closed, see {@link Closing}. */
    private static final int HOW_SHIFT = 3;
    private static final long HOW = 3L << HOW_SHIFT;
    /** One call in progress. */
    private static final long CALL = 1L << 5;
    private static final long CALLS = 0xFFFF_FFFFL & -CALL;
    /** One operation that is pending or being told. */
    private static final long OPERATION = 1L << 32;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(IoHandle.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final IoDomain domain;
    /** One object for all its closes, so that telling of them takes no memory on a thread that dequeues. */
    private final IoTask gone = this::tellGone;
    /** State, how it closes, calls in progress, operations: one word, so that one step changes them together. */
    private volatile long word = GONE;

    IoHandle(IoDomain domain) {
        this.domain = domain;
    }

    /** A handle is open, and nothing is going on with it: stray calls of earlier users apart. */
    final void opened() {
        assert (word & STATE) == GONE : "opened while another is open";
        domain.handles.incrementAndGet();
        WORD.getAndAdd(this, OPEN - GONE - (word & HOW));
    }

    // ---- calls ----

    /**
     * A call with the handle begins. It stays open until {@link #leave}.
     *
     * @return false if it is closed or closing: then there is no call to leave
     */
    final boolean enter(IoThread io) {
        return enter(CALL, io);
    }

    /** A post begins. {@link #leave} ends it if its operation will complete, or has; else {@link #refused} does. */
    final boolean enterPost(IoThread io) {
        return enter(CALL + OPERATION, io);
    }

    private boolean enter(long what, IoThread io) {
        long before = (long) WORD.getAndAdd(this, what);
        if ((before & STATE) == OPEN) {
            return true;
        }
        add(-what, io);
        return false;
    }

    /** A call has ended, or a post with an operation. */
    final void leave(IoThread io) {
        add(-CALL, io);
    }

    /** A post has ended without an operation. */
    final void refused(IoThread io) {
        add(-CALL - OPERATION, io);
    }

    /** Ends a post; what it returns to the user, see {@link StreamSocket}. */
    final int outcome(int error, Operation operation, IoThread io) {
        if (error == 0) {
            leave(io);
            return StreamSocket.PENDING;
        }
        int outcome = error == IoThread.DONE ? operation.transferred() : -error;
        refused(io);
        return outcome;
    }

    private void add(long what, IoThread io) {
        long now = (long) WORD.getAndAdd(this, what) + what;
        if ((now & STATE) != OPEN && settle(io)) {
            domain.tell(gone, io); // not here: the caller may hold a lock that its events need
        }
    }

    /** One operation begins that no call of a user's posts: one that closing itself needs, or that has completed. */
    final void operationBegun() {
        WORD.getAndAdd(this, OPERATION);
    }

    /** An operation that {@link #operationBegun} has counted is over without a packet. */
    final void operationEnded(IoThread io) {
        add(-OPERATION, io);
    }

    /** An operation has completed and been told. On a thread that dequeues. */
    final void told(IoThread io) {
        long now = (long) WORD.getAndAdd(this, -OPERATION) - OPERATION;
        if ((now & STATE) != OPEN && settle(io)) {
            try {
                tellGone(io);
            } catch (Throwable e) {
                io.failed(e); // not in place of what the event before has thrown
            }
        }
    }

    // ---- the close ----

    /**
     * Begins the close; whether this call does: the first one does.
     *
     * @param how null if only the protocol is to end, and the handle lives on
     */
    final boolean beginClose(@Nullable Closing how, IoThread io) {
        long now;
        do {
            now = word;
            if ((now & STATE) != OPEN) {
                return false;
            }
        } while (!WORD.compareAndSet(this, now, now + CALL + CLOSING + (Closing.code(how) << HOW_SHIFT)));
        leave(io);
        return true;
    }

    /** Takes the steps of the close that are due; whether this thread has to tell that the handle is gone. */
    private boolean settle(IoThread io) {
        while (true) {
            long now = word;
            long state = now & STATE;
            if (state == CLOSING && (now & CALLS) == 0) {
                if (WORD.compareAndSet(this, now, now + RELEASING - CLOSING)) {
                    try {
                        release(Closing.of((int) ((now & HOW) >>> HOW_SHIFT)), io);
                    } catch (Throwable e) {
                        io.failed(e); // the close goes on: nobody else would end it
                    }
                    WORD.getAndAdd(this, CLOSED - RELEASING);
                }
            } else if (state == CLOSED && now >>> 32 == 0 && (now & CALLS) == 0) {
                if (WORD.compareAndSet(this, now, now + GONE - CLOSED)) {
                    return true;
                }
            } else {
                return false;
            }
        }
    }

    /**
     * Cancels what is pending and closes the handle. Called once, when no call is in progress. What it throws leaves
     * the handle closed as far as this class is concerned.
     *
     * @param how as given to {@link #beginClose}
     */
    abstract void release(@Nullable Closing how, IoThread io);

    private void tellGone(IoThread io) {
        try {
            gone(io);
        } finally {
            domain.handles.decrementAndGet();
        }
    }

    /** Nothing of it is pending any more, and everything has been told. Called once, on a thread that dequeues. */
    abstract void gone(IoThread io);

    /** Whether it can be used. Any thread; it may be closed at any time. */
    public final boolean isOpen() {
        return (word & STATE) == OPEN;
    }

    /**
     * Whether nothing is pending and all else has been told: {@code gone} has been told, or is told next. Any thread.
     */
    public final boolean isGone() {
        return (word & STATE) == GONE;
    }

    /** How many operations are pending or being told. Any thread. */
    final int operations() {
        return (int) (word >>> 32);
    }
}
