package org.iocp4j.server;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList.Order;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The table with real sessions, on a system whose receives never end. */
@Timeout(180)
class SessionTableTest {
    private static final int CONNECTIONS = 100;

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private SessionEngine engine;
    private SessionSettings settings;
    private IoDomain sockets;

    @BeforeEach
    void makeEngine() throws Win32Exception {
        AtomicLong handles = new AtomicLong(5000);
        byte[] bound = new byte[16];
        system.answer("wsaSocket", a -> handles.getAndIncrement());
        for (String call : List.of("setsockopt", "listen", "closesocket")) {
            system.answer(call, a -> 0);
        }
        system.answer("bind", a -> {
            MemorySegment.copy(MemorySegment.ofAddress((long) a[1]).reinterpret(16), JAVA_BYTE, 0, bound, 0, 16);
            return 0;
        });
        system.answer("getsockname", a -> {
            MemorySegment.copy(bound, 0, MemorySegment.ofAddress((long) a[1]).reinterpret(16), JAVA_BYTE, 0, 16);
            return 0;
        });
        system.answer("wsaRecv", a -> WSA_IO_PENDING());
        ServerOptions options = ServerOptions.builder().workers(1)
                .maxSessions(CONNECTIONS).pool(0).bufferBytes(64).sendQueueBytes(64).build();
        SessionHandler handler = (session, data) -> { };
        engine = TestEngine.of(options, Delivery.PACKET, handler, system::win32, io);
        settings = SessionSettings.accepted(handler, options.listen(), options.group(), DisconnectMethod.DISCONNECT_EX);
        sockets = new IoDomain(DomainOptions.loop().withMostSockets(CONNECTIONS), (key, bytes, on) -> { }, io);
    }

    private SessionTable table(int capacity, Order order) {
        return new SessionTable(capacity, order, 1,
                (slot, shard) -> new IocpSession(engine, engine.shards().get(shard), slot));
    }

    /** A connection begins in that slot. */
    private long open(IocpSession session) {
        assertThat(session.input().take(io)).isTrue();
        try {
            session.open(sockets.open(AF_INET(), engine.shards().getFirst(), 0, io), settings, io);
        } catch (Win32Exception e) {
            throw new AssertionError(e);
        }
        return session.id();
    }

    private void end(SessionTable table, IocpSession session) {
        session.endWithoutPackets(io);
        table.release(session);
    }

    @Test
    void idNamesItsSessionUntilItIsOver() {
        SessionTable table = table(3, Order.LIFO);
        IocpSession first = table.allocate(0);
        IocpSession second = table.allocate(0);
        long firstId = open(first);
        long secondId = open(second);
        assertThat(SessionId.slot(firstId)).as("the slot").isZero();
        assertThat(SessionId.slot(secondId)).as("the slot").isEqualTo(1);
        assertThat(table.find(firstId)).isSameAs(first);
        assertThat(table.find(secondId)).isSameAs(second);

        end(table, first);
        assertThat(table.find(firstId)).isNull();
        assertThat(table.find(secondId)).isSameAs(second);
    }

