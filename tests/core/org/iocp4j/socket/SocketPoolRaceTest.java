package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.races.Race;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Few slots, and threads that take sockets, give them back, close them, and vacate slots. */
@Timeout(120)
class SocketPoolRaceTest {
    private static final int ROWS = 5;
    private static final int LENGTH = 100;
    private static final int CAPACITY = 3;
    private static final int KEEP_FREE = 2;

    private static final class Shared {
        final HeapWin32 system = new HeapWin32();
        final Set<Long> open = ConcurrentHashMap.newKeySet();
        final Set<PooledSocket> held = ConcurrentHashMap.newKeySet();
        final AtomicInteger closedTwice = new AtomicInteger();
        final IoThread io = new IoThread(system.win32());
        final SocketPool pool;

        Shared() {
            AtomicLong handles = new AtomicLong(100);
            system.answer("wsaSocket", a -> {
                long handle = handles.getAndIncrement();
                open.add(handle);
                return handle;
            });
            system.answer("setsockopt", a -> 0);
            system.answer("closesocket", a -> {
                if (!open.remove((long) a[0])) {
                    closedTwice.incrementAndGet();
                }
                return 0;
            });
            try {
                OperationSlab slab = new OperationSlab(system.win32(), CAPACITY * SocketPool.OPERATIONS_PER_SOCKET);
                pool = new SocketPool(io, InetAddress.getLoopbackAddress(), KEEP_FREE, CAPACITY, FreeList.Order.LIFO,
                        slab, null);
            } catch (Win32Exception e) {
                throw new AssertionError(e);
            }
        }

        void use() {
            IoThread mine = new IoThread(system.win32());
            for (int i = 0; i < 3; i++) {
                PooledSocket socket = pool.take(mine);
                if (socket == null) {
                    continue; // the others have all slots
                }
                assertThat(held.add(socket)).as("a slot is one taker's").isTrue();
                assertThat(open).as("open sockets").contains(socket.handle());
                held.remove(socket);
                if (ThreadLocalRandom.current().nextBoolean()) {
                    pool.discard(socket, mine);
                } else if (socket.moves(PooledSocket.State.ACCEPTING, PooledSocket.State.FREE)) {
                    pool.keep(socket, mine);
                }
            }
        }

        /** As after a late packet. */
        void vacate() {
            for (int slot = 0; slot < 2 * CAPACITY; slot++) {
                PooledSocket socket = pool.at(slot % CAPACITY);
                if (socket != null) {
                    pool.vacateIfIdle(socket);
                }
            }
        }

        void checkEnd() {
            assertThat(pool.open()).isEqualTo(open.size()).isEqualTo(pool.freeCount());
            assertThat(closedTwice).as("sockets closed twice").hasValue(0);
            assertThat(pool.slotCount()).isLessThanOrEqualTo(CAPACITY);
            for (int i = 0; i < CAPACITY; i++) {
                assertThat(pool.take(io)).as("slot %d of %d", i + 1, CAPACITY).isNotNull();
            }
            assertThat(pool.take(io)).as("one slot more").isNull();
            pool.closeAll(new IoThread(system.win32()));
            assertThat(open).isEmpty();
        }
    }

    @Test
    void aSocketIsOneTakersAndNoPlaceIsLost() throws Exception {
        Consumer<Shared> user = Shared::use;
        Race.run(ROWS, LENGTH, Shared::new, Shared::checkEnd, user, user, Shared::vacate);
    }
}
