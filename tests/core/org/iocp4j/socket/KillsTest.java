package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.TestDomain.Kind;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections of which one side closes its socket at each point of its life, on Windows. */
@NeedsCompletionPorts
@Timeout(120)
@ParameterizedClass
@EnumSource
class KillsTest {
    private static final int ROUNDS = 2;

    @Parameter
    Kind kind;

    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final List<EchoSide> servers = new CopyOnWriteArrayList<>();
    private TestDomain test;

    @ParameterizedTest
    @EnumSource
    void atEachPointOfTheClientsLife(Closing how) throws Exception {
        int points = killAtEach(how, true);
        assertThat(points).as("connect, and two words sent and received, each posted and told, and gone")
                .isEqualTo(11);
    }

    @ParameterizedTest
    @EnumSource
    void atEachPointOfTheServersLife(Closing how) throws Exception {
        int points = killAtEach(how, false);
        assertThat(points).as("three receives and two sends, each posted and told, and gone").isEqualTo(11);
    }

    /** Returns how many points there were in the life of a socket that was not killed: the last one's. */
    private int killAtEach(Closing how, boolean isClient) throws Exception {
        test = new TestDomain(kind.options().withReuse(DisconnectMethod.DISCONNECT_EX, 2));
        List<EchoSide> clients = new ArrayList<>();
        AtomicInteger points = new AtomicInteger();
        try (TestDomain closed = test) {
            int[] kill = new int[1];
            EchoSide.Point killing = (socket, io) -> {
                if (points.incrementAndGet() == kill[0]) {
                    socket.close(how, io);
                }
            };
            EchoSide.Point nothing = (socket, io) -> { };
            StreamListener listener = closed.listen((socket, io) -> {
                EchoSide side = EchoSide.server(isClient ? nothing : killing, violations);
                servers.add(side);
                assertThat(socket.attach(side, 0, io)).isZero();
                side.receive(socket, io);
            });
            listener.depth(2, closed.io);
            do {
                kill[0]++;
                points.set(0);
                EchoSide client = EchoSide.client(1000 + kill[0], ROUNDS, isClient ? killing : nothing, violations);
                clients.add(client);
                StreamSocket socket = closed.domain.open(
                        Sockaddr.family(listener.localAddress().getAddress()), client, 0, closed.io);
                int before = servers.size();
                client.connect(socket, listener.localAddress(), closed.io);
                closed.until("both are gone", () -> client.isGone() && servers.stream().allMatch(EchoSide::isGone)
                        && (isClient || servers.size() > before));
            } while (points.get() >= kill[0]);
        }
        assertThat(violations).isEmpty();
        assertThat(clients.getLast().exchanges()).as("of the last, which was not killed").isEqualTo(ROUNDS);
        return points.get();
    }
}
