package org.iocp4j.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.Background;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A calculation of a handshake takes as long as a user's key manager, and has the JDK's engine locked meanwhile. */
@Timeout(60)
class TlsCalculationTest {
    private final CountDownLatch isUnderWay = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final List<Thread> calculating = new ArrayList<>();
    private final List<TlsFailure> failures = new ArrayList<>();
    private final DirectSession connection = new DirectSession();

    private void calculate() {
        isUnderWay.countDown();
        await(mayEnd);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Neither what comes, nor what time demands, nor the end of the handshake's own time. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void noCallOfAWorkerWaitsForIt(String protocol) throws Exception {
        TlsHandler handler = TlsHandler.server(TestKeys.slow(this::calculate))
                .taskExecutor(task -> calculating.add(Thread.ofPlatform().daemon().start(task)))
                .handshakeFailed((peer, failure) -> failures.add(failure.failure()))
                .build((session, data) -> data.position(data.limit()));
        DirectClient client = new DirectClient(protocol, connection.sent);
        client.begin();
        CompletableFuture<Void> calls = Background.run(() -> {
            handler.opened(connection);
            connection.receive(handler, client.toServer);
            await(isUnderWay);
            handler.idle(connection);
            connection.receive(handler, client.toServer);
            connection.scheduled.getFirst().run(connection);
        });
        try {
            calls.get(10, TimeUnit.SECONDS);
            assertThat(failures).containsExactly(TlsFailure.HANDSHAKE_TIMED_OUT);
            assertThat(connection.disconnected || connection.aborted).isTrue();
        } finally {
            mayEnd.countDown();
        }
        for (Thread thread : calculating) {
            thread.join();
        }
    }
}
