package org.iocp4j.echo;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that tells when something is due. It is made when it is first needed. */
final class ReplyTimer {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyTimer.class);

    private @Nullable ScheduledThreadPoolExecutor thread;
    private boolean ended;

    /** Runs it in so long, unless the server ends before. */
    @SuppressWarnings("FutureReturnValueIgnored") // run sees to what the task throws
    synchronized void schedule(Runnable task, long nanos) {
        if (ended) {
            return;
        }
        if (thread == null) {
            thread = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("echo-faults").daemon().factory(),
                    new ThreadPoolExecutor.DiscardPolicy());
        }
        thread.schedule(() -> run(task), nanos, TimeUnit.NANOSECONDS);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) { // one session's line stops; its client sees silence
            LOG.error("a late reply is lost", e);
        }
    }

    synchronized void end() {
        ended = true;
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
