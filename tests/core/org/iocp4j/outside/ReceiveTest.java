package org.iocp4j.outside;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.Region;
import org.iocp4j.socket.Listener;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.PooledSocket;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the two package descriptions tell a user of port and socket to do, line by line. */
@NeedsCompletionPorts
@Timeout(60)
class ReceiveTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);

    private final InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private final Win32 win32 = WindowsWin32.attach();
    private final List<String> received = new ArrayList<>();
    private Region input;
    private IoThread io;
    private OperationSlab slab;
    private CompletionPort port;
    private SocketPool pool;
    private Listener listener;

    private final SocketEvents events = new SocketEvents() {
        @Override
        public void accepted(PooledSocket socket, int status, IoThread on) {
            listener.completed(socket, status, on);
        }

        @Override
        public void received(PooledSocket socket, long key, int status, int bytes, IoThread on) {
            ReceiveTest.this.received(status, bytes, input.memory());
        }

        @Override
        public void sent(PooledSocket socket, long key, int status, int bytes, IoThread on) {
            throw new AssertionError("nothing is sent");
        }

        @Override
        public void disconnected(PooledSocket socket, long key, int status, IoThread on) {
            throw new AssertionError("nothing is disconnected");
        }
    };

    @BeforeEach
    void makeInput() throws Exception {
        input = new Region(win32, "input", 4096);
        input.commit(win32, 4096);
    }

    private void received(int status, int bytes, MemorySegment memory) {
        String text = new String(memory.asSlice(0, bytes).toArray(JAVA_BYTE), StandardCharsets.US_ASCII);
        received.add(status + ": " + text);
    }

    private void listen(Listener.Accepted receiver) throws Exception {
        io = new IoThread(win32);
        slab = new OperationSlab(win32, 64 * SocketPool.OPERATIONS_PER_SOCKET);
        port = new CompletionPort(win32, 0, slab, (key, bytes, on) -> { });
        pool = new SocketPool(io, address.getAddress(), 16, 64, FreeList.Order.FIFO, slab, events);
        var options = new ListenerOptions(address, 8, false, false, OptionalInt.empty());
        listener = new Listener(io, options, port, pool, receiver);
        listener.replenish(io);
    }

    private Socket client() throws Exception {
        Socket client = new Socket(address.getAddress(), listener.localAddress().getPort());
        client.getOutputStream().write(HELLO);
        return client;
    }

    @AfterEach
    void end() throws Exception {
        listener.close(io);
        while (!listener.isClosed()) {
            port.dequeue(io, 100);
        }
        pool.closeAll(io);
        while (slab.pendingCount() > 0) {
            port.dequeue(io, 100);
        }
        port.close(win32);
        pool.release(win32);
        slab.release(win32);
        input.release(win32);
        win32.close();
    }

    @Test
    void acceptsAndReceives() throws Exception {
        long memory = input.address();
        listen((socket, on) -> {
            int refused = socket.associateOnce(port, 0, Delivery.PACKET, on);
            on.buffer(0, memory, 4096);
            int error = on.receive(socket.receive(), 1, socket.handle());
            assertThat(refused + error).isZero();
        });
        try (Socket client = client()) {
            while (received.isEmpty()) {
                port.dequeue(io, 100);
            }
            assertThat(client.isConnected()).isTrue();
        }
        assertThat(received).containsExactly("0: hello");
    }

    @Test
    void receivesOnASocketOfItsOwn() throws Exception {
        List<Long> handles = new ArrayList<>();
        listen((socket, on) -> handles.add(socket.handle()));
        try (Socket client = client()) {
            while (handles.isEmpty()) {
                port.dequeue(io, 100);
            }
            receiveOn(handles.getFirst());
            assertThat(client.isConnected()).isTrue();
        }
        assertThat(received).containsExactly("0: hello");
    }

    private void receiveOn(long socket) throws Exception {
        var io = new IoThread(win32);
        var slab = new OperationSlab(win32, 1);
        slab.commit(win32, 1);
        var port = new CompletionPort(win32, 0, slab, (key, bytes, on) -> { });
        int refused = port.associate(win32, socket, 0);
        var receive = slab.add((operation, key, status, bytes, on) -> received(status, bytes, input.memory()));
        io.buffer(0, input.address(), 4096);
        int error = io.receive(receive, 1, socket);
        port.dequeue(io, -1);
        assertThat(refused + error).isZero();
        assertThat(slab.pendingCount()).isZero();
        port.close(win32);
        slab.release(win32);
    }
}
