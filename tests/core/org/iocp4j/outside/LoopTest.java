package org.iocp4j.outside;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the description of the socket package tells a user to do, line by line, with what is public. */
@NeedsCompletionPorts
@Timeout(60)
class LoopTest {
    private final List<String> told = new ArrayList<>();

    /** Of either side: the client sends a word, the server sends back what it gets. */
    private final class Side implements SocketEvents {
        final String name;
        final MemorySegment memory;

        Side(String name, MemorySegment memory) {
            this.name = name;
            this.memory = memory;
        }

        void receive(StreamSocket socket, IoThread io) {
            io.buffer(0, memory.address(), 4096);
            assertThat(socket.receive(1, io)).isEqualTo(StreamSocket.PENDING);
        }

        void send(StreamSocket socket, int bytes, IoThread io) {
            io.buffer(0, memory.address(), bytes);
            assertThat(socket.send(1, io)).isEqualTo(StreamSocket.PENDING);
        }

        @Override
        public void connected(StreamSocket socket, int status, IoThread io) {
            told.add(name + " connected: " + status);
            MemorySegment.copy("hello".getBytes(StandardCharsets.US_ASCII), 0, memory, JAVA_BYTE, 0, 5);
            send(socket, 5, io);
        }

        @Override
        public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
            told.add(name + " sent: " + status + ", " + bytes);
            receive(socket, io);
        }

        @Override
        public void received(StreamSocket socket, int status, int bytes, IoThread io) {
            byte[] received = memory.asSlice(0, bytes).toArray(JAVA_BYTE);
            told.add(name + " received: " + status + ", " + new String(received, StandardCharsets.US_ASCII));
            if (bytes == 0 || name.equals("client")) {
                socket.close(Closing.FIN, io);
            } else {
                send(socket, bytes, io);
            }
        }

        @Override
        public void gone(StreamSocket socket, IoThread io) {
            told.add(name + " gone");
        }
    }

    @Test
    void aClientAndAServerInOneThread() throws Exception {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Win32 win32 = WindowsWin32.attach(); Arena arena = Arena.ofConfined()) {
            var serverEvents = new Side("server", arena.allocate(4096));
            var clientEvents = new Side("client", arena.allocate(4096));
            var io = new IoThread(win32);
            var domain = new IoDomain(DomainOptions.loop(), io);
            var listener = domain.listen(ListenerOptions.at(address), (socket, thread) -> {
                assertThat(socket.attach(serverEvents, 0, thread)).isZero();
                serverEvents.receive(socket, thread);
            }, io);
            listener.depth(8, io);
            var client = domain.open(Sockaddr.family(address.getAddress()), clientEvents, 0, io);
            assertThat(client.connect(listener.localAddress(), io)).isEqualTo(StreamSocket.PENDING);
            while (!told.contains("server gone")) {
                domain.dequeue(io, -1);
            }
            assertThat(domain.end(io, Duration.ofSeconds(10))).isZero();
        }
        assertThat(told.stream().filter(event -> event.startsWith("client"))).containsExactly("client connected: 0",
                "client sent: 0, 5", "client received: 0, hello", "client gone");
        assertThat(told.stream().filter(event -> event.startsWith("server"))).containsExactly(
                "server received: 0, hello", "server sent: 0, 5", "server received: 0, ", "server gone");
    }
}
