package example;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
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

/** A client and a server in one loop, which send a ball to and fro. */
public final class PingPong {
    /** Either of the two. */
    private record Player(String name, MemorySegment ball, int strokes) implements SocketEvents {
        @Override
        public void connected(StreamSocket socket, int status, IoThread io) {
            check("connect", status);
            strike(socket, io);
        }

        private void strike(StreamSocket socket, IoThread io) {
            System.out.println(name);
            ball.set(JAVA_INT, 0, ball.get(JAVA_INT, 0) + 1);
            io.buffer(0, ball.address(), Integer.BYTES);
            check("send", socket.send(1, io)); // the memory is Windows' until the event
        }

        @Override
        public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
            check("send", status);
            receive(socket, io);
        }

        private void receive(StreamSocket socket, IoThread io) {
            io.buffer(0, ball.address(), Integer.BYTES); // so few bytes come in one piece
            check("receive", socket.receive(1, io));
        }

        @Override
        public void received(StreamSocket socket, int status, int bytes, IoThread io) {
            if (status >= 0 && bytes > 0 && ball.get(JAVA_INT, 0) < strokes) {
                strike(socket, io);
            } else {
                socket.close(Closing.FIN, io);
            }
        }

        @Override
        public void gone(StreamSocket socket, IoThread io) {
            System.out.println(name + " goes home");
        }
    }

    public static void main(String[] args) throws IOException {
        try (Win32 win32 = WindowsWin32.attach(); Arena arena = Arena.ofConfined()) {
            var io = new IoThread(win32);
            var domain = new IoDomain(DomainOptions.loop(), io);
            var server = new Player("pong", arena.allocate(JAVA_INT), 4);
            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            var listener = domain.listen(ListenerOptions.at(address), (socket, thread) -> {
                check("attach", socket.attach(server, 0, thread));
                server.receive(socket, thread);
            }, io);
            check("accept", listener.accept(io));

            var client = new Player("ping", arena.allocate(JAVA_INT), 4);
            var socket = domain.open(Sockaddr.family(address.getAddress()), client, 0, io);
            check("connect", socket.connect(listener.localAddress(), io));
            while (!socket.isGone()) {
                domain.dequeue(io, -1);
            }
            domain.end(io, Duration.ofSeconds(10)); // the server's end, too: before the memory is released
        }
    }

    private static void check(String call, int outcome) {
        if (outcome < 0) {
            throw new IllegalStateException(call + ": error " + outcome);
        }
    }
}
