package org.iocp4j.simkernel;

import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Who runs: real threads pass one baton, and only the one that holds it runs. It changes hands inside calls alone, by
 * the seed. When nobody can run, time jumps to the next thing that is to happen.
 */
final class Schedule {
    /** In real time: how long a started thread may take to make its first call, or a leaving one to end. */
    private static final long BOUND_MILLIS = 60_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final SimulatedKernel kernel;
    private final ThreadGroup group;
    private final Map<Thread, SimulatedThread> byThread = new ConcurrentHashMap<>();
    /** Those that could run. */
    private final List<SimulatedThread> ready = new ArrayList<>();
    private final List<SimulatedThread> attached = new ArrayList<>();
    private volatile @Nullable SimulatedThread holder;
    private volatile @Nullable SimulationFailure failure;
    /** How many threads this JVM had started when those that were new were last let in. */
    private long started = -1;
    /** The holder, one of the system's own threads, has started one of the scenario's. */
    private boolean expectsThread;
    private long steps;
    private long handOvers;

    Schedule(SimulatedKernel kernel, ThreadGroup group) {
        this.kernel = kernel;
        this.group = group;
    }

    long steps() {
        return steps;
    }

    long handOvers() {
        return handOvers;
    }

    int attachedThreads() {
        return attached.size();
    }

    List<SimulatedThread> attached() {
        return attached;
    }

    /** Null before the first thread comes, and after the last has left. */
    @Nullable SimulatedThread holder() {
        return holder;
    }

    /** The first failure; null if there is none. */
    @Nullable SimulationFailure failure() {
        return failure;
    }

    boolean isAttached(Thread thread) {
        SimulatedThread known = byThread.get(thread);
        return known != null && !known.left;
    }

    // ---- threads come and go ----

    /** The calling thread's record; a new thread waits here for its turn. */
    SimulatedThread attach(boolean owned) {
        Thread thread = Thread.currentThread();
        SimulatedThread known = byThread.get(thread);
        if (known != null && !known.left) {
            return known;
        }
        if (!group.equals(thread.getThreadGroup()) || known != null) {
            throw new IllegalStateException(thread
                    + " is no thread of this simulation: run whatever calls the system in"
                    + " SimulatedKernel.run, or start it with SimulatedKernel.start");
        }
        SimulatedThread me = new SimulatedThread(thread, owned);
        byThread.put(thread, me);
        if (holder == null && attached.isEmpty()) {
            admit(me);
            ready.remove(me);
            holder = me;
            return me;
        }
        awaitBaton(me);
        return me;
    }

    /** The holder has started a thread: it is let in with the holder's next call, whoever that is. */
    void expectThread() {
        expectsThread = true;
    }

    /**
     * Lets threads in that have been started since. Only the holder starts threads, so which ones there are does not
     * depend on real time, if this waits until each has come; their order is that in which they were made.
     */
    private void admitNewThreads() {
        expectsThread = false;
        long now = THREADS.getTotalStartedThreadCount();
        if (now == started) {
            return; // to ask the group would take far longer than the call that is simulated
        }
        started = now;
        if (group.activeCount() == attached.size()) {
            return;
        }
        Thread[] all = new Thread[group.activeCount() + 16];
        int count = group.enumerate(all);
        List<SimulatedThread> arrived = new ArrayList<>();
        long bound = System.currentTimeMillis() + BOUND_MILLIS;
        for (int i = 0; i < count; i++) {
            SimulatedThread candidate = byThread.get(all[i]);
            while (candidate == null && all[i].isAlive()) {
                if (System.currentTimeMillis() > bound) {
                    throw fail(all[i]
                            + " was started but does not call the simulated system; a thread of its own has no"
                            + " place in SimulatedKernel.run", null);
                }
                LockSupport.parkNanos(20_000);
                candidate = byThread.get(all[i]);
            }
            if (candidate != null && !candidate.admitted) {
                arrived.add(candidate);
            }
        }
        arrived.sort(Comparator.comparingLong(newcomer -> newcomer.thread.threadId()));
        arrived.forEach(this::admit);
    }

    private void admit(SimulatedThread newcomer) {
        newcomer.admitted = true;
        newcomer.ordinal = kernel.trace.name(newcomer.name);
        attached.add(newcomer);
        ready.add(newcomer);
        kernel.trace.add(kernel.timeline.now(), newcomer.ordinal, TraceEvent.ATTACHED, 0, 0, 0, 0);
    }

