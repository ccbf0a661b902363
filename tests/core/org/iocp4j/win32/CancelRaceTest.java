package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_RELEASE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;
import static org.iocp4j.win32.generated.WinTypes.PAGE_READWRITE;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_SNDBUF;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntSupplier;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.server.Background;
import org.iocp4j.win32.RealPort.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Operations that are cancelled, or whose socket is closed, while the system is at work on them. Wine does that work in
 * the thread that has posted the operation, when it can be interrupted, and by the handle's number: stock Wine 8.0 also
 * if the number is another socket's by then, and if there is nothing to do for now, the operation is lost.
 */
@NeedsCompletionPorts
@Timeout(120)
class CancelRaceTest {
    /** So long takes their release, in which Wine interrupts no thread: some 10 ms. */
    private static final long HELD_BYTES = 128L << 20;
    /** The buffers of a connection's ends hold little, so that it is soon full, and soon has room. */
    private static final int LITTLE = 64 << 10;
    private static final byte[] OWN = {1, 2, 3, 4, 5};
    private static final byte[] OTHERS = {77, 77, 77};

    private final RealPort port = new RealPort();
    private final Win32 win32 = port.win32;
    private final MemorySegment operation = port.operation();
    private final CountDownLatch busy = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private ServerSocket server;
    private long socket;
    private Socket peer;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket();
        server.setReceiveBufferSize(LITTLE);
        server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
        socket = connected();
        peer = server.accept();
        MemorySegment bytes = port.arena.allocateFrom(JAVA_INT, LITTLE);
        assertThat(win32.setsockopt(socket, SOL_SOCKET(), SO_SNDBUF(), bytes.address(), Integer.BYTES)).isZero();
    }

    @AfterEach
    void close() throws IOException {
        peer.close();
        server.close();
        port.close();
    }

    private long connected() {
        return port.connected(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReceiveOfAClosedSocketEndsAndTakesNothingFromAnother(boolean otherHasBytes) throws Exception {
        long other = connected();
        try (Socket othersPeer = server.accept()) {
            if (otherHasBytes) {
                othersPeer.getOutputStream().write(OTHERS);
            }
            MemorySegment buffer = port.arena.allocate(100);
            CompletableFuture<Void> poster = poster(() -> port.wsaRecv(socket, operation, buffer));
            peer.getOutputStream().write(OWN);
            win32.cancelIoEx(socket, 0);
            port.closesocket(socket);
            long second = win32.duplicateHandle(other); // most likely by the same number
            Outcome outcome = port.outcome(operation);
            if (outcome.status() >= 0) {
                assertThat(outcome).isEqualTo(Outcome.success(OWN.length));
                assertThat(buffer.asSlice(0, OWN.length).toArray(JAVA_BYTE)).isEqualTo(OWN);
            }
            end.countDown();
            poster.get();
            win32.closesocket(second);
        }
    }

    @Test
    void aSendThatIsGoingOnEndsWhenItIsCancelled() throws Exception {
        MemorySegment buffer = port.arena.allocate(20_000_000);
        MemorySegment array = port.buffers(buffer);
        CompletableFuture<Void> poster = poster(
                () -> win32.wsaSend(socket, array.address(), 1, 0, operation.address()));
        assertThat(peer.getInputStream().readNBytes(LITTLE)).hasSize(LITTLE); // room for the next part
        win32.cancelIoEx(socket, operation.address());
        assertThat(port.outcome(operation).bytes()).isLessThan(buffer.byteSize());
        end.countDown();
        poster.get();
    }

    /** Returns when a new thread has posted the operation and is busy; it lives on until the end is told. */
    private CompletableFuture<Void> poster(IntSupplier post) throws InterruptedException {
        CompletableFuture<Void> poster = Background.run(() -> {
            try (Win32 mine = WindowsWin32.attach()) {
                long held = mine.virtualAlloc(0, HELD_BYTES, MEM_RESERVE() | MEM_COMMIT(), PAGE_READWRITE());
                assertThat(held).isPositive();
                MemorySegment.ofAddress(held).reinterpret(HELD_BYTES).fill((byte) 1);
                assertThat(post.getAsInt()).isIn(0, WSA_IO_PENDING());
                busy.countDown();
                assertThat(mine.virtualFree(held, 0, MEM_RELEASE())).isZero();
                end.await();
            }
        });
        poster.whenComplete((nothing, failure) -> busy.countDown());
        busy.await();
        return poster;
    }
}
