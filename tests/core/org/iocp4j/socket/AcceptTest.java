package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.TestDomain.Kind;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections in, on Windows, from clients of the JDK's. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class AcceptTest {
    @Parameter
    Kind kind;

    /** Echoes, and keeps what the listener tells. */
    private final class Receiver implements StreamListener.Accepted {
        final List<String> told = new CopyOnWriteArrayList<>();

        @Override
        public void accepted(StreamSocket socket, IoThread io) {
            told.add("accepted");
            Recorder.echoes().accepted(socket, io);
        }

        @Override
        public void acceptFailed(StreamListener listener, int error, IoThread io) {
            told.add("failed: " + error);
        }

        @Override
        public void gone(StreamListener listener, IoThread io) {
            told.add("gone");
        }
    }

    private final Receiver receiver = new Receiver();
    private final List<Socket> clients = new ArrayList<>();
    private TestDomain test;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(kind);
    }

    @AfterEach
    void end() throws Exception {
        for (Socket client : clients) {
            client.close();
        }
        test.close();
    }

    private Socket client(StreamListener listener) throws IOException {
        Socket client = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort());
        client.setSoTimeout(20_000);
        clients.add(client);
        return client;
    }

    private void untilAccepted(StreamListener listener, int count) {
        test.until(count + " accepts", () -> listener.accepts() == count);
    }

    @Test
    void oneForEachAccept() throws Exception {
        StreamListener listener = test.listen(receiver);
        client(listener);
        client(listener);
        client(listener);
        assertThat(listener.accept(test.io)).isZero();
        untilAccepted(listener, 1);
        assertThat(listener.accept(test.io)).isZero();
        assertThat(listener.accept(test.io)).isZero();
        untilAccepted(listener, 3);
        client(listener);
        listener.close(test.io);
        test.until("gone", () -> receiver.told.contains("gone"));
        assertThat(receiver.told).as("the fourth has waited in vain")
                .containsExactly("accepted", "accepted", "accepted", "gone");
    }

    @Test
    void toADepth() throws Exception {
        StreamListener listener = test.listen(receiver);
        listener.depth(3, test.io);
        assertThat(listener.acceptsPosted()).isEqualTo(3);
        for (int i = 0; i < 5; i++) {
            client(listener);
        }
        untilAccepted(listener, 5);
        test.until("three again", () -> listener.acceptsPosted() == 3);
    }

    @Test
    void aPauseLetsInThoseWhoseAcceptIsPending() throws Exception {
        StreamListener listener = test.listen(receiver);
        listener.depth(2, test.io);
        listener.depth(0, test.io);
        for (int i = 0; i < 4; i++) {
            client(listener);
        }
        untilAccepted(listener, 2);
        test.until("no accept", () -> listener.acceptsPosted() == 0);
        listener.depth(1, test.io);
        untilAccepted(listener, 4);
        assertThat(listener.acceptsPosted()).isOne();
    }

    @Test
    void aCloseEndsWhatIsPending() throws Exception {
        StreamListener listener = test.listen(receiver);
        listener.depth(2, test.io);
        assertThat(listener.accept(test.io)).isZero();
        assertThat(listener.close(test.io)).isTrue();
        assertThat(listener.close(test.io)).as("the second close").isFalse();
        assertThat(listener.isOpen()).isFalse();
        test.until("gone", () -> receiver.told.contains("gone"));
        assertThat(receiver.told).hasSize(2).first().asString().startsWith("failed: ");
        assertThat(listener.accept(test.io)).isEqualTo(-10038);
        listener.depth(1, test.io);
        assertThat(listener.acceptsPosted()).isZero();
    }

    /** A receiver that knows of connections alone: its own close is nothing that it must be told by an exception. */
    @Test
    void aCloseIsNoFailureOfAnAccept() throws Exception {
        StreamListener listener = test.listen((socket, io) -> { });
        assertThat(listener.accept(test.io)).isZero();
        listener.close(test.io);
        test.until("gone", listener::isGone);
        assertThat(test.takeThrown()).isNull();
    }

    @Test
    void aReceiverMayCloseTheListener() throws Exception {
        AtomicLong accepted = new AtomicLong();
        StreamListener[] listener = new StreamListener[1];
        listener[0] = test.listen((socket, io) -> {
            listener[0].close(io);
            accepted.incrementAndGet();
        });
        listener[0].depth(2, test.io);
        client(listener[0]);
        test.until("gone", listener[0]::isGone);
        assertThat(accepted).hasValue(1);
    }

    /** A client of the domain's own waits for the end, for a reset is no error to a recv that comes after it [wine]. */
    private void connectAndBeReset(StreamListener listener) throws Exception {
        Recorder client = new Recorder();
        StreamSocket socket = test.connect(listener.localAddress(), client);
        assertThat(client.receive(socket, test.io)).isEqualTo(PENDING);
        assertThat(listener.accept(test.io)).isZero();
        test.until("the end", () -> client.has("received"));
        assertThat(client.first("received").status()).as("a reset").isNegative();
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> client.has("gone"));
    }

    @Test
    void aConnectionThatTheReceiverForgetsIsReset() throws Exception {
        StreamListener listener = test.listen((socket, io) -> { });
        connectAndBeReset(listener);
        test.until("both ends closed", () -> test.domain.closed() == 2);
    }

    @Test
    void aReceiverThatThrowsCostsThatConnection() throws Exception {
        StreamListener listener = test.listen((socket, io) -> {
            throw new IllegalArgumentException("no");
        });
        connectAndBeReset(listener);
        test.until("thrown", test::hasThrown);
        assertThat(test.takeThrown()).hasRootCauseMessage("no");
        connectAndBeReset(listener);
        test.until("thrown again", test::hasThrown);
        test.takeThrown();
    }

    @Test
    void anotherDomainTakesAConnectionOver() throws Exception {
        List<DetachedSocket> handles = new CopyOnWriteArrayList<>();
        StreamListener listener = test.listen((socket, io) -> handles.add(socket.detach(io)));
        listener.depth(1, test.io);
        Socket client = client(listener);
        test.until("detached", () -> handles.size() == 1);
        try (TestDomain other = new TestDomain(kind)) {
            Recorder echo = Recorder.echo();
            StreamSocket socket = other.domain.adopt(handles.getFirst(), echo, 0, other.io);
            assertThat(socket.localAddress()).isEqualTo(listener.localAddress());
            assertThat(socket.remoteAddress()).isEqualTo(client.getLocalSocketAddress());
            assertThat(echo.receive(socket, other.io)).isEqualTo(PENDING);
            client.getOutputStream().write(77);
            other.until("sent", () -> echo.has("sent"));
            assertThat(client.getInputStream().read()).isEqualTo(77);
            client.shutdownOutput();
            other.until("gone", () -> echo.has("gone"));
        }
    }

    @Test
    void aSocketThatIsBoundElsewhereIsTheCallersStill() throws Exception {
        List<StreamSocket> sockets = new CopyOnWriteArrayList<>();
        Recorder events = new Recorder();
        StreamListener listener = test.listen((socket, io) -> {
            assertThat(socket.attach(events, 0, io)).isZero();
            sockets.add(socket);
        });
        listener.depth(1, test.io);
        client(listener);
        test.until("accepted", () -> sockets.size() == 1);
        StreamSocket socket = sockets.getFirst();
        try (TestDomain other = new TestDomain(kind)) {
            int family = Sockaddr.family(listener.localAddress().getAddress());
            assertThatThrownBy(
                    () -> other.domain.adopt(DetachedSocket.of(socket.handle(), family), new Recorder(), 0, other.io))
                    .isInstanceOf(Win32Exception.class).hasMessageContaining("87");
        }
        assertThat(socket.isOpen()).isTrue();
        assertThat(events.send(socket, "still", test.io)).isEqualTo(PENDING);
        test.until("sent", () -> events.has("sent"));
        assertThat(clients.getFirst().getInputStream().readNBytes(5)).asString().isEqualTo("still");
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> events.has("gone"));
    }
}
