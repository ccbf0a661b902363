package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;

/** What an echo does of what all threads share, counted and not timed. */
class EchoCostTest {
    private static final int SESSIONS = 50;
    private static final int ECHOES = 10_000;

    private final NullServer server;

    EchoCostTest() throws Win32Exception {
        server = new NullServer();
    }

    @Test
    void aWorkerComesToThePoolOnceIn32Messages() {
        long[] sockets = new long[SESSIONS];
        for (int i = 0; i < SESSIONS; i++) {
            sockets[i] = server.connect();
            server.echo(sockets[i], 64);
        }
        long before = server.engine().shards().getFirst().buffers.exchanges();
        for (int i = 0; i < ECHOES; i++) {
            server.echo(sockets[i % SESSIONS], 64);
        }
        assertThat(server.engine().shards().getFirst().buffers.exchanges() - before).isLessThanOrEqualTo(ECHOES / 32);
        assertThat(server.statistics().resources().buffersLent()).as("one each, to receive into").isEqualTo(SESSIONS);
        assertThat(server.statistics().traffic().sentBytes()).isEqualTo(64L * (SESSIONS + ECHOES));
    }
}
