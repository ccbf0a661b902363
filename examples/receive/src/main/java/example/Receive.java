package example;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;

/** Accepts one connection on sockets of its own, and receives through a completion port what comes first. */
public final class Receive {
    private static final int ADDRESS_BYTES = Sockaddr.MAX_BYTES + 16; // what AcceptEx wants for each address

    public static void main(String[] args) throws IOException {
        try (Arena arena = Arena.ofShared(); Win32 win32 = WindowsWin32.attach()) {
            var io = new IoThread(win32);
            var data = arena.allocate(1024);
            var addresses = arena.allocate(2 * ADDRESS_BYTES, 8);
            var operations = new OperationSlab(win32, 2);
            operations.commit(win32, 2);
            var port = new CompletionPort(win32, 0, operations, (key, bytes, thread) -> { });

            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            int family = Sockaddr.family(address.getAddress());
            long listener = SocketPool.tcpSocket(family, win32);
            long socket = SocketPool.tcpSocket(family, win32);
            check("bind", win32.bind(listener, addresses.address(), Sockaddr.write(address, addresses)));
            check("listen", win32.listen(listener, 1));
            check("associate", port.associate(win32, listener, 1));
            check("associate", port.associate(win32, socket, 2));
            System.out.println("listening on " + localAddress(win32, listener, arena));

            var receive =
                    operations.add((operation, key, status, bytes, thread) -> System.out.println("received " + bytes
                    + " bytes: " + StandardCharsets.US_ASCII.decode(data.asSlice(0, bytes).asByteBuffer())));
            var accept = operations.add((operation, key, status, bytes, thread) -> {
                thread.buffer(0, data.address(), (int) data.byteSize());
                check("WSARecv", thread.receive(receive, 2, socket));
            });
            check("AcceptEx", io.accept(accept, 1, listener, socket, addresses.address(), ADDRESS_BYTES));
            for (int complete = 0; complete < 2;) {
                complete += port.dequeue(io, -1);
            }
            win32.closesocket(socket);
            win32.closesocket(listener);
            port.close(win32);
            operations.release(win32);
        }
    }

    private static InetSocketAddress localAddress(Win32 win32, long socket, Arena arena) {
        var sockaddr = arena.allocate(Sockaddr.MAX_BYTES + 8, 8);
        sockaddr.set(JAVA_INT, Sockaddr.MAX_BYTES, Sockaddr.MAX_BYTES);
        check("getsockname", win32.getsockname(socket, sockaddr.address(), sockaddr.address() + Sockaddr.MAX_BYTES));
        return Sockaddr.read(sockaddr, 0);
    }

    private static void check(String call, int error) {
        if (error != 0) {
            throw new IllegalStateException(call + ": error " + error);
        }
    }
}
