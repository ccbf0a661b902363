package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A handler that leaves its thread interrupted: no other session's call may find it so, for what it awaits would end at
 * once.
 */
@Timeout(60)
class HandlerInterruptTest {
    private static final Duration ENOUGH = Duration.ofSeconds(5);

    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient client) {
            client.send(new byte[] {1});
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theInterruptEndsWithTheCall(boolean andThrows) {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            List<Boolean> found = new ArrayList<>();
            ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(1).pool(1).maxSessions(4).build();
            IocpServer server = ServerFactory.start((session, data) -> {
                found.add(Thread.currentThread().isInterrupted());
                session.send(data);
                Thread.currentThread().interrupt();
                if (andThrows) {
                    throw new IllegalStateException("provoked");
                }
            }, options, SessionIdentity.OVERLAPPED, kernel::attach);
            for (int i = 1; i <= 3; i++) {
                int calls = i;
                kernel.client(new Talker()).connect(server.localAddress());
                assertThat(kernel.until(() -> found.size() == calls, ENOUGH)).isTrue();
            }
            assertThat(found).containsOnly(false);
            server.close();
        });
    }
}
