package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.iocp4j.server.BroadcastResult;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** While the system has no memory for more buffers, whoever is refused is told when to try again. */
class MemoryShortageTest {
    private static final int SEEDS = 10;
    private static final int BUFFER_BYTES = 16 * 1024;
    /** More than the first piece of memory that is committed. */
    private static final int BLOCK_BYTES = 8 * BUFFER_BYTES;
    /** As many callers at a time as the server keeps views for, or more. */
    private static final int CALLERS = 3;

    private enum Sender {
        REF, SERVER, BROADCAST
    }

    private static final class Life implements SessionHandler {
        final SimulatedKernel kernel;
        final SimulatedClient client;
        IocpServer server;
        SessionRef ref;
        boolean isShort;
        boolean hasNoViews;
        int callersHeld;
        int viewsRefused;
        int writable;
        CloseReason reason;

        Life(int seed) {
            kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).forbidMisuse();
            client = kernel.client(new SimulatedClient.Script() { });
        }

        private Win32 attach() {
            if (hasNoViews) {
                viewsRefused++;
                throw new OutOfMemoryError("for a view");
            }
            Win32 system = kernel.attach();
            return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                    (proxy, method, arguments) -> {
                        if (isShort && method.getName().equals("virtualAlloc")
                                && (int) arguments[2] == MEM_COMMIT()) {
                            if (Thread.currentThread().getName().equals("caller")) {
                                callersHeld++;
                                kernel.until(() -> !isShort, Duration.ofMinutes(1));
                            }
                            return (long) -ERROR_COMMITMENT_LIMIT();
                        }
                        try {
                            return method.invoke(system, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        ServerStatistics run(SimulatedKernel.Scenario scenario) {
            ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(1).pool(1).maxSessions(2)
                    .bufferBytes(BUFFER_BYTES).sendQueueBytes(2 * BLOCK_BYTES).idleTime(Duration.ZERO).build();
            kernel.run(() -> {
                server = ServerFactory.start(this, options, SessionIdentity.OVERLAPPED, this::attach);
                client.connect(server.localAddress());
                assertThat(kernel.until(() -> ref != null, Duration.ofSeconds(5))).as("it opens").isTrue();
                scenario.run();
                client.close();
                server.close();
                kernel.requireNothingLeft();
            });
            return server.statistics();
        }

        /** Callers that wait in their calls have all the views, and there is no memory for another. */
        void endMemory() {
            isShort = true;
            for (int i = 0; i < CALLERS; i++) {
                kernel.start("caller", () -> ref.send(ByteBuffer.allocate(BLOCK_BYTES)));
            }
            assertThat(kernel.until(() -> callersHeld == CALLERS, Duration.ofSeconds(1))).as("they wait").isTrue();
            hasNoViews = true;
        }

        void hasMemory() {
            hasNoViews = false;
            isShort = false;
        }

        SendResult send(Sender sender) {
            ByteBuffer data = ByteBuffer.allocate(BLOCK_BYTES);
            return switch (sender) {
                case REF -> ref.send(data);
                case SERVER -> server.send(ref.id(), data);
                case BROADCAST -> {
                    BroadcastResult result = server.broadcast(new long[] {ref.id()}, data);
                    assertThat(result.taken() + result.full().size()).isOne();
                    yield result.taken() == 1 ? SendResult.TAKEN : SendResult.FULL;
                }
            };
        }

        void awaitWritable(int calls) {
            assertThat(kernel.until(() -> writable == calls, Duration.ofSeconds(1))).as("call %s", calls).isTrue();
        }

        @Override
        public void opened(Session session) {
            ref = session.ref();
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            data.position(data.limit());
            assertThat(session.send(ByteBuffer.allocate(BLOCK_BYTES))).isEqualTo(SendResult.CLOSED);
        }

        @Override
        public void writable(Session session) {
            writable++;
        }

        @Override
        public void closed(Session session, CloseReason why, Throwable thrown) {
            reason = why;
        }
    }

    /** Nothing is queued, nothing comes, and no time runs: nothing else would call it. */
    @ParameterizedTest
    @EnumSource
    void writableFollowsEachRefusal(Sender sender) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            Life life = new Life(seed);
            ServerStatistics end = life.run(() -> {
                life.isShort = true;
                for (int call = 1; call <= 3; call++) {
                    assertThat(life.send(sender)).isEqualTo(SendResult.FULL);
                    life.awaitWritable(call);
                }
                life.isShort = false;
                assertThat(life.send(sender)).isEqualTo(SendResult.TAKEN);
                assertThat(life.kernel.until(() -> life.client.received().length == BLOCK_BYTES, Duration.ofSeconds(5)))
                        .as("all of it comes").isTrue();
                assertThat(life.writable).as("no call that nothing was refused for").isEqualTo(3);
            });
            assertThat(end.faults().memoryRefusals()).isEqualTo(3);
        }
    }

    /** There is no memory for the view either, by which a thread asks for memory and for the time. */
    @ParameterizedTest
    @EnumSource
    void writableFollowsARefusalWithoutAView(Sender sender) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            Life life = new Life(seed);
            life.run(() -> {
                life.endMemory();
                assertThat(life.send(sender)).isEqualTo(SendResult.FULL);
                assertThat(life.viewsRefused).isPositive();
                life.awaitWritable(1);
                assertThat(life.server.statistics().faults().memoryRefusals()).isOne();
                life.hasMemory();
            });
        }
    }

    @Test
    void aHandlerThatIsRefusedWithoutAViewHasNotFailed() {
        for (int seed = 1; seed <= SEEDS; seed++) {
            Life life = new Life(seed);
            ServerStatistics end = life.run(() -> {
                life.endMemory();
                life.client.send(new byte[1]);
                assertThat(life.kernel.until(() -> life.reason != null, Duration.ofSeconds(5))).as("it ends").isTrue();
                assertThat(life.reason).isEqualTo(CloseReason.OUT_OF_MEMORY);
                assertThat(life.viewsRefused).isPositive();
                life.hasMemory();
            });
            assertThat(end.faults().handlerFailures()).isZero();
        }
    }
}
