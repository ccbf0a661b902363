package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.socket.StreamSocket.PENDING;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;

import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.TestDomain.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sockets that serve one connection after another, on Windows. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class ReuseTest {
    @Parameter
    Kind kind;

    private final List<StreamSocket> sockets = new CopyOnWriteArrayList<>();
    private final List<Recorder> recorders = new CopyOnWriteArrayList<>();
    private TestDomain test;
    private StreamListener listener;

    @AfterEach
    void end() throws Exception {
        test.close();
    }

    private void start(DisconnectMethod method, int keepFree) throws Exception {
        test = new TestDomain(kind.options().withReuse(method, keepFree));
        listener = test.listen((socket, io) -> {
            Recorder events = new Recorder();
            recorders.add(events);
            assertThat(socket.attach(events, 0, io)).isZero();
            sockets.add(socket);
        });
    }

    /** The server's end of a new connection. */
    private StreamSocket accept(Socket[] client) throws Exception {
        int before = sockets.size();
        client[0] = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort());
        client[0].setSoTimeout(20_000);
        assertThat(listener.accept(test.io)).isZero();
        test.until("accepted", () -> sockets.size() > before);
        return sockets.getLast();
    }

    private void close(StreamSocket socket, Closing how, Socket client) throws Exception {
        Recorder events = recorders.getLast();
        socket.close(how, test.io);
        client.close();
        test.until("gone", () -> events.has("gone"));
        assertThat(events.names().getLast()).isEqualTo("gone");
    }

    @ParameterizedTest
    @EnumSource(names = {"DISCONNECT_EX", "TRANSMIT_FILE"})
    void oneHandleServesThreeConnections(DisconnectMethod method) throws Exception {
        start(method, 4);
        Socket[] client = new Socket[1];
        StreamSocket first = accept(client);
        long handle = first.handle();
        for (int generation = 1; generation <= 3; generation++) {
            StreamSocket socket = generation == 1 ? first : accept(client);
            assertThat(socket.handle()).isEqualTo(handle);
            assertThat(socket.generation()).isEqualTo(generation);
            assertThat(socket.remoteAddress()).isEqualTo(client[0].getLocalSocketAddress());
            Recorder events = recorders.getLast();
            assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
            client[0].getOutputStream().write(generation);
            test.until("received", () -> events.has("received"));
            assertThat(events.memory.get(JAVA_BYTE, 0)).isEqualTo((byte) generation);
            assertThat(events.send(socket, "x", test.io)).isEqualTo(PENDING);
            test.until("sent", () -> events.has("sent"));
            assertThat(client[0].getInputStream().read()).isEqualTo('x');
            if (method == DisconnectMethod.DISCONNECT_EX) { // by TransmitFile the FIN comes late, or never [wine]
                socket.close(Closing.REUSE, test.io);
                assertThat(client[0].getInputStream().read()).as("a FIN").isEqualTo(-1);
            }
            close(socket, Closing.REUSE, client[0]);
            test.until("free", () -> test.domain.freeCount() == 1);
        }
        assertThat(first.isOpen()).as("the first connection's object").isFalse();
        assertThat(sockets).doesNotHaveDuplicates();
        assertThat(test.domain.created()).isOne();
        assertThat(test.domain.reused()).isEqualTo(2);
        assertThat(test.domain.disconnecting()).isZero();
        assertThat(test.domain.disconnectFailures()).isZero();
    }

    /** Whatever it was that the owner changed, the next connection must not have it. */
    @Test
    void aChangedOptionEndsTheHandle() throws Exception {
        start(DisconnectMethod.DISCONNECT_EX, 4);
        Socket[] client = new Socket[1];
        StreamSocket socket = accept(client);
        assertThat(socket.setOption(SOL_SOCKET(), SO_KEEPALIVE(), 1, test.io)).isZero();
        close(socket, Closing.REUSE, client[0]);
        assertThat(test.domain.closed()).isOne();
        StreamSocket next = accept(client);
        assertThat(next.generation()).isOne();
        assertThat(next.getOption(SOL_SOCKET(), SO_KEEPALIVE(), test.io)).isZero();
        close(next, Closing.FIN, client[0]);
    }

    @Test
    void somethingPendingEndsTheHandle() throws Exception {
        start(DisconnectMethod.DISCONNECT_EX, 4);
        Socket[] client = new Socket[1];
        StreamSocket socket = accept(client);
        Recorder events = recorders.getLast();
        assertThat(events.receive(socket, test.io)).isEqualTo(PENDING);
        close(socket, Closing.REUSE, client[0]);
        assertThat(events.names()).containsExactly("received", "gone");
        assertThat(test.domain.closed()).isOne();
        assertThat(test.domain.freeCount()).isZero();
    }

    @Test
    void aConnectedSocketIsNotAcceptedInto() throws Exception {
        start(DisconnectMethod.DISCONNECT_EX, 4);
        Recorder client = new Recorder();
        StreamSocket socket = test.connect(listener.localAddress(), client);
        socket.close(Closing.REUSE, test.io);
        test.until("gone", () -> client.has("gone"));
        assertThat(test.domain.closed()).isOne();
    }

    @Test
    void noMoreAreKeptThanTheOptionsSay() throws Exception {
        start(DisconnectMethod.DISCONNECT_EX, 1);
        Socket[] first = new Socket[1];
        Socket[] second = new Socket[1];
        accept(first);
        accept(second);
        for (int i = 0; i < 2; i++) {
            Recorder events = recorders.get(i);
            sockets.get(i).close(Closing.REUSE, test.io);
            (i == 0 ? first : second)[0].close();
            test.until("gone", () -> events.has("gone"));
        }
        test.until("one closed", () -> test.domain.closed() == 1);
        assertThat(test.domain.freeCount()).isOne();
    }

    @Test
    void anObjectThatIsRecycledServesTheNextConnection() throws Exception {
        test = new TestDomain(kind.options().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        Recorder events = new Recorder((event, socket, self, io) -> {
            if (event.name().equals("gone")) {
                socket.recycle();
            }
        });
        listener = test.listen((socket, io) -> {
            recorders.add(events);
            assertThat(socket.attach(events, 0, io)).isZero();
            sockets.add(socket);
        });
        Socket[] client = new Socket[1];
        StreamSocket first = accept(client);
        close(first, Closing.REUSE, client[0]);
        test.until("free", () -> test.domain.freeCount() == 1);
        StreamSocket second = accept(client);
        assertThat(second).isSameAs(first);
        assertThat(second.isOpen()).isTrue();
        second.close(Closing.REUSE, test.io);
        client[0].close();
        test.until("gone", () -> events.count("gone") == 2);
    }
}
