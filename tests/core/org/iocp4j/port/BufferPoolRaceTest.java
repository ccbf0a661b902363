package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.iocp4j.races.Race;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** More takers than blocks. */
@Timeout(120)
class BufferPoolRaceTest {
    private static final int ROWS = 20;
    private static final int LENGTH = 200;
    private static final int BLOCKS = 2;

    private static final class Shared {
        final HeapWin32 system = new HeapWin32();
        final BufferPool pool;
        final Set<Long> held = ConcurrentHashMap.newKeySet();

        Shared() {
            try {
                pool = new BufferPool(system.win32(), 64, BLOCKS);
            } catch (Win32Exception e) {
                throw new AssertionError(e);
            }
        }

        void takeAndGive() {
            PooledBuffer block = pool.take();
            while (block == null && pool.grow(system.win32())) {
                block = pool.take();
            }
            if (block == null) {
                return; // the others have all
            }
            assertThat(held.add(block.address())).as("a block is lent to one at a time").isTrue();
            held.remove(block.address());
            pool.give(block);
        }

        void checkEnd() {
            assertThat(pool.lent()).isZero();
            PooledBuffer first = pool.take();
            PooledBuffer second = pool.take();
            assertThat(second == null || second != first).as("each block is free once").isTrue();
            assertThat(pool.take()).as("no more blocks than there may be").isNull();
        }
    }

    @Test
    void aBlockIsLentToOneAndNoneIsLost() throws Exception {
        Consumer<Shared> taker = Shared::takeAndGive;
        Race.run(ROWS, LENGTH, Shared::new, Shared::checkEnd, taker, taker, taker);
    }
}
