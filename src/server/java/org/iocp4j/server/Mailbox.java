package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.jspecify.annotations.Nullable;

/**
 * What other threads ask the workers to do. A session that is asked for something is put into a list, once, whatever
 * and however often it is asked; the links are the requests' own. Then a packet wakes a worker, unless one is on its
 * way already. Every worker looks here before it waits, and does a part of the list at a time, so that packets do not
 * have to wait for all of it. If Windows refuses the packet, a worker does it at its next turn: within a tick.
 *
 * <p>A list of any length wakes each worker once at most: the asker wakes the first, and each wakes another while there
 * is more than its own part. Tasks that belong to no session are done in parts, too: who leaves some wakes another.
 */
final class Mailbox {
    /** So many sessions, and tasks, that a worker sees to in a row, before it looks at the port again. */
    private static final int IN_A_ROW = 64;

    private final SessionEngine engine;
    private final IoDomain domain;
    private final CallerViews views;
    /** How many other workers there are for one to wake. */
    private final int helpers;
    private final Queue<Consumer<IoThread>> tasks = new ConcurrentLinkedQueue<>();
    /** Those put here since a worker has taken all there were, the latest first. */
    private final AtomicReference<@Nullable SessionRequests> latest = new AtomicReference<>();
    /** Those taken, the first first. Written under the lock, which no asker takes. */
    private volatile @Nullable SessionRequests first;
    /** How many there are of these, and how many workers may still be woken for them. Guarded by the lock. */
    private int waiting;
    private int wakesLeft;

    /** Sessions that the calling thread is going to put here all at once. */
    static final class Batch {
        private @Nullable SessionRequests latest;
        private @Nullable SessionRequests first;
        private int size;

        /** Adds one that {@link SessionRequests#ask} says must be put here. */
        void add(SessionRequests requests) {
            requests.next = latest;
            latest = requests;
            first = first == null ? requests : first;
            size++;
        }

        int size() {
            return size;
        }
    }

    /** @param workers how many take turns at {@link #drain} */
    Mailbox(SessionEngine engine, IoDomain domain, CallerViews views, int workers) {
        this.engine = engine;
        this.domain = domain;
        this.views = views;
        this.helpers = workers - 1;
    }

    // ---- any thread ----

    /** Asks one session for something: {@link SessionRequests#ask}. */
    void ask(IocpSession session, long id, long what) {
        SessionRequests requests = session.requests();
        if (requests.ask(id, what)) {
            put(requests, requests);
            wake();
        }
    }

    /** The same by a worker that drains this before it waits: nobody has to be woken. */
    void askHere(IocpSession session, long id, long what) {
        SessionRequests requests = session.requests();
        if (requests.ask(id, what)) {
            put(requests, requests);
        }
    }

    /** Puts them here, and wakes one worker for all. The batch is empty then. */
    void put(Batch batch) {
        SessionRequests batchFirst = batch.first;
        SessionRequests batchLatest = batch.latest;
        if (batchFirst != null && batchLatest != null) {
            put(batchFirst, batchLatest);
            batch.first = null;
            batch.latest = null;
            batch.size = 0;
            wake();
        }
    }

    private void put(SessionRequests itsFirst, SessionRequests itsLatest) {
        SessionRequests before;
        do {
            before = latest.get();
            itsFirst.next = before;
        } while (!latest.compareAndSet(before, itsLatest));
    }

    /** Has a worker run it. If this throws, none does. */
    void run(Consumer<IoThread> task) {
        tasks.add(task);
        try {
            wake();
        } catch (Throwable e) { // the stack is at its end: the next tick runs it
            engine.counters.workerFailures.incrementAndGet();
        }
    }

    /** Ends one worker's wait for packets, however many are on their way. */
    void wakeWorker() {
        post(true);
    }

    private void wake() {
        if (!domain.isWoken()) {
            post(false);
        }
    }

    private void post(boolean another) {
        int error;
        try {
            Win32 view = views.take();
            try {
                error = another ? domain.post(view, 0, 0) : domain.wake(view);
            } finally {
                views.give(view);
            }
        } catch (Throwable e) { // not posted; what is asked for has been put here all the same
            engine.callThrew("PostQueuedCompletionStatus", e);
            error = WSASYSCALLFAILURE();
        }
        refused(error);
    }

    private void refused(int error) {
        if (error == 0 || error == ERROR_INVALID_HANDLE()) { // with that, the port is lost or the server has ended
            return;
        }
        engine.counters.workerFailures.incrementAndGet();
        String more = engine.refusalLines.next();
        if (more != null) {
            SessionEngine.LOG.error("PostQueuedCompletionStatus: {}: the next tick does it instead{}",
                    ErrorName.of(error), more);
        }
    }

    // ---- workers ----

    /** Whether there is nothing to do: a worker may wait. */
    boolean isEmpty() {
        return first == null && latest.get() == null && tasks.isEmpty();
    }

    /** Does what there is to do, or a part of it. Throws nothing. */
    void drain(IoThread io) {
        runTasks(io);
        if (first == null && latest.get() == null) {
            return;
        }
        if (helpers > 0 && needsHelp()) {
            wakeHelper(io);
        }
        for (int i = 0; i < IN_A_ROW; i++) {
            SessionRequests requests = next();
            if (requests == null) {
                return;
            }
            try {
                requests.doWhatIsAsked(io);
            } catch (Throwable e) {
                io.failed(e);
            }
        }
    }

    private void runTasks(IoThread io) {
        for (int i = 0; i < IN_A_ROW; i++) {
            Consumer<IoThread> task = tasks.poll();
            if (task == null) {
                return;
            }
            SessionEngine.attempt(task, io);
        }
        if (helpers > 0 && !tasks.isEmpty()) {
            wakeHelper(io);
        }
    }

    private void wakeHelper(IoThread io) {
        try {
            refused(domain.wake(io.win32()));
        } catch (Throwable e) {
            io.failed(e);
        }
    }

    private synchronized boolean needsHelp() {
        if (first == null) {
            takeAll();
        }
        if (waiting <= IN_A_ROW || wakesLeft == 0) {
            return false;
        }
        wakesLeft--;
        return true;
    }

    /** One at a time: while its handler holds a worker up, the others see to the rest. */
    private synchronized @Nullable SessionRequests next() {
        if (first == null) {
            takeAll();
        }
        SessionRequests next = first;
        if (next != null) {
            first = next.next;
            next.next = null;
            waiting--;
        }
        return next;
    }

    /** In the order in which they were put here. */
    private void takeAll() {
        SessionRequests taken = latest.getAndSet(null);
        SessionRequests turned = null;
        int count = 0;
        while (taken != null) {
            SessionRequests before = taken.next;
            taken.next = turned;
            turned = taken;
            taken = before;
            count++;
        }
        waiting = count;
        wakesLeft = helpers;
        first = turned;
    }
}
