package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.RejectedExecutionException;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * What other threads ask of a session: bits beside the serial of the session that is meant. While there are any, this
 * is in the {@link Mailbox}, out of which a worker takes it and does it. And the actions that the session is to run, in
 * the order in which they came. Any thread adds one; whoever has the turn takes them, and schedules others. An action
 * names its session, since the object serves others after it.
 */
final class SessionRequests {
    /** Send what is queued. */
    static final long FLUSH = 1;
    /** End in order. It stays: what is asked again has been done, or will be. */
    static final long DISCONNECT = 2;
    /** End now. It stays, too. */
    static final long ABORT = 4;
    /** Run the actions that have been put into the list. */
    static final long EXECUTE = 8;
    /** Do what time demands. */
    static final long TIME = 16;
    /** Go on behind the call that was handed over. */
    static final long CALLED = 32;
    /** Have the handler told a little later that it may try again: a send was refused for want of memory. */
    static final long LOOK_LATER = 64;
    /** In the mailbox, or about to be; whatever the serial. */
    private static final long LISTED = 128;
    private static final int ASKED_BITS = 8;
    /** Room for {@link GroupOptions#maxActions} beside a serial. */
    private static final int WAITING_BITS = 24;
    private static final long MOST_WAITING = (1L << WAITING_BITS) - 1;

