package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NO_SYSTEM_RESOURCES;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.port.IoThread;
import org.iocp4j.races.Race;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls to Windows that throw, or are overtaken by other threads, cost no event, no slot and no accept. */
@Timeout(60)
class CallsThatThrowTest {
    private static final InetSocketAddress PEER = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);

    private final HeapWin32 system = new HeapWin32();
    private final AtomicLong handles = new AtomicLong(100);
    private final List<Long> closed = Collections.synchronizedList(new ArrayList<>());
    /** The OVERLAPPEDs of pending accepts. */
    private final List<Long> accepts = Collections.synchronizedList(new ArrayList<>());
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());
    private final IoThread io;

    private final SocketEvents events = new SocketEvents() {
        @Override
        public void connected(StreamSocket socket, int status, IoThread on) {
            told.add(status < 0 ? "connect failed" : "connected");
        }

        @Override
        public void received(StreamSocket socket, int status, int bytes, IoThread on) {
            told.add("received");
        }

        @Override
        public void sent(StreamSocket socket, int status, int bytes, IoThread on) {
            told.add("sent");
        }

        @Override
        public void gone(StreamSocket socket, IoThread on) {
            told.add("gone");
        }
    };

    CallsThatThrowTest() {
        system.answer("wsaSocket", a -> handles.getAndIncrement());
        for (String call : List.of("setsockopt", "bind", "listen", "getsockname", "getpeername", "closeHandle",
                "setFileCompletionNotificationModes")) {
            system.answer(call, a -> 0);
        }
        system.answer("getsockname", a -> {
            MemorySegment.ofAddress((long) a[1]).reinterpret(16).set(JAVA_SHORT, 0, (short) AF_INET());
            return 0;
        });
        system.answer("rtlNtStatusToDosError", a -> 995);
        system.answer("connectEx", a -> WSA_IO_PENDING());
        system.answer("cancelIoEx", a -> {
            synchronized (accepts) { // or one that another thread posts in between is never completed
                accepts.forEach(overlapped -> complete(overlapped, STATUS_CANCELLED()));
                accepts.clear();
            }
            return ERROR_NOT_FOUND();
        });
        system.answer("closesocket", a -> {
            closed.add((long) a[0]);
            return 0;
        });
        system.answer("acceptEx", a -> {
            accepts.add((long) a[a.length - 1]);
            return WSA_IO_PENDING();
        });
        system.answer("getAcceptExSockaddrs", a -> {
            pointer((long) a[4], (long) a[0]);
            pointer((long) a[6], (long) a[0] + AddressBlock.ADDRESS_BYTES);
            return null;
        });
        system.answer("postQueuedCompletionStatus", a -> {
            system.packet((long) a[2], 0, (int) a[1]);
            return 0;
        });
        io = new IoThread(system.win32());
    }

    private static void pointer(long at, long value) {
        MemorySegment.ofAddress(at).reinterpret(Long.BYTES).set(JAVA_LONG, 0, value);
    }

    private void complete(long overlapped, int status) {
        MemorySegment.ofAddress(overlapped).reinterpret(Integer.BYTES).set(JAVA_INT, 0, status);
        system.packet(0, overlapped, 0);
    }

    /** The call throws the next time; after that it answers. */
    private void throwOnce(String call, HeapWin32.Answer later) {
        system.answer(call, a -> {
            system.answer(call, later);
            throw new IllegalStateException(call + " throws");
        });
    }

    private IoDomain domain(DomainOptions options) throws Exception {
        return new IoDomain(options.withMostSockets(8), (key, bytes, on) -> { }, io);
    }

    private static void assertEndsWithoutAWait(IoDomain domain, IoThread io) {
        assertThat(domain.handles).as("sockets, listeners and files that are not gone").hasValue(0);
        assertThat(domain.end(io, Duration.ZERO)).isZero();
    }

    /** On Windows closesocket fails with 10035 then [doc]; Wine's closes the socket. */
    @Test
    void closesANonBlockingSocketThatLingers() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        AtomicBoolean waits = new AtomicBoolean(true);
        system.answer("ioctlsocket", a -> {
            waits.set(MemorySegment.ofAddress((long) a[2]).reinterpret(Integer.BYTES).get(JAVA_INT, 0) == 0);
            return 0;
        });
        system.answer("recv", a -> -WSAEWOULDBLOCK());
        system.answer("closesocket", a -> {
            if (!waits.get()) {
                return WSAEWOULDBLOCK();
            }
            closed.add((long) a[0]);
            return 0;
        });
        StreamSocket socket = domain.open(AF_INET(), events, 0, io);
        assertThat(socket.tryReceive(1, 1, io)).isEqualTo(-WSAEWOULDBLOCK());
        long handle = socket.handle();

        socket.close(Closing.FIN, io);

        assertThat(closed).containsExactly(handle);
        domain.dequeue(io, 0);
        assertEndsWithoutAWait(domain, io);
    }

    @Test
    void wakesAfterAPostHasThrown() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        throwOnce("postQueuedCompletionStatus", a -> {
            told.add("posted");
            return 0;
        });

        assertThatThrownBy(() -> domain.wake(system.win32())).hasMessageContaining("throws");
        assertThat(domain.wake(system.win32())).isZero();

        assertThat(told).containsExactly("posted");
    }

    /** It would rely on the packet of the first, which does not come. */
    @Test
    void aSecondWakeUpIsNotToldThatAFirstIsOnItsWayBeforeItIs() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        HeapWin32.Answer posts = a -> {
            system.packet((long) a[2], 0, (int) a[1]);
            return 0;
        };
        List<Integer> second = new ArrayList<>();
        system.answer("postQueuedCompletionStatus", a -> {
            system.answer("postQueuedCompletionStatus", posts);
            second.add(CompletableFuture.supplyAsync(() -> domain.wake(system.win32())).join());
            return ERROR_NO_SYSTEM_RESOURCES();
        });

        assertThat(domain.wake(system.win32())).isEqualTo(ERROR_NO_SYSTEM_RESOURCES());

        assertThat(second).containsExactly(0);
        assertThat(system.hasPackets()).as("what the second was told").isTrue();
        domain.dequeue(io, 0);
        assertThat(domain.isWoken()).isFalse();
        assertThat(domain.wake(system.win32())).as("the next one").isZero();
        assertThat(system.hasPackets()).isTrue();
    }

    @Test
    void tellsOfAConnectWhoseContextCannotBeUpdated() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        AtomicLong connect = new AtomicLong();
        system.answer("connectEx", a -> {
            connect.set((long) a[a.length - 1]);
            return WSA_IO_PENDING();
        });
        StreamSocket socket = domain.open(AF_INET(), events, 0, io);
        assertThat(socket.connect(PEER, io)).isEqualTo(StreamSocket.PENDING);
        complete(connect.get(), 0);
        throwOnce("setsockopt", a -> 0);

        assertThatThrownBy(() -> domain.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);

        assertThat(told).containsExactly("connect failed");
    }

    @Test
    void closesASocketWhoseConnectWasDoneAndThenThrew() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withDelivery(Delivery.RETURN).withReturnsDone(true));
        system.answer("connectEx", a -> 0);
        StreamSocket socket = domain.open(AF_INET(), events, 0, io);
        throwOnce("setsockopt", a -> 0);

        assertThatThrownBy(() -> socket.connect(PEER, io)).hasMessageContaining("throws");
        socket.close(Closing.FIN, io);
        domain.dequeue(io, 0);

        assertThat(closed).containsExactly(socket.handle());
        assertThat(told).containsExactly("gone");
        assertEndsWithoutAWait(domain, io);
    }

    @Test
    void keepsNothingOfASocketThatCouldNotBeOpened() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        throwOnce("createIoCompletionPort", a -> HeapWin32.PORT);

        assertThatThrownBy(() -> domain.open(AF_INET(), events, 0, io)).hasMessageContaining("throws");
        domain.dequeue(io, 0);

        assertThat(closed).containsExactly(100L);
        assertThat(told).isEmpty();
        assertEndsWithoutAWait(domain, io);
    }

    @Test
    void leavesTheHandleToTheCallerIfItCouldNotBeAdopted() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        throwOnce("getpeername", a -> 0);

        assertThatThrownBy(() -> domain.adopt(DetachedSocket.of(55, AF_INET()), events, 0, io))
                .hasMessageContaining("throws");
        domain.dequeue(io, 0);

        assertThat(domain.socketAt(0)).as("the slot's connection").isNull();
        assertEndsWithoutAWait(domain, io);
        assertThat(closed).isEmpty();
    }

    @Test
    void closesAFileThatThePortDoesNotTake() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        system.answer("createFile", a -> 77L);
        system.answer("closeHandle", a -> {
            closed.add((long) a[0]);
            return 0;
        });
        throwOnce("createIoCompletionPort", a -> HeapWin32.PORT);

        assertThatThrownBy(() -> domain.openFile("a file", OverlappedFile.Access.READ,
                (file, status, bytes, on) -> { }, io)).hasMessageContaining("throws");

        assertThat(closed).containsExactly(77L);
        assertEndsWithoutAWait(domain, io);
    }

    @Test
    void postsTheAcceptLaterIfASocketForItCouldNotBeMade() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        StreamListener listener = listen(domain, (socket, on) -> { });
        throwOnce("wsaSocket", a -> handles.getAndIncrement());

        assertThatThrownBy(() -> listener.depth(1, io)).hasMessageContaining("throws");
        awaitAccept(domain, listener);
        listener.close(io);
        domain.end(io, Duration.ofSeconds(10));
    }

    /** AcceptEx says the same of a socket whose handle somebody else has closed as a closed listener does. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4})
    void acceptsOnAfterSocketsThatAreNone(int dead) throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        StreamListener listener = listen(domain, (socket, on) -> { });
        AtomicInteger left = new AtomicInteger(dead);
        system.answer("acceptEx", a -> left.getAndDecrement() > 0 ? WSAENOTSOCK() : WSA_IO_PENDING());

        listener.depth(1, io);
        awaitAccept(domain, listener);
        assertThat(listener.refusals()).isEqualTo(dead);
    }

    /** Its addresses are the only ones that there is memory for. */
    @Test
    void postsTheAcceptInPlaceOfOneWhoseContextCannotBeUpdated() throws Exception {
        IoDomain domain = new IoDomain(DomainOptions.loop().withMostSockets(1), (key, bytes, on) -> { }, io);
        StreamListener listener = listen(domain, (socket, on) -> told.add("accepted"));
        listener.depth(1, io);
        system.answer("setsockopt", a -> {
            system.answer("setsockopt", again -> 0);
            return WSAENOBUFS();
        });

        complete(accepts.removeFirst(), 0);
        domain.dequeue(io, 0);

        assertThat(listener.acceptsPosted()).isEqualTo(1);
        assertThat(listener.refusals()).isLessThanOrEqualTo(1);
        complete(accepts.removeFirst(), 0);
        domain.dequeue(io, 0);
        assertThat(told).containsExactly("accepted");
    }

    private void awaitAccept(IoDomain domain, StreamListener listener) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (listener.acceptsPosted() == 0 && System.nanoTime() - until < 0) {
            domain.dequeue(io, 0);
        }

        assertThat(listener.acceptsPosted()).isEqualTo(1);
    }

    private StreamListener listen(IoDomain domain, StreamListener.Accepted receiver) throws Exception {
        ListenerOptions options = new ListenerOptions(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 5,
                false, false, OptionalInt.empty(), OptionalInt.empty());
        return domain.listen(options, receiver, io);
    }

    /** The first commit is for the slot's operations, the second for the addresses of its accept. */
    @Test
    void anAcceptWithoutMemoryForItsAddressesKeepsNoSocket() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        StreamListener listener = listen(domain, (socket, on) -> { });
        List<Long> commits = new ArrayList<>();
        system.answer("virtualAlloc", a -> {
            commits.add((long) a[0]);
            if (commits.size() == 2) {
                throw new IllegalStateException("virtualAlloc throws");
            }
            return (long) a[0];
        });
        long next = handles.get();

        assertThatThrownBy(() -> listener.accept(io)).hasMessageContaining("throws");

        assertThat(closed).containsExactly(next);
        assertThat(accepts).isEmpty();
        assertThat(listener.accept(io)).as("the next").isZero();
    }

    /** Otherwise the object could serve the next connection by then, which the listener would reset. */
    @Test
    void tellsThatAConnectionIsGoneAfterItsReceiverHasReturned() throws Exception {
        IoDomain domain = domain(DomainOptions.pool());
        StreamListener listener = listen(domain, (socket, on) -> {
            assertThat(socket.attach(events, 0, on)).isZero();
            CompletableFuture.runAsync(() -> { // another thread of the pool ends it
                IoThread other = new IoThread(system.win32());
                socket.close(Closing.RST, other);
                assertThatCode(() -> domain.dequeue(other, 0)).doesNotThrowAnyException();
            }).join();
            told.add("accepted");
        });
        listener.depth(1, io);
        long overlapped = accepts.removeFirst();
        complete(overlapped, 0);

        domain.dequeue(io, 0);
        domain.dequeue(io, 0);

        assertThat(told).containsExactly("accepted", "gone");
        listener.close(io);
        assertThat(domain.end(io, Duration.ofSeconds(10))).isZero();
    }

    /** A connection that has its events. */
    private StreamSocket accepted(IoDomain domain) throws Exception {
        CompletableFuture<StreamSocket> connection = new CompletableFuture<>();
        StreamListener listener = listen(domain, (socket, on) -> {
            assertThat(socket.attach(events, 0, on)).isZero();
            connection.complete(socket);
        });
        listener.depth(1, io);
        complete(accepts.removeFirst(), 0);
        domain.dequeue(io, 0);
        return connection.join();
    }

    @Test
    void doesNotCloseTheHandleUnderItsDisconnectAtTheEnd() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        StreamSocket socket = accepted(domain);
        long handle = socket.handle();
        CountDownLatch inDisconnect = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        system.answer("disconnectEx", a -> {
            inDisconnect.countDown();
            awaitQuietly(ended);
            told.add(closed.contains(handle) ? "closed under a call" : "disconnecting");
            complete((long) a[1], STATUS_CANCELLED());
            return WSA_IO_PENDING();
        });
        CompletableFuture<Void> closer = CompletableFuture.runAsync(() ->
                socket.close(Closing.REUSE, new IoThread(system.win32())));
        assertThat(inDisconnect.await(20, TimeUnit.SECONDS)).isTrue();
        system.answer("nanoTime", a -> {
            if (domain.isEnding() && domain.disconnecting() == 0) {
                ended.countDown(); // the end has given it up, and dequeues
            }
            return System.nanoTime();
        });

        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
        closer.join();

        assertThat(told).containsExactly("disconnecting", "gone");
        assertThat(closed).containsOnlyOnce(handle);
        assertThat(domain.disconnectTimeouts()).isZero();
    }

    /** The end's thread looks for disconnects when the closer has seen that the domain is open, and posts none yet. */
    @Test
    void postsNoDisconnectThatTheEndHasMissed() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        StreamSocket socket = accepted(domain);
        long handle = socket.handle();
        CountDownLatch inClose = new CountDownLatch(1);
        CountDownLatch ending = new CountDownLatch(1);
        IoThread closers = new IoThread(system.win32());
        Thread closer = new Thread(() -> socket.close(Closing.REUSE, closers));
        system.answer("nanoTime", a -> {
            if (Thread.currentThread() == closer && inClose.getCount() > 0) {
                inClose.countDown();
                awaitQuietly(ending);
            } else if (domain.isEnding()) {
                ending.countDown(); // the end awaits its last packets
            }
            return System.nanoTime();
        });
        system.answer("disconnectEx", a -> WSA_IO_PENDING()); // and its packet never comes
        closer.start();
        assertThat(inClose.await(20, TimeUnit.SECONDS)).isTrue();

        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
        closer.join();

        assertThat(told).containsExactly("gone");
        assertThat(closed).containsOnlyOnce(handle);
    }

    /** As a thread does that has not dequeued before. */
    private void dequeueElsewhere(IoDomain domain) {
        try {
            domain.dequeue(new IoThread(system.win32()), 0);
        } catch (Win32Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The packet is dequeued before the call that posted it has returned. */
    @Test
    void doesNotCloseTheHandleUnderTheCallOfADisconnectThatFails() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        StreamSocket socket = accepted(domain);
        long handle = socket.handle();
        system.answer("disconnectEx", a -> {
            complete((long) a[1], STATUS_CANCELLED());
            CompletableFuture.runAsync(() -> dequeueElsewhere(domain)).join();
            told.add(closed.contains(handle) ? "closed under a call" : "disconnecting");
            return WSA_IO_PENDING();
        });

        socket.close(Closing.REUSE, io);
        domain.dequeue(io, 0);

        assertThat(told).containsExactly("disconnecting", "gone");
        assertThat(closed).containsOnlyOnce(handle);
        assertThat(domain.disconnectFailures()).isOne();
        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
    }

    /** Whoever dequeues its packet is held up meanwhile. */
    @Test
    void aDisconnectThatFailsInItsCallLosesNoSlot() throws Exception {
        CallsThatThrowTest calm = new CallsThatThrowTest();
        IoDomain other = calm.domain(DomainOptions.pool());
        calm.accepted(other).close(Closing.RST, calm.io);
        other.dequeue(calm.io, 0);
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        StreamSocket socket = accepted(domain);
        CountDownLatch inPacket = new CountDownLatch(1);
        CountDownLatch isGone = new CountDownLatch(1);
        system.answer("rtlNtStatusToDosError", a -> {
            inPacket.countDown();
            awaitQuietly(isGone);
            return 995;
        });
        List<CompletableFuture<Void>> others = new ArrayList<>();
        system.answer("disconnectEx", a -> {
            complete((long) a[1], STATUS_CANCELLED());
            others.add(CompletableFuture.runAsync(() -> dequeueElsewhere(domain)));
            awaitQuietly(inPacket);
            return WSA_IO_PENDING();
        });
        socket.close(Closing.REUSE, io);
        domain.dequeue(io, 0);
        assertThat(told).containsExactly("gone");
        isGone.countDown();
        others.getFirst().join();
        assertThat(room(domain)).isEqualTo(calm.room(other)).isPositive();
    }

    /** How many sockets a domain can have besides those that it has. */
    private int room(IoDomain domain) {
        for (int sockets = 0;; sockets++) {
            try {
                domain.open(AF_INET(), events, 0, io);
            } catch (Win32Exception e) {
                return sockets;
            }
        }
    }

    /** A connection whose last send has completed, and nobody has dequeued its packet. */
    private static final class Sending {
        private final CallsThatThrowTest bed = new CallsThatThrowTest();
        private final AtomicLong disconnecting = new AtomicLong();
        private final IoDomain domain;
        private final StreamSocket socket;

        Sending() {
            bed.system.answer("wsaSend", a -> {
                bed.complete((long) a[4], 0);
                return WSA_IO_PENDING();
            });
            bed.system.answer("disconnectEx", a -> {
                disconnecting.set((long) a[1]);
                return WSA_IO_PENDING();
            });
            try {
                domain = bed.domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
                socket = bed.accepted(domain);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            assertThat(socket.send(1, bed.io)).isEqualTo(StreamSocket.PENDING);
        }

        private void dequeue() {
            bed.dequeueElsewhere(domain);
        }

        private void close() {
            socket.close(Closing.REUSE, new IoThread(bed.system.win32()));
        }

        private void check() {
            dequeue();
            if (disconnecting.get() != 0) {
                bed.complete(disconnecting.get(), 0);
                dequeue();
            }
            assertThat(bed.told).containsExactly("sent", "gone");
            assertThat(domain.end(bed.io, Duration.ofSeconds(20))).isZero();
        }
    }

    /** The close may begin when the operation is free again, and its event not told yet. */
    @Test
    void aCloseThatMeetsTheLastSendLosesNoEvent() throws Exception {
        Race.run(40, 250, Sending::new, Sending::check, Sending::dequeue, Sending::close);
    }

    /** Its options would be the next connection's. */
    @Test
    void aSocketWhoseOptionsWereChangedBeforeItCameIsNotUsedAgain() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        CompletableFuture<StreamSocket> connection = new CompletableFuture<>();
        StreamListener listener = listen(domain, (socket, on) -> {
            assertThat(socket.setOption(SOL_SOCKET(), SO_KEEPALIVE(), 1, on)).isZero();
            try {
                connection.complete(domain.adopt(socket.detach(on), events, 0, on));
            } catch (Win32Exception e) {
                throw new AssertionError(e);
            }
        });
        listener.depth(1, io);
        complete(accepts.removeFirst(), 0);
        domain.dequeue(io, 0);
        long handle = connection.join().handle();

        connection.join().close(Closing.REUSE, io);
        domain.dequeue(io, 0);

        assertThat(closed).containsExactly(handle);
        assertThat(told).containsExactly("gone");
    }

    @Test
    void closesASocketWhoseDisconnectCannotBeLimited() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        StreamSocket socket = accepted(domain);
        long handle = socket.handle();
        throwOnce("nanoTime", a -> System.nanoTime());

        socket.close(Closing.REUSE, io);

        assertThat(closed).containsExactly(handle);
        assertThatThrownBy(() -> domain.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);
        assertThat(told).containsExactly("gone");
        assertThat(domain.disconnecting()).isZero();
    }

    /** A list cannot be made to grow without memory, so this one only says so, once. */
    private static void hasNoMemoryOnce(FreeSockets<?> sockets) throws ReflectiveOperationException {
        Object list = field(sockets, "free").get(sockets);
        field(list, "items").set(list, new ArrayDeque<>() {
            private boolean hasThrown;

            @Override
            public void addLast(Object socket) {
                if (!hasThrown) {
                    hasThrown = true;
                    throw new OutOfMemoryError("a test's");
                }
                super.addLast(socket);
            }
        });
    }

    private static Field field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private void completeDisconnects() {
        system.answer("disconnectEx", a -> {
            complete((long) a[1], 0);
            return WSA_IO_PENDING();
        });
    }

    /** Of the eight slots, one has the listener's next accept. */
    private void assertClosedWhereItCannotBeKept(IoDomain domain, FreeSockets<?> list) throws Exception {
        completeDisconnects();
        StreamSocket socket = accepted(domain);
        long handle = socket.handle();
        hasNoMemoryOnce(list);

        socket.close(Closing.REUSE, io);
        assertThatThrownBy(() -> domain.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);

        assertThat(told).containsExactly("gone");
        assertThat(closed).containsExactly(handle);
        assertThat(list.size()).isZero();
        assertThat(domain.open()).as("the one of the accept").isEqualTo(1);
        assertThat(room(domain)).isEqualTo(7);
        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
        assertThat(closed).containsOnlyOnce(handle);
    }

    @Test
    void closesADisconnectedSocketThatThereIsNoMemoryToKeep() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        FreeSockets<?> list = (FreeSockets<?>) field(domain.slots(), "freeV4").get(domain.slots());

        assertClosedWhereItCannotBeKept(domain, list);
    }

    @Test
    void closesADisconnectedSocketThatThereIsNoMemoryToShare() throws Exception {
        SocketPool pool = new SocketPool(4, 4);
        IoDomain domain = domain(DomainOptions.pool().withPool(DisconnectMethod.DISCONNECT_EX, pool));

        assertClosedWhereItCannotBeKept(domain, pool.of(AF_INET()));
    }

    @Test
    void closesASocketMadeInAdvanceThatThereIsNoMemoryToKeep() throws Exception {
        IoDomain domain = domain(DomainOptions.pool().withReuse(DisconnectMethod.DISCONNECT_EX, 4));
        hasNoMemoryOnce((FreeSockets<?>) field(domain.slots(), "freeV4").get(domain.slots()));

        assertThatThrownBy(() -> domain.prefill(AF_INET(), 2, io)).isInstanceOf(OutOfMemoryError.class);

        assertThat(closed).containsExactly(100L);
        assertThat(room(domain)).isEqualTo(8);
        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
    }

    /**
     * A domain with an open socket, and a vacant slot whose next connection cannot be made: its spare object is one
     * that serves already, which throws where a new one would for which there is no memory.
     */
    private IoDomain withoutMemoryForAConnection() throws Exception {
        IoDomain domain = domain(DomainOptions.loop());
        StreamSocket first = domain.open(AF_INET(), events, 0, io);
        StreamSocket other = domain.open(AF_INET(), events, 0, io);
        first.close(Closing.FIN, io);
        domain.dequeue(io, 0);
        SocketSlot vacant = domain.slots().at(0);
        assert vacant != null;
        vacant.recycle(other);
        closed.clear();
        return domain;
    }

    @Test
    void closesAHandleThatHasNoConnection() throws Exception {
        IoDomain domain = withoutMemoryForAConnection();
        long next = handles.get();

        assertThatThrownBy(() -> domain.open(AF_INET(), events, 0, io)).isInstanceOf(AssertionError.class);

        assertThat(closed).containsExactly(next);
        assertThat(domain.socketAt(0)).as("the slot's connection").isNull();
        assertThat(room(domain)).isEqualTo(7);
        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
        assertThat(closed).containsOnlyOnce(next);
    }

    @Test
    void leavesAHandleToTheCallerThatHasNoConnection() throws Exception {
        IoDomain domain = withoutMemoryForAConnection();

        assertThatThrownBy(() -> domain.adopt(DetachedSocket.of(55, AF_INET()), events, 0, io))
                .isInstanceOf(AssertionError.class);

        assertThat(room(domain)).isEqualTo(7);
        assertThat(domain.end(io, Duration.ofSeconds(20))).isZero();
        assertThat(closed).doesNotContain(55L);
    }

    @Test
    void replacesAFailedAcceptWhereThereIsOneSlot() throws Exception {
        IoDomain domain = new IoDomain(DomainOptions.pool().withMostSockets(1), (key, bytes, on) -> { }, io);
        StreamListener listener = listen(domain, (socket, on) -> told.add("accepted"));
        listener.depth(1, io);
        complete(accepts.removeFirst(), STATUS_CANCELLED());

        domain.dequeue(io, 0);

        assertThat(listener.acceptsPosted()).isEqualTo(1);
        assertThat(accepts).hasSize(1);
    }

    /** Bytes that Windows has not written where the addresses should be. */
    @Test
    void closesAConnectionWhoseAddressesCannotBeRead() throws Exception {
        IoDomain domain = domain(DomainOptions.pool());
        StreamListener listener = listen(domain, (socket, on) -> told.add("accepted"));
        system.answer("getAcceptExSockaddrs", a -> {
            pointer((long) a[4], 0);
            pointer((long) a[6], 0);
            return null;
        });
        listener.depth(1, io);
        complete(accepts.removeFirst(), 0);

        assertThatThrownBy(() -> domain.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);

        assertThat(closed).as("the connection's handle").hasSize(1);
        assertThat(told).isEmpty();
        assertThat(listener.close(io)).isTrue();
        domain.dequeue(io, 0);
        assertEndsWithoutAWait(domain, io);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void asksALostPortForNothingAtTheEnd() throws Exception {
        IoDomain domain = domain(DomainOptions.pool());
        StreamSocket socket = domain.open(AF_INET(), events, 0, io);
        system.answer("postQueuedCompletionStatus", a -> ERROR_INVALID_HANDLE());
        assertThat(domain.wake(system.win32())).isEqualTo(ERROR_INVALID_HANDLE());
        system.packet(5, 0, 0); // of another port that has got the number

        assertThat(domain.end(io, Duration.ofSeconds(5))).isZero();

        assertThat(domain.isPortLost()).isTrue();
        assertThat(closed).containsExactly(socket.handle());
        assertThat(told).as("told without a packet").containsExactly("gone");
        assertThat(system.hasPackets()).isTrue();
    }

    @Test
    void refusesOptionsThatCannotWork() {
        assertThatThrownBy(() -> DomainOptions.loop().withMostSockets(Integer.MAX_VALUE / 2))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("1073741823");
        assertThatThrownBy(() -> DomainOptions.loop().withReuse(DisconnectMethod.DISCONNECT_EX, -1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-1");
    }
}
