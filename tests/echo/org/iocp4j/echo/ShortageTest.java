package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;

/** What Wine cannot show of a server's straits: the limit of open files, and peers that are silent at their end. */
class ShortageTest {
    private static final byte[] PACKET = {8, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    private static final int GREETING_AND_ECHO_BYTES = 20;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DISCONNECT_TIME = Duration.ofMillis(500);

    private final SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.UNRULY).forbidMisuse();

    private static final class Sender implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            self.send(PACKET);
        }
    }

    private EchoServer start() throws IOException {
        ServerOptions options = ServerOptions.builder().workers(3).acceptsPosted(4).pool(4).maxSessions(8)
                .disconnectTime(DISCONNECT_TIME).drainTime(SECOND).lingerTime(Duration.ZERO).build();
        return EchoServer.start(new EchoOptions(options, EchoProtocol.MESSAGES, SessionIdentity.OVERLAPPED),
                kernel::attach);
    }

    private SimulatedClient connect(EchoServer server) {
        return kernel.client(new Sender()).connect(server.localAddress());
    }

    private boolean isServed(SimulatedClient client) {
        return kernel.until(() -> client.received().length == GREETING_AND_ECHO_BYTES, SECOND);
    }

    /** WSAEMFILE: those who are there are served, and when files are free again, those who wait. */
    @Test
    void atTheFileLimitItGoesOnAndRecoversWhenFilesAreFree() {
        kernel.socketLimit(6);
        kernel.run(() -> {
            EchoServer server = start();
            List<SimulatedClient> served = new ArrayList<>();
            for (int i = 0; i < 5; i++) { // the sixth socket listens
                served.add(connect(server));
                assertThat(isServed(served.get(i))).as("client %d", i).isTrue();
            }
            SimulatedClient waiting = connect(server);
            kernel.sleep(SECOND);
            assertThat(isServed(waiting)).isFalse();
            assertThat(server.statistics().server().faults().socketFailures()).isPositive();
            assertThat(server.statistics().server().connections().acceptsPosted()).isZero();
            served.getFirst().send(PACKET);
            assertThat(kernel.until(() -> served.getFirst().received().length > GREETING_AND_ECHO_BYTES, SECOND))
                    .isTrue();

            kernel.socketLimit(100);
            assertThat(isServed(waiting)).isTrue();
            assertThat(kernel.until(() -> server.statistics().server().connections().acceptsPosted() == 4, SECOND))
                    .isTrue();
            assertThat(server.statistics().server().faults().workerFailures()).isZero();
            server.close();
            kernel.requireNothingLeft();
        });
    }

    /** The same, when a client's leaving frees its socket. */
    @Test
    void atTheFileLimitALeavingClientMakesRoom() {
        kernel.socketLimit(6);
        kernel.run(() -> {
            EchoServer server = start();
            List<SimulatedClient> served = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                served.add(connect(server));
                assertThat(isServed(served.get(i))).isTrue();
            }
            SimulatedClient waiting = connect(server);
            kernel.sleep(SECOND);
            assertThat(isServed(waiting)).isFalse();
            served.getFirst().close();
            assertThat(isServed(waiting)).isTrue();
            server.close();
            kernel.requireNothingLeft();
        });
    }

    /**
     * Each wait has its bound; then the socket is closed and counted, its session free, and the accepts are refilled.
     */
    @Test
    void peersThatAreSilentAtTheirEndCostASocketEachAndNoSession() {
        kernel.plan(FaultPlan.UNRULY.with(new FaultPlan.Disconnects(1, 0, 0, 0)));
        kernel.run(() -> {
            EchoServer server = start();
            List<SimulatedClient> silent = new ArrayList<>();
            for (int i = 0; i < 8; i++) { // all the sessions there are
                SimulatedClient client = connect(server);
                assertThat(isServed(client)).isTrue();
                silent.add(client);
            }
            for (SimulatedClient client : silent) {
                client.send(new byte[] {9, 0}); // a wrong length: the server disconnects, and the client stays
            }
            assertThat(kernel.until(() -> server.statistics().server().sockets().socketsRecycling() == 8, SECOND))
                    .isTrue();
            Duration begin = kernel.elapsed();
            assertThat(kernel.until(() -> server.statistics().server().connections().sessions() == 0, SECOND)).isTrue();
            assertThat(kernel.elapsed().minus(begin)).isLessThan(DISCONNECT_TIME.plusMillis(300)); // three ticks
            ServerStatistics figures = server.statistics().server();
            assertThat(figures.incidents().disconnectTimeouts()).isEqualTo(8);
            assertThat(figures.sockets().socketsRecycling()).isZero();
            assertThat(kernel.until(() -> server.statistics().server().connections().acceptsPosted() == 4, SECOND))
                    .isTrue();
            assertThat(isServed(connect(server))).isTrue();
            assertThat(server.statistics().server().incidents().latePackets()).isLessThanOrEqualTo(8);
            server.close();
            kernel.requireNothingLeft();
        });
    }
}
