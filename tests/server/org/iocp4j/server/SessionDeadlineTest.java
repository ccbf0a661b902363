package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When sessions are looked at, and that those on which nothing happens are left alone. */
@Timeout(60)
class SessionDeadlineTest {
    private static final int SESSIONS = 1_000;
    private static final int TICK = 100;
    private static final int BUFFER_BYTES = 8 * 1024;
    /** Enough for a quiet session to give its buffer back. */
    private static final int QUIET = 20_000;

    private static NullServer server(Duration idleTime) throws Win32Exception {
        return new NullServer(ServerOptions.builder().workers(1).acceptsPosted(8).pool(16).maxSessions(SESSIONS)
                .bufferBytes(BUFFER_BYTES).sendQueueBytes(BUFFER_BYTES).idleTime(idleTime).build());
    }

    /** The sockets of sessions that have each echoed. */
    private static long[] connect(NullServer server) {
        long[] sockets = LongStream.generate(server::connect).limit(SESSIONS).toArray();
        LongStream.of(sockets).forEach(socket -> server.echo(socket, 64));
        return sockets;
    }

    private static long timeouts(NullServer server) {
        return server.statistics().incidents().idleTimeouts();
    }

    /** -1: as long as it likes, since no session has to be looked at. */
    private static int mayWaitMillis(NullServer server) {
        return server.engine().shards().getFirst().timers().timeoutMillis(server.nowNanos(), -1);
    }

    @Test
    void anIdleSessionEndsWhenItsTimeIsOverAndNoEarlier() throws Win32Exception {
        NullServer server = server(Duration.ofSeconds(1));
        server.connect();
        server.idle(900);
        assertThat(timeouts(server)).isZero();
        server.idle(100 + 2 * TICK);
        assertThat(timeouts(server)).isOne();
    }

    @Test
    void whatHappensOnASessionBeginsItsTimeAnew() throws Win32Exception {
        NullServer server = server(Duration.ofSeconds(1));
        long socket = server.connect();
        for (int i = 0; i < 20; i++) {
            server.idle(700);
            server.echo(socket, 64);
        }
        server.idle(900);
        assertThat(timeouts(server)).isZero();
        server.idle(100 + 2 * TICK);
        assertThat(timeouts(server)).isOne();
    }

    /** The slot's last session has left its deadline behind. */
    @Test
    void eachSessionOfASlotHasAllItsTime() throws Win32Exception {
        NullServer server = server(Duration.ofSeconds(1));
        for (int i = 0; i < 20; i++) {
            long socket = server.connect();
            server.idle(700);
            server.leave(socket);
        }
        server.connect();
        server.idle(900);
        assertThat(timeouts(server)).isZero();
        server.idle(100 + 2 * TICK);
        assertThat(timeouts(server)).isOne();
    }

    @Test
    void quietSessionsGiveTheirBuffersBackEachTime() throws Win32Exception {
        NullServer server = server(Duration.ZERO);
        long[] sockets = connect(server);
        for (int i = 0; i < 3; i++) {
            server.idle(QUIET);
            assertThat(server.statistics().resources().bufferBytes()).isLessThan(SESSIONS / 2 * BUFFER_BYTES);
            for (long socket : sockets) {
                server.echo(socket, 64);
            }
            assertThat(server.statistics().resources().bufferBytes()).isGreaterThan(SESSIONS * BUFFER_BYTES);
        }
    }

    @Test
    void aSessionWithoutAnIdleTimeAndABufferIsLeftAlone() throws Win32Exception {
        NullServer server = server(Duration.ZERO);
        connect(server);
        assertThat(mayWaitMillis(server)).isBetween(0, QUIET);
        server.idle(QUIET);
        assertThat(mayWaitMillis(server)).isEqualTo(-1);
        assertThat(server.statistics().connections().sessions()).isEqualTo(SESSIONS);
    }

    @Test
    void aSessionWithAnIdleTimeIsLeftAloneUntilThen() throws Win32Exception {
        NullServer server = server(Duration.ofHours(1));
        connect(server);
        server.idle(QUIET);
        assertThat(mayWaitMillis(server)).isGreaterThan((int) Duration.ofMinutes(50).toMillis());
    }
}
