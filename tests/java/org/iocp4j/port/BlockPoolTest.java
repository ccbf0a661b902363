package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;

import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
    private static final int BLOCK_BYTES = 40 * 1024;
    private static final int CAPACITY = 8;
    private static final int PAGE = 4096;
    private static final int WARM_BYTES = 32 * PAGE;

    private final HeapWin32 system = new HeapWin32();
    private BlockPool pool;

    @BeforeEach
    void makePool() throws Win32Exception {
        pool = new BlockPool(system.win32(), BLOCK_BYTES, CAPACITY);
    }

    @Test
    void takesNoMemoryBeforeItIsAskedTo() {
        assertThat(pool.take()).isNull();
        assertThat(pool.committedBytes()).isZero();
        assertThat(system.commits()).isEmpty();
    }

    @Test
    void growsBlockByBlockUpToItsCapacity() {
        Set<Long> addresses = new HashSet<>();
        for (int i = 0; i < CAPACITY; i++) {
            assertThat(pool.grow(system.win32())).isTrue();
            Block block = pool.take();
            assertThat(block.buffer().capacity()).isEqualTo(BLOCK_BYTES);
            block.buffer().put(BLOCK_BYTES - 1, (byte) 1);
            addresses.add(block.address());
            assertThat(pool.lent()).isEqualTo(i + 1);
            assertThat(pool.committedBytes()).isBetween((i + 1L) * BLOCK_BYTES, (long) CAPACITY * BLOCK_BYTES);
        }
        assertThat(addresses).hasSize(CAPACITY);
        assertThat(pool.grow(system.win32())).isFalse();
        assertThat(pool.take()).isNull();
    }

    @Test
    void blockGivenBackIsTakenFirstAndEmpty() {
        pool.grow(system.win32());
        pool.grow(system.win32());
        Block block = pool.take();
        block.buffer().position(3).limit(7).order(ByteOrder.LITTLE_ENDIAN);
        block.next(block);
        pool.give(block);
        assertThat(pool.take()).isSameAs(block);
        assertThat(block.buffer().position()).isZero();
        assertThat(block.buffer().limit()).isEqualTo(BLOCK_BYTES);
        assertThat(block.buffer().order()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(block.next()).isNull();
    }

    @Test
    void blockGivenBackTwiceIsNoticedOnceAllAreHome() {
        for (int i = 0; i < CAPACITY; i++) {
            pool.grow(system.win32());
        }
        Block block = pool.take();
        pool.give(block);
        assertThatThrownBy(() -> pool.give(block)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusedMemoryMeansNoBlockNowAndOneLater() {
        system.failNextCommit(ERROR_COMMITMENT_LIMIT());
        assertThat(pool.grow(system.win32())).isFalse();
        assertThat(pool.take()).isNull();
        assertThat(pool.lent()).isZero();
        for (int i = 0; i < CAPACITY; i++) {
            assertThat(pool.grow(system.win32())).as("block %d of %d", i + 1, CAPACITY).isTrue();
        }
    }

    @Test
    void givesItsMemoryBack() {
        pool.grow(system.win32());
        Block block = pool.take();
        pool.free(system.win32());
        assertThat(system.reserved()).isEmpty();
        assertThatThrownBy(() -> block.buffer().put(0, (byte) 1)).isInstanceOf(IllegalStateException.class);
    }

    // ---- blocks that rest ----

    private BlockPool poolOfPages(int blocks) throws Win32Exception {
        BlockPool pages = new BlockPool(system.win32(), PAGE, blocks);
        for (int i = 0; i < blocks; i++) {
            assertThat(pages.grow(system.win32())).isTrue();
        }
        assertThat(pages.committedBytes()).isEqualTo((long) blocks * PAGE);
        return pages;
    }

    private void trim(BlockPool pages, int times) {
        for (int i = 0; i < times; i++) {
            pages.trim(system.win32());
        }
    }

    private Block takeOrGrow(BlockPool pages) {
        Block block = pages.take();
        return block != null || !pages.grow(system.win32()) ? block : pages.take();
    }

    @Test
    void whatNobodyNeedsForAWhileGivesItsMemoryBackAndIsThereAgainWhenNeeded() throws Win32Exception {
        BlockPool pages = poolOfPages(100);
        trim(pages, 9);
        assertThat(pages.committedBytes()).isEqualTo(100 * PAGE);
        trim(pages, 1);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES);
        assertThat(pages.lent()).isZero();
        Set<Long> addresses = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            Block block = takeOrGrow(pages);
            block.buffer().put(PAGE - 1, (byte) 1);
            addresses.add(block.address());
        }
        assertThat(addresses).hasSize(100);
        assertThat(pages.committedBytes()).isEqualTo(100 * PAGE);
        assertThat(takeOrGrow(pages)).isNull();
    }

    @Test
    void whatWasNeededInTheMeantimeKeepsItsMemory() throws Win32Exception {
        BlockPool pages = poolOfPages(100);
        trim(pages, 5);
        Block[] needed = new Block[20];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = pages.take();
        }
        trim(pages, 1);
        for (Block block : needed) {
            pages.give(block);
        }
        trim(pages, 4);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES + 20 * PAGE);
    }

    @Test
    void aBlockThatCannotHaveItsMemoryBackRestsOn() throws Win32Exception {
        BlockPool pages = poolOfPages(34);
        trim(pages, 10);
        for (int i = 0; i < 32; i++) {
            pages.take();
        }
        system.failNextCommit(ERROR_COMMITMENT_LIMIT());
        assertThat(takeOrGrow(pages)).isNull();
        assertThat(takeOrGrow(pages)).isNotNull();
        assertThat(takeOrGrow(pages)).isNotNull();
        assertThat(takeOrGrow(pages)).isNull();
    }

    @Test
    void partsOfPagesNeverRest() throws Win32Exception {
        BlockPool small = new BlockPool(system.win32(), 1024, 400);
        for (int i = 0; i < 400; i++) {
            small.grow(system.win32());
        }
        long before = small.committedBytes();
        trim(small, 20);
        assertThat(small.committedBytes()).isEqualTo(before);
    }
}
