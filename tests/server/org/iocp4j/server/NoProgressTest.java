package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;

/** What a peer sends to a session that ends is dropped, and is no progress: else the peer would hold the session. */
class NoProgressTest {
    private static final Duration DISCONNECT = Duration.ofMillis(300);

    /** Reads nothing, and sends on and on. */
    private static final class Chatterer implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient client) {
            client.stopReading();
            chatter(client);
        }

        private static void chatter(SimulatedClient client) {
            if (client.isConnected()) {
                client.send(new byte[] {1});
                client.after(DISCONNECT.toNanos() / 4, () -> chatter(client));
            }
        }
    }

    private Duration disconnected = Duration.ZERO;

    @Test
    void aPeerThatSendsOnAndReadsNothingHoldsNoSession() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(1).pool(1).maxSessions(4)
                    .disconnectMethod(DisconnectMethod.GRACEFUL).disconnectTime(DISCONNECT).build();
            IocpServer server = ServerFactory.start((session, data) -> {
                data.position(data.limit());
                while (session.send(ByteBuffer.allocate(options.bufferBytes())) == SendResult.TAKEN) {
                    Thread.onSpinWait();
                }
                session.disconnect();
                disconnected = kernel.elapsed();
            }, options, SessionIdentity.OVERLAPPED, kernel::attach);
            kernel.client(new Chatterer()).window(4_096).connect(server.localAddress());
            assertThat(kernel.until(() -> server.statistics().connections().accepts() == 1, DISCONNECT.multipliedBy(5)))
                    .isTrue();
            assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0,
                    DISCONNECT.multipliedBy(10))).isTrue();
            assertThat(kernel.elapsed().minus(disconnected)).as("it has all its time").isGreaterThan(DISCONNECT);
            assertThat(server.statistics().incidents().sessionsCut()).isEqualTo(1);
            server.close();
        });
    }
}
