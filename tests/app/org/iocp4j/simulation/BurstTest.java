package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many connections at once, more than accepts are posted. */
class BurstTest {
    /** No more than the backlog takes, and fewer than a worker takes packets in a row. */
    private static final int CLIENTS = 180;
    private static final int ACCEPTS = 100;
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theFirstAreAnsweredBeforeTheLastAreAccepted(long seed) {
        SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.CALM);
        AtomicInteger answered = new AtomicInteger();
        AtomicLong acceptedByThen = new AtomicLong();
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(ACCEPTS).build();
            IocpServer server = ServerFactory.start((session, data) -> session.send(data), options,
                    SessionIdentity.OVERLAPPED, kernel::attach);
            for (int i = 0; i < CLIENTS; i++) {
                kernel.client(new SimulatedClient.Script() {
                    @Override
                    public void connected(SimulatedClient client) {
                        client.send(new byte[] {1});
                    }

                    @Override
                    public void received(SimulatedClient client, byte[] bytes) {
                        if (answered.incrementAndGet() == 1) {
                            acceptedByThen.set(server.statistics().connections().accepts());
                        }
                    }
                }).connect(server.localAddress());
            }
            assertThat(kernel.until(() -> answered.get() == CLIENTS, ENOUGH)).isTrue();
            server.close();
        });
        assertThat(acceptedByThen.get()).as("accepted before the first answer").isLessThanOrEqualTo(ACCEPTS);
    }
}
