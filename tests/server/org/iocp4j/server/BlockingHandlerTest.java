package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Handlers that block, on virtual threads: each call waits until all are under way. */
class BlockingHandlerTest extends ServerTest {
    private static final int SESSIONS = 200;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @Test
    void asManyCallsBlockAtATimeAsThereAreSessions() throws Exception {
        CountDownLatch all = new CountDownLatch(SESSIONS);
        start(small().workers(2).acceptsPosted(20).maxSessions(SESSIONS).handlerExecutor(threads), new Echo() {
            @Override
            public void received(Session session, ByteBuffer data) {
                assertThat(Thread.currentThread().isVirtual()).isTrue();
                all.countDown();
                try {
                    assertThat(all.await(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.received(session, data);
            }
        });
        List<TestClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < SESSIONS; i++) {
                TestClient client = connect();
                clients.add(client);
                client.sendBytes(new byte[] {7});
            }
            for (TestClient client : clients) {
                client.expect(new byte[] {7});
            }
        } finally {
            for (TestClient client : clients) {
                client.close();
            }
        }
        settled().cleanly();
    }

    /** Behind the server, whose last calls are made there. */
    @AfterEach
    void endThreads() {
        server.close();
        threads.close();
    }
}
