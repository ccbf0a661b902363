package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with several completion ports. */
@Timeout(120)
class ShardsTest {
    private static final int PORTS = 3;
    private static final int SEEDS = 20;
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration ENOUGH = Duration.ofSeconds(10);

    /** Sends something and stays. */
    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            self.send(new byte[] {1});
        }
    }

    /** Sends something, and ends when it has come back. */
    private static final class Visitor implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            self.send(new byte[] {1});
        }

        @Override
        public void received(SimulatedClient self, byte[] bytes) {
            self.close();
        }
    }

    /** Echoes, and notes on which port's threads. */
    private static final class Echo implements SessionHandler {
        private final SimulatedKernel kernel;
        final Map<Long, Long> ports = new HashMap<>();
        final List<Long> ids = new ArrayList<>();
        final List<CloseReason> ends = new ArrayList<>();
        /** How long each opened takes, but for those of the port that accepts. */
        Duration pause = Duration.ZERO;

        Echo(SimulatedKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public void opened(Session session) {
            assertThat(ports.put(session.id(), kernel.portOfCaller())).as("an id of a session before").isNull();
            ids.add(session.id());
            if (!Thread.currentThread().getName().endsWith("-port-1")) {
                kernel.sleep(pause);
            }
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            assertThat(kernel.portOfCaller()).isEqualTo(ports.get(session.id()));
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            ends.add(reason);
        }
    }

    /** What a test does with a server and its handler. */
    private interface Scene {
        void run(SimulatedKernel kernel, IocpServer server, Echo echo) throws IOException;
    }

    private static ServerOptions.Builder options() {
        return ServerOptions.builder().workers(2 * PORTS).ports(PORTS).acceptsPosted(4).pool(9).maxSessions(30)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300));
    }

    private static void withServer(ServerOptions options, Scene test) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).requireOwnPorts().forbidMisuse();
            kernel.run(() -> {
                Echo echo = new Echo(kernel);
                IocpServer server = ServerFactory.start(echo, options, SessionIdentity.OVERLAPPED, kernel::attach);
                test.run(kernel, server, echo);
                server.close();
                kernel.requireNothingLeft();
                ServerStatistics end = server.statistics();
                assertThat(end.faults().workerFailures()).isZero();
                assertThat(end.sockets().socketsCreated()).isEqualTo(end.sockets().socketsDiscarded());
                assertThat(end.connections().accepts()).isEqualTo(echo.ids.size() + end.sessionsRefused());
                assertThat(echo.ends).hasSameSizeAs(echo.ids);
            });
        }
    }

    private static List<SimulatedClient> talkers(SimulatedKernel kernel, InetSocketAddress server, int count) {
        List<SimulatedClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(kernel.client(new Talker()).connect(server));
        }
        return clients;
    }

    private static void awaitEchoes(SimulatedKernel kernel, List<SimulatedClient> clients) {
        assertThat(kernel.until(() -> clients.stream().allMatch(client -> client.received().length > 0), ENOUGH))
                .as("each has its echo").isTrue();
    }

    @Test
    void sessionsAreSpreadOverThePorts() {
        withServer(options().build(), (kernel, server, echo) -> {
            awaitEchoes(kernel, talkers(kernel, server.localAddress(), 4 * PORTS));
            ServerStatistics.Connections now = server.statistics().connections();
            assertThat(now.sessions()).isEqualTo(4 * PORTS);
            assertThat(now.portSessionsFewest()).isEqualTo(4);
            assertThat(now.portSessionsMost()).isEqualTo(4);
            assertThat(now.acceptsHandedOver()).isEqualTo(4 * (PORTS - 1));
            assertThat(server.statistics().resources().ports()).isEqualTo(PORTS);
            assertThat(new HashSet<>(echo.ports.values())).hasSize(PORTS);
        });
    }

    /** Or all sockets would come to be on one port, and all sessions with them. */
    @Test
    void thoseThatComeOneAfterAnotherAreSpreadToo() {
        withServer(options().build(), (kernel, server, echo) -> {
            for (int i = 0; i < 6 * PORTS; i++) {
                SimulatedClient client = kernel.client(new Visitor()).connect(server.localAddress());
                assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0
                        && client.received().length > 0, ENOUGH)).isTrue();
            }
            for (long port : new HashSet<>(echo.ports.values())) {
                assertThat(echo.ports.values().stream().filter(each -> each == port).count()).isBetween(4L, 8L);
            }
            assertThat(new HashSet<>(echo.ports.values())).hasSize(PORTS);
            ServerStatistics.Sockets sockets = server.statistics().sockets();
            assertThat(sockets.socketsCreated()).as("one more is made while others are on their way back")
                    .isLessThanOrEqualTo(9 + 4);
            assertThat(sockets.socketsReused()).isGreaterThan(0);
        });
    }

    @Test
    void anotherThreadReachesTheSessionsOfEveryPort() {
        withServer(options().build(), (kernel, server, echo) -> {
            List<SimulatedClient> clients = talkers(kernel, server.localAddress(), 2 * PORTS);
            awaitEchoes(kernel, clients);
            for (long id : echo.ids) {
                assertThat(server.send(id, ByteBuffer.wrap(new byte[] {2, 3}))).isEqualTo(SendResult.TAKEN);
            }
            assertThat(kernel.until(() -> clients.stream().allMatch(client -> client.received().length == 3), ENOUGH))
                    .isTrue();
            echo.ids.forEach(server::disconnect);
            assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0, ENOUGH)).isTrue();
            assertThat(echo.ends).containsOnly(CloseReason.DISCONNECTED);
        });
    }

    /** However they are spread: also where one port's sockets are all that are free. */
    @Test
    void theMostSessionsAreExactlySoMany() {
        ServerOptions few = options().maxSessions(4).pool(2).acceptsPosted(1).build();
        withServer(few, (kernel, server, echo) -> {
            for (int round = 0; round < 6; round++) {
                List<SimulatedClient> clients = new ArrayList<>();
                for (int i = 0; i < few.maxSessions(); i++) {
                    clients.addAll(talkers(kernel, server.localAddress(), 1));
                    awaitEchoes(kernel, clients);
                }
                SimulatedClient oneMore = kernel.client(new Talker()).connect(server.localAddress());
                assertThat(kernel.until(oneMore::isReset, ENOUGH)).as("one more is reset").isTrue();
                assertThat(server.statistics().connections().sessions()).isEqualTo(few.maxSessions());
                clients.forEach(SimulatedClient::close);
                assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0, ENOUGH)).isTrue();
            }
            assertThat(server.statistics().incidents().sessionsRefusedFull()).isEqualTo(6);
        });
    }

    /** Some are accepted, and not yet begun on the port that they are for. */
    @Test
    void theServerStopsWhileConnectionsAreOnTheirWayFromOnePortToAnother() {
        withServer(options().workers(PORTS).build(), (kernel, server, echo) -> {
            echo.pause = Duration.ofMillis(100);
            List<SimulatedClient> clients = talkers(kernel, server.localAddress(), 3 * PORTS);
            assertThat(kernel.until(() -> server.statistics().connections().accepts() == 3 * PORTS, ENOUGH)).isTrue();
            server.close();
            assertThat(server.statistics().incidents().sessionsRefusedStopping()).as("on their way").isEqualTo(4);
            assertThat(kernel.until(() -> clients.stream().filter(SimulatedClient::isReset).count() >= 4,
                    SOON)).isTrue();
        });
    }

    @Test
    void aLostPortStopsTheWholeServer() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.CALM).requireOwnPorts().forbidMisuse();
            int lost = (int) seed % PORTS;
            kernel.run(() -> {
                Echo echo = new Echo(kernel);
                IocpServer server = ServerFactory.start(echo, options().build(), SessionIdentity.OVERLAPPED,
                        kernel::attach);
                List<SimulatedClient> clients = talkers(kernel, server.localAddress(), 2 * PORTS);
                awaitEchoes(kernel, clients);
                kernel.losePort(lost);
                assertThat(kernel.until(() -> !server.isOpen(), SOON)).as("not open").isTrue();
                assertThat(kernel.until(() -> kernel.openSockets() == 0, ENOUGH)).as("all sockets closed").isTrue();
                assertThat(echo.ends).containsOnly(CloseReason.SERVER_STOPPED).hasSize(2 * PORTS);
                assertThat(kernel.until(() -> clients.stream().allMatch(
                        client -> client.hasEnded() || client.isReset()), SOON)).isTrue();
                assertThat(clients.stream().filter(SimulatedClient::isReset))
                        .as("those on the other ports end in order").hasSize(2);
            });
        }
    }

    /** Whatever the options say: by default they say several for many workers. */
    @Test
    void aKeyThatNamesTheSessionTakesOnePort() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            try (IocpServer server = ServerFactory.start(new Echo(kernel), options().build(), SessionIdentity.KEY,
                    kernel::attach)) {
                assertThat(server.statistics().resources().ports()).isEqualTo(1);
            }
        });
    }
}
