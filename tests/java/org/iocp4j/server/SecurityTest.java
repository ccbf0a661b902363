package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Who can reach a server, and what those who can may take of it. */
class SecurityTest extends ServerTest {
    /** The listener has its address alone, not the machine: 127.0.0.2 is the same machine, too. */
    @Test
    void listensOnItsAddressAndNoOther() throws IOException {
        start(small(), (session, data) -> session.send(data));
        InetSocketAddress address = server.localAddress();
        assertThat(address.getAddress()).isEqualTo(InetAddress.getByName("127.0.0.1"));
        for (String other : new String[] {"127.0.0.2", "::1"}) {
            assertThatIOException().as(other)
                    .isThrownBy(() -> TestClient.connect(new InetSocketAddress(other, address.getPort())).close())
                    .isInstanceOf(SocketException.class);
        }
        settled().cleanly();
    }

    /** Not even with SO_REUSEADDR, by which another process could else take connections away on Windows [doc]. */
    @Test
    void nobodyElseListensThere() throws IOException {
        start(small(), (session, data) -> session.send(data));
        InetSocketAddress address = server.localAddress();
        for (boolean reuse : new boolean[] {false, true}) {
            try (ServerSocket thief = new ServerSocket()) {
                thief.setReuseAddress(reuse);
                assertThatIOException().isThrownBy(() -> thief.bind(address)).isInstanceOf(SocketException.class);
            }
        }
        try (TestClient client = connect()) {
            client.sendBytes((byte) 1);
            client.expect((byte) 1);
        }
        settled().cleanly();
    }

    /**
     * Each sends while anything goes out and reads nothing, and more come than there are sessions: memory and sockets stay
     * within the limits that the options set.
     */
    @Test
    void clientsCannotMakeItTakeMoreThanItsLimits() throws Exception {
        int sessions = 4;
        start(small().maxSessions(sessions).bufferBytes(1024).sendQueueBytes(4096).socketSendBufferBytes(8192),
                (session, data) -> session.send(data));
        // A receive buffer and a full queue each, with a block that is half full at both its ends.
        long most = sessions * (1024 + 4096 + 2 * 1024);
        List<TestClient> clients = new ArrayList<>();
        List<CompletableFuture<Void>> senders = new ArrayList<>();
        for (int i = 0; i < 3 * sessions; i++) {
            TestClient client = TestClient.connectSlowReader(server.localAddress());
            clients.add(client);
            senders.add(CompletableFuture.runAsync(() -> sendForEver(client),
                    task -> Thread.ofPlatform().daemon().start(task)));
        }
        await().until(() -> statistics().sessionsRefused() >= 2 * sessions);
        long[] seen = {-1};
        await().during(Duration.ofMillis(500)).until(() -> {
            long received = statistics().receivedBytes();
            boolean stands = received == seen[0];
            seen[0] = received;
            return stands;
        });
        assertThat(statistics().bufferBytes()).isLessThanOrEqualTo(roundedUp(most));
        assertThat(statistics().socketsCreated() - statistics().socketsDiscarded())
                .isLessThanOrEqualTo(sessions + options.accepts() + options.pool());
        for (TestClient client : clients) {
            client.closeByReset();
        }
        for (CompletableFuture<Void> each : senders) {
            each.join();
        }
        settled().cleanly();
    }

    /** Memory is committed in pieces of 64 KiB. */
    private static long roundedUp(long bytes) {
        return (bytes + 0xFFFF) & ~0xFFFFL;
    }

    private static void sendForEver(TestClient client) {
        byte[] block = new byte[4096];
        try {
            while (true) {
                client.sendBytes(block);
            }
        } catch (IOException e) {
            // closed by us, or refused
        }
    }
}
