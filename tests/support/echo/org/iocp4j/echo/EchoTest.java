package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.time.Duration;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Settled;
import org.iocp4j.server.TestClient;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** An echo server for each test, small enough for sockets to be used again soon. */
@NeedsCompletionPorts
@Timeout(180)
public abstract class EchoTest {
    protected EchoServer server;
    private ServerOptions options;

    protected static ServerOptions.Builder small() {
        return ServerOptions.builder().workers(4).acceptsPosted(1).pool(1).maxSessions(64)
                .disconnectTime(Duration.ofSeconds(20));
    }

    protected static ServerOptions.Builder small(DisconnectMethod method) {
        return small().disconnectMethod(method);
    }

    protected void start(ServerOptions.Builder builder) throws IOException {
        start(builder, EchoProtocol.MESSAGES, SessionIdentity.OVERLAPPED);
    }

    protected void start(ServerOptions.Builder builder, EchoProtocol protocol, SessionIdentity identity)
            throws IOException {
        options = builder.build();
        server = EchoServer.start(new EchoOptions(options, protocol, identity));
    }

    protected TestClient connect() throws IOException {
        return TestClient.connect(server.localAddress());
    }

    protected TestClient logIn() throws IOException {
        return TestClient.logIn(server.localAddress());
    }

    protected ServerStatistics statistics() {
        return server.statistics().server();
    }

    /** Everything as it must be when the clients have gone. */
    protected ServerStatistics settled() {
        return Settled.of(this::statistics, options).cleanly();
    }

    /** Until no session is left, and all sockets that live are posted or in the pool. */
    protected void awaitNobody() {
        await().untilAsserted(() -> {
            ServerStatistics now = statistics();
            assertThat(now.connections().sessions()).isZero();
            assertThat(now.sockets().socketsRecycling()).isZero();
            assertThat(now.connections().acceptsPosted() + now.sockets().socketsFree())
                    .isEqualTo(now.sockets().socketsCreated() - now.sockets().socketsDiscarded());
        });
    }

    @AfterEach
    protected void stop() {
        if (server != null) {
            server.close();
        }
    }
}
