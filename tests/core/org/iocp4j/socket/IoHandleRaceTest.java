package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.port.IoThread;
import org.iocp4j.races.Race;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Few sockets, and threads that post, complete, call, close, wake and end at the same time. */
@Timeout(120)
class IoHandleRaceTest {
    private static final int ROWS = 5;
    private static final int LENGTH = 60;
    private static final int SOCKETS = 3;
    private static final int ROUNDS = 4;

    /** A pool's domain on a kernel that looks after its handles, with sockets that are open. */
    private static final class Shared {
        final HeapWin32 system = new HeapWin32();
        final Queue<String> violations = new ConcurrentLinkedQueue<>();
        /** The handles that are open, and how many calls are in progress with each. */
        final Map<Long, AtomicInteger> open = new ConcurrentHashMap<>();
        /** The handle of each pending operation, by its OVERLAPPED. */
        final Map<Long, Long> pending = new ConcurrentHashMap<>();
        final Set<Long> ports = ConcurrentHashMap.newKeySet();
        final IoThread io;
        final IoDomain domain;
        final List<StreamSocket> sockets = new ArrayList<>();
        final List<Told> told = new ArrayList<>();
        final AtomicInteger posted = new AtomicInteger();

        Shared() {
            ports.add(HeapWin32.PORT);
            AtomicLong handles = new AtomicLong(100);
            system.answer("wsaSocket", a -> {
                long handle = handles.getAndIncrement();
                open.put(handle, new AtomicInteger());
                return handle;
            });
            system.answer("setsockopt", a -> call((long) a[0], 0));
            system.answer("ioctlsocket", a -> call((long) a[0], 0));
            system.answer("recv", a -> call((long) a[0], -WSAEWOULDBLOCK()));
            system.answer("wsaRecv", a -> post((long) a[0], (long) a[4]));
            system.answer("wsaSend", a -> post((long) a[0], (long) a[4]));
            system.answer("cancelIoEx", a -> cancel((long) a[0], (long) a[1]));
            system.answer("closesocket", a -> close((long) a[0]));
            system.answer("postQueuedCompletionStatus", a -> postPacket((long) a[0], (int) a[1], (long) a[2]));
            system.answer("closeHandle", a -> {
                require(ports.remove((long) a[0]), "the port is closed twice");
                return 0;
            });
            try {
                io = new IoThread(system.win32());
                domain = new IoDomain(DomainOptions.pool().withMostSockets(SOCKETS), (key, bytes, on) -> { }, io);
                for (int i = 0; i < SOCKETS; i++) {
                    Told events = new Told(violations);
                    told.add(events);
                    sockets.add(domain.open(AF_INET(), events, 0, io));
                }
            } catch (Win32Exception e) {
                throw new AssertionError(e);
            }
        }

        // ---- the kernel ----

        private void require(boolean holds, String violation) {
            if (!holds) {
                violations.add(violation);
            }
        }

        private int call(long handle, int result) {
            AtomicInteger calls = open.get(handle);
            if (calls == null) {
                violations.add("a call with a closed handle");
                return result;
            }
            calls.incrementAndGet();
            Thread.yield();
            calls.decrementAndGet();
            return result;
        }

        private int post(long handle, long overlapped) {
            call(handle, 0);
            require(pending.put(overlapped, handle) == null, "posted while it is pending");
            return WSA_IO_PENDING();
        }

        private int cancel(long handle, long overlapped) {
            call(handle, 0);
            boolean found = false;
            for (Map.Entry<Long, Long> each : pending.entrySet()) {
                if (each.getValue() == handle && (overlapped == 0 || overlapped == each.getKey())) {
                    found |= complete(each.getKey(), STATUS_CANCELLED());
                }
            }
            return found ? 0 : ERROR_NOT_FOUND();
        }

        private int close(long handle) {
            AtomicInteger calls = open.remove(handle);
            require(calls != null, "a handle is closed twice");
            require(calls == null || calls.get() == 0, "a handle is closed under a call");
            for (Map.Entry<Long, Long> each : pending.entrySet()) {
                if (each.getValue() == handle) {
                    complete(each.getKey(), STATUS_CANCELLED());
                }
            }
            return 0;
        }

        private int postPacket(long port, int bytes, long key) {
            require(ports.contains(port), "a packet for a closed port");
            Thread.yield();
            require(ports.contains(port), "a port is closed under a post");
            system.packet(key, 0, bytes);
            return 0;
        }

        private boolean complete(long overlapped, int status) {
            if (pending.remove(overlapped) == null) {
                return false;
            }
            MemorySegment memory = MemorySegment.ofAddress(overlapped).reinterpret(OVERLAPPED.sizeof());
            memory.set(JAVA_LONG, OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(status));
            system.packet(0, overlapped, status == 0 ? 1 : 0);
            return true;
        }

        // ---- the threads ----

