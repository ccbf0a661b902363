package org.iocp4j.channels;

import java.util.ArrayDeque;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.jspecify.annotations.Nullable;

/**
 * What a thread is to a group whose handlers it runs: one that also dequeues, or one that the group's pool runs a
 * single handler on. Used by that thread alone.
 */
final class HandlerThread {
    /** So many handlers may be on a thread's stack; the next one runs later, on any thread of the group. */
    static final int MOST_DEEP = 16;

    private static final Log LOG = Log.of(HandlerThread.class);
    private static final ThreadLocal<@Nullable HandlerThread> CURRENT = new ThreadLocal<>();

    private final IocpChannelGroup group;
    private final @Nullable IoThread io;
    /** What is to run behind what goes on: what has completed in this thread's dequeue, or see {@link #later}. */
    private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
    private boolean collects;
    /** Reads that are to be posted before the thread next dequeues. */
    private final ArrayDeque<ChannelReader> deferred = new ArrayDeque<>();
    /** How many handlers are on the thread's stack, of whichever group. */
    private int depth;
    /** Who began when none was: it runs what is to run later. */
    private HandlerThread outermost = this;

    /** @param io of a thread that dequeues; null if it does not */
    HandlerThread(IocpChannelGroup group, @Nullable IoThread io) {
        this.group = group;
        this.io = io;
    }

    static @Nullable HandlerThread current() {
        return CURRENT.get();
    }

    /** The calling thread's own; null if it does not dequeue for a group. */
    static @Nullable IoThread ownIo() {
        HandlerThread current = CURRENT.get();
        return current == null ? null : current.io;
    }

    /** Makes this the calling thread's; returns what was before, to be told to {@link #end}. */
    @Nullable HandlerThread begin() {
        HandlerThread before = CURRENT.get();
        CURRENT.set(this);
        depth = before == null ? 0 : before.depth;
        outermost = before == null || depth == 0 ? this : before.outermost;
        if (io != null) {
            io.handOver();
        }
        return before;
    }

    void end(@Nullable HandlerThread before) {
        if (before == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(before);
        }
    }

    /** Between the two what completes is collected: inside a dequeue no handler runs. */
    void collect(boolean now) {
        collects = now;
    }

    /** Keeps what has completed in this thread's dequeue; false if it is in none for that group. */
    boolean keep(IocpChannelGroup of, Runnable completed) {
        return collects && group == of && ready.add(completed);
    }

    @Nullable Runnable pollReady() {
        return ready.poll();
    }

    boolean hasReady() {
        return !ready.isEmpty();
    }

    /**
     * Has a read posted behind the handlers that this thread has to run first: then it often finds its bytes, which
     * costs less than to be told of them. Only in a group of one thread: what any handler waits for, no other thread of
     * the group could bring.
     *
     * @return false if the calling thread is none that posts it
     */
    static boolean defer(IocpChannelGroup of, ChannelReader read) {
        HandlerThread current = CURRENT.get();
        return current != null && current.io != null && current.group == of && of.hasOneThread() && !current.collects
                && current.deferred.add(read);
    }

    boolean hasDeferred() {
        return !deferred.isEmpty();
    }

    /** What completes is kept, see {@link #keep}. */
    void postDeferred(IoThread own) {
        collects = true;
        try {
            for (ChannelReader read = deferred.poll(); read != null; read = deferred.poll()) {
                read.postDeferred(own);
            }
        } finally {
            collects = false;
        }
    }

    boolean isOf(IocpChannelGroup one) {
        return group == one;
    }

    /** Whether the stack has room for one more handler, of whichever group. */
    boolean hasRoom() {
        return depth < MOST_DEEP;
    }

    /** Runs a handler when those that are on the stack have returned. */
    void later(Runnable handler) {
        outermost.ready.add(handler);
    }

    /** Whether one more handler of the group may run on top of what runs here. */
    boolean mayRun(IocpChannelGroup of) {
        return group == of && !collects && hasRoom();
    }

    /** Runs a handler or a task, and clears the interrupt status that it leaves. */
    void run(Runnable handler) {
        depth++;
        try {
            handler.run();
        } finally {
            Thread.interrupted();
            if (depth == 1) { // with this one counted, so that none of them runs the next
                for (Runnable late = ready.poll(); late != null; late = ready.poll()) {
                    runAnyway(late);
                }
            }
            depth--;
        }
    }

    /** Runs a handler on a thread that has something to do behind it. */
    static void runAnyway(Runnable handler) {
        try {
            handler.run();
        } catch (Throwable e) {
            uncaught(e);
        }
    }

    /** Tells what a handler has thrown as if it had ended the calling thread, which goes on. */
    static void uncaught(Throwable cause) {
        Thread thread = Thread.currentThread();
        try {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, cause);
        } catch (Throwable e) { // the JVM would ignore it
            LOG.thrown(e, "an UncaughtExceptionHandler has thrown");
        }
    }
}
