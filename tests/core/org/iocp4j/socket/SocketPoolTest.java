package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.TestDomain.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A listener's loop and a loop for its connections, with one pool of sockets. */
@NeedsCompletionPorts
@Timeout(60)
class SocketPoolTest {
    private static final int CONNECTIONS = 6;

    private final SocketPool pool = new SocketPool(2, 2);
    private final DomainOptions options = DomainOptions.loop().withPool(DisconnectMethod.DISCONNECT_EX, pool);
    private final Queue<DetachedSocket> accepted = new ConcurrentLinkedQueue<>();

    private DetachedSocket next(TestDomain listening) {
        listening.until("accepted", () -> !accepted.isEmpty());
        return accepted.remove();
    }

    /** Echoes once, and disconnects when the client has ended. */
    private static Recorder events() {
        return new Recorder((event, socket, self, io) -> {
            if (event.name().equals("received") && event.bytes() > 0) {
                io.buffer(0, self.memory.address(), event.bytes());
                assertThat(socket.send(1, io)).isEqualTo(PENDING);
            } else if (event.name().equals("sent")) {
                assertThat(self.receive(socket, io)).isEqualTo(PENDING);
            } else {
                socket.close(Closing.REUSE, io);
            }
        });
    }

    @Test
    void aSocketComesBackToTheLoopWhosePortItIsOn() throws Exception {
        try (TestDomain listening = new TestDomain(options); TestDomain serving = new TestDomain(options)) {
            StreamListener listener = listening.listen((socket, io) -> accepted.add(socket.detach(io)));
            for (int i = 1; i <= CONNECTIONS; i++) {
                assertThat(listener.accept(listening.io)).isZero();
                try (Socket client = new Socket(listener.localAddress().getAddress(),
                        listener.localAddress().getPort())) {
                    client.setSoTimeout(20_000);
                    DetachedSocket detached = next(listening);
                    assertThat(detached.home()).isEqualTo(i == 1 ? null : serving.domain);
                    Recorder events = events();
                    StreamSocket socket = serving.domain.adopt(detached, events, 0, serving.io);
                    assertThat(socket.generation()).isEqualTo(i);
                    assertThat(socket.remoteAddress()).isEqualTo(client.getLocalSocketAddress());
                    assertThat(events.receive(socket, serving.io)).isEqualTo(PENDING);
                    client.getOutputStream().write(i);
                    serving.until("sent", () -> events.has("sent"));
                    assertThat(client.getInputStream().read()).isEqualTo(i);
                    client.shutdownOutput();
                    serving.until("gone", () -> events.has("gone"));
                    assertThat(client.getInputStream().read()).isEqualTo(-1);
                }
                assertThat(pool.size()).isEqualTo(1);
            }
            assertThat(listening.domain.reused()).isEqualTo(CONNECTIONS - 1);
            assertThat(listening.domain.created()).isOne();
            assertThat(listening.domain.open()).isZero();
        }
        assertThat(pool.size()).as("closed with the loop whose port they were on").isZero();
    }

    @Test
    void noOtherLoopTakesIt() throws Exception {
        try (TestDomain listening = new TestDomain(options); TestDomain serving = new TestDomain(options)) {
            StreamListener listener = listening.listen((socket, io) -> accepted.add(socket.detach(io)));
            assertThat(listener.accept(listening.io)).isZero();
            Recorder events = events();
            try (Socket client = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
                StreamSocket socket = serving.domain.adopt(next(listening), events, 0, serving.io);
                assertThat(events.receive(socket, serving.io)).isEqualTo(PENDING);
                client.shutdownOutput();
                serving.until("gone", () -> events.has("gone"));
            }
            assertThat(listener.accept(listening.io)).isZero();
            try (Socket client = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
                assertThat(client.isConnected()).isTrue();
                DetachedSocket detached = next(listening);
                IoThread io = listening.io;
                assertThatThrownBy(() -> listening.domain.adopt(detached, new Recorder(), 0, io))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("another domain");
                assertThat(detached.close(io.win32())).isZero();
            }
        }
    }

    @Test
    void whatThePoolHasNoRoomForIsClosed() throws Exception {
        SocketPool none = new SocketPool(0, 0);
        DomainOptions full = DomainOptions.loop().withPool(DisconnectMethod.DISCONNECT_EX, none);
        assertThat(Kind.LOOP.options().sharedPool()).isNull();
        try (TestDomain domain = new TestDomain(full)) {
            Recorder events = events();
            StreamListener listener = domain.listen((socket, io) -> {
                assertThat(socket.attach(events, 0, io)).isZero();
                assertThat(events.receive(socket, io)).isEqualTo(PENDING);
            });
            assertThat(listener.accept(domain.io)).isZero();
            try (Socket client = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
                client.shutdownOutput();
                domain.until("gone", () -> events.has("gone"));
            }
            assertThat(domain.domain.open()).isZero();
        }
    }
}
