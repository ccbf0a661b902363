package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A handler that blocks for long, where it ought not to, on a worker that has put off another session's receive. Two
 * workers on a port that lets one run: each is held up for a while, so that the packets of "quick" and "slow", in this
 * order, wait together and are taken together.
 */
class BlockedHandlerTest {
    private static final Duration BLOCK = Duration.ofSeconds(3);
    private static final Duration SHORT = Duration.ofMillis(10);
    private static final Duration LIFE = Duration.ofSeconds(10);

    private long slowSince;

    /** A client that sends its name, and once more when that has come back. */
    private final class Twice implements SimulatedClient.Script {
        private final byte[] name;
        private final SimulatedKernel kernel;
        private Duration second;

        Twice(String name, SimulatedKernel kernel) {
            this.name = name.getBytes();
            this.kernel = kernel;
        }

        @Override
        public void received(SimulatedClient client, byte[] bytes) {
            if (client.received().length == name.length) {
                client.send(name);
            } else {
                second = kernel.elapsed();
            }
        }

        Twice start(InetSocketAddress server, long afterMillis) {
            SimulatedClient client = kernel.client(this).connect(server);
            client.after(TimeUnit.MILLISECONDS.toNanos(afterMillis), () -> client.send(name));
            return this;
        }
    }

    /** Blocks in its first call for "slow", and for a little while in that for "busy". */
    private SessionHandler handler(SimulatedKernel kernel) {
        return new SessionHandler() {
            @Override
            public void received(Session session, ByteBuffer data) {
                char kind = (char) data.get(0);
                if (session.attachment(Object.class) == null && kind != 'q') {
                    slowSince = kind == 's' ? kernel.elapsed().toNanos() : slowSince;
                    kernel.sleep(kind == 's' ? BLOCK : SHORT);
                }
                session.attach(true);
                session.send(data);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theReceiveThatItHoldsUpIsPostedByAnotherWorker(long seed) {
        SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.CALM).forbidMisuse();
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(2).concurrency(1).build();
            try (IocpServer server = ServerFactory.start(handler(kernel), options, SessionIdentity.OVERLAPPED,
                    kernel::attach)) {
                new Twice("busy", kernel).start(server.localAddress(), 50);
                new Twice("busy", kernel).start(server.localAddress(), 51);
                Twice quick = new Twice("quick", kernel).start(server.localAddress(), 53);
                new Twice("slow", kernel).start(server.localAddress(), 55);
                assertThat(kernel.until(() -> quick.second != null, LIFE)).isTrue();
                assertThat(slowSince).as("blocked by then").isPositive();
                assertThat(quick.second.minusNanos(slowSince)).isLessThan(Duration.ofMillis(250));
            }
            kernel.requireNothingLeft();
        });
    }
}
