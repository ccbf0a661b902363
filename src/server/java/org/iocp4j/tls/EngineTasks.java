package org.iocp4j.tls;

import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import org.iocp4j.server.Session;
import org.iocp4j.server.Waker;
import org.jspecify.annotations.Nullable;

/**
 * The long calculations of a handshake: elsewhere, one after another. In the connection's calls. The JDK's engine is
 * locked while one is under way, which may run a user's trust manager: no call of the connection may ask it for
 * anything then, or it waits for that.
 */
final class EngineTasks {
    private final SSLEngine engine;
    private final Executor executor;
    /** Has a call of the connection go on with the handshake. */
    private final Waker calculated;
    private boolean running;
    /** What a calculation has thrown; its thread's, until it wakes the connection. */
    private @Nullable Throwable failure;

    /** In a call for the connection, when they are done. */
    interface Done {
        /**
         * Goes on with the handshake.
         *
         * @param thrown by one of them, which may be anything: it is a provider's code
         */
        void done(@Nullable Throwable thrown) throws Exception;
    }

    EngineTasks(SSLEngine engine, Executor executor, Session connection, Done done) {
        this.engine = engine;
        this.executor = executor;
        this.calculated = connection.waker(_ -> {
            running = false;
            done.done(failure);
        });
    }

    /** A calculation is under way elsewhere. */
    boolean isRunning() {
        return running;
    }

    /** If there is anything to be calculated, and nothing is already. */
    void begin() {
        Runnable first = running ? null : engine.getDelegatedTask();
        if (first == null) {
            return;
        }
        running = true;
        executor.execute(() -> run(first));
    }

    /** On a thread of the executor's. */
    private void run(Runnable first) {
        Throwable thrown = null;
        try {
            for (Runnable task = first; task != null; task = engine.getDelegatedTask()) {
                task.run();
            }
        } catch (Throwable e) { // the session is to know
            thrown = e;
        }
        failure = thrown;
        calculated.wake();
    }
}
