package org.iocp4j.simulation;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_UPDATE_ACCEPT_CONTEXT;

import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.FaultPlan.Disconnects;
import org.iocp4j.simkernel.FaultPlan.Failures;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;

/**
 * Bugs that other servers on completion ports shipped with, each provoked on purpose; docs/robustness.md has them all.
 * The kernel watches memory, handles and what is left at the end throughout.
 */
class ShippedBugsTest {
    private static final int SEEDS = 20;
    private static final int CLIENTS = 12;
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Disconnects NEVER = new Disconnects(0, 0, 1, 0);

    /** A server's life: it echoes; clients come, talk, and go one way or another. */
    private static final class Life {
        final SimulatedKernel kernel;
        final ServerOptions.Builder options = ServerOptions.builder().workers(3).acceptsPosted(2).pool(2)
                .maxSessions(CLIENTS)
                .bufferBytes(64).sendQueueBytes(256).idleTime(Duration.ZERO)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(200));
        SessionHandler handler = (session, data) -> session.send(data);
        UnaryOperator<Win32> seam = UnaryOperator.identity();
        IocpServer server;
        final List<Talker> clients = new ArrayList<>();

        Life(long seed, FaultPlan plan) {
            kernel = new SimulatedKernel(seed, plan).operationBytes(48).forbidMisuse();
        }

        /** @param meanwhile when all clients are on their way; the server closes behind it */
        ServerStatistics run(SimulatedKernel.Scenario meanwhile) {
            kernel.run(() -> {
                server = ServerFactory.start(handler, options.build(), SessionIdentity.OVERLAPPED,
                        () -> seam.apply(kernel.attach()));
                for (int i = 0; i < CLIENTS; i++) {
                    Talker client = new Talker(kernel, i);
                    clients.add(client);
                    client.client.after(i * 3_000_000L, () -> client.client.connect(server.localAddress()));
                }
                meanwhile.run();
                server.close();
                kernel.requireNothingLeft();
            });
            return server.statistics();
        }

