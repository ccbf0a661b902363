package org.iocp4j.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;

import java.time.Duration;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;
import org.junit.jupiter.api.Test;

/** The same with the engine of completion ports. Its loop asserts that no socket and no buffer is left. */
@NeedsCompletionPorts
class IocpLoadClientTest extends LoadClientTest {
    @Override
    Engine engine() {
        return Engine.IOCP;
    }

    /** Client and server are on the same layer, each with a port of its own, in one process. */
    @Test
    void comesAndGoesAtOurOwnServer() throws Exception {
        ServerOptions.Builder server = ServerOptions.builder().workers(2).acceptsPosted(4).pool(4).maxSessions(64);
        try (EchoServer echo = EchoServer.start(
                new EchoOptions(server.build(), EchoProtocol.MESSAGES, SessionIdentity.OVERLAPPED))) {
            LoadOptions.Builder options = LoadOptions.to("127.0.0.1", echo.localAddress().getPort())
                    .engine(Engine.IOCP).clients(20).threads(2).reconnectPercent(50).duration(Duration.ofSeconds(50))
                    .loginTimeout(LONGEST).echoTimeout(LONGEST).drainTimeout(LONGEST);
            LoadStatistics total = runUntil(options,
                    second -> second.closedByFin() > 100 && second.closedByReset() > 100).total();
            assertThat(total.errors()).as("%s", total).isZero();
            assertThat(total.connects()).isEqualTo(total.closedByFin() + total.closedByReset());
            assertThat(total.sentMessages()).isEqualTo(total.receivedMessages());
        }
    }
}
