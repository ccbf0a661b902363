package org.iocp4j.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.iocp4j.FullListener;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.ConnectFailure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A group whose peers are java.net's: what {@link GroupTest} has of a simulated kernel. */
@NeedsCompletionPorts
@Timeout(180)
class GroupOnWindowsTest {
    private static final InetSocketAddress ANYWHERE = new InetSocketAddress("127.0.0.1", 0);

    private final ServerTest.Reports<String> told = new ServerTest.Reports<>();
    private IocpGroup group;

    /** Reports all it is told, and sends nothing. */
    private final SessionHandler reporting = new SessionHandler() {
        @Override
        public void opened(Session session) {
            told.add("opened from " + session.localAddress().getAddress().getHostAddress());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            told.add("received " + US_ASCII.decode(data));
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            told.add("closed " + reason);
        }

        @Override
        public void connectFailed(ConnectFailedException failure) {
            told.add("failed " + failure.failure());
        }
    };

    @BeforeEach
    void start() throws IOException {
        group = IocpGroup.start(GroupOptions.builder().workers(2).pool(2).maxSessions(16).build());
    }

    @AfterEach
    void close() {
        group.close();
        ServerStatistics end = group.statistics();
        assertThat(end.faults().workerFailures()).isZero();
        assertThat(end.connections().sessions()).isZero();
        assertThat(end.connects().connectsPending()).isZero();
        assertThat(end.sockets().socketsCreated()).isEqualTo(end.sockets().socketsDiscarded());
        assertThat(end.resources().operationsPending()).isZero();
        assertThat(told.waiting()).as("reports that no test expects").isZero();
    }

    private static SessionRef await(Future<SessionRef> connect) throws Exception {
        return connect.get(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS);
    }

    private static ListenOptions listening() {
        return ListenOptions.builder().acceptsPosted(2).build();
    }

    @Test
    void twoListenersOfOneGroup() throws Exception {
        SessionHandler echo = (session, data) -> session.send(data);
        IocpListener first = group.listen(ANYWHERE, echo, listening());
        IocpListener second = group.listen(new InetSocketAddress("::1", 0), echo, listening());
        for (IocpListener listener : new IocpListener[] {first, second, first, second}) {
            try (TestClient client = TestClient.connect(listener.localAddress())) {
                client.echo(7);
            }
        }
        first.close();
        try (TestClient client = TestClient.connect(second.localAddress())) {
            client.echo(7);
        }
        assertThatThrownBy(() -> new Socket("127.0.0.1", first.localAddress().getPort()).close())
                .isInstanceOf(IOException.class);
        try (ServerSocket other = new ServerSocket()) {
            other.bind(first.localAddress()); // nobody has it any more
        }
    }

    @Test
    void talksToAPeer() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            InetSocketAddress remote = (InetSocketAddress) server.getLocalSocketAddress();
            Future<SessionRef> connect = group.connect(remote, reporting,
                    ConnectOptions.builder().localAddress(new InetSocketAddress("127.0.0.9", 0)).build());
            try (Socket peer = server.accept()) {
                SessionRef session = await(connect);
                assertThat(told.next()).isEqualTo("opened from 127.0.0.9");
                session.send(ByteBuffer.wrap("hello".getBytes(US_ASCII)));
                assertThat(peer.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
                peer.getOutputStream().write("welcome".getBytes(US_ASCII));
                assertThat(told.next()).isEqualTo("received welcome");
                session.disconnect();
                assertThat(peer.getInputStream().read()).as("the end of the stream").isEqualTo(-1);
            }
            assertThat(told.next()).startsWith("closed ");
        }
        assertThat(group.statistics().connects().connects()).isEqualTo(1);
    }

    @Test
    void whereNobodyListensItIsRefused() throws Exception {
        int port;
        try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = gone.getLocalPort();
        }
        Future<SessionRef> connect = group.connect(new InetSocketAddress("127.0.0.1", port), reporting,
                ConnectOptions.defaults());
        assertThat(told.next()).isEqualTo("failed REFUSED");
        assertThatThrownBy(() -> await(connect)).isInstanceOf(ExecutionException.class)
                .cause().isInstanceOfSatisfying(ConnectFailedException.class,
                        failure -> assertThat(failure.failure()).isEqualTo(ConnectFailure.REFUSED));
        assertThat(group.statistics().connects().connectsRefused()).isEqualTo(1);
    }

    @Test
    void theTimeLimitEndsAConnectThatNobodyAnswers() throws Exception {
        try (FullListener full = new FullListener()) {
            Future<SessionRef> connect = group.connect(full.address(), reporting,
                    ConnectOptions.builder().connectTime(Duration.ofMillis(200)).build());
            assertThat(told.next()).isEqualTo("failed TIMED_OUT");
            assertThatThrownBy(() -> await(connect)).cause().hasMessageStartingWith("no answer within PT0.2S: ");
        }
    }

    @Test
    void itsCallerCancelsIt() throws Exception {
        try (FullListener full = new FullListener()) {
            Future<SessionRef> connect = group.connect(full.address(), reporting, ConnectOptions.defaults());
            assertThat(connect.cancel(true)).isTrue();
            assertThatThrownBy(() -> await(connect)).isInstanceOf(CancellationException.class);
            assertThat(told.next()).isEqualTo("failed CANCELLED");
        }
    }

    @Test
    void theEndOfTheGroupEndsConnects() throws Exception {
        try (FullListener full = new FullListener()) {
            Future<SessionRef> connect = group.connect(full.address(), reporting, ConnectOptions.defaults());
            group.close();
            assertThat(told.next()).isEqualTo("failed CANCELLED");
            assertThat(connect.isDone()).isTrue();
        }
    }

    /** Sockets and sessions come and go, on both sides of one group. */
    @Test
    void manyConnectsOneAfterAnother() throws Exception {
        IocpListener listener = group.listen(ANYWHERE, (session, data) -> session.send(data), listening());
        SessionHandler visitor = new SessionHandler() {
            @Override
            public void opened(Session session) {
                session.send(ByteBuffer.wrap(new byte[] {1}));
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                data.position(data.limit());
                session.disconnect();
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                told.add("closed " + reason);
            }
        };
        for (int i = 0; i < 100; i++) {
            await(group.connect(listener.localAddress(), visitor, ConnectOptions.defaults()));
            assertThat(told.next()).isEqualTo("closed DISCONNECTED");
        }
        assertThat(group.statistics().connects().connects()).isEqualTo(100);
        assertThat(listener.accepts()).isEqualTo(100);
    }
}