    /**
     * The holder calls no more. Its successor goes on when it is dead, so that its last acts have one place in time.
     */
    void leave(SimulatedThread me) {
        if (failure != null || me.left) {
            return;
        }
        kernel.trace.add(kernel.timeline.now(), me.ordinal, TraceEvent.LEFT, 0, 0, 0, 0);
        kernel.operations.cancelOf(me);
        kernel.ports.release(me);
        me.left = true;
        attached.remove(me);
        if (attached.isEmpty()) {
            holder = null;
            return;
        }
        admitNewThreadsButFor(me);
        SimulatedThread next = nextReady();
        next.predecessor = me.thread;
        handOvers++;
        holder = next;
        next.unpark();
    }

    private void admitNewThreadsButFor(SimulatedThread me) {
        attached.add(me); // it is in the group still
        admitNewThreads();
        attached.remove(me);
    }

    /** A thread died without a word: the watchdog leaves in its place. */
    void buryDeadHolder() {
        SimulatedThread dead = holder;
        if (dead != null && failure == null && !dead.left && !dead.thread.isAlive()) {
            leave(dead);
        }
    }

    // ---- the baton ----

    /** A place where the baton may change hands, and what is due happens. */
    void point(SimulatedThread me) {
        check(me);
        if (me.owned || expectsThread) {
            admitNewThreads();
        }
        if (++steps > kernel.stepLimit()) {
            throw fail("no end after " + steps + " steps", null);
        }
        if (kernel.lockCheckSteps() > 0 && steps % kernel.lockCheckSteps() == 0) {
            requireNoLock(me);
        }
        kernel.timeline.tick(kernel.random.below(400) + 100);
        kernel.timeline.runDue();
        kernel.operations.checkOne();
        kernel.stepCheck().run();
        if (!ready.isEmpty() && kernel.random.chance(kernel.plan().timing().switches())) {
            SimulatedThread next = ready.remove(kernel.random.below(ready.size()));
            ready.add(me);
            pass(me, next);
        }
    }

    private void requireNoLock(SimulatedThread me) {
        long[] ids = {me.thread.threadId()};
        MonitorInfo[] held = THREADS.getThreadInfo(ids, true, false)[0].getLockedMonitors();
        if (held.length > 0) {
            throw fail(me.name + " calls with a lock held: " + held[0].getClassName() + ", taken at "
                    + held[0].getLockedStackFrame(), null);
        }
    }

    void check(SimulatedThread me) {
        SimulationFailure over = failure;
        if (over != null) {
            throw over;
        }
        if (me.left) {
            throw fail(me.name + " calls after it closed its view", null);
        }
    }

    /** Returns when somebody has woken the thread and it is its turn. */
    void block(SimulatedThread me) {
        if (me.owned || expectsThread) {
            admitNewThreads();
        }
        SimulatedThread next = nextReady();
        if (next != me) {
            pass(me, next);
        }
    }

    private SimulatedThread nextReady() {
        if (ready.isEmpty()) {
            kernel.restCheck().run();
        }
        while (ready.isEmpty()) {
            if (!kernel.timeline.advance()) {
                throw fail("nobody can run, and nothing is to come", null);
            }
        }
        return ready.remove(kernel.random.below(ready.size()));
    }

    void wake(SimulatedThread thread) {
        thread.waiting = false;
        ready.add(thread);
    }

    private void pass(SimulatedThread me, SimulatedThread next) {
        handOvers++;
        holder = next;
        next.unpark();
        awaitBaton(me);
    }

    private void awaitBaton(SimulatedThread me) {
        while (holder != me) {
            SimulationFailure over = failure;
            if (over != null) {
                throw over;
            }
            LockSupport.park(this);
        }
        Thread predecessor = me.predecessor;
        if (predecessor != null) {
            me.predecessor = null;
            awaitEnd(predecessor);
        }
        SimulationFailure over = failure;
        if (over != null) {
            throw over;
        }
    }

    private void awaitEnd(Thread predecessor) {
        try {
            predecessor.join(BOUND_MILLIS);
        } catch (InterruptedException e) {
            throw fail("interrupted", e);
        }
        if (predecessor.isAlive()) {
            throw fail(predecessor + " closed its view of the system but goes on", null);
        }
    }

    /** Ends the run; to be thrown by the caller. The first failure counts. */
    SimulationFailure fail(String violation, @Nullable Throwable cause) {
        SimulationFailure first;
        synchronized (this) {
            first = failure;
            if (first == null) {
                first = new SimulationFailure(kernel.seed(), violation, kernel.trace.tail(kernel.tailLines()), cause);
                failure = first;
            }
        }
        byThread.values().forEach(SimulatedThread::unpark);
        return first;
    }
}
