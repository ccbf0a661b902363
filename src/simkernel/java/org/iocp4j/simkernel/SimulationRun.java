package org.iocp4j.simkernel;

import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The real threads of a run: the scenario's own, those that it starts, and the caller's, which watches them. */
final class SimulationRun {
    /** A seed was given: this is a run to be understood, not one of thousands. */
    static final boolean REPEATED = System.getProperty("seed") != null;

    private static final long WATCH_MILLIS = 5;
    private static final long STANDSTILL_MILLIS = 60_000;
    private static final long END_MILLIS = 30_000;

    /** Threads that the scenario's threads start are in it too; what they die of is a failure of the run. */
    private final class Group extends ThreadGroup {
        Group() {
            super("simulation");
        }

        @Override
        public void uncaughtException(Thread thread, Throwable thrown) {
            if (!(thrown instanceof SimulationFailure)) {
                kernel.schedule.fail(thread.getName() + " died of " + thrown, thrown);
            }
        }
    }

    private final SimulatedKernel kernel;
    private final Group group = new Group();

    SimulationRun(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    ThreadGroup group() {
        return group;
    }

    void run(SimulatedKernel.Scenario scenario) {
        Thread main = new Thread(group, () -> scenario("main", scenario), "main");
        main.setDaemon(true); // and so those that it starts: a handler that never returns does not keep the JVM
        main.start();
        watch(main);
        boolean allEnded = awaitEnd();
        SimulationFailure failure = kernel.schedule.failure();
        if (allEnded) {
            kernel.memory.giveBack();
        } else if (failure == null) {
            failure = kernel.schedule.fail("threads go on after the scenario: " + live(), null);
        }
        if (failure != null) {
            throw failure;
        }
    }

    Thread start(String name, SimulatedKernel.Scenario scenario) {
        Thread thread = new Thread(group, () -> scenario(name, scenario), name);
        thread.start();
        kernel.schedule.expectThread();
        return thread;
    }

    private void scenario(String name, SimulatedKernel.Scenario scenario) {
        SimulatedThread me = null;
        try {
            me = kernel.schedule.attach(true);
            scenario.run();
        } catch (SimulationFailure e) {
            return; // kept by the schedule
        } catch (Exception | Error e) {
            kernel.schedule.fail(name + ": " + e, e);
            return;
        }
        try {
            kernel.schedule.leave(me);
        } catch (SimulationFailure e) {
            return; // kept by the schedule
        }
    }

    // ---- the caller's thread ----

    private void watch(Thread main) {
        long lastSteps = -1;
        long since = System.currentTimeMillis();
        while (isAlive(main) && kernel.schedule.failure() == null) {
            buryDead();
            long steps = kernel.schedule.steps();
            if (steps != lastSteps) {
                lastSteps = steps;
                since = System.currentTimeMillis();
            } else if (System.currentTimeMillis() - since > STANDSTILL_MILLIS) {
                kernel.schedule.fail("nothing moves: " + describe(kernel.schedule.holder()), null);
            }
        }
    }

    private boolean isAlive(Thread main) {
        try {
            return !main.join(java.time.Duration.ofMillis(WATCH_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kernel.schedule.fail("interrupted", e);
            return false;
        }
    }

    private void buryDead() {
        try {
            kernel.schedule.buryDeadHolder();
        } catch (SimulationFailure e) {
            return; // kept by the schedule
        }
    }

    /** Where the thread is that has the baton and does nothing, and which locks it has or wants. */
    private static String describe(@Nullable SimulatedThread holder) {
        if (holder == null) {
            return "nobody has the baton";
        }
        long[] ids = {holder.thread.threadId()};
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(ids, true, true)[0];
        LockInfo wanted = info == null ? null : info.getLockInfo();
        MonitorInfo[] held = info == null ? new MonitorInfo[0] : info.getLockedMonitors();
        return holder.name + " has the baton, waits for " + wanted + ", holds " + Arrays.toString(held) + ", at "
                + Arrays.toString(holder.thread.getStackTrace());
    }

    private boolean awaitEnd() {
        long bound = System.currentTimeMillis() + END_MILLIS;
        for (Thread thread : live()) {
            while (thread.isAlive() && System.currentTimeMillis() < bound) {
                buryDead();
                join(thread);
            }
        }
        return live().isEmpty();
    }

    private void join(Thread thread) {
        try {
            thread.join(WATCH_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kernel.schedule.fail("interrupted", e);
        }
    }

    private List<Thread> live() {
        Thread[] all = new Thread[group.activeCount() + 16];
        int count = group.enumerate(all);
        return new ArrayList<>(Arrays.asList(all).subList(0, count));
    }
}