    @Test
    void nextSessionInTheSlotHasAnotherId() {
        SessionTable table = table(1, Order.LIFO);
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            IocpSession session = table.allocate(0);
            long id = open(session);
            assertThat(table.find(id)).isSameAs(session);
            assertThat(ids).allSatisfy(old -> assertThat(table.find(old)).isNull()).doesNotContain(id);
            ids.add(id);
            end(table, session);
        }
    }

    /** 0 is what a session that is over answers when it is asked for its id. */
    @Test
    void noIdIsZero() {
        SessionTable table = table(2, Order.LIFO);
        IocpSession session = table.allocate(0);
        assertThat(table.find(0)).as("before its first connection").isNull();
        assertThat(open(session)).isNotZero();
        assertThat(table.find(0)).isNull();
        end(table, session);
        assertThat(table.find(0)).as("after it").isNull();
    }

    @Test
    void idsOfSlotsThatAreNotThereFindNothing() {
        SessionTable table = table(2, Order.LIFO);
        open(table.allocate(0));
        for (long id : new long[] {SessionId.next(1, 0), SessionId.next(2, 0), SessionId.next(1_000_000, 0), -1, 999}) {
            assertThat(table.find(id)).as(Long.toUnsignedString(id)).isNull();
        }
        assertThat(table.at(1)).as("never used").isNull();
        assertThat(table.at(2)).as("behind the last").isNull();
    }

    /** Not after 1,099,511,627,775 connections in the same slot either, when its serials begin again. */
    @Test
    void noIdIsZeroWhenSerialsBeginAgain() {
        long last = SessionId.serial(-1);
        assertThat(SessionId.serial(SessionId.next(0, last))).as("after the last").isEqualTo(1);
        assertThat(SessionId.serial(SessionId.next(0, last - 1))).as("the last").isEqualTo(last);
        assertThat(SessionId.slot(SessionId.next(0, last))).isZero();
    }

    @Test
    void anIdHasRoomForEverySlot() {
        int last = ServerOptions.MAX_SESSIONS - 1;
        long id = SessionId.next(last, SessionId.serial(-1) - 1);
        assertThat(id).as("all bits of the serial set").isPositive();
        assertThat(SessionId.slot(id)).isEqualTo(last);
    }

    @Test
    void aTableForAMillionCostsLittleWhileItIsEmpty() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        table(1, Order.FIFO); // what the first one loads is not the table's
        long before = threads.getCurrentThreadAllocatedBytes();
        SessionTable table = table(ServerOptions.MAX_SESSIONS, Order.FIFO);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64 * 1024);
        assertThat(table.allocate(0)).isNotNull();
    }

    @ParameterizedTest
    @EnumSource
    void everySlotIsUsedAndNoneMore(Order order) {
        SessionTable table = table(5, order);
        List<IocpSession> sessions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sessions.add(table.allocate(0));
        }
        assertThat(sessions).doesNotHaveDuplicates().doesNotContainNull()
                .extracting(IocpSession::slot).containsExactly(0, 1, 2, 3, 4);
        assertThat(table.allocate(0)).isNull();
        assertThat(table.inUse()).isEqualTo(5);
        table.release(sessions.get(2));
        assertThat(table.inUse()).isEqualTo(4);
        assertThat(table.allocate(0)).isSameAs(sessions.get(2));
        assertThat(table.allocate(0)).isNull();
        assertThat(table.made()).isEqualTo(5);
    }

    @Test
    void lifoUsesTheSlotFreedLast() {
        SessionTable table = table(10, Order.LIFO);
        IocpSession a = table.allocate(0);
        IocpSession b = table.allocate(0);
        table.release(b);
        table.release(a);
        assertThat(table.allocate(0)).isSameAs(a);
        assertThat(table.allocate(0)).isSameAs(b);
        assertThat(table.made()).as("no third slot for two sessions").isEqualTo(2);
    }

    @Test
    void fifoUses128OtherSlotsBeforeOneAgain() {
        SessionTable table = table(1000, Order.FIFO);
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            IocpSession session = table.allocate(0);
            slots.add(session.slot());
            table.release(session);
        }
        assertThat(table.made()).isEqualTo(129);
        for (int i = 0; i < 300; i++) {
            assertThat(slots.get(i)).isEqualTo(i % 129);
        }
    }

    /** No connection is refused for the sake of that distance. */
    @Test
    void fifoUsesTheOldestWhenNoSlotIsNew() {
        SessionTable table = table(3, Order.FIFO);
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            IocpSession session = table.allocate(0);
            slots.add(session.slot());
            table.release(session);
        }
        assertThat(slots).containsExactly(0, 1, 2, 0, 1, 2, 0);
    }

    @ParameterizedTest
    @EnumSource
    void noSlotIsGivenToTwoAtTheSameTime(Order order) throws Exception {
        SessionTable table = table(8, order);
        Set<IocpSession> inUse = ConcurrentHashMap.newKeySet();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> users = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                users.add(threads.submit(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        IocpSession session = table.allocate(0);
                        assertThat(session).as("8 slots, 4 users").isNotNull();
                        assertThat(inUse.add(session)).isTrue();
                        inUse.remove(session);
                        table.release(session);
                    }
                }));
            }
            for (Future<?> user : users) {
                user.get();
            }
        }
        assertThat(table.inUse()).isZero();
        assertThat(table.made()).isLessThanOrEqualTo(8);
    }

    /** Where shards have few, the one's free slot is the other's next. */
    @Test
    void noShardIsRefusedWhileThereIsAFreeSlot() throws Exception {
        ServerOptions options = ServerOptions.builder().workers(2).ports(2)
                .maxSessions(CONNECTIONS).pool(0).bufferBytes(64).sendQueueBytes(64).build();
        SessionEngine two = TestEngine.of(options, Delivery.PACKET, (session, data) -> { }, system::win32, io);
        SessionTable table = new SessionTable(2, Order.LIFO, 2,
                (slot, shard) -> new IocpSession(two, two.shards().get(shard), slot));
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<?>> users = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                int turns = t;
                users.add(threads.submit(() -> {
                    for (int i = 0; i < 300_000; i++) {
                        IocpSession session = table.allocate(turns * i & 1);
                        assertThat(session).as("2 slots, 2 users").isNotNull();
                        table.release(session);
                    }
                }));
            }
            for (Future<?> user : users) {
                user.get();
            }
        }
        assertThat(table.inUse()).isZero();
    }
}
