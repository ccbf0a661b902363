package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.Test;

/** Connections on which nothing happens cost no buffer, and nobody notices. */
class IdleConnectionTest extends ServerTest {
    private static final int FASTER = 10;
    private static final int CONNECTIONS = 100;
    private static final int BUFFER_BYTES = 64 * 1024;

    /** The real system with a faster clock: the seconds after which a server takes a buffer back are over sooner. */
    private static Win32 inAHurry() {
        Win32 system = WindowsWin32.attach();
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    Object result = method.invoke(system, arguments);
                    return method.getName().equals("nanoTime") ? (Object) ((long) result * FASTER) : result;
                });
    }

    @Test
    void hasNoBufferUntilSomethingComes() throws IOException {
        options = small().maxSessions(CONNECTIONS).bufferBytes(BUFFER_BYTES)
                .disconnectTime(Duration.ofSeconds(20 * FASTER)).idleTime(Duration.ZERO).build();
        server = ServerFactory.start(new Echo(), options, SessionIdentity.OVERLAPPED, IdleConnectionTest::inAHurry);
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            clients.add(connect());
            echo(clients.getLast(), "hello " + i);
        }
        for (int twice = 0; twice < 2; twice++) {
            await().untilAsserted(() -> assertThat(statistics().resources().bufferBytes())
                    .isLessThan(CONNECTIONS * BUFFER_BYTES));
            for (TestClient client : clients) {
                echo(client, "still there");
            }
            assertThat(statistics().connections().sessions()).isEqualTo(CONNECTIONS);
        }
        await().untilAsserted(() -> assertThat(statistics().resources().bufferBytes())
                .isLessThan(CONNECTIONS * BUFFER_BYTES));
        for (TestClient client : clients) {
            client.close();
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            assertThat(closed.next()).isEqualTo(CloseReason.PEER_CLOSED);
        }
        assertThat(settled().cleanly().incidents().peerResets()).isZero();
    }
}
