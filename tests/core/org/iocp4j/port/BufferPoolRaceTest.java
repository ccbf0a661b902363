package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.iocp4j.races.Race;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** More takers than buffers; each has a stock in half of its turns. */
@Timeout(120)
class BufferPoolRaceTest {
    private static final int ROWS = 20;
    private static final int LENGTH = 200;
    private static final int BUFFERS = 2;

    private static final class Shared {
        final HeapWin32 system = new HeapWin32();
        final BufferPool pool;
        final Set<Long> held = ConcurrentHashMap.newKeySet();

        Shared() {
            try {
                pool = new BufferPool(system.win32(), 64, BUFFERS);
            } catch (Win32Exception e) {
                throw new AssertionError(e);
            }
        }

        void takeAndGive() {
            IoThread io = ThreadLocalRandom.current().nextBoolean() ? new IoThread(system.win32()) : null;
            PooledBuffer buffer = pool.take(io);
            while (buffer == null && pool.grow(system.win32())) {
                buffer = pool.take(io);
            }
            if (buffer == null) {
                return; // the others have all
            }
            assertThat(held.add(buffer.address())).as("a buffer is lent to one at a time").isTrue();
            held.remove(buffer.address());
            pool.give(buffer, ThreadLocalRandom.current().nextBoolean() ? io : null);
            if (io != null) {
                io.giveStockBack();
            }
        }

        void checkEnd() {
            assertThat(pool.lent()).isZero();
            PooledBuffer first = pool.take();
            PooledBuffer second = pool.take();
            assertThat(second == null || second != first).as("each buffer is free once").isTrue();
            assertThat(pool.take()).as("no more buffers than there may be").isNull();
        }
    }

    @Test
    void aBlockIsLentToOneAndNoneIsLost() throws Exception {
        Consumer<Shared> taker = Shared::takeAndGive;
        Race.run(ROWS, LENGTH, Shared::new, Shared::checkEnd, taker, taker, taker);
    }
}
