package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors of the JVM in a worker, outside the handler, as they come when memory or stack is short. */
class WorkerFailureTest {
    private static final Duration ENOUGH = Duration.ofSeconds(5);
    /** The drain time, four times the disconnect time, and 5 s. */
    private static final Duration CLOSE_BOUND = Duration.ofMillis(300 + 4 * 200 + 5_000);

    private final SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.UNRULY);
    /** How many more times the call fails. */
    private final AtomicInteger failures = new AtomicInteger();

    /** Asks once, and hears the echo, or that it is over. */
    private static final class Asker implements SimulatedClient.Script {
        private boolean isOver;

        @Override
        public void connected(SimulatedClient client) {
            client.send(new byte[] {1, 2, 3});
        }

        @Override
        public void received(SimulatedClient client, byte[] bytes) {
            isOver = client.received().length == 3;
        }

        @Override
        public void ended(SimulatedClient client) {
            isOver = true;
        }

        @Override
        public void reset(SimulatedClient client) {
            isOver = true;
        }
    }

    /** Windows, where one call ends in an Error as often as {@link #failures} says. */
    private Supplier<Win32> failingIn(String call) {
        return () -> {
            Win32 win32 = kernel.attach();
            return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals(call) && failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                            throw new StackOverflowError("provoked in " + call);
                        }
                        try {
                            return method.invoke(win32, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        };
    }

    private IocpServer start(OnWorkerFailure onWorkerFailure, String failingCall) throws IOException {
        ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(2).pool(2).maxSessions(8)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300))
                .onWorkerFailure(onWorkerFailure).build();
        return ServerFactory.start((session, data) -> session.send(data), options, SessionIdentity.OVERLAPPED,
                failingIn(failingCall));
    }

    private SimulatedClient ask(IocpServer server) {
        Asker asker = new Asker();
        SimulatedClient client = kernel.client(asker).connect(server.localAddress());
        kernel.until(() -> asker.isOver, ENOUGH);
        return client;
    }

    /** @param call in the midst of an accept, of a receive's echo, of a disconnect, and of dequeuing itself */
    @ParameterizedTest
    @ValueSource(strings = {"getAcceptExSockaddrs", "wsaSend", "disconnectEx", "getQueuedCompletionStatusEx"})
    void theServerGoesOn(String call) {
        kernel.run(() -> {
            IocpServer server = start(OnWorkerFailure.GO_ON, call);
            failures.set(1);
            ask(server).close();
            assertThat(kernel.until(() -> server.statistics().faults().workerFailures() == 1, ENOUGH)).isTrue();
            for (int i = 0; i < 5; i++) {
                SimulatedClient client = ask(server);
                assertThat(client.received()).containsExactly(1, 2, 3);
                client.close();
            }
            assertThat(server.isOpen()).isTrue();
            assertThat(server.statistics().faults().workerFailures()).isEqualTo(1);
            closesInTime(server);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"getAcceptExSockaddrs", "wsaSend", "disconnectEx", "getQueuedCompletionStatusEx"})
    void theServerStopsByItself(String call) {
        kernel.run(() -> {
            IocpServer server = start(OnWorkerFailure.STOP, call);
            SimulatedClient neighbour = ask(server);
            assertThat(neighbour.received()).containsExactly(1, 2, 3);
            failures.set(1);
            ask(server).close();
            assertThat(kernel.until(() -> !server.isOpen(), ENOUGH)).isTrue();
            assertThat(kernel.until(() -> neighbour.hasEnded() || neighbour.isReset(), ENOUGH)).isTrue();
            assertThat(kernel.until(() -> kernel.openSockets() == 0, CLOSE_BOUND)).isTrue();
            assertThat(server.statistics().faults().workerFailures()).isEqualTo(1);
        });
    }

    /** However often it fails, the server stops once. */
    @Test
    void failuresWhileItStopsDoNotHoldItUp() {
        kernel.run(() -> {
            IocpServer server = start(OnWorkerFailure.STOP, "disconnectEx");
            for (int i = 0; i < 4; i++) {
                ask(server);
            }
            failures.set(4);
            ask(server).close();
            assertThat(kernel.until(() -> !server.isOpen(), ENOUGH)).isTrue();
            assertThat(kernel.until(() -> kernel.openSockets() == 0, CLOSE_BOUND)).isTrue();
            assertThat(server.statistics().faults().workerFailures()).isBetween(1L, 4L);
        });
    }

    private void closesInTime(IocpServer server) {
        Duration before = kernel.elapsed();
        server.close();
        assertThat(kernel.elapsed().minus(before)).isLessThan(CLOSE_BOUND);
        assertThat(kernel.openSockets()).isZero();
    }

}
