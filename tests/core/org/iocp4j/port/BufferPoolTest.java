package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private static final int BUFFER_BYTES = 40 * 1024;
    private static final int CAPACITY = 8;
    private static final int PAGE = 4096;
    private static final ByteBuffer ONE = ByteBuffer.wrap(new byte[] {1});
    private static final int WARM_BYTES = 32 * PAGE;

    private final HeapWin32 system = new HeapWin32();
    private BufferPool pool;
    private long now;

    @BeforeEach
    void makePool() throws Win32Exception {
        system.answer("nanoTime", a -> now);
        pool = new BufferPool(system.win32(), BUFFER_BYTES, CAPACITY);
    }

    @Test
    void takesNoMemoryBeforeItIsAskedTo() {
        assertThat(pool.take()).isNull();
        assertThat(pool.committedBytes()).isZero();
        assertThat(system.commits()).isEmpty();
    }

    @Test
    void growsBufferByBufferUpToItsCapacity() {
        Set<Long> addresses = new HashSet<>();
        for (int i = 0; i < CAPACITY; i++) {
            assertThat(pool.grow(system.win32())).isTrue();
            PooledBuffer buffer = pool.take();
            assertThat(buffer.roomBytes()).isEqualTo(BUFFER_BYTES);
            buffer.put(BUFFER_BYTES - 1, ONE, 0, 1);
            addresses.add(buffer.address());
            assertThat(pool.lent()).isEqualTo(i + 1);
            assertThat(pool.committedBytes()).isBetween((i + 1L) * BUFFER_BYTES, (long) CAPACITY * BUFFER_BYTES);
        }
        assertThat(addresses).hasSize(CAPACITY);
        assertThat(pool.grow(system.win32())).isFalse();
        assertThat(pool.take()).isNull();
    }

    @Test
    void bufferGivenBackIsTakenFirstAndEmpty() {
        pool.grow(system.win32());
        pool.grow(system.win32());
        PooledBuffer buffer = pool.take();
        buffer.fill(7);
        buffer.consume(3);
        buffer.readOnly().position(3).order(ByteOrder.LITTLE_ENDIAN);
        buffer.next(buffer);
        pool.give(buffer);
        assertThat(pool.take()).isSameAs(buffer);
        assertThat(buffer.filledBytes()).isZero();
        assertThat(buffer.consumedBytes()).isZero();
        assertThat(buffer.roomBytes()).isEqualTo(BUFFER_BYTES);
        assertThat(buffer.readOnly().order()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(buffer.next()).isNull();
    }

    @Test
    void blockGivenBackTwiceIsNoticedOnceAllAreHome() {
        for (int i = 0; i < CAPACITY; i++) {
            pool.grow(system.win32());
        }
        PooledBuffer buffer = pool.take();
        pool.give(buffer);
        assertThatThrownBy(() -> pool.give(buffer)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusedMemoryMeansNoBufferNowAndOneLater() {
        system.failNextCommit(ERROR_COMMITMENT_LIMIT());
        assertThat(pool.grow(system.win32())).isFalse();
        assertThat(pool.take()).isNull();
        assertThat(pool.lent()).isZero();
        for (int i = 0; i < CAPACITY; i++) {
            assertThat(pool.grow(system.win32())).as("buffer %d of %d", i + 1, CAPACITY).isTrue();
        }
    }

    /** As if the heap had no room at any of the steps: each of them fails once, for the first buffer and for others. */
    @Test
    void whatTheHeapRefusesMeansNoBufferNowAndOneLater() throws Exception {
        for (int i = 0; i < CAPACITY; i++) {
            for (String name : List.of("buffers", "free", "views")) {
                Field field = BufferPool.class.getDeclaredField(name);
                field.setAccessible(true);
                Object there = field.get(pool);
                field.set(pool, null);
                assertThatThrownBy(() -> pool.grow(system.win32())).isInstanceOf(NullPointerException.class);
                field.set(pool, there);
                assertThat(pool.lent()).isZero();
            }
            assertThat(pool.grow(system.win32())).as("buffer %d of %d", i + 1, CAPACITY).isTrue();
        }
        Set<PooledBuffer> taken = new HashSet<>();
        for (PooledBuffer buffer = pool.take(); buffer != null; buffer = pool.take()) {
            taken.add(buffer);
        }
        assertThat(taken).hasSize(CAPACITY);
        assertThat(pool.grow(system.win32())).isFalse();
    }

    @Test
    void releasesItsMemory() {
        pool.grow(system.win32());
        PooledBuffer buffer = pool.take();
        pool.release(system.win32());
        assertThat(system.reserved()).isEmpty();
        assertThat(pool.committedBytes()).isZero();
        assertThat(pool.lent()).as("lent by a pool that is no more").isZero();
        assertThatThrownBy(() -> buffer.put(0, ONE, 0, 1)).isInstanceOf(IllegalStateException.class);
    }

    // ---- buffers whose memory is reset ----

    private BufferPool poolOfPages(int buffers) throws Win32Exception {
        BufferPool pages = new BufferPool(system.win32(), PAGE, buffers);
        for (int i = 0; i < buffers; i++) {
            assertThat(pages.grow(system.win32())).isTrue();
        }
        assertThat(pages.committedBytes()).isEqualTo((long) buffers * PAGE);
        return pages;
    }

    private void trim(BufferPool pages, int times) {
        for (int i = 0; i < times; i++) {
            pages.trim(system.win32());
        }
    }

    private PooledBuffer takeOrGrow(BufferPool pages) {
        PooledBuffer buffer = pages.take();
        return buffer != null || !pages.grow(system.win32()) ? buffer : pages.take();
    }

    @Test
    void whatIsUnusedForAnIntervalGivesItsMemoryBackAndIsThereAgainWhenNeeded() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        trim(pages, 9);
        assertThat(pages.committedBytes()).isEqualTo(100 * PAGE);
        trim(pages, 1);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES);
        assertThat(pages.lent()).isZero();
        Set<Long> addresses = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            PooledBuffer buffer = takeOrGrow(pages);
            buffer.put(PAGE - 1, ONE, 0, 1);
            addresses.add(buffer.address());
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
        for (PooledBuffer buffer : needed) {
            pages.give(buffer);
        }
        trim(pages, 4);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES + 20 * PAGE);
    }

    @Test
    void whatTheSystemDoesNotAcceptIsFreeAsBefore() throws Win32Exception {
        BufferPool pages = poolOfPages(34);
        system.answer("virtualAlloc", a -> (long) -ERROR_INVALID_PARAMETER());
        trim(pages, 20);
        assertThat(pages.committedBytes()).isEqualTo(34 * PAGE);
        for (int i = 0; i < 34; i++) {
            assertThat(pages.take()).isNotNull();
        }
    }

    /** A view that somebody has kept reads zeros or what was there, and the JVM lives. */
    @Test
    void nothingIsDecommittedWhileThePoolLives() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        PooledBuffer buffer = pages.take();
        buffer.fill(PAGE);
        ByteBuffer kept = buffer.readOnly();
        pages.give(buffer);
        trim(pages, 50);
        system.answer("virtualFree", a -> {
            throw new AssertionError("memory is released under a view of it");
        });
        trim(pages, 50);
        assertThat(kept.get(PAGE - 1)).isZero();
    }

    @Test
    void whatIsConsumedMakesRoomForMore() throws Win32Exception {
        PooledBuffer buffer = poolOfPages(1).take();
        buffer.put(0, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}), 0, 5);
        buffer.fill(5);
        buffer.consume(2);
        buffer.compact();
        assertThat(buffer.filledBytes()).isEqualTo(3);
        assertThat(buffer.roomBytes()).isEqualTo(PAGE - 3);
        assertThat(buffer.readOnly()).isEqualTo(ByteBuffer.wrap(new byte[] {3, 4, 5}));
    }

    @Test
    void aWipedBufferHasNothingOfItsLastHolders() throws Win32Exception {
        BufferPool pages = poolOfPages(1);
        PooledBuffer buffer = pages.take();
        buffer.put(0, ONE, 0, 1);
        buffer.put(PAGE - 1, ONE, 0, 1);
        pages.give(buffer);
        PooledBuffer again = pages.take();
        again.used(5);
        again.wipe();
        assertThat(again).isSameAs(buffer);
        assertThat(again.readOnly().isReadOnly()).isTrue();
        assertThat(again.readOnly().hasRemaining()).isFalse();
        assertThat(again.readOnly().clear()).isEqualTo(ByteBuffer.allocate(PAGE));
    }

    /** So much at a time that a thread hardly notices, whatever a burst has left. */
    @Test
    void aTrimMakesFewCallsAndTheMemoryOfABurstIsBackInSevenSecondsOfTicks() throws Win32Exception {
        int burst = 60_000;
        BufferPool pages = new BufferPool(system.win32(), PAGE, burst);
        for (int i = 0; i < burst; i++) {
            pages.grow(system.win32());
        }
        AtomicInteger resets = new AtomicInteger();
        system.answer("virtualAlloc", a -> {
            resets.incrementAndGet();
            return (long) a[0];
        });
        for (int ticks = 1; ticks <= 70; ticks++) {
            resets.set(0);
            pages.trim(system.win32());
            assertThat(resets.get()).isLessThanOrEqualTo(16);
        }
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES);
        resets.set(0);
        trim(pages, 100);
        assertThat(resets.get()).as("nothing is left to do").isZero();
    }

    // ---- what rests with a thread ----

    /** A batch of packets takes a buffer for each, and gives them back when they are sent. */
    @Test
    void aThreadComesToThePoolOnceIn32Messages() throws Win32Exception {
        BufferPool pages = poolOfPages(256);
        IoThread io = new IoThread(system.win32());
        PooledBuffer[] sent = new PooledBuffer[64];
        long before = pages.exchanges();
        int messages = 0;
        for (int batch = 1; batch <= 1_000; batch++) {
            int packets = 1 + batch % sent.length;
            for (int i = 0; i < packets; i++) {
                sent[i] = pages.take(io);
            }
            for (int i = 0; i < packets; i++) {
                pages.give(sent[i], io);
            }
            messages += packets;
        }
        assertThat(pages.exchanges() - before).isLessThanOrEqualTo(messages / 32);
    }

    @Test
    void whatOneThreadTakesAnotherGivesBack() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        IoThread taker = new IoThread(system.win32());
        IoThread giver = new IoThread(system.win32());
        for (int i = 0; i < 10_000; i++) {
            PooledBuffer buffer = pages.take(taker);
            assertThat(buffer).isNotNull();
            assertThat(pages.lent()).isOne();
            pages.give(buffer, giver);
            assertThatThrownBy(() -> pages.give(buffer, taker)).isInstanceOf(IllegalStateException.class);
        }
        taker.giveStockBack();
        giver.giveStockBack();
        for (int i = 0; i < 100; i++) {
            assertThat(pages.take()).as("buffer %d", i).isNotNull();
        }
    }

    @Test
    void aThreadThatWaitsInVainKeepsNoBuffersFromTheSystem() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        IoThread io = new IoThread(system.win32());
        pages.give(pages.take(io), io);
        CompletionPort port = new CompletionPort(system.win32(), 1, new OperationSlab(system.win32(), 1),
                (key, bytes, on) -> { });
        now += 100_000_000;
        port.dequeue(io, 0);
        trim(pages, 20);
        assertThat(pages.committedBytes()).as("a poll is no wait").isEqualTo(WARM_BYTES + 32 * PAGE);
        port.dequeue(io, 100);
        trim(pages, 20);
        assertThat(pages.committedBytes()).isEqualTo(WARM_BYTES);
        assertThat(pages.take(io)).isNotNull();
    }

    /** Its waits are short, for its timers: it would come to the pool for each of its packets. */
    @Test
    void aThreadKeepsItsBuffersWhilePacketsCome() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        IoThread io = new IoThread(system.win32());
        CompletionPort port = new CompletionPort(system.win32(), 1, new OperationSlab(system.win32(), 1),
                (key, bytes, on) -> pages.give(pages.take(on), on));
        for (int i = 0; i < 1_000; i++) {
            system.packet(1, 0, 0);
            port.dequeue(io, 10);
            now += 10_000_000;
            port.dequeue(io, 10);
        }
        assertThat(pages.exchanges()).isOne();
        now += 50_000_000;
        port.dequeue(io, 10);
        assertThat(pages.exchanges()).as("its buffers are given back").isEqualTo(2);
    }

    @Test
    void aThreadHasAStockOfOnePoolAndUsesOthersAllTheSame() throws Win32Exception {
        BufferPool pages = poolOfPages(100);
        IoThread io = new IoThread(system.win32());
        pages.give(pages.take(io), io);
        pool.grow(system.win32());
        PooledBuffer other = pool.take(io);
        assertThat(other.roomBytes()).isEqualTo(BUFFER_BYTES);
        pool.give(other, io);
        assertThat(pool.take()).isSameAs(other);
    }

    @Test
    void partsOfPagesAreNeverReset() throws Win32Exception {
        BufferPool small = new BufferPool(system.win32(), 1024, 400);
        for (int i = 0; i < 400; i++) {
            small.grow(system.win32());
        }
        long before = small.committedBytes();
        trim(small, 20);
        assertThat(small.committedBytes()).isEqualTo(before);
    }
}
