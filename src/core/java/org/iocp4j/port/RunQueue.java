package org.iocp4j.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one thread has to run that no packet brings: operations that completed synchronously, and deferred tasks. Also
 * what {@link CompletionPort} keeps of the thread from one batch to the next. Used by that thread alone, but for
 * {@link #forEachDeferred}.
 */
final class RunQueue {
    private static final Log LOG = Log.of(CompletionPort.class);
    private static final VarHandle TASK = MethodHandles.arrayElementVarHandle(IoTask[].class);
    private static final VarHandle WAITING;

    static {
        try {
            WAITING = MethodHandles.lookup().findVarHandle(RunQueue.class, "waiting", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final IoThread io;
    private final ArrayDeque<Operation> completed = new ArrayDeque<>();
    /** A ring of a power of two, null where there is no task. A longer one replaces it when it is full. */
    private volatile @Nullable IoTask[] deferred = new @Nullable IoTask[64];
    /** The oldest task's place in the ring, and the next one's; they only grow, and wrap. */
    private int firstDeferred;
    private int nextDeferred;
    private boolean shouldDefer;
    private boolean dequeuing;
    /** How many packets the last dequeue took. */
    private int packets;
    private @Nullable CompletionPort countedBy;
    /** Whether it waits for packets; others read this. */
    @SuppressWarnings("unused") // through WAITING
    private boolean waiting;
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
        if (nextDeferred - firstDeferred == deferred.length) {
            lengthen();
        }
        TASK.setRelease(deferred, nextDeferred++ & deferred.length - 1, task);
    }

    private void lengthen() {
        @Nullable IoTask[] old = deferred;
        @Nullable IoTask[] longer = new @Nullable IoTask[2 * old.length];
        for (int i = firstDeferred; i != nextDeferred; i++) {
            longer[i & longer.length - 1] = old[i & old.length - 1];
        }
        deferred = longer;
    }

    private IoTask removeDeferred() {
        int at = firstDeferred++ & deferred.length - 1;
        IoTask task = deferred[at];
        TASK.setOpaque(deferred, at, null);
        return task;
    }

    /**
     * What is deferred, in any order. Any thread: another one's sees each task that was deferred a while ago and has
     * not begun, and may see some that were deferred since or have begun or run.
     */
    void forEachDeferred(Consumer<IoTask> action) {
        @Nullable IoTask[] tasks = deferred;
        for (int i = 0; i < tasks.length; i++) {
            IoTask task = (IoTask) TASK.getAcquire(tasks, i);
            if (task != null) {
                action.accept(task);
            }
        }
    }

    boolean isEmpty() {
        return completed.isEmpty() && !hasDeferred();
    }

    boolean hasDeferred() {
        return nextDeferred != firstDeferred;
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

    /** Runs those that are deferred now, the oldest first, until {@code left} are left. They may defer others. */
    void runDeferred(int left) {
        int end = nextDeferred;
        while (firstDeferred != end && nextDeferred - firstDeferred > left) {
            try {
                removeDeferred().run(io);
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    void failed(Throwable e) {
        failures++;
        failure = failure == null ? e : failure;
        try {
            String more = failureLines.next();
            if (more != null) {
                LOG.thrown(e, "a completion failed{}", more);
            }
        } catch (Throwable noLine) { // no memory even for the line: the rest of the batch must not be lost
            failures++;
        }
    }

    boolean hasFailed() {
        return failure != null;
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

    boolean isDequeuing() {
        return dequeuing;
    }

    void dequeuing(boolean now) {
        dequeuing = now;
    }

    void runInDequeue(IoTask task) {
        if (dequeuing) {
            return;
        }
        dequeuing = true;
        try {
            task.run(io);
        } finally {
            dequeuing = false;
        }
    }

    int packets() {
        return packets;
    }

    void packets(int taken) {
        packets = taken;
    }

    boolean isCountedBy(CompletionPort port) {
        return countedBy == port;
    }

    /** A hint to others, whether its thread could take a packet. */
    void waiting(boolean now) {
        WAITING.setOpaque(this, now);
    }

    /** Any thread. */
    boolean isWaiting() {
        return (boolean) WAITING.getOpaque(this);
    }

    /** Sets which port counts this thread, if any; returns which one did before. */
    @Nullable CompletionPort countedBy(@Nullable CompletionPort port) {
        @Nullable CompletionPort before = countedBy;
        countedBy = port;
        return before;
    }
}