        void use() {
            IoThread mine = new IoThread(system.win32());
            for (int round = 0; round < ROUNDS; round++) {
                for (StreamSocket socket : sockets) {
                    post(() -> socket.receive(1, mine));
                    post(() -> socket.send(1, mine));
                    int tried = socket.tryReceive(0, 1, mine);
                    require(tried == -WSAEWOULDBLOCK() || tried == -WSAENOTSOCK(), "tryReceive: " + tried);
                    socket.setOption(SOL_SOCKET(), SO_KEEPALIVE(), 1, mine);
                    socket.cancelSend(mine);
                }
            }
        }

        /** Another thread may have posted the same. */
        private void post(IntSupplier post) {
            int outcome;
            try {
                outcome = post.getAsInt();
            } catch (IllegalStateException e) {
                return;
            }
            if (outcome == StreamSocket.PENDING) {
                posted.incrementAndGet();
            }
        }

        void close() {
            IoThread mine = new IoThread(system.win32());
            for (StreamSocket socket : sockets) {
                domain.wake(system.win32());
                socket.close(ThreadLocalRandom.current().nextBoolean() ? Closing.FIN : Closing.RST, mine);
            }
        }

        void wake() {
            for (int i = 0; i < ROUNDS * SOCKETS; i++) {
                int error = domain.wake(system.win32());
                require(error == 0 || error == ERROR_INVALID_HANDLE(), "wake: " + error);
                error = domain.post(system.win32(), 1, 1);
                require(error == 0 || error == ERROR_INVALID_HANDLE(), "post: " + error);
            }
        }

        void dequeue() {
            IoThread mine = new IoThread(system.win32());
            for (int round = 0; round < 2 * ROUNDS || mine.hasWork(); round++) {
                for (Long overlapped : pending.keySet()) {
                    if (ThreadLocalRandom.current().nextBoolean()) {
                        complete(overlapped, 0);
                    }
                }
                dequeue(mine);
            }
        }

        private void dequeue(IoThread on) {
            try {
                domain.dequeue(on, 0);
            } catch (Win32Exception e) {
                throw new AssertionError(e);
            }
        }

        void end() {
            IoThread mine = new IoThread(system.win32());
            require(domain.end(mine, Duration.ofSeconds(30)) == 0, "operations are pending after the end");
        }

        // ---- what has come of it ----

        void checkAfterCloses() {
            for (int i = 0; i < 10; i++) {
                dequeue(io);
            }
            checkEvents();
            for (int i = 0; i < SOCKETS; i++) {
                try {
                    domain.open(AF_INET(), new Told(violations), 0, io);
                } catch (Win32Exception e) {
                    throw new AssertionError("slot " + i + " of " + SOCKETS + " is lost", e);
                }
            }
            assertThatThrownBy(() -> domain.open(AF_INET(), new Told(violations), 0, io))
                    .isInstanceOf(Win32Exception.class);
            assertThat(domain.end(io, Duration.ofSeconds(30))).isZero();
            checkEnd();
        }

        void checkAfterTheEnd() {
            checkEvents();
            checkEnd();
        }

        private void checkEvents() {
            assertThat(violations).isEmpty();
            assertThat(told).allSatisfy(each -> assertThat(each.gone).as("gone").hasValue(1));
            assertThat(told.stream().mapToInt(each -> each.events.get()).sum()).as("one event for each post")
                    .isEqualTo(posted.get());
        }

        private void checkEnd() {
            assertThat(violations).isEmpty();
            assertThat(open).isEmpty();
            assertThat(ports).isEmpty();
            assertThat(pending).isEmpty();
            assertThat(domain.open()).isZero();
            assertThat(system.reserved()).as("memory").isEmpty();
        }
    }

    private static final class Told implements SocketEvents {
        final AtomicInteger events = new AtomicInteger();
        final AtomicInteger gone = new AtomicInteger();
        private final Queue<String> violations;

        Told(Queue<String> violations) {
            this.violations = violations;
        }

        private void tell() {
            events.incrementAndGet();
            if (gone.get() != 0) {
                violations.add("an event after gone");
            }
        }

        @Override
        public void received(StreamSocket socket, int status, int bytes, IoThread io) {
            tell();
        }

        @Override
        public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
            tell();
        }

        @Override
        public void gone(StreamSocket socket, IoThread io) {
            gone.incrementAndGet();
        }
    }

    @Test
    void aHandleIsClosedOnceUnderNoCallAndGoneIsLast() throws Exception {
        Consumer<Shared> user = Shared::use;
        Consumer<Shared> closer = Shared::close;
        Race.run(ROWS, LENGTH, Shared::new, Shared::checkAfterCloses, user, user, closer, closer, Shared::dequeue,
                Shared::dequeue);
    }

    @Test
    void theEndTakesWhatOthersCloseAndWake() throws Exception {
        Consumer<Shared> closer = Shared::close;
        Consumer<Shared> waker = Shared::wake;
        Race.run(ROWS, LENGTH, IoHandleRaceTest::busy, Shared::checkAfterTheEnd, Shared::end, closer, waker, waker);
    }

    /** Everything is pending. */
    private static Shared busy() {
        Shared shared = new Shared();
        IoThread io = shared.io;
        for (StreamSocket socket : shared.sockets) {
            shared.post(() -> socket.receive(1, io));
            shared.post(() -> socket.send(1, io));
        }
        return shared;
    }
}
