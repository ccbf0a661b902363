package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.iocp4j.server.BroadcastResult;
import org.iocp4j.server.HandsOn;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What stands for a session is the user's code: whatever it does, the others get what was broadcast. */
@Timeout(60)
class StandingBroadcastTest {
    private static final int SEEDS = 10;
    private static final Duration LONG = Duration.ofSeconds(20);

    /** Does something when it is to send. */
    private record Stands(SessionRef direct, Function<ByteBuffer, SendResult> sends) implements HandsOn {
        @Override
        public SendResult send(ByteBuffer data) {
            return sends.apply(data);
        }
    }

    /** Three sessions; something stands for the second one. */
    private static final class Life implements SessionHandler {
        final SimulatedKernel kernel;
        final List<SessionRef> refs = new ArrayList<>();
        final List<SimulatedClient> clients = new ArrayList<>();
        Function<ByteBuffer, SendResult> sends = data -> SendResult.TAKEN;
        IocpServer server;

        Life(long seed) {
            kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).operationBytes(48).forbidMisuse();
        }

        void run(SimulatedKernel.Scenario scenario) {
            kernel.run(() -> {
                server = ServerFactory.start(this, ServerOptions.builder().workers(2).acceptsPosted(2).pool(2)
                        .maxSessions(4).lingerTime(Duration.ZERO).build(), SessionIdentity.OVERLAPPED, kernel::attach);
                for (int i = 1; i <= 3; i++) {
                    int count = i;
                    clients.add(kernel.client(new SimulatedClient.Script() { }).connect(server.localAddress()));
                    assertThat(kernel.until(() -> refs.size() == count, LONG)).isTrue();
                }
                scenario.run();
                server.close();
                kernel.requireNothingLeft();
            });
        }

        BroadcastResult broadcast(ByteBuffer data) {
            return server.broadcast(refs.stream().mapToLong(SessionRef::id).toArray(), data);
        }

        @Override
        public void opened(Session session) {
            if (refs.size() == 1) {
                session.wrapRef(direct -> new Stands(direct, data -> sends.apply(data)));
            }
            refs.add(session.ref());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            data.position(data.limit());
        }
    }

    @Test
    void oneThatWaitsForAnotherSessionWaitsForNoBroadcast() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Life life = new Life(seed);
            boolean[] done = new boolean[2];
            life.sends = data -> {
                life.refs.getFirst().execute(session -> done[0] = true);
                done[1] = life.kernel.until(() -> done[0] && life.clients.getFirst().received().length == 3, LONG);
                return SendResult.TAKEN;
            };
            life.run(() -> {
                assertThat(life.broadcast(ByteBuffer.allocate(3)).taken()).isEqualTo(3);
                assertThat(done[1]).as("the action has run, and the bytes have come").isTrue();
                assertThat(life.kernel.until(() -> life.clients.getLast().received().length == 3, LONG)).isTrue();
            });
        }
    }

    @Test
    void oneThatThrowsKeepsNobodyFromTheBytes() {
        assertThatAFaultKeepsNobodyFromTheBytes(data -> {
            data.position(1).limit(2);
            throw new IllegalStateException("provoked");
        });
    }

    @Test
    void norDoesOneThatTellsNoResult() {
        assertThatAFaultKeepsNobodyFromTheBytes(data -> null);
    }

    private static void assertThatAFaultKeepsNobodyFromTheBytes(Function<ByteBuffer, SendResult> fault) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Life life = new Life(seed);
            life.sends = fault;
            life.run(() -> {
                ByteBuffer data = ByteBuffer.allocate(3);
                BroadcastResult result = life.broadcast(data);
                assertThat(result).isEqualTo(
                        new BroadcastResult(2, List.of(), List.of(life.refs.get(1).id()), List.of()));
                assertThat(data).isEqualTo(ByteBuffer.allocate(3));
                for (SimulatedClient client : List.of(life.clients.getFirst(), life.clients.getLast())) {
                    assertThat(life.kernel.until(() -> client.received().length == 3, LONG)).isTrue();
                }
                assertThat(life.server.statistics().faults().handlerFailures()).isOne();
            });
        }
    }
}
