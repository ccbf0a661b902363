package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.util.Arrays;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.Background;
import org.iocp4j.socket.Recorder.Event;
import org.iocp4j.socket.TestDomain.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Sends to a peer of the JDK's, on Windows. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class SendTest {
    private static final int WSAESHUTDOWN = 10058;
    /** More than the two ends hold for a peer that does not read. */
    private static final int MUCH = 16 << 20;

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

    /** Much of it, each byte another than those near it. */
    private static MemorySegment much() {
        MemorySegment much = Arena.ofAuto().allocate(MUCH);
        for (int i = 0; i < MUCH; i++) {
            much.set(JAVA_BYTE, i, (byte) (i % 251));
        }
        return much;
    }

    private int sendAll(MemorySegment memory) {
        test.io.buffer(0, memory.address(), (int) memory.byteSize());
        return socket.send(1, test.io);
    }

    @Test
    void gathersItsBuffersInOrder() throws Exception {
        events.write("one two three", 0);
        long memory = events.memory.address();
        for (int i = 0; i < IoThread.GATHER; i++) {
            test.io.buffer(i, memory + i % 13, 1);
        }
        assertThat(socket.send(IoThread.GATHER, test.io)).isEqualTo(PENDING);
        test.until("sent", () -> events.has("sent"));
        assertThat(events.told()).containsExactly(new Event("sent", 0, IoThread.GATHER));
        assertThat(peer.getInputStream().readNBytes(IoThread.GATHER)).asString()
                .isEqualTo("one two threeone two threeone two threeone two threeone two thre");
    }

    @Test
    void aCancelledSendTellsHowMuchHasGoneAndIsTheLast() throws Exception {
        MemorySegment much = much();
        assertThat(sendAll(much)).isEqualTo(PENDING);
        assertThat(socket.isSendPending()).isTrue();
        assertThatThrownBy(() -> socket.send(1, test.io)).isInstanceOf(IllegalStateException.class);
        socket.cancelSend(test.io);
        test.until("the outcome", () -> events.has("sent"));
        Event sent = events.first("sent");
        assertThat(sent.status()).isNegative();
        assertThat(sent.bytes()).isLessThan(MUCH);
        assertThat(socket.isSendPending()).isFalse();
        assertThat(events.send(socket, "in place of the rest", test.io)).isEqualTo(-WSAESHUTDOWN);
        socket.close(Closing.FIN, test.io);
        test.until("gone", () -> events.has("gone"));
        assertThat(events.names()).containsExactly("sent", "gone");
        assertThat(peer.getInputStream().readAllBytes()).as("the bytes that were told, and no others")
                .isEqualTo(much.asSlice(0, sent.bytes()).toArray(JAVA_BYTE));
    }

    @Test
    void aShutdownEndsTheStreamBehindThePendingSend() throws Exception {
        MemorySegment much = much();
        assertThat(sendAll(much)).isEqualTo(PENDING);
        assertThat(socket.shutdownSend(test.io)).isZero();
        assertThat(socket.isSendPending()).as("its memory is the kernel's still").isTrue();
        assertThat(events.told()).isEmpty();
        byte[] received = readAllWhileEventsCome();
        assertThat(Arrays.equals(received, much.toArray(JAVA_BYTE))).as(received.length + " bytes, all and in order")
                .isTrue();
        test.until("sent", () -> events.has("sent"));
        assertThat(events.told()).containsExactly(new Event("sent", 0, MUCH));
        assertThat(events.send(socket, "more", test.io)).isEqualTo(-WSAESHUTDOWN);
        peer.getOutputStream().write(7);
        assertThat(events.receive(socket, test.io)).as("the other way is open").isEqualTo(PENDING);
        test.until("received", () -> events.has("received"));
        assertThat(events.first("received").bytes()).isOne();
    }

    private byte[] readAllWhileEventsCome() throws Exception {
        var reading = Background.call(() -> peer.getInputStream().readAllBytes());
        test.until("the end of the stream", reading::isDone);
        return reading.get();
    }

    @Test
    void aSendToAPeerThatIsGoneFailsAndIsTheLast() throws Exception {
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        peer.setSoLinger(true, 0);
        peer.close();
        test.until("the reset", () -> events.has("received"));
        int outcome = events.send(socket, "nobody reads this", test.io);
        if (outcome == PENDING) {
            test.until("the outcome", () -> events.has("sent"));
            assertThat(events.first("sent").status()).isNegative();
            assertThat(events.send(socket, "nor this", test.io)).isEqualTo(-WSAESHUTDOWN);
        } else {
            assertThat(outcome).isNegative();
        }
    }

    @Test
    void nothingCancelledIsNothingLost() throws Exception {
        socket.cancelSend(test.io);
        socket.cancelAll(test.io);
        socket.cancelConnect(test.io);
        assertThat(events.send(socket, "sent", test.io)).isEqualTo(PENDING);
        test.until("sent", () -> events.has("sent"));
        assertThat(peer.getInputStream().readNBytes(4)).asString().isEqualTo("sent");
    }
}
