package org.iocp4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** A server for each test, with the handler that the test needs. */
@NeedsCompletionPorts
@Timeout(180)
abstract class ServerTest {
    protected IocpServer server;
    protected ServerOptions options;
    protected final Reports<Long> opened = new Reports<>();
    protected final Reports<CloseReason> closed = new Reports<>();

    /** Echoes, and reports who came and went. */
    class Echo implements SessionHandler {
        @Override
        public void opened(Session session) {
            opened.add(session.id());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            closed.add(reason);
        }
    }

    static ServerOptions.Builder small() {
        return ServerOptions.builder().workers(4).acceptsPosted(2).pool(4).maxSessions(64)
                .disconnectTime(Duration.ofSeconds(20));
    }

    static ServerOptions.Builder small(DisconnectMethod method) {
        return small().disconnectMethod(method);
    }

    void start(ServerOptions.Builder builder, SessionHandler handler) throws IOException {
        options = builder.build();
        server = IocpServer.start(handler, options);
    }

    TestClient connect() throws IOException {
        return TestClient.connect(server.localAddress());
    }

    static void echo(TestClient client, String text) throws IOException {
        client.sendBytes(text.getBytes());
        client.expect(text.getBytes());
    }

    ServerStatistics statistics() {
        return server.statistics();
    }

    Settled settled() {
        return Settled.of(this::statistics, options);
    }

    /** What handlers report, taken by the test, which waits for it so long and no longer. */
    static final class Reports<T> {
        private final BlockingQueue<T> queue = new LinkedBlockingQueue<>();

        void add(T report) {
            queue.add(report);
        }

        T next() {
            try {
                T report = queue.poll(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS);
                if (report == null) {
                    throw new AssertionError("nothing reported within " + Settled.LONGEST.toSeconds() + " s");
                }
                return report;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        int waiting() {
            return queue.size();
        }
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }
}
