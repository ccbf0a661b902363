package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.socket.StreamSocket.PENDING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.OverlappedFile.Access;
import org.iocp4j.socket.TestDomain.Kind;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a domain that nobody has prepared for it, on Windows. */
@NeedsCompletionPorts
@Timeout(60)
@ParameterizedClass
@EnumSource
class EndTest {
    private static final int MUCH = 16 << 20;
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Parameter
    Kind kind;

    @TempDir
    Path folder;

    private final List<Socket> peers = new ArrayList<>();
    private final List<Recorder> recorders = new ArrayList<>();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final StreamListener.Accepted silent = new StreamListener.Accepted() {
        @Override
        public void accepted(StreamSocket socket, IoThread io) {
            told.add("accepted");
        }

        @Override
        public void gone(StreamListener listener, IoThread io) {
            told.add("listener gone");
        }
    };
    private final OverlappedFile.Events fileEvents = new OverlappedFile.Events() {
        @Override
        public void transferred(OverlappedFile file, int status, int bytes, IoThread io) {
            told.add("transferred");
        }

        @Override
        public void gone(OverlappedFile file, IoThread io) {
            told.add("file gone");
        }
    };
    private TestDomain test;

    @BeforeEach
    void start() throws Exception {
        test = new TestDomain(kind.options().withReuse(DisconnectMethod.DISCONNECT_EX, 8));
    }

    @AfterEach
    void closePeers() throws Exception {
        for (Socket peer : peers) {
            peer.close();
        }
    }

    private StreamSocket accept(Recorder events) throws Exception {
        recorders.add(events);
        Connection connection = Connection.accepted(test, events);
        peers.add(connection.peer());
        return connection.socket();
    }

    private OverlappedFile file(int bytes) throws Exception {
        Path path = Files.write(folder.resolve("file"), new byte[bytes]);
        return test.domain.openFile(path.toString(), Access.READ, fileEvents, test.io);
    }

    /** Sends more than a peer takes that does not read. */
    private void sendMuch(StreamSocket socket, MemorySegment much) {
        test.io.buffer(0, much.address(), MUCH);
        assertThat(socket.send(1, test.io)).isEqualTo(PENDING);
    }

    @Test
    void whateverIsPendingIsTold() throws Exception {
        MemorySegment much = Arena.ofAuto().allocate(MUCH);
        test.domain.prefill(Sockaddr.family(ANY_PORT.getAddress()), 2, test.io);
        StreamListener listener = test.listen(silent);
        listener.depth(3, test.io);
        assertThat(listener.accept(test.io)).isZero();
        Recorder receives = new Recorder();
        StreamSocket both = accept(receives);
        assertThat(receives.receive(both, test.io)).isEqualTo(PENDING);
        sendMuch(both, much);
        Recorder waits = new Recorder();
        assertThat(accept(waits).waitReadable(test.io)).isEqualTo(PENDING);
        Recorder transmits = new Recorder();
        assertThat(accept(transmits).transmit(file(MUCH), 0, MUCH, test.io)).isEqualTo(PENDING);
        Recorder idle = new Recorder();
        accept(idle);
        Recorder reused = new Recorder();
        accept(reused).close(Closing.REUSE, test.io);
        assertThat(test.end()).as("operations still pending").isZero();
        for (Recorder events : recorders) {
            assertThat(events.names()).endsWith("gone");
            assertThat(events.count("gone")).isOne();
        }
        assertThat(receives.names()).containsExactlyInAnyOrder("received", "sent", "gone");
        assertThat(waits.names()).containsExactly("readable", "gone");
        assertThat(transmits.names()).containsExactly("sent", "gone");
        assertThat(idle.names()).containsExactly("gone");
        assertThat(reused.names()).containsExactly("gone");
        assertThat(told).as("the files' and the listeners'").contains("file gone", "listener gone")
                .doesNotContain("accepted");
        assertThat(test.domain.open()).isZero();
        assertThat(test.domain.pendingCount()).isZero();
    }

    @Test
    void anEndedDomainMakesNothing() throws Exception {
        Recorder events = new Recorder();
        StreamSocket socket = accept(events);
        StreamListener listener = test.listen(silent);
        OverlappedFile file = file(1);
        int family = Sockaddr.family(ANY_PORT.getAddress());
        assertThat(test.end()).isZero();
        try (TestDomain other = new TestDomain(Kind.LOOP)) {
            IoThread io = other.io;
            IoDomain ended = test.domain;
            assertThatThrownBy(() -> ended.open(family, events, 0, io)).isInstanceOf(Win32Exception.class);
            assertThatThrownBy(() -> ended.listen(ListenerOptions.at(ANY_PORT), silent, io))
                    .isInstanceOf(Win32Exception.class);
            assertThatThrownBy(() -> ended.openFile(folder.resolve("file").toString(), Access.READ, fileEvents, io))
                    .isInstanceOf(Win32Exception.class);
            long handle = Sockaddr.tcpSocket(family, io.win32());
            assertThatThrownBy(() -> ended.adopt(DetachedSocket.of(handle, family), events, 0, io))
                    .isInstanceOf(Win32Exception.class).hasMessageContaining("ended");
            assertThat(io.win32().closesocket(handle)).as("the handle is the caller's still").isZero();
            assertThat(socket.waitReadable(io)).isEqualTo(-10038);
            assertThat(socket.close(Closing.FIN, io)).isFalse();
            assertThat(listener.accept(io)).isEqualTo(-10038);
            assertThat(listener.close(io)).isFalse();
            assertThat(file.read(0, events.memory.address(), 1, io)).isNegative();
            assertThat(file.close(io)).isFalse();
        }
    }

    /** An event of the end that goes on as if nothing was. */
    @Test
    void nothingIsMadeWhileItEnds() throws Exception {
        List<String> outcomes = new CopyOnWriteArrayList<>();
        Recorder events = new Recorder((event, socket, self, io) -> {
            if (event.name().equals("gone")) {
                IoDomain ending = test.domain;
                outcomes.add(outcome(() -> ending.listen(ListenerOptions.at(ANY_PORT), silent, io)));
                outcomes.add(outcome(() -> ending.open(Sockaddr.family(ANY_PORT.getAddress()), self, 0, io)));
                outcomes.add(outcome(() -> ending.openFile(folder.resolve("file").toString(), Access.WRITE, fileEvents,
                        io)));
            }
        });
        assertThat(events.receive(accept(events), test.io)).isEqualTo(PENDING);
        assertThat(test.end()).isZero();
        assertThat(outcomes).containsExactly("refused", "refused", "refused");
        assertThat(test.domain.open()).isZero();
    }

    private interface Step {
        Object run() throws Win32Exception;
    }

    private static String outcome(Step step) {
        try {
            return step.run().toString();
        } catch (Win32Exception e) {
            return "refused";
        }
    }

    @Test
    void eventsThatThrowKeepNothingFromItsEnd() throws Exception {
        for (int i = 0; i < 3; i++) {
            Recorder events = new Recorder((event, socket, self, io) -> {
                throw new IllegalArgumentException(event.name());
            });
            assertThat(events.receive(accept(events), test.io)).isEqualTo(PENDING);
        }
        Recorder last = new Recorder();
        assertThat(last.receive(accept(last), test.io)).isEqualTo(PENDING);
        assertThat(test.end()).isZero();
        for (Recorder events : recorders) {
            assertThat(events.names()).containsExactly("received", "gone");
        }
    }
}
