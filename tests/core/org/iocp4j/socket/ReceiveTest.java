package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.Recorder.Event;
import org.iocp4j.socket.TestDomain.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a peer of the JDK's sends, on Windows. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class ReceiveTest {
    private static final int WSAEWOULDBLOCK = 10035;

    @Parameter
    Kind kind;

    private final Recorder events = new Recorder();
    private TestDomain test;
    private Socket peer;
    private StreamSocket socket;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(kind);
        Connection connection = Connection.accepted(test, events);
        peer = connection.peer();
        socket = connection.socket();
    }

    @AfterEach
    void end() throws Exception {
        peer.close();
        test.close();
    }

    private void peerSends(String text) throws Exception {
        peer.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private int tryReceive() {
        return socket.tryReceive(events.memory.address(), 100, test.io);
    }

    private void awaitReadable(int times) {
        assertThat(socket.waitReadable(test.io)).isEqualTo(PENDING);
        test.until("readable", () -> events.count("readable") == times);
    }

    @Test
    void intoThreeBuffersInOrder() throws Exception {
        long memory = events.memory.address();
        test.io.buffer(0, memory + 200, 2);
        test.io.buffer(1, memory + 100, 3);
        test.io.buffer(2, memory, 100);
        assertThat(socket.receive(3, test.io)).isEqualTo(PENDING);
        assertThat(socket.isReceivePending()).isTrue();
        peerSends("one two three");
        test.until("received", () -> events.has("received"));
        assertThat(events.told()).containsExactly(new Event("received", 0, 13));
        assertThat(events.text(200, 2) + "|" + events.text(100, 3) + "|" + events.text(0, 8))
                .isEqualTo("on|e t|wo three");
        assertThat(socket.isReceivePending()).isFalse();
    }

    @Test
    void waitingHoldsNoMemoryAndTakesNothing() throws Exception {
        assertThat(tryReceive()).isEqualTo(-WSAEWOULDBLOCK);
        assertThat(socket.waitReadable(test.io)).isEqualTo(PENDING);
        assertThat(socket.isReceivePending()).isTrue();
        peerSends("some");
        test.until("readable", () -> events.has("readable"));
        assertThat(socket.tryPeek(events.memory.address(), 100, test.io)).isEqualTo(4);
        assertThat(events.text(0, 4)).isEqualTo("some");
        assertThat(socket.tryReceive(events.memory.address() + 10, 3, test.io)).isEqualTo(3);
        awaitReadable(2); // one is left
        assertThat(tryReceive()).isOne();
        assertThat(events.text(10, 3) + events.text(0, 1)).isEqualTo("some");
        assertThat(tryReceive()).isEqualTo(-WSAEWOULDBLOCK);
        assertThat(events.told()).containsOnly(new Event("readable", 0, 0));
    }

    @Test
    void theEndOfThePeersStreamIsReadable() throws Exception {
        assertThat(socket.waitReadable(test.io)).isEqualTo(PENDING);
        peer.shutdownOutput();
        test.until("readable", () -> events.has("readable"));
        assertThat(socket.tryPeek(events.memory.address(), 100, test.io)).isZero();
        assertThat(tryReceive()).isZero();
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        test.until("received", () -> events.has("received"));
        assertThat(events.first("received")).isEqualTo(new Event("received", 0, 0));
    }

    /** The status tells: a recv after it finds the end of the stream under Wine [wine]. */
    @Test
    void aResetEndsTheWait() throws Exception {
        assertThat(socket.waitReadable(test.io)).isEqualTo(PENDING);
        peer.setSoLinger(true, 0);
        peer.close();
        test.until("readable", () -> events.has("readable"));
        assertThat(events.first("readable").status()).isNegative();
        assertThat(socket.isOpen()).as("until its owner closes it").isTrue();
    }

    @Test
    void aResetEndsTheReceive() throws Exception {
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        peer.setSoLinger(true, 0);
        peer.close();
        test.until("received", () -> events.has("received"));
        assertThat(events.first("received").status()).isNegative();
    }

    @Test
    void aSecondReceiveIsRefusedAndTheFirstKeepsItsBytes() throws Exception {
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        assertThatThrownBy(() -> socket.receive(1, test.io)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> socket.waitReadable(test.io)).isInstanceOf(IllegalStateException.class);
        peerSends("all of it");
        test.until("received", () -> events.has("received"));
        assertThat(events.told()).containsExactly(new Event("received", 0, 9));
        assertThat(events.text(0, 9)).isEqualTo("all of it");
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> events.has("gone"));
    }

    @Test
    void aCancelledReceiveHasItsEventAndTheNextGetsTheBytes() throws Exception {
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        socket.cancelReceive(test.io);
        test.until("cancelled", () -> events.has("received"));
        assertThat(events.first("received").status()).isNegative();
        socket.cancelReceive(test.io); // of nothing
        peerSends("later");
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        test.until("received", () -> events.count("received") == 2);
        assertThat(events.told().getLast()).isEqualTo(new Event("received", 0, 5));
    }

    @Test
    void anEventMayPostAnewAndOneOfNoBytesComesOnlyAtTheEnd() throws Exception {
        Recorder again = new Recorder((event, connection, self, io) -> {
            if (event.name().equals("received") && event.bytes() > 0) {
                assertThat(self.receive(connection, io)).isEqualTo(PENDING);
            }
        });
        Connection other = Connection.accepted(test, again);
        try (Socket client = other.peer()) {
            assertThat(again.receive(other.socket(), test.io)).isEqualTo(PENDING);
            for (int i = 1; i <= 3; i++) {
                int sent = i;
                client.getOutputStream().write(i);
                test.until("byte " + i, () -> again.count("received") == sent);
            }
            client.shutdownOutput();
            test.until("the end", () -> again.count("received") == 4);
        }
        assertThat(again.told()).extracting(Event::bytes).containsExactly(1, 1, 1, 0);
        assertThat(again.told()).extracting(Event::status).containsOnly(0);
    }

    @Test
    void theOwnersNumberTravelsWithAReceive() throws Exception {
        socket.owner(42);
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        socket.owner(43);
        peerSends("x");
        test.until("received", () -> events.has("received"));
        assertThat(socket.receiveOwner()).isEqualTo(42);
        assertThat(socket.owner()).isEqualTo(43);
    }
}
