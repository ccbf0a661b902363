package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that fall silent between their messages, or in the middle of one, and end when they have all of them back.
 */
class IdleConnectionTest {
    private static final int CLIENTS = 100;
    private static final int MESSAGES = 3;
    private static final int MESSAGE_BYTES = 8;
    private static final int BUFFER_BYTES = 4096;
    /** The same computation in every JVM: the host's runs them all. */
    private static final int SEEDS = OS.WINDOWS.isCurrentOs() ? 2 : 10;
    private static final Duration LIFE = Duration.ofMinutes(1);

    /** Echoes whole messages, and leaves what is not whole. */
    private static void echo(Session session, ByteBuffer data) {
        while (data.remaining() >= MESSAGE_BYTES) {
            assertThat(session.send(data.slice(data.position(), MESSAGE_BYTES))).isEqualTo(SendResult.TAKEN);
            data.position(data.position() + MESSAGE_BYTES);
        }
    }

    private static void speak(SimulatedClient client, SeededRandom random) {
        long time = 0;
        for (int i = 0; i < MESSAGES; i++) {
            int half = random.below(MESSAGE_BYTES + 1);
            for (int part : new int[] {half, MESSAGE_BYTES - half}) {
                time += TimeUnit.MILLISECONDS.toNanos(1 + random.below(3000));
                client.after(time, () -> client.send(new byte[part]));
            }
        }
    }

    /**
     * The thread that cancels is now and then held up just before: by then bytes may have come, and the next receive be
     * out.
     */
    private static Win32 slowToCancel(Win32 system, SimulatedKernel kernel, SeededRandom random) {
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
            if (method.getName().equals("cancelIoEx") && random.chance(0.1)) {
                kernel.sleep(Duration.ofMillis(1 + random.below(50)));
            }
            return method.invoke(system, arguments);
        });
    }

    @ParameterizedTest
    @EnumSource
    void losesNothingByItsSilence(DisconnectMethod method) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            SeededRandom random = new SeededRandom(seed);
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).forbidMisuse();
            kernel.run(() -> {
                ServerOptions options = ServerOptions.builder().workers(1 + random.below(4))
                        .concurrency(1 + random.below(3))
                        .maxSessions(CLIENTS).bufferBytes(BUFFER_BYTES).disconnectMethod(method).build();
                try (IocpServer server = ServerFactory.start(IdleConnectionTest::echo, options,
                        SessionIdentity.OVERLAPPED,
                        () -> slowToCancel(kernel.attach(), kernel, random))) {
                    serve(kernel, server, random);
                }
                kernel.requireNothingLeft();
            });
        }
    }

    private static void serve(SimulatedKernel kernel, IocpServer server, SeededRandom random) {
        List<SimulatedClient> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            SimulatedClient client = kernel.client(new SimulatedClient.Script() { }).connect(server.localAddress());
            speak(client, random);
            clients.add(client);
        }
        assertThat(kernel.until(() -> clients.stream().allMatch(c -> c.received().length == MESSAGES * MESSAGE_BYTES),
                LIFE))
                .as("all have all of it back").isTrue();
        assertThat(kernel.until(() -> server.statistics().resources().bufferBytes() < CLIENTS * BUFFER_BYTES, LIFE))
                .as("less than a buffer each").isTrue();
        assertThat(server.statistics().connections().sessions()).isEqualTo(CLIENTS);
        clients.forEach(SimulatedClient::finish);
        assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0, LIFE)).as("all FINs are seen")
                .isTrue();
    }
}
