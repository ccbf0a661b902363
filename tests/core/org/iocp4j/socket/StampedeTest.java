package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.Background;
import org.iocp4j.socket.TestDomain.Kind;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Connections without end, both sides in one domain, on Windows; and threads that close sockets, whether they live, end
 * or are long gone.
 */
@NeedsCompletionPorts
@Timeout(120)
class StampedeTest {
    private static final int CLIENTS = 12;
    private static final int KILLERS = 2;
    private static final int MOST_ROUNDS = 6;
    /** So many sockets are remembered to be killed. */
    private static final int REMEMBERED = 48;

    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final AtomicReferenceArray<StreamSocket> sockets = new AtomicReferenceArray<>(REMEMBERED);
    private final Queue<EchoSide> servers = new ConcurrentLinkedQueue<>();
    private final Queue<EchoSide> clients = new ConcurrentLinkedQueue<>();
    private final AtomicLong words = new AtomicLong();
    private final AtomicLong kills = new AtomicLong();
    private volatile boolean over;

    @ParameterizedTest
    @EnumSource
    void nothingIsViolated(Kind kind) throws Exception {
        run(kind, 1_000);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("slow")
    @Tag("nightly")
    void nothingIsViolatedForLong(Kind kind) throws Exception {
        run(kind, 20_000);
    }

    private void run(Kind kind, long millis) throws Exception {
        List<CompletableFuture<Void>> killers = new ArrayList<>();
        try (TestDomain test = new TestDomain(kind.options().withReuse(DisconnectMethod.DISCONNECT_EX, 4))) {
            StreamListener listener = test.listen((socket, io) -> {
                EchoSide side = EchoSide.server((at, on) -> { }, violations);
                servers.add(side);
                assertThat(socket.attach(side, 0, io)).isZero();
                remember(socket);
                side.receive(socket, io);
            });
            listener.depth(4, test.io);
            for (int i = 0; i < CLIENTS; i++) {
                connect(test, listener, test.io);
            }
            for (int i = 0; i < KILLERS; i++) {
                killers.add(Background.run(this::kill));
            }
            try {
                test.within(millis * 1_000_000, () -> !violations.isEmpty());
                test.until("a stampede", () -> hasHappened() || !violations.isEmpty());
            } finally {
                over = true;
                for (CompletableFuture<Void> killer : killers) {
                    killer.get();
                }
            }
            test.until("all are gone", () -> clients.stream().allMatch(EchoSide::isGone)
                    && servers.stream().allMatch(EchoSide::isGone));
        }
        assertThat(violations).isEmpty();
    }

    /** Connections that end and make room for others, words that come back, sockets that are killed. */
    private boolean hasHappened() {
        return clients.size() > 2 * CLIENTS && clients.stream().anyMatch(client -> client.exchanges() > 0)
                && kills.get() > 0;
    }

    private void remember(StreamSocket socket) {
        sockets.set(ThreadLocalRandom.current().nextInt(REMEMBERED), socket);
    }

    /** A client, and when it is gone the next. */
    private void connect(TestDomain test, StreamListener listener, IoThread io) {
        int rounds = 1 + ThreadLocalRandom.current().nextInt(MOST_ROUNDS);
        EchoSide client = EchoSide.client(words.incrementAndGet(), rounds, (socket, on) -> {
            if (socket.isGone() && !over) {
                connect(test, listener, on);
            }
        }, violations);
        try {
            StreamSocket socket = test.domain.open(Sockaddr.family(listener.localAddress().getAddress()), client, 0,
                    io);
            clients.add(client);
            remember(socket);
            client.connect(socket, listener.localAddress(), io);
        } catch (Win32Exception e) {
            violations.add(e.toString());
        }
    }

    private void kill() throws Exception {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        Closing[] ways = Closing.values();
        try (Win32 win32 = WindowsWin32.attach()) {
            IoThread io = new IoThread(win32);
            while (!over) {
                StreamSocket socket = sockets.get(random.nextInt(REMEMBERED));
                if (socket != null && socket.close(ways[random.nextInt(ways.length)], io)) {
                    kills.incrementAndGet();
                }
                Thread.sleep(random.nextInt(3));
            }
        }
    }
}
