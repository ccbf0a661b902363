package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private static final int BLOCK_BYTES = 40 * 1024;
    private static final int CAPACITY = 8;
    private static final int PAGE = 4096;
    private static final ByteBuffer ONE = ByteBuffer.wrap(new byte[] {1});
    private static final int WARM_BYTES = 32 * PAGE;

    private final HeapWin32 system = new HeapWin32();
    private BufferPool pool;

    @BeforeEach
    void makePool() throws Win32Exception {
        pool = new BufferPool(system.win32(), BLOCK_BYTES, CAPACITY);
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
            PooledBuffer block = pool.take();
            assertThat(block.roomBytes()).isEqualTo(BLOCK_BYTES);
            block.put(BLOCK_BYTES - 1, ONE, 0, 1);
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
        PooledBuffer block = pool.take();
        block.fill(7);
        block.consume(3);
        block.readOnly().position(3).order(ByteOrder.LITTLE_ENDIAN);
        block.next(block);
        pool.give(block);
        assertThat(pool.take()).isSameAs(block);
        assertThat(block.filledBytes()).isZero();
        assertThat(block.consumedBytes()).isZero();
        assertThat(block.roomBytes()).isEqualTo(BLOCK_BYTES);
        assertThat(block.readOnly().order()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(block.next()).isNull();
    }

    @Test
    void blockGivenBackTwiceIsNoticedOnceAllAreHome() {
        for (int i = 0; i < CAPACITY; i++) {
            pool.grow(system.win32());
        }
        PooledBuffer block = pool.take();
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
        PooledBuffer block = pool.take();
        pool.release(system.win32());
        assertThat(system.reserved()).isEmpty();
        assertThatThrownBy(() -> block.put(0, ONE, 0, 1)).isInstanceOf(IllegalStateException.class);
    }

    // ---- blocks that rest ----

    private BufferPool poolOfPages(int blocks) throws Win32Exception {
        BufferPool pages = new BufferPool(system.win32(), PAGE, blocks);
        for (int i = 0; i < blocks; i++) {
            assertThat(pages.grow(system.win32())).isTrue();
        }
        assertThat(pages.committedBytes()).isEqualTo((long) blocks * PAGE);
        return pages;
    }

    private void trim(BufferPool pages, int times) {
        for (int i = 0; i < times; i++) {
            pages.trim(system.win32());
        }
    }

    private PooledBuffer takeOrGrow(BufferPool pages) {
        PooledBuffer block = pages.take();
        return block != null || !pages.grow(system.win32()) ? block : pages.take();
    }

    @Test
    void whatNobodyNeedsForAWhileGivesItsMemoryBackAndIsThereAgainWhenNeeded() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        trim(pages, 9);
        assertThat(pages.committedBytes()).isEqualTo(100 * PAGE);
        trim(pages, 1);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES);
        assertThat(pages.lent()).isZero();
        Set<Long> addresses = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            PooledBuffer block = takeOrGrow(pages);
            block.put(PAGE - 1, ONE, 0, 1);
            addresses.add(block.address());
        }
        assertThat(addresses).hasSize(100);
        assertThat(pages.committedBytes()).isEqualTo(100 * PAGE);
        assertThat(takeOrGrow(pages)).isNull();
    }

    @Test
    void whatWasNeededInTheMeantimeKeepsItsMemory() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        trim(pages, 5);
        PooledBuffer[] needed = new PooledBuffer[20];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = pages.take();
        }
        trim(pages, 1);
        for (PooledBuffer block : needed) {
            pages.give(block);
        }
        trim(pages, 4);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES + 20 * PAGE);
    }

    @Test
    void whatTheSystemDoesNotTakeBackIsFreeAsBefore() throws Win32Exception {
        BufferPool pages = poolOfPages(34);
        system.answer("virtualAlloc", a -> (long) -ERROR_INVALID_PARAMETER());
        trim(pages, 20);
        assertThat(pages.committedBytes()).isEqualTo(34 * PAGE);
        for (int i = 0; i < 34; i++) {
            assertThat(pages.take()).isNotNull();
        }
    }

    /** Whoever has kept a view of a block that rests reads zeros or what was there, and the JVM lives. */
    @Test
    void nothingIsDecommittedWhileThePoolLives() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        PooledBuffer block = pages.take();
        block.fill(PAGE);
        ByteBuffer kept = block.readOnly();
        pages.give(block);
        trim(pages, 50);
        system.answer("virtualFree", a -> {
            throw new AssertionError("memory is given back under a view of it");
        });
        trim(pages, 50);
        assertThat(kept.get(PAGE - 1)).isZero();
    }

    @Test
    void whatIsConsumedMakesRoomForMore() throws Win32Exception {
        PooledBuffer block = poolOfPages(1).take();
        block.put(0, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}), 0, 5);
        block.fill(5);
        block.consume(2);
        block.compact();
        assertThat(block.filledBytes()).isEqualTo(3);
        assertThat(block.roomBytes()).isEqualTo(PAGE - 3);
        assertThat(block.readOnly()).isEqualTo(ByteBuffer.wrap(new byte[] {3, 4, 5}));
    }

    @Test
    void aWipedBlockHasNothingOfItsLastHolders() throws Win32Exception {
        BufferPool pages = poolOfPages(1);
        PooledBuffer block = pages.take();
        block.put(0, ONE, 0, 1);
        block.put(PAGE - 1, ONE, 0, 1);
        pages.give(block);
        PooledBuffer again = pages.take();
        again.used(5);
        again.wipe();
        assertThat(again).isSameAs(block);
        assertThat(again.readOnly().isReadOnly()).isTrue();
        assertThat(again.readOnly().hasRemaining()).isFalse();
        assertThat(again.readOnly().clear()).isEqualTo(ByteBuffer.allocate(PAGE));
    }

    @Test
    void partsOfPagesNeverRest() throws Win32Exception {
        BufferPool small = new BufferPool(system.win32(), 1024, 400);
        for (int i = 0; i < 400; i++) {
            small.grow(system.win32());
        }
        long before = small.committedBytes();
        trim(small, 20);
        assertThat(small.committedBytes()).isEqualTo(before);
    }
}
