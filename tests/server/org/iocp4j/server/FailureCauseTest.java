package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.*;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A system that refuses calls: what is done about it, and under which name it is counted. */
@Timeout(60)
class FailureCauseTest {
    private static final Duration ENOUGH = Duration.ofSeconds(10);
    private static final Duration SOME_TICKS = Duration.ofMillis(700);
    private static final List<Integer> SHORTAGES = List.of(WSAENOBUFS(), ERROR_NO_SYSTEM_RESOURCES(),
            ERROR_WORKING_SET_QUOTA(), ERROR_NOT_ENOUGH_QUOTA(), ERROR_NOT_ENOUGH_MEMORY());

    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient client) {
            client.send(new byte[] {1, 2, 3});
        }
    }

    private final SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
    private final RecordedEcho handler = new RecordedEcho();
    /** What these calls return, instead of being made. */
    private final Map<String, Object> refused = new HashMap<>();
    private int refusals;

    private Win32 attach() {
        Win32 win32 = kernel.attach();
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    Object error = refused.get(method.getName());
                    if (error != null) {
                        refusals++;
                        return error;
                    }
                    try {
                        return method.invoke(win32, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private IocpServer start(int maxSessions) throws IOException {
        ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(2).pool(4).maxSessions(maxSessions)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300))
                .lingerTime(Duration.ofMillis(200)).build();
        IocpServer server = ServerFactory.start(handler, options, SessionIdentity.OVERLAPPED, this::attach);
        assertThat(kernel.until(() -> server.statistics().connections().acceptsPosted() == 2, ENOUGH)).isTrue();
        return server;
    }

    private SimulatedClient connect(IocpServer server) {
        return kernel.client(new Talker()).connect(server.localAddress());
    }

    private SimulatedClient served(IocpServer server) {
        SimulatedClient client = connect(server);
        assertThat(kernel.until(() -> client.received().length == 3, ENOUGH)).isTrue();
        return client;
    }

    private void end(IocpServer server) {
        server.close();
        kernel.requireNothingLeft();
    }

    static Stream<Arguments> shortages() {
        return Stream.of("wsaSend", "wsaRecv").flatMap(call -> SHORTAGES.stream().map(error -> arguments(call, error)));
    }

    /** Neither side of the connection notices anything but the time it took. */
    @ParameterizedTest
    @MethodSource("shortages")
    void whatThereIsNoMemoryForIsDoneWhenThereIsSome(String call, int error) {
        kernel.run(() -> {
            IocpServer server = start(8);
            SimulatedClient client = served(server);
            refused.put(call, error);
            for (int i = 0; i < 2; i++) {
                client.send(new byte[] {4, 5, 6});
                kernel.sleep(SOME_TICKS);
            }
            assertThat(client.received().length).as("received").isLessThan(9);
            assertThat(refusals).as("tried now and then").isBetween(3, 20);
            refused.clear();
            assertThat(kernel.until(() -> client.received().length == 9, ENOUGH)).isTrue();
            ServerStatistics figures = server.statistics();
            assertThat(figures.faults().memoryRefusals()).isEqualTo(refusals);
            assertThat(figures.faults().callFailures()).isZero();
            assertThat(figures.incidents().peerResets()).isZero();
            assertThat(handler.ends).isEmpty();
            end(server);
        });
    }

    @Test
    void acceptsThatTheSystemRefusesAreNoClientsFailures() {
        kernel.run(() -> {
            IocpServer server = start(8);
            refused.put("acceptEx", WSAENOBUFS());
            served(server);
            served(server);
            kernel.sleep(SOME_TICKS);
            ServerStatistics figures = server.statistics();
            assertThat(figures.faults().acceptsRefused()).as("tried now and then").isEqualTo(refusals)
                    .isBetween(6L, 60L);
            assertThat(figures.incidents().acceptFailures()).isZero();
            refused.clear();
            served(server);
            end(server);
        });
    }

    @Test
    void aSocketForAConnectThatTheSystemRefusesIsCounted() {
        kernel.run(() -> {
            IocpServer server = start(8);
            kernel.sleep(SOME_TICKS);
            refused.put("wsaSocket", (long) -WSAENOBUFS());
            Future<SessionRef> connect = server.group().connect(server.localAddress(), handler,
                    ConnectOptions.defaults());
            assertThat(kernel.until(connect::isDone, ENOUGH)).isTrue();
            refused.clear();
            assertThat(refusals).isOne();
            assertThat(server.statistics().faults().socketFailures()).isOne();
            assertThat(server.statistics().connects().connectsWithoutRoom()).isOne();
            end(server);
        });
    }

    /** What waits for memory is no reason to wait longer for the end. */
    @ParameterizedTest
    @ValueSource(strings = {"wsaSend", "wsaRecv"})
    void aSessionThatIsShortOfMemoryEndsInItsTime(String call) {
        kernel.run(() -> {
            IocpServer server = start(8);
            SimulatedClient client = served(server);
            refused.put(call, WSAENOBUFS());
            client.send(new byte[] {4, 5, 6});
            kernel.sleep(SOME_TICKS);
            server.disconnect(handler.ids.getFirst());
            assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0, SOME_TICKS)).isTrue();
            assertThat(handler.ends).containsExactly(CloseReason.DISCONNECTED);
            boolean isCut = call.equals("wsaSend");
            assertThat(server.statistics().incidents().sessionsCut()).isEqualTo(isCut ? 1 : 0);
            assertThat(client.isReset()).isEqualTo(isCut);
            end(server);
        });
    }

    static Stream<Arguments> errors() {
        return Stream.of("wsaSend", "wsaRecv").flatMap(call -> Stream.of(
                arguments(call, WSAECONNRESET(), CloseReason.PEER_RESET),
                arguments(call, WSAENETDOWN(), CloseReason.PEER_RESET),
                arguments(call, WSAENOTSOCK(), CloseReason.SERVER_FAILED),
                arguments(call, WSAEINVAL(), CloseReason.SERVER_FAILED),
                arguments(call, WSAEFAULT(), CloseReason.SERVER_FAILED),
                arguments(call, 4711, CloseReason.SERVER_FAILED)));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorIsCountedUnderItsName(String call, int error, CloseReason reason) {
        kernel.run(() -> {
            IocpServer server = start(8);
            SimulatedClient client = served(server);
            refused.put(call, error);
            client.send(new byte[] {4, 5, 6});
            assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0, ENOUGH)).isTrue();
            assertThat(handler.ends).containsExactly(reason);
            ServerStatistics figures = server.statistics();
            assertThat(figures.incidents().peerResets()).isEqualTo(reason == CloseReason.PEER_RESET ? 1 : 0);
            assertThat(figures.faults().callFailures()).isEqualTo(reason == CloseReason.SERVER_FAILED ? 1 : 0);
            assertThat(figures.faults().memoryRefusals()).isZero();
            refused.clear();
            end(server);
        });
    }

    @Test
    void aConnectionBeyondTheMostIsRefusedAsThat() {
        kernel.run(() -> {
            IocpServer server = start(1);
            served(server);
            assertRefused(server);
            assertThat(server.statistics().incidents().sessionsRefusedFull()).isEqualTo(1);
            end(server);
        });
    }

    @Test
    void aConnectionWithoutMemoryIsRefusedAsThat() {
        kernel.run(() -> {
            IocpServer server = start(8);
            refused.put("virtualAlloc", (long) -ERROR_COMMITMENT_LIMIT());
            assertRefused(server);
            assertThat(server.statistics().faults().sessionsRefusedMemory()).isEqualTo(1);
            refused.clear();
            served(server);
            end(server);
        });
    }

    @Test
    void aConnectionThatCannotBeAssociatedIsRefusedAsThat() {
        kernel.run(() -> {
            IocpServer server = start(8);
            refused.put("createIoCompletionPort", (long) -ERROR_NO_SYSTEM_RESOURCES());
            assertRefused(server);
            assertThat(server.statistics().faults().sessionsRefusedAssociation()).isEqualTo(1);
            refused.clear();
            served(server);
            end(server);
        });
    }

    private void assertRefused(IocpServer server) {
        SimulatedClient client = connect(server);
        assertThat(kernel.until(client::isReset, ENOUGH)).isTrue();
        assertThat(server.statistics().sessionsRefused()).as("in all").isEqualTo(1);
    }
}
