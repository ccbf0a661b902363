package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTCONN;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.port.IoThread;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a user may get wrong is refused where it is done, by a message that names it; nothing is posted. */
class MisuseTest {
    private static final SocketEvents EVENTS = new SocketEvents() {
        @Override
        public void received(StreamSocket socket, int status, int bytes, IoThread io) {
        }

        @Override
        public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
        }

        @Override
        public void gone(StreamSocket socket, IoThread io) {
        }
    };
    private static final OverlappedFile.Events FILE_EVENTS = (file, status, bytes, io) -> { };

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private IoDomain domain;

    @BeforeEach
    void makeDomain() throws Win32Exception {
        AtomicLong handles = new AtomicLong(100);
        system.answer("wsaSocket", a -> handles.getAndIncrement());
        system.answer("createFile", a -> handles.getAndIncrement());
        for (String call : List.of("setsockopt", "closesocket", "closeHandle", "getsockname", "getpeername")) {
            system.answer(call, a -> 0);
        }
        for (String call : List.of("wsaRecv", "wsaSend")) {
            system.answer(call, a -> WSA_IO_PENDING());
        }
        domain = new IoDomain(DomainOptions.loop().withMostSockets(10), io);
    }

    private StreamSocket open() throws Win32Exception {
        return domain.open(AF_INET(), EVENTS, 0, io);
    }

    private StreamSocket connected() throws Win32Exception {
        return domain.adopt(DetachedSocket.of(99, AF_INET()), EVENTS, 0, io);
    }

    private static void refused(Runnable mistake, Class<? extends Exception> type, String... named) {
        assertThatThrownBy(mistake::run).isInstanceOf(type).hasMessageContainingAll(named);
    }

    @Test
    void buffers() throws Win32Exception {
        StreamSocket socket = connected();
        refused(() -> io.buffer(64, 1, 1), IllegalArgumentException.class, "buffer 64");
        refused(() -> io.buffer(-1, 1, 1), IllegalArgumentException.class, "buffer -1");
        refused(() -> io.buffer(0, 1, -5), IllegalArgumentException.class, "-5 bytes");
        for (int count : new int[] {-1, 0, 65}) {
            refused(() -> socket.receive(count, io), IllegalArgumentException.class, count + " buffers");
            refused(() -> socket.send(count, io), IllegalArgumentException.class, count + " buffers");
        }
        assertThat(domain.pendingCount()).isZero();
        assertThat(socket.receive(1, io)).isEqualTo(StreamSocket.PENDING);
        refused(() -> socket.receive(1, io), IllegalStateException.class, "a second receive", "socket ");
        assertThat(socket.send(1, io)).isEqualTo(StreamSocket.PENDING);
        refused(() -> socket.send(1, io), IllegalStateException.class, "a second send", "socket ");
        assertThat(domain.pendingCount()).isEqualTo(2);
    }

    /** As Windows answers [doc], without a call. */
    @Test
    void sendingBeforeTheConnect() throws Win32Exception {
        StreamSocket socket = open();
        assertThat(socket.send(1, io)).isEqualTo(-WSAENOTCONN());
        assertThat(domain.pendingCount()).isZero();
    }

    @Test
    void attaching() throws Win32Exception {
        StreamSocket socket = open();
        refused(() -> socket.attach(EVENTS, 0, io), IllegalStateException.class, "attached before", "socket ");
        refused(() -> socket.detach(io), IllegalStateException.class, "cannot be detached", "socket ");
        socket.forgetEvents();
        refused(() -> socket.receive(1, io), IllegalStateException.class, "before it is attached", "socket ");
        refused(() -> socket.send(1, io), IllegalStateException.class, "before it is attached", "socket ");
        assertThat(domain.pendingCount()).isZero();
    }

    @Test
    void addresses() throws Win32Exception {
        StreamSocket socket = open();
        system.answer("bind", a -> 0);
        refused(() -> socket.connect(InetSocketAddress.createUnresolved("nowhere.example", 80), io),
                IllegalArgumentException.class, "nowhere.example", "not resolved");
        refused(() -> socket.connect(new InetSocketAddress(InetAddress.ofLiteral("::1"), 80), io),
                IllegalArgumentException.class, "IPv4 socket");
        refused(() -> openFamily(0), IllegalArgumentException.class, "family 0");
        assertThat(domain.pendingCount()).isZero();
    }

    private void openFamily(int family) {
        try {
            domain.open(family, EVENTS, 0, io);
        } catch (Win32Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void files() throws Win32Exception {
        OverlappedFile file = domain.openFile("a.txt", OverlappedFile.Access.READ, FILE_EVENTS, io);
        refused(() -> file.read(-1, 1, 1, io), IllegalArgumentException.class, "from -1", "a.txt");
        refused(() -> file.write(0, 1, -2, io), IllegalArgumentException.class, "-2 bytes", "a.txt");
        StreamSocket socket = open();
        refused(() -> socket.transmit(file, -1, 1, io), IllegalArgumentException.class, "from -1");
        refused(() -> socket.transmit(file, 0, 0, io), IllegalArgumentException.class, "0 bytes");
        refused(() -> socket.transmit(file, 0, 1, 8, -1, io), IllegalArgumentException.class, "behind -1");
        refused(() -> socket.transmit(file, 0, IoThread.MOST_TRANSMIT_BYTES, 8, 1, io),
                IllegalArgumentException.class, "behind 1");
        assertThat(domain.pendingCount()).isZero();
    }

    @Test
    void dequeuingInAnEvent() throws Exception {
        StringBuilder seen = new StringBuilder();
        IoDomain[] made = new IoDomain[1];
        made[0] = new IoDomain(DomainOptions.loop().withMostSockets(10), (key, bytes, on) -> {
            refused(() -> dequeue(made[0], on), IllegalStateException.class, "inside of a dequeue");
            refused(() -> made[0].end(on, Duration.ZERO), IllegalStateException.class, "in an event");
            seen.append(key);
        }, io);
        for (int key = 1; key <= 3; key++) {
            system.packet(key, 0, 0);
        }
        made[0].dequeue(io, 0);
        assertThat(seen).hasToString("123");
    }

    /** They come behind the packets, and are of the dequeue all the same. */
    @Test
    void dequeuingInADeadlineOrInWhatAnotherThreadHasTold() throws Exception {
        StringBuilder seen = new StringBuilder();
        new Deadline(domain.timers()) {
            @Override
            protected void expired(IoThread on) {
                refusesInDequeue(on);
                seen.append("deadline ");
            }
        }.arm(io.nowNanos());
        StreamSocket socket = domain.open(AF_INET(), new SocketEvents() {
            @Override
            public void received(StreamSocket of, int status, int bytes, IoThread on) {
                throw new AssertionError();
            }

            @Override
            public void sent(StreamSocket of, int status, int bytes, IoThread on) {
                throw new AssertionError();
            }

            @Override
            public void gone(StreamSocket of, IoThread on) {
                refusesInDequeue(on);
                seen.append("gone ");
            }
        }, 0, io);
        system.answer("postQueuedCompletionStatus", a -> 0); // the packet comes later
        CompletableFuture.runAsync(() -> socket.close(Closing.RST, new IoThread(system.win32()))).join();
        system.answer("nanoTime", a -> System.nanoTime() + 10_000_000_000L);
        io.refreshNow();
        domain.dequeue(io, 0);
        assertThat(seen).hasToString("deadline gone ");
        assertThat(io.isDequeuing()).isFalse();
    }

    private void refusesInDequeue(IoThread on) {
        assertThat(on.isDequeuing()).isTrue();
        refused(() -> dequeue(domain, on), IllegalStateException.class, "inside of a dequeue");
        refused(() -> domain.end(on, Duration.ZERO), IllegalStateException.class, "in an event");
    }

    /** Of a thread that ends since the port is lost. */
    @Test
    void dequeuingInWhatRunsWithoutThePort() {
        StringBuilder seen = new StringBuilder();
        io.defer(on -> {
            assertThat(on.isDequeuing()).isTrue();
            refused(() -> dequeue(domain, on), IllegalStateException.class, "inside of a dequeue");
            refused(() -> domain.runQueued(on), IllegalStateException.class, "runQueued inside of a dequeue");
            refused(() -> domain.end(on, Duration.ZERO), IllegalStateException.class, "in an event");
            seen.append("ran");
        });
        domain.runQueued(io);
        io.throwFailure();
        assertThat(seen).hasToString("ran");
        assertThat(io.isDequeuing()).isFalse();
    }

    private static void dequeue(IoDomain domain, IoThread io) {
        try {
            domain.dequeue(io, 0);
        } catch (Win32Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theEnd() {
        assertThat(domain.end(io, Duration.ofSeconds(1))).isZero();
        refused(() -> domain.end(io, Duration.ofSeconds(1)), IllegalStateException.class, "has ended");
        assertThatThrownBy(this::open).isInstanceOf(Win32Exception.class).hasMessageContaining("has ended");
    }

    /** Of a thread that goes on, nothing of the domain that it has ended is told by the next one. */
    @Test
    void whatTheEndRunsAndThrowsIsToldToNobodyLater() throws Win32Exception {
        StringBuilder seen = new StringBuilder();
        system.answer("postQueuedCompletionStatus", a -> ERROR_INVALID_HANDLE());
        assertThat(domain.wake(system.win32())).isEqualTo(ERROR_INVALID_HANDLE()); // the port is lost
        for (int i = 0; i < 2; i++) {
            io.defer(on -> {
                seen.append("ran ");
                throw new IllegalArgumentException("thrown by a task");
            });
        }
        assertThat(domain.end(io, Duration.ofSeconds(1))).isZero();
        assertThat(seen).hasToString("ran ran ");
        io.throwFailure();
    }

    @Test
    void anEndMayTakeForEver() {
        assertThat(domain.end(io, Duration.ofSeconds(Long.MAX_VALUE))).isZero();
    }

    @Test
    void anEndMayTakeNoTime() {
        assertThat(domain.end(io, Duration.ofSeconds(Long.MIN_VALUE))).isZero();
    }

    @Test
    void options() {
        DomainOptions loop = DomainOptions.loop();
        refused(() -> loop.withReturnsDone(true), IllegalArgumentException.class, "loop");
        refused(() -> loop.withMostSockets(0), IllegalArgumentException.class, "0 sockets");
        refused(() -> loop.withDelivery(null), NullPointerException.class, "delivery");
        refused(() -> loop.withReuse(DisconnectMethod.DISCONNECT_EX, -1), IllegalArgumentException.class, "-1 to -1");
        refused(() -> loop.withReuse(DisconnectMethod.DISCONNECT_EX, 2, 1), IllegalArgumentException.class, "2 to 1");
        refused(() -> new SocketPool(2, 1), IllegalArgumentException.class, "2 sockets at least, 1 at most");
        refused(() -> new DomainOptions(DomainOptions.Threads.POOL, -1, 1, Delivery.PACKET, false,
                DisconnectMethod.CLOSE, 0, 0, FreeList.Order.LIFO, Duration.ZERO, null), IllegalArgumentException.class,
                "concurrency -1");
        for (Duration time : new Duration[] {Duration.ofNanos(-1), Duration.ofHours(24).plusNanos(1),
            Duration.ofSeconds(Long.MAX_VALUE)}) {
            refused(() -> new DomainOptions(DomainOptions.Threads.POOL, 0, 1, Delivery.PACKET, false,
                    DisconnectMethod.CLOSE, 0, 0, FreeList.Order.LIFO, time, null), IllegalArgumentException.class,
                    "disconnectTime is " + time + "; it can be 0 to 24 h");
        }
        refused(() -> ListenerOptions.at(null), NullPointerException.class, "address");
        refused(() -> new ListenerOptions(new InetSocketAddress(0), -5, false, false,
                OptionalInt.empty(), OptionalInt.empty()),
                IllegalArgumentException.class, "backlog of -5");
    }
}
