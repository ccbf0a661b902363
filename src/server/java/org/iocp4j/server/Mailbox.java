package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.win32.ErrorName;

/**
 * What other threads ask the workers to do: each request is one packet on the port. Its byte count says what is asked,
 * its key of which session. If Windows refuses the packet, the next tick does the work instead.
 */
final class Mailbox {
    /** Send what is queued. */
    private static final int FLUSH = 1;
    /** End the session in order. */
    private static final int DISCONNECT = 2;
    /** End the session now. */
    private static final int ABORT = 3;
    /** Run what waits in {@link #tasks}; the key is 0. */
    private static final int RUN_TASKS = 4;

    private final SessionEngine engine;
    private final SessionTable table;
    private final IoDomain domain;
    private final Queue<Consumer<IoThread>> tasks = new ConcurrentLinkedQueue<>();

    Mailbox(SessionEngine engine, SessionTable table, IoDomain domain) {
        this.engine = engine;
        this.table = table;
        this.domain = domain;
    }

    // ---- any thread; the caller knows that the port is open, or was lost ----

    void flush(long sessionId) {
        post(sessionId, FLUSH);
    }

    /** However often a session's end is asked for, one packet of each kind is posted: the port does not fill up. */
    void end(long sessionId, boolean abrupt) {
        IocpSession session = table.at(SessionId.slot(sessionId));
        if (session != null && session.isFirstToAsk(sessionId, abrupt)) {
            post(sessionId, abrupt ? ABORT : DISCONNECT);
        }
    }

    /** Has a worker run it. */
    void run(Consumer<IoThread> task) {
        tasks.add(task);
        post(0, RUN_TASKS);
    }

    /** Ends one worker's wait for packets. */
    void wakeWorker() {
        post(0, RUN_TASKS);
    }

    private void post(long key, int request) {
        int error;
        try {
            error = domain.post(engine.callers.get(), key, request);
        } catch (Throwable e) { // not posted; an end is asked for once only, and so must not be lost
            SessionEngine.LOG.thrown(e, "PostQueuedCompletionStatus");
            error = WSASYSCALLFAILURE();
        }
        if (error != 0 && error != ERROR_INVALID_HANDLE()) { // with that, the port is lost or the server has ended
            if (request != RUN_TASKS) {
                tasks.add(io -> handle(key, request, io));
            }
            engine.counters.workerFailures.incrementAndGet();
            String more = engine.refusalLines.next();
            if (more != null) {
                SessionEngine.LOG.error("PostQueuedCompletionStatus: {}: the next tick does it instead{}",
                        ErrorName.of(error), more);
            }
        }
    }

    // ---- workers ----

    /** A packet of {@link CompletionPort#post}; nothing happens if its session has ended. */
    void handle(long key, int request, IoThread io) {
        if (request == RUN_TASKS) {
            runTasks(io);
            return;
        }
        IocpSession session = table.find(key);
        if (session == null) {
            return;
        }
        switch (request) {
            case FLUSH -> session.flushFor(key, io);
            case DISCONNECT -> session.endFor(key, CloseReason.DISCONNECTED, false, io);
            case ABORT -> session.endFor(key, CloseReason.DISCONNECTED, true, io);
            default -> throw new IllegalStateException("request " + request);
        }
    }

    /** Also at each tick, for those whose packet Windows refused. */
    void runTasks(IoThread io) {
        for (var next = tasks.poll(); next != null; next = tasks.poll()) {
            SessionEngine.attempt(next, io);
        }
    }
}