        /** All have come and gone, or were ended. */
        void await() {
            assertThat(kernel.until(() -> clients.stream().allMatch(Talker::isOver), LONG)).isTrue();
        }
    }

    /** Says 16 bytes, hears them, and leaves by FIN or RST. */
    private static final class Talker implements SimulatedClient.Script {
        final SimulatedClient client;
        private final boolean rude;
        boolean over;

        Talker(SimulatedKernel kernel, int number) {
            client = kernel.client(this);
            rude = number % 3 == 0;
        }

        @Override
        public void connected(SimulatedClient self) {
            client.send(new byte[16]);
        }

        @Override
        public void received(SimulatedClient self, byte[] bytes) {
            if (client.received().length == 16) {
                over = true;
                if (rude) {
                    client.reset();
                } else {
                    client.close();
                }
            }
        }

        @Override
        public void ended(SimulatedClient self) {
            over = true;
            client.close();
        }

        boolean isOver() {
            return over || client.isReset() || client.isRefused();
        }
    }

    private static void forEachSeed(LongConsumer test) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            test.accept(seed);
        }
    }

    /** Sessions are aborted with a receive pending, and its packet comes late; others want buffers meanwhile. */
    @Test
    void aReceiveBufferIsTheKernelsUntilItsCancelIsHome() {
        FaultPlan late = FaultPlan.UNRULY.with(new FaultPlan.Timing(0.2, 0.2, 1, 50_000_000, 0, 0, 1_000_000));
        forEachSeed(seed -> {
            Life life = new Life(seed, late);
            List<Long> ids = new ArrayList<>();
            life.handler = new SessionHandler() {
                @Override
                public void opened(Session session) {
                    ids.add(session.id());
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    session.send(data);
                }
            };
            life.run(() -> {
                for (int i = 0; i < 50; i++) {
                    life.kernel.sleep(Duration.ofMillis(2));
                    ids.forEach(life.server::abort);
                }
                life.await();
            });
        });
    }

    /** Every disconnect is given up and its handle closed; Windows gives the number to the next socket at once. */
    @Test
    void aHandleThatIsUsedAgainIsNotClosedAgain() {
        forEachSeed(seed -> {
            Life life = new Life(seed, FaultPlan.UNRULY.with(NEVER));
            ServerStatistics end = life.run(() -> {
                life.await();
                life.kernel.sleep(Duration.ofSeconds(1));
            });
            assertThat(end.incidents().disconnectTimeouts()).as("disconnects given up").isPositive();
            assertThat(end.sockets().socketsDiscarded()).isEqualTo(end.sockets().socketsCreated());
        });
    }

    @Test
    void acceptsAreReplacedWhateverFails() {
        Failures often = new Failures(0.3, 0, 0.3, 0, 0.3, 0.1, 0, 0, 0, 0, 0);
        forEachSeed(seed -> {
            Life life = new Life(seed, FaultPlan.UNRULY);
            life.run(() -> {
                life.kernel.plan(FaultPlan.UNRULY.with(often));
                life.kernel.sleep(Duration.ofMillis(200));
                life.kernel.plan(FaultPlan.UNRULY);
                boolean all = life.kernel.until(() -> life.server.statistics().connections().acceptsPosted() == 2,
                        LONG);
                assertThat(all).as("accepts are posted again").isTrue();
            });
        });
    }

    /** The value is the listener, whose AcceptEx it was. */
    @Test
    void theAcceptContextIsTheListener() {
        Life life = new Life(1, FaultPlan.UNRULY);
        Map<Long, Long> listeners = new ConcurrentHashMap<>();
        List<Long> contexts = new ArrayList<>();
        life.seam = win32 -> (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("acceptEx")) {
                        listeners.put((long) arguments[1], (long) arguments[0]);
                    } else if (method.getName().equals("setsockopt") && (int) arguments[1] == SOL_SOCKET()
                            && (int) arguments[2] == SO_UPDATE_ACCEPT_CONTEXT()) {
                        long value = MemorySegment.ofAddress((long) arguments[3]).reinterpret(Long.BYTES)
                                .get(JAVA_LONG, 0);
                        assertThat(arguments[4]).as("its length").isEqualTo(Long.BYTES);
                        assertThat(value).isEqualTo(listeners.get((long) arguments[0]));
                        contexts.add(value);
                    }
                    try {
                        return method.invoke(win32, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        life.run(life::await);
        assertThat(contexts).as("one for each connection").hasSizeGreaterThanOrEqualTo(CLIENTS);
    }

    @Test
    void noCallbackRunsUnderALock() {
        Life life = new Life(1, FaultPlan.UNRULY);
        List<String> held = new ArrayList<>();
        life.handler = new SessionHandler() {
            @Override
            public void opened(Session session) {
                look();
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                look();
                session.send(data);
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                look();
            }

            private void look() {
                long[] me = {Thread.currentThread().threadId()};
                for (MonitorInfo lock : ManagementFactory.getThreadMXBean().getThreadInfo(me, true, true)[0]
                        .getLockedMonitors()) {
                    held.add(lock.toString());
                }
            }
        };
        life.run(life::await);
        assertThat(held).isEmpty();
    }

    /** Whatever cannot be posted is neither awaited nor lost. */
    @Test
    void aPostThatFailsLeavesNothingRegistered() {
        forEachSeed(seed -> {
            Life life = new Life(seed, FaultPlan.UNRULY);
            ServerStatistics end = life.run(() -> {
                life.kernel.plan(FaultPlan.UNRULY.with(new Failures(0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0)));
                life.kernel.sleep(Duration.ofMillis(300));
            });
            assertThat(end.incidents().peerResets() + end.incidents().disconnectFailures()
                    + end.incidents().acceptFailures() + end.faults().acceptsRefused())
                    .as("posts that failed").isPositive();
        });
    }

    @Test
    void closeReturnsThoughNoDisconnectEnds() {
        forEachSeed(seed -> {
            Life life = new Life(seed, FaultPlan.UNRULY.with(NEVER));
            Duration[] start = new Duration[1];
            life.run(() -> {
                life.kernel.sleep(Duration.ofMillis(20));
                start[0] = life.kernel.elapsed();
            });
            assertThat(life.kernel.elapsed().minus(start[0])).as("drain time, and disconnect time with a tick or two")
                    .isLessThan(Duration.ofSeconds(2));
        });
    }

    @Test
    void servesWhereThereIsOnlyIpv6() {
        Life life = new Life(1, FaultPlan.UNRULY);
        life.options.address(new InetSocketAddress("::1", 0));
        ServerStatistics end = life.run(life::await);
        assertThat(life.clients).allMatch(client -> client.client.received().length == 16);
        assertThat(end.connections().accepts()).isEqualTo(CLIENTS);
    }
}