    private static final VarHandle ASKED;
    private static final VarHandle LATEST;
    private static final VarHandle WAITING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ASKED = lookup.findVarHandle(SessionRequests.class, "asked", long.class);
            LATEST = lookup.findVarHandle(SessionRequests.class, "latest", Task.class);
            WAITING = lookup.findVarHandle(SessionRequests.class, "waiting", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** In the list once at a time; whoever runs its action has taken it out before. */
    static final class Task {
        final long session;
        final SessionAction action;
        final boolean isCounted;
        @Nullable Task next;

        Task(long session, SessionAction action, boolean isCounted) {
            this.session = session;
            this.action = action;
            this.isCounted = isCounted;
        }
    }

    private final IocpSession session;
    /** The serial of the session that other threads have asked for something, and what for. */
    private volatile long asked;
    /** The one behind this one in the mailbox; the mailbox's, while LISTED is set. */
    @Nullable SessionRequests next;
    /** The actions that have come since some were taken, the latest first. */
    private volatile @Nullable Task latest;
    /** Those taken, the first first; written by whoever has the turn. */
    private volatile @Nullable Task first;
    /** The serial of the session to which an action was added last, and how many of its actions wait. */
    private volatile long waiting;
    /** The first action of those that are scheduled; for whoever has the turn. */
    private @Nullable SessionTimer timers;

    SessionRequests(IocpSession session) {
        this.session = session;
    }

    // ---- any thread ----

    /**
     * Asks for something. It may be too late, and then nothing comes of it.
     *
     * @param what {@link #FLUSH}, {@link #DISCONNECT}, {@link #ABORT}, {@link #EXECUTE}, {@link #TIME},
     *             {@link #CALLED} or {@link #LOOK_LATER}
     * @return whether the caller must put this into the mailbox
     */
    boolean ask(long wanted, long what) {
        long before;
        long after;
        do {
            before = asked;
            if (session.id() != wanted) { // read after it: what the next session is asked for is not overwritten
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

    /** As {@link IocpGroup#execute}: if it was taken, EXECUTE is to be asked for. */
    boolean execute(long wanted, SessionAction action) {
        Task task = new Task(wanted, action, true); // first: one that cannot be made must not be counted
        if (!session.isOpen() || !count(wanted, session.engine().options.maxActions())) {
            return false;
        }
        add(task);
        return true;
    }

    /** False if the session has ended; the count is never more than what may wait. */
    private boolean count(long wanted, int most) {
        long serialWanted = SessionId.serial(wanted);
        long before;
        long own;
        do {
            before = waiting;
            if (session.id() != wanted) { // read after it: the next session's count stays as it is
                return false;
            }
            own = before >>> WAITING_BITS == serialWanted ? before : serialWanted << WAITING_BITS;
            if ((own & MOST_WAITING) >= most) {
                throw refused(wanted);
            }
        } while (!WAITING.compareAndSet(this, before, own + 1));
        return true;
    }

    /**
     * Puts it into the list. {@link #execute} has counted it, unless it is a timer's or a waker's: these cannot become
     * more and more.
     */
    void add(Task task) {
        Task before;
        do {
            before = latest;
            task.next = before;
        } while (!LATEST.compareAndSet(this, before, task));
    }

    private RejectedExecutionException refused(long wanted) {
        session.engine().counters.actionsRefused.increment();
        return new RejectedExecutionException("maxActions: " + session.engine().options.maxActions()
                + " actions wait in session " + Long.toUnsignedString(wanted));
    }

    // ---- with the turn ----

    /** The next action to run, or null; those for sessions before this one are dropped. */
    @Nullable SessionAction nextAction() {
        long id = session.id();
        for (Task next = nextTask(); next != null; next = nextTask()) {
            if (next.session == id) {
                return next.action;
            }
        }
        return null;
    }

    private @Nullable Task nextTask() {
        if (first == null) {
            takeAll();
        }
        Task next = first;
        if (next != null) {
            first = next.next;
            if (next.isCounted) {
                uncount(next.session);
            }
        }
        return next;
    }

    /** One that came too late for its session is not among those that are counted. */
    private void uncount(long its) {
        long before;
        do {
            before = waiting;
        } while (before >>> WAITING_BITS == SessionId.serial(its)
                && !WAITING.compareAndSet(this, before, before - 1));
    }

    private void takeAll() {
        Task taken = latest == null ? null : (Task) LATEST.getAndSet(this, null);
        Task turned = null;
        while (taken != null) {
            Task before = taken.next;
            taken.next = turned;
            turned = taken;
            taken = before;
        }
        first = turned;
    }

    /** None is run any more. */
    void dropActions() {
        while (nextTask() != null) {
            // dropped
        }
    }

    /** @param io the calling thread's own; null if it has none */
    SessionTimer schedule(long nanos, SessionAction action, @Nullable IoThread io) {
        SessionTimer timer = new SessionTimer(session, action);
        if (!session.isOpen()) {
            timer.end();
            return timer;
        }
        timer.next = timers;
        if (timers != null) {
            timers.previous = timer;
        }
        timers = timer;
        if (io != null) {
            io.refreshNow(); // the handler may have been at work for long
        }
        timer.arm((io != null ? io.nowNanos() : session.engine().nowNanos()) + nanos);
        return timer;
    }

    void forget(SessionTimer timer) {
        SessionTimer next = timer.next;
        SessionTimer previous = timer.previous;
        if (next != null) {
            next.previous = previous;
        }
        if (previous != null) {
            previous.next = next;
        } else {
            timers = next;
        }
        timer.next = null;
        timer.previous = null;
    }

    void endTimers() {
        for (SessionTimer timer = timers; timer != null; timer = timer.next) {
            timer.end();
        }
        timers = null;
    }

    // ---- workers ----

    /** By the worker that has taken this out of the mailbox. From now on it can be put there again. */
    void doWhatIsAsked(IoThread io) {
        long taken = (long) ASKED.getAndBitwiseAnd(this, ~(FLUSH | EXECUTE | TIME | CALLED | LOOK_LATER | LISTED));
        long wanted = SessionId.of(session.slot(), taken >>> ASKED_BITS);
        if ((taken & LOOK_LATER) != 0) { // of whichever session is there: a look may come in vain
            session.timeouts().lookIn(TickAction.RETRY_NANOS, io);
        }
        if ((taken & CALLED) != 0) {
            session.turn().goOnBehindCall(io);
        }
        if ((taken & ABORT) != 0) {
            session.endFor(wanted, session.reasonFromElsewhere(), Ending.RESET, io);
        } else {
            if ((taken & FLUSH) != 0) {
                flushFor(wanted, io);
            }
            if ((taken & EXECUTE) != 0) {
                executeFor(wanted, io);
            }
        }
        if ((taken & TIME) != 0) { // also of one that was aborted: its cancel may have failed
            session.timeouts().actFor(wanted, io);
        }
        if ((taken & (ABORT | DISCONNECT)) == DISCONNECT) {
            session.endFor(wanted, session.reasonFromElsewhere(), Ending.IN_ORDER, io);
        }
    }

    /** Sends what is queued, if the session is still the one meant. */
    private void flushFor(long wanted, IoThread io) {
        if (!session.acquire(wanted, io)) {
            return;
        }
        try {
            session.output().flush(io);
        } catch (Throwable e) {
            session.serverFailed(e, io);
            throw e;
        } finally {
            session.drop(io);
        }
    }

    private void executeFor(long wanted, IoThread io) {
        if (session.acquire(wanted, io)) {
            try {
                session.turn().raise(SessionTurn.TASKS, io);
            } finally {
                session.drop(io);
            }
        }
    }
}
