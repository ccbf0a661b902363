package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the server allocates on the Java heap once it runs. The test's thread is the server's only one, so it counts for
 * all threads.
 */
@Timeout(300)
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int BATCH = 5_000;
    /** In a row: then it has not been chance. */
    private static final int BATCHES = 3;
    /** For the compiler, which may be slow; before it has compiled all of it, some of it allocates. */
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(120);

    private final NullServer server;
    private long[] ids = {};
    private int opened;

    AllocationTest() throws Win32Exception {
        server = new NullServer();
    }

    @Test
    void anEchoAllocatesNothing() {
        long socket = server.connect();
        assertThat(steadyBytes(() -> server.echo(socket, 64))).isZero();
        assertThat(server.statistics().traffic().sentBytes())
                .isEqualTo(64 * server.statistics().traffic().receiveCompletions()).isPositive();
    }

    @Test
    void aReconnectAllocatesNothing() {
        assertThat(steadyBytes(() -> {
            long socket = server.connect();
            server.echo(socket, 64);
            server.leave(socket);
        })).isZero();
        assertThat(server.statistics().connections().accepts())
                .isEqualTo(server.statistics().traffic().receiveCompletions()).isPositive();
        assertThat(server.statistics().sockets().socketsCreated()).isLessThan(BATCH);
        assertThat(server.statistics().connections().sessions()).isZero();
    }

    /** Sent from outside and by the worker: what there is, a call has, and no session. */
    @Test
    void aBroadcastAllocatesNothingForASession() throws Win32Exception {
        int sessions = 4_000;
        ids = new long[sessions];
        var all = new NullServer(ServerOptions.builder().acceptsPosted(8).pool(16).maxSessions(sessions).build(),
                new SessionHandler() {
                    @Override
                    public void opened(Session session) {
                        ids[opened++] = session.id();
                    }

                    @Override
                    public void received(Session session, ByteBuffer data) {
                        throw new AssertionError("nobody sends");
                    }
                });
        for (int i = 0; i < sessions; i++) {
            all.connect();
        }
        ByteBuffer message = ByteBuffer.allocateDirect(64);
        int broadcasts = 10;
        assertThat(steadyBytes(broadcasts, () -> all.broadcast(ids, message), 192L * broadcasts))
                .as("of %d broadcasts to %d sessions", broadcasts, sessions).isLessThanOrEqualTo(192L * broadcasts);
        assertThat(all.statistics().traffic().sentBytes() % (64L * sessions * broadcasts)).isZero();
        assertThat(all.statistics().traffic().sentBytes()).isPositive();
        assertThat(all.attached()).as("views for the thread that sends").isEqualTo(1);
    }

    private static long steadyBytes(Runnable operation) {
        return steadyBytes(BATCH, operation, 0);
    }

    /** The bytes of a batch when they are so few for some batches, or at the end of the time. */
    private static long steadyBytes(int batch, Runnable operation, long few) {
        long deadline = System.nanoTime() + LONGEST_WARM_UP.toNanos();
        int without = 0;
        long bytes = 0;
        while (without < BATCHES && System.nanoTime() - deadline < 0) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < batch; i++) {
                operation.run();
            }
            bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            without = bytes <= few ? without + 1 : 0;
        }
        return bytes;
    }
}
