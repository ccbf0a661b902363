package org.iocp4j.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;
import org.junit.jupiter.api.Test;

/** The port is closed from outside: the workers get 735 or 6, the server says so, and its close comes back. */
class PortGoneTest {
    /** Sends one packet and stays. */
    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            self.send(new byte[] {8, 0, 1, 2, 3, 4, 5, 6, 7, 8});
        }
    }

    @Test
    void everyWorkerEndsAndCloseReturns() {
        for (long seed = 0; seed < 20; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY);
            kernel.run(() -> {
                ServerOptions options = ServerOptions.builder().workers(3).accepts(2).pool(2).maxSessions(4)
                        .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300)).build();
                EchoServer server = EchoServer.start(new EchoOptions(options, EchoProtocol.SEED, SessionIdentity.OVERLAPPED),
                        kernel::attach);
                kernel.client(new Talker()).connect(server.localAddress());
                kernel.sleep(Duration.ofMillis(50));
                long port = kernel.handles.open().stream().filter(SimulatedPort.class::isInstance)
                        .map(object -> ((SimulatedPort) object).handle).findFirst().orElseThrow();
                assertThat(kernel.attach().closeHandle(port)).isZero();
                kernel.sleep(Duration.ofMillis(500));
                assertThat(server.statistics().server().workerFailures()).isEqualTo(3);
                server.close();
                assertThat(kernel.elapsed()).isLessThan(Duration.ofSeconds(10));
                assertThat(kernel.openSockets()).isZero();
            });
        }
    }
}
