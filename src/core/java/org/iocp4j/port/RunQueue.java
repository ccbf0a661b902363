package org.iocp4j.port;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What one thread has to run that no packet brings: operations that completed synchronously, and deferred tasks. Also
 * what {@link CompletionPort} keeps of the thread from one batch to the next. Used by that thread alone.
 */
final class RunQueue {
    private static final Log LOG = Log.of(CompletionPort.class);

    private final IoThread io;
    private final ArrayDeque<Operation> completed = new ArrayDeque<>();
    private final ArrayDeque<IoTask> deferred = new ArrayDeque<>();
    private boolean shouldDefer;
    /** How many packets the last dequeue took. */
    private int packets;
    private @Nullable CompletionPort countedBy;
    /** The first thing thrown since the last {@link #throwFailure}, and how many were. */
    private @Nullable Throwable failure;
    private int failures;
    private final LogLimit failureLines = new LogLimit();

    RunQueue(IoThread io) {
        this.io = io;
    }

    /** The operation completed when its call returned, and no packet will come. */
    void add(Operation operation) {
        completed.add(operation);
    }

    void defer(IoTask task) {
        deferred.add(task);
    }

    boolean isEmpty() {
        return completed.isEmpty() && deferred.isEmpty();
    }

    boolean hasCompleted() {
        return !completed.isEmpty();
    }

    int completedCount() {
        return completed.size();
    }

    /**
     * Runs completions: those queued now; completions that they cause run after the deferred tasks.
     *
     * @return how many
     */
    int runCompletions(int most) {
        int count = Math.min(completed.size(), most);
        for (int i = 0; i < count; i++) {
            try {
                completed.remove().complete(io);
            } catch (Throwable e) {
                failed(e);
            }
        }
        return count;
    }

    /** Runs deferred tasks, oldest first, until {@code left} are left. */
    void runDeferred(int left) {
        while (deferred.size() > left) {
            try {
                deferred.remove().run(io);
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    void failed(Throwable e) {
        failures++;
        failure = failure == null ? e : failure;
        String more = failureLines.next();
        if (more != null) {
            LOG.thrown(e, "a completion failed{}", more);
        }
    }

    void throwFailure() {
        if (failure != null) {
            Throwable first = failure;
            int count = failures;
            failure = null;
            failures = 0;
            throw new CompletionFailedException(first, count);
        }
    }

    boolean shouldDefer() {
        return shouldDefer;
    }

    void shouldDefer(boolean now) {
        shouldDefer = now;
    }

    int packets() {
        return packets;
    }

    void packets(int taken) {
        packets = taken;
    }

    /** Sets which port counts this thread as running, or null; returns which one did before. */
    @Nullable CompletionPort countedBy(@Nullable CompletionPort port) {
        @Nullable CompletionPort before = countedBy;
        countedBy = port;
        return before;
    }
}
