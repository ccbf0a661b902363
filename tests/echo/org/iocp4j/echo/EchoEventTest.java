package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.echo.EchoEvent.Accepted;
import org.iocp4j.echo.EchoEvent.Disconnected;
import org.iocp4j.echo.EchoEvent.How;
import org.iocp4j.echo.EchoEvent.Messages;
import org.iocp4j.echo.EchoEvent.Side;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a server tells of its connections. */
@NeedsCompletionPorts
@Timeout(180)
class EchoEventTest {
    private final Queue<EchoEvent> events = new ConcurrentLinkedQueue<>();

    @TempDir
    private Path folder;

    private EchoServer start(Duration idle) throws IOException {
        ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(1).pool(1).maxSessions(16)
                .idleTime(idle)
                .build();
        return EchoServer.start(new EchoOptions(options, EchoProtocol.MESSAGES).withEvents(events::add));
    }

    private <E extends EchoEvent> List<E> all(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private Disconnected next(int count) {
        await().until(() -> all(Disconnected.class).size() == count);
        return all(Disconnected.class).getLast();
    }

    @Test
    void whoEndsAConnectionAndHowIsTold() throws IOException {
        try (EchoServer server = start(Duration.ofMillis(500))) {
            TestClient first = TestClient.logIn(server.localAddress());
            InetSocketAddress client = first.localAddress();
            first.echo(1);
            first.sendBytes(TestClient.packets(2, 3));
            first.expect(TestClient.packets(2, 3));
            first.close();
            Disconnected left = next(1);
            assertThat(left.by()).isEqualTo(Side.CLIENT);
            assertThat(left.how()).isEqualTo(How.FIN);
            assertThat(left.reason()).isEqualTo(CloseReason.PEER_CLOSED);
            assertThat(left.messages()).isEqualTo(4);
            assertThat(left.client()).isEqualTo(client);

            Accepted accepted = all(Accepted.class).getFirst();
            assertThat(accepted.session()).isEqualTo(left.session());
            assertThat(accepted.socket()).isEqualTo(left.socket()).isPositive();
            assertThat(accepted.generation()).isEqualTo(left.generation()).isEqualTo(1);
            assertThat(accepted.client()).isEqualTo(client);
            assertThat(all(Messages.class).stream().mapToLong(Messages::count).sum()).isEqualTo(4);
            assertThat(all(Messages.class).getLast().total()).isEqualTo(4);
            assertThat(accepted.time()).isBeforeOrEqualTo(left.time());

            try (TestClient idle = TestClient.logIn(server.localAddress())) {
                idle.expectEndOfStream();
            }
            Disconnected ended = next(2);
            assertThat(ended.by()).isEqualTo(Side.SERVER);
            assertThat(ended.how()).isEqualTo(How.FIN);
            assertThat(ended.reason()).isEqualTo(CloseReason.IDLE);

            server.faults().add(Fault.resetPeer(10));
            try (TestClient reset = TestClient.logIn(server.localAddress())) {
                reset.expectReset();
            }
            assertThat(next(3).how()).isEqualTo(How.RST);
            assertThat(next(3).by()).isEqualTo(Side.SERVER);
        }
        assertThat(all(Accepted.class)).hasSize(3).extracting(Accepted::session).doesNotHaveDuplicates();
    }

    @Test
    void whatTheTargetThrowsHarmsNoSession() throws IOException {
        EchoOptions options = EchoOptions.defaults().withEvents(event -> {
            throw new IllegalStateException("this event is not wanted");
        });
        try (EchoServer server = EchoServer.start(options); TestClient client =
                TestClient.logIn(server.localAddress())) {
            client.echo(1);
            assertThat(server.statistics().server().faults().handlerFailures()).isZero();
        }
    }

    @Test
    void aRecordingHasThemWithNamesAndUnits() throws IOException {
        Path file = folder.resolve("iocp4j.jfr");
        Map<String, List<RecordedEvent>> recorded;
        try (Recording recording = new Recording()) {
            recording.enable("org.iocp4j.Messages");
            recording.enable("org.iocp4j.Batch");
            recording.enable("org.iocp4j.Pool").withPeriod(Duration.ofMillis(50));
            recording.start();
            try (EchoServer server = start(Duration.ofMinutes(1))) {
                try (TestClient client = TestClient.logIn(server.localAddress())) {
                    client.sendBytes(TestClient.packets(1, 3));
                    client.expect(TestClient.packets(1, 3));
                }
                next(1);
                await().until(() -> server.statistics().server().sockets().socketsRecycling() == 0
                        && server.statistics().server().connections().sessions() == 0);
                await().pollInterval(Duration.ofMillis(200))
                        .until(() -> recorded(recording, file).containsKey("org.iocp4j.Pool"));
            }
            recorded = recorded(recording, file);
        }
        Accepted accepted = all(Accepted.class).getFirst();

        RecordedEvent accept = recorded.get("org.iocp4j.Accept").getFirst();
        assertThat(accept.getLong("session")).isEqualTo(accepted.session());
        assertThat(accept.getLong("socket")).isEqualTo(accepted.socket());
        assertThat(accept.getInt("generation")).isEqualTo(1);
        assertThat(accept.getString("client")).startsWith("127.0.0.1:");
        assertThat(accept.getEventType().getLabel()).isEqualTo("Accept");
        assertThat(accept.getEventType().getCategoryNames()).containsExactly("iocp4j");

        RecordedEvent disconnect = recorded.get("org.iocp4j.Disconnect").getFirst();
        assertThat(disconnect.getLong("session")).isEqualTo(accepted.session());
        assertThat(disconnect.getString("reason")).isEqualTo("PEER_CLOSED");
        assertThat(disconnect.getBoolean("reset")).isFalse();
        assertThat(disconnect.getDuration()).as("its latency").isBetween(Duration.ZERO, Duration.ofMinutes(1));
        assertThat(field(disconnect, "duration").getContentType()).isEqualTo("jdk.jfr.Timespan");

        assertThat(recorded.get("org.iocp4j.Messages").stream().mapToLong(event -> event.getLong("messages")).sum())
                .isEqualTo(3);
        assertThat(recorded.get("org.iocp4j.Batch"))
                .allSatisfy(event -> assertThat(event.getInt("completions")).isPositive())
                .allSatisfy(event -> assertThat(event.getInt("port")).isEqualTo(1));

        RecordedEvent pool = recorded.get("org.iocp4j.Pool").getFirst();
        assertThat(pool.getString("server")).startsWith("127.0.0.1:");
        assertThat(field(pool, "bufferBytes").getContentType()).isEqualTo("jdk.jfr.DataAmount");
        assertThat(field(pool, "socketsHighWater").getLabel()).isEqualTo("Sockets High Water");
    }

    private static Map<String, List<RecordedEvent>> recorded(Recording recording, Path file) throws IOException {
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("org.iocp4j."))
                .collect(Collectors.groupingBy(event -> event.getEventType().getName()));
    }

    private static ValueDescriptor field(RecordedEvent event, String name) {
        return event.getEventType().getField(name);
    }
}
