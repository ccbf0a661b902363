package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.socket.StreamSocket.PENDING;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;
import static org.iocp4j.win32.generated.WinTypes.SO_RCVBUF;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.Background;
import org.iocp4j.socket.Recorder.Event;
import org.iocp4j.socket.TestDomain.Kind;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How connections end, on Windows: what their owner is told, and what a peer of the JDK's sees. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class CloseTest {
    private static final int WSAENOTSOCK = 10038;

    @Parameter
    Kind kind;

    private final List<Socket> peers = new ArrayList<>();
    private TestDomain test;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(kind);
    }

    @AfterEach
    void end() throws Exception {
        for (Socket peer : peers) {
            peer.close();
        }
        test.close();
    }

    private StreamSocket accept(Recorder events) throws Exception {
        Connection connection = Connection.accepted(test, events);
        peers.add(connection.peer());
        return connection.socket();
    }

    private void untilGone(Recorder events) {
        test.until("gone", () -> events.has("gone"));
    }

    /** What a peer's read comes to that has begun before the end. */
    private CompletableFuture<String> peersEnd() {
        Socket peer = peers.getLast();
        return Background.call(() -> {
            try {
                return peer.getInputStream().readAllBytes().length + " bytes and a FIN";
            } catch (IOException e) {
                return "an RST";
            }
        });
    }

    @Test
    void byFin() throws Exception {
        Recorder events = new Recorder();
        StreamSocket socket = accept(events);
        assertThat(events.send(socket, "good bye", test.io)).isEqualTo(PENDING);
        test.until("sent", () -> events.has("sent"));
        socket.close(Closing.FIN, test.io);
        untilGone(events);
        assertThat(peersEnd().get()).isEqualTo("8 bytes and a FIN");
        assertThat(events.names()).containsExactly("sent", "gone");
    }

    /** Seen by a receive of our own that is pending: a recv that begins after an RST is told nothing of it [wine]. */
    @Test
    void byRst() throws Exception {
        Recorder events = new Recorder();
        List<StreamSocket> sockets = new CopyOnWriteArrayList<>();
        StreamListener listener = test.listen((socket, io) -> {
            assertThat(socket.attach(events, 0, io)).isZero();
            sockets.add(socket);
        });
        listener.depth(1, test.io);
        Recorder peer = new Recorder();
        StreamSocket client = test.connect(listener.localAddress(), peer);
        assertThat(peer.receive(client, test.io)).isEqualTo(PENDING);
        test.until("accepted", () -> sockets.size() == 1);
        sockets.getFirst().close(Closing.RST, test.io);
        untilGone(events);
        test.until("the peer's end", () -> peer.has("received"));
        assertThat(peer.first("received").status()).isNegative();
        client.close(Closing.FIN, test.io);
        untilGone(peer);
    }

    @Test
    void eachPendingOperationIsToldBeforeGone() throws Exception {
        Recorder events = new Recorder();
        StreamSocket socket = accept(events);
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        assertThat(socket.close(Closing.FIN, test.io)).isTrue();
        assertThat(socket.isOpen()).isFalse();
        assertThat(socket.close(Closing.RST, test.io)).as("the second close").isFalse();
        untilGone(events);
        assertThat(events.names()).containsExactly("received", "gone");
        assertThat(events.first("received").status()).isNegative();
        assertThat(socket.isGone()).isTrue();
    }

    @Test
    void aClosedSocketAnswersEachCall() throws Exception {
        Recorder events = new Recorder();
        StreamSocket socket = accept(events);
        var peer = socket.remoteAddress();
        socket.close(Closing.FIN, test.io);
        untilGone(events);
        assertAnswersAsClosed(socket, events);
        assertThat(socket.connect(peer, test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.bind(peer, test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.remoteAddress()).as("for the log, after the end").isEqualTo(peer);
        assertThat(events.names()).containsExactly("gone");
    }

    private void assertAnswersAsClosed(StreamSocket socket, Recorder memory) {
        long address = memory.memory.address();
        assertThat(memory.receive(socket, test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(memory.send(socket, "x", test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.waitReadable(test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.tryReceive(address, 10, test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.tryPeek(address, 10, test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.shutdownSend(test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.setOption(SOL_SOCKET(), SO_KEEPALIVE(), 1, test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.getOption(SOL_SOCKET(), SO_KEEPALIVE(), test.io)).isEqualTo(-WSAENOTSOCK);
        assertThat(socket.close(Closing.RST, test.io)).isFalse();
        socket.cancelAll(test.io);
        socket.cancelReceive(test.io);
        socket.cancelSend(test.io);
        socket.cancelConnect(test.io);
    }

    /** The object of an old connection does nothing to the one that has its slot now. */
    @Test
    void anOldObjectStaysClosedWhateverItsSlotDoes() throws Exception {
        Recorder oldEvents = new Recorder();
        StreamSocket old = accept(oldEvents);
        old.close(Closing.FIN, test.io);
        untilGone(oldEvents);
        Recorder events = new Recorder();
        StreamSocket present;
        do { // until the slot comes round
            present = accept(events);
            if (present.slot() != old.slot()) {
                Recorder others = events;
                present.close(Closing.FIN, test.io);
                test.until("gone", () -> others.has("gone"));
                events = new Recorder();
            }
        } while (present.slot() != old.slot());
        Recorder live = events;
        assertThat(live.receive(present, test.io)).isEqualTo(PENDING);
        assertAnswersAsClosed(old, oldEvents);
        assertThat(old.isOpen()).isFalse();
        assertThat(old.isGone()).isTrue();
        assertThat(old.isReceivePending()).isFalse();
        assertThat(oldEvents.names()).containsExactly("gone");
        peers.getLast().getOutputStream().write(1);
        test.until("received", () -> live.has("received"));
        assertThat(live.told()).containsExactly(new Event("received", 0, 1));
        present.close(Closing.FIN, test.io);
        untilGone(live);
    }

    @ParameterizedTest
    @ValueSource(strings = {"connected", "readable", "received", "sent"})
    void fromInsideAnEvent(String name) throws Exception {
        Recorder events = new Recorder((event, socket, self, io) -> {
            if (event.name().equals(name)) {
                assertThat(socket.close(Closing.RST, io)).isTrue();
                assertThat(self.has("gone")).as("gone inside another event").isFalse();
            } else if (event.name().equals("gone")) {
                assertThat(socket.close(Closing.FIN, io)).isFalse();
            }
        });
        if (name.equals("connected")) {
            StreamListener listener = test.listen(Recorder.echoes());
            StreamSocket socket = test.domain.open(Sockaddr.family(listener.localAddress().getAddress()), events, 0,
                    test.io);
            assertThat(socket.connect(listener.localAddress(), test.io)).isEqualTo(PENDING);
        } else {
            StreamSocket socket = accept(events);
            switch (name) {
                case "readable" -> assertThat(socket.waitReadable(test.io)).isEqualTo(PENDING);
                case "received" -> assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
                default -> assertThat(events.send(socket, "x", test.io)).isEqualTo(PENDING);
            }
            if (!name.equals("sent")) {
                peers.getLast().getOutputStream().write(1);
            }
        }
        untilGone(events);
        assertThat(events.names()).containsExactly(name, "gone");
    }

    @Test
    void anEventThatThrowsIsThrownByTheDequeueAndTheRestIsTold() throws Exception {
        Recorder events = new Recorder((event, socket, self, io) -> {
            throw new IllegalArgumentException(event.name());
        });
        StreamSocket socket = accept(events);
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        socket.close(Closing.FIN, test.io);
        test.until("received and gone, each thrown", () -> test.failures() == 2); // told before it throws
        test.takeAllThrown();
        Recorder next = new Recorder();
        StreamSocket another = accept(next);
        another.close(Closing.FIN, test.io);
        untilGone(next);
    }

    @Test
    void fromAnotherThreadWhileTheOthersWork() throws Exception {
        Recorder events = new Recorder();
        StreamSocket socket = accept(events);
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        Background.run(() -> {
            try (Win32 win32 = WindowsWin32.attach()) {
                socket.close(Closing.RST, new IoThread(win32));
            }
        }).get();
        untilGone(events);
        assertThat(events.names()).containsExactly("received", "gone");
    }

    @Test
    void optionsAreReadAndWritten() throws Exception {
        Recorder events = new Recorder();
        StreamSocket socket = accept(events);
        assertThat(socket.getOption(SOL_SOCKET(), SO_KEEPALIVE(), test.io)).isZero();
        assertThat(socket.setOption(SOL_SOCKET(), SO_KEEPALIVE(), 1, test.io)).isZero();
        assertThat(socket.getOption(SOL_SOCKET(), SO_KEEPALIVE(), test.io)).isPositive();
        assertThat(socket.setOption(SOL_SOCKET(), SO_RCVBUF(), 50_000, test.io)).isZero();
        assertThat(socket.getOption(SOL_SOCKET(), SO_RCVBUF(), test.io)).isGreaterThanOrEqualTo(50_000);
        assertThat(socket.setOption(12345, 1, 1, test.io)).as("no such option").isNegative();
        assertThat(socket.getOption(12345, 1, test.io)).isNegative();
        socket.close(Closing.FIN, test.io);
        untilGone(events);
    }
}
