package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.Delivery;
import org.iocp4j.socket.Recorder.Event;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pool whose posts return what is over, on Windows: its users' threads do not dequeue. */
@NeedsCompletionPorts
@Timeout(180)
class InlineTest {
    private final Recorder events = new Recorder();
    private TestDomain test;
    private Socket peer;
    private StreamSocket socket;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(DomainOptions.pool().withDelivery(Delivery.RETURN).withReturnsDone(true));
        Connection connection = Connection.accepted(test, events);
        peer = connection.peer();
        socket = connection.socket();
    }

    @AfterEach
    void end() throws Exception {
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> events.has("gone"));
        peer.close();
        test.close();
    }

    /** Until all that the peer has sent is there. */
    private void await(int bytes) {
        test.until("bytes", () -> socket.tryPeek(events.memory.address(), 100, test.io) == bytes);
    }

    @Test
    void whatIsOverIsReturnedAndNotTold() throws Exception {
        assertThat(events.send(socket, "hello", test.io)).isEqualTo(5);
        assertThat(socket.isSendPending()).isFalse();
        assertThat(peer.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
        peer.getOutputStream().write("answer".getBytes(StandardCharsets.US_ASCII));
        await(6);
        assertThat(events.receive(socket, test.io)).isEqualTo(6);
        assertThat(events.text(0, 6)).isEqualTo("answer");
        peer.shutdownOutput();
        test.until("the end", () -> socket.tryPeek(events.memory.address(), 1, test.io) == 0);
        assertThat(events.receive(socket, test.io)).as("the end of the stream").isZero();
        assertThat(events.told()).isEmpty();
    }

    @Test
    void whatIsNotOverIsTold() throws Exception {
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        peer.getOutputStream().write(1);
        test.until("received", () -> events.has("received"));
        assertThat(events.told()).containsExactly(new Event("received", 0, 1));
        peer.getOutputStream().write(2);
        await(1);
        assertThat(socket.waitReadable(test.io)).as("readable already").isZero();
        assertThat(events.receive(socket, test.io)).isOne();
        assertThat(events.told()).hasSize(1);
    }

    @Test
    void aSendCanBeReturnedWhereAllElseIsTold() throws Exception {
        try (TestDomain tells = new TestDomain(DomainOptions.pool().withDelivery(Delivery.RETURN))) {
            Recorder told = new Recorder();
            Connection connection = Connection.accepted(tells, told);
            tells.io.buffer(0, told.memory.address(), 5);
            assertThat(connection.socket().sendNow(1, tells.io)).isEqualTo(5);
            assertThat(connection.peer().getInputStream().readNBytes(5)).hasSize(5);
            assertThat(told.told()).isEmpty();
            connection.socket().close(Closing.FIN, tells.io);
            tells.until("gone", () -> told.has("gone"));
            connection.peer().close();
        }
    }

    @Test
    void aThousandExchangesLoseNothing() throws Exception {
        for (int i = 0; i < 1000; i++) {
            long before = events.told().size();
            int outcome = events.receive(socket, test.io);
            peer.getOutputStream().write(i);
            if (outcome == PENDING) {
                test.until("received", () -> events.told().size() > before);
            } else {
                assertThat(outcome).isOne();
            }
            assertThat(events.memory.get(JAVA_BYTE, 0)).isEqualTo((byte) i);
        }
    }
}
