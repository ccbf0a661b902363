package org.iocp4j.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.port.IoThread.GATHER;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.server.SendQueue.Added;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class SendQueueTest {
    private static final long ID = SessionId.next(7, 0);
    private static final int BLOCK = 10;
    private static final int LIMIT = 100;

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private List<byte[]> gathered;
    private OperationSlab slab;
    private BufferPool buffers;
    private SendQueue queue;
    private final List<String> given = new ArrayList<>();

    @BeforeEach
    void makeQueue() throws Win32Exception {
        system.answer("wsaSend", a -> {
            gathered = HeapWin32.gathered((long) a[1], (int) a[2]);
            return WSA_IO_PENDING();
        });
        slab = new OperationSlab(system.win32(), 100_000);
        slab.commit(system.win32(), 100_000);
        queue(LIMIT, 40);
    }

    private boolean grow() {
        return buffers.grow(system.win32());
    }

    private void queue(int limitBytes, int capacity) throws Win32Exception {
        buffers = new BufferPool(system.win32(), BLOCK, capacity);
        queue = new SendQueue(buffers, 2);
        queue.open(ID, limitBytes);
    }

    /**
     * As a buffer of an arena that has been closed is, or of another thread's: the copy throws, and nothing is left of
     * it.
     */
    @Test
    void aBufferThatCannotBeReadChangesNothing() {
        add("begun");
        int lent = buffers.lent();
        ByteBuffer gone;
        try (Arena arena = Arena.ofShared()) {
            gone = arena.allocate(35).asByteBuffer();
        }
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> queue.add(ID, gone, this::grow, null)).isInstanceOf(IllegalStateException.class);
            assertThat(buffers.lent()).isEqualTo(lent);
        }
        add(", and done");
        assertThat(sendAll()).isEqualTo("begun, and done");
        assertThat(queue.isIdle()).isTrue();
        assertThat(buffers.lent()).isZero();
    }

    private String sendAll() {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (int buffers = queue.begin(io, GATHER); buffers > 0; buffers = queue.begin(io, GATHER)) {
            io.send(slab.add((operation, key, status, bytes, on) -> { }), 0, 0, buffers);
            int bytes = gathered.stream().mapToInt(part -> part.length).sum();
            gathered.forEach(sent::writeBytes);
            queue.end(bytes, io);
        }
        return sent.toString(US_ASCII);
    }

    private Added add(String text) {
        return queue.add(ID, ByteBuffer.wrap(text.getBytes(US_ASCII)), this::grow, null);
    }

    /** Begins a send: what the kernel gets, block by block. */
    private List<byte[]> begin() {
        int count = queue.begin(io, GATHER);
        if (count == 0) {
            return List.of();
        }
        io.send(slab.add((operation, key, status, bytes, on) -> { }), ID, 880, count);
        return gathered;
    }

    /** What the kernel gets, in one piece. */
    private String beginText() {
        return text(begin());
    }

    private static String text(List<byte[]> pieces) {
        StringBuilder text = new StringBuilder();
        pieces.forEach(piece -> text.append(new String(piece, US_ASCII)));
        return text.toString();
    }

    private static String digits(int from, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < from + count; i++) {
            text.append((char) ('0' + i % 75));
        }
        return text.toString();
    }

    // ---- what is taken ----

    @Test
    void takesAllOrNothing() {
        assertThat(add(digits(0, 60))).isEqualTo(Added.NEEDS_FLUSH);
        ByteBuffer tooMuch = ByteBuffer.wrap(digits(60, 41).getBytes(US_ASCII));
        assertThat(queue.add(ID, tooMuch, this::grow, null)).isEqualTo(Added.FULL);
        assertThat(tooMuch.remaining()).as("untouched").isEqualTo(41);
        ByteBuffer fits = ByteBuffer.wrap(digits(60, 40).getBytes(US_ASCII));
        assertThat(queue.add(ID, fits, this::grow, null)).isEqualTo(Added.QUEUED);
        assertThat(fits.hasRemaining()).as("read to its end").isFalse();
        assertThat(beginText()).isEqualTo(digits(0, 100));
    }

    @Test
    void takesFromPositionToLimitOfAnyBuffer() {
        ByteBuffer data = ByteBuffer.allocateDirect(50);
        data.put(digits(0, 50).getBytes(US_ASCII)).position(5).limit(45);
        assertThat(queue.add(ID, data, this::grow, null)).isEqualTo(Added.NEEDS_FLUSH);
        assertThat(beginText()).isEqualTo(digits(5, 40));
    }

    @Test
    void moreThanTheWholeQueueHoldsIsAMistake() {
        assertThatThrownBy(() -> add(digits(0, LIMIT + 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("101 bytes in one send; a send queue holds 100");
    }

    @Test
    void fullQueueHasRoomAgainAfterASend() {
        add(digits(0, 100));
        assertThat(queue.takesInput()).isFalse();
        assertThat(add("x")).isEqualTo(Added.FULL);
        begin();
        assertThat(add("x")).as("in flight still counts").isEqualTo(Added.FULL);
        queue.end(50, io);
        assertThat(queue.takesInput()).as("what was refused comes first").isFalse();
        assertThat(queue.hasRoomForRefused()).as("half full").isTrue();
        queue.forgetRefused();
        assertThat(queue.takesInput()).isTrue();
        assertThat(add("x")).isEqualTo(Added.NEEDS_FLUSH);
    }

    @Test
    void onlyTheSessionThatHasItOpenMayAdd() {
        assertThat(queue.add(ID + 1, ByteBuffer.allocate(1), this::grow, null)).isEqualTo(Added.CLOSED);
        add("abc");
        queue.close();
        assertThat(add("d")).isEqualTo(Added.CLOSED);
        assertThat(beginText()).as("what is queued still goes out").isEqualTo("abc");
    }

    /** 0 is what an ended session answers when it is asked for its id. */
    @Test
    void nobodyAddsToAClosedQueue() {
        SendQueue fresh = new SendQueue(buffers, 2);
        assertThat(fresh.add(0, ByteBuffer.allocate(1), this::grow, null)).isEqualTo(Added.CLOSED);
        queue.close();
        assertThat(queue.add(0, ByteBuffer.allocate(1), this::grow, null)).isEqualTo(Added.CLOSED);
        assertThat(begin()).isEmpty();
    }

    @Test
    void withoutFreeBlocksItTakesNothingAndKeepsNone() throws Exception {
        queue(LIMIT, 3);
        assertThat(add(digits(0, 31))).isEqualTo(Added.NO_MEMORY);
        assertThat(buffers.lent()).as("the three that were not enough").isZero();
        assertThat(add(digits(0, 30))).isEqualTo(Added.NEEDS_FLUSH);
        assertThat(beginText()).isEqualTo(digits(0, 30));
    }

    @Test
    void withoutMemoryItTakesNothingForNow() {
        system.failNextCommit(ERROR_COMMITMENT_LIMIT());
        assertThat(add("abc")).isEqualTo(Added.NO_MEMORY);
        assertThat(add("abc")).isEqualTo(Added.NEEDS_FLUSH);
    }

    /** Each attempt takes all that is free, under the lock: one for each buffer would be a million takes here. */
    @Test
    void aLargeSendIntoAnEmptyPoolTakesEachBufferAFewTimesAndGrowsByNoneTooMany() throws Exception {
        int needed = 1024;
        AtomicInteger grown = new AtomicInteger();
        buffers = new BufferPool(system.win32(), 64, 2 * needed);
        queue = new SendQueue(buffers, 2);
        queue.open(ID, 64 * needed);
        BooleanSupplier growth = () -> {
            grown.incrementAndGet();
            return grow();
        };
        assertThat(queue.add(ID, ByteBuffer.allocate(64 * needed), growth, null)).isEqualTo(Added.NEEDS_FLUSH);
        assertThat(buffers.lent()).isEqualTo(needed);
        assertThat(grown).hasValue(needed);
        assertThat(buffers.exchanges()).as("takes and gives").isLessThan(10L * needed);
    }

    /** What has grown before the refusal is enough, or is there for others. */
    @Test
    void whereMemoryEndsTheLastBuffersAreUsed() throws Exception {
        for (int capacity = 1; capacity <= 9; capacity++) {
            queue(LIMIT, capacity);
            assertThat(add(digits(0, capacity * BLOCK + 1))).isEqualTo(Added.NO_MEMORY);
            assertThat(buffers.lent()).isZero();
            queue(LIMIT, capacity);
            assertThat(add(digits(0, capacity * BLOCK))).isEqualTo(Added.NEEDS_FLUSH);
            assertThat(buffers.lent()).isEqualTo(capacity);
        }
    }

    // ---- sources ----

    private Added addMemory(Arena arena, String text) {
        MemorySegment memory = arena.allocate(text.length());
        memory.copyFrom(MemorySegment.ofArray(text.getBytes(US_ASCII)));
        return queue.add(ID, MemorySource.lent(memory, () -> given.add(text), 1_000_000_000), null);
    }

    @Test
    void memoryGoesOutWhereItWasAddedWithWhatIsBeforeIt() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(add("head, ")).isEqualTo(Added.NEEDS_FLUSH);
            assertThat(addMemory(arena, "memory")).isEqualTo(Added.QUEUED);
            add(", between, ");
            assertThat(addMemory(arena, "more of it")).isEqualTo(Added.QUEUED);
            add(", tail");
            assertThat(queue.queuedBytes()).as("what is copied").isEqualTo(23);
            assertThat(beginText()).isEqualTo("head, memory");
            assertThat(queue.end(9, io)).isTrue();
            assertThat(given).isEmpty();
            assertThat(beginText()).isEqualTo("ory");
            assertThat(queue.end(3, io)).isTrue();
            assertThat(given).containsExactly("memory");
            assertThat(beginText()).isEqualTo(", between, more of it");
            assertThat(queue.end(4, io)).isTrue();
            assertThat(sendAll()).isEqualTo("tween, more of it, tail");
            assertThat(given).containsExactly("memory", "more of it");
            assertThat(queue.isIdle()).isTrue();
            assertThat(buffers.lent()).isZero();
        }
    }

    @Test
    void aSourceTooManyIsRefusedAndThereIsRoomWhenOneIsSent() {
        try (Arena arena = Arena.ofConfined()) {
            addMemory(arena, "a");
            assertThat(queue.refusesSource(ID)).isNull();
            addMemory(arena, "b");
            assertThat(queue.refusesSource(ID)).isEqualTo(Added.FULL);
            assertThat(addMemory(arena, "c")).isEqualTo(Added.FULL);
            assertThat(queue.hasRoomForRefused()).isFalse();
            assertThat(queue.takesInput()).isFalse();
            assertThat(beginText()).isEqualTo("a");
            queue.end(1, io);
            assertThat(queue.hasRoomForRefused()).isTrue();
            queue.forgetRefused();
            assertThat(queue.takesInput()).isTrue();
            queue.close();
            assertThat(addMemory(arena, "d")).isEqualTo(Added.CLOSED);
            assertThat(queue.dropSources(io)).isTrue();
            assertThat(given).containsExactly("a", "b");
            assertThat(queue.isIdle()).isTrue();
        }
    }

    // ---- who wakes whom ----

    @Test
    void wakesOnceUntilTheWorkerHasLooked() {
        assertThat(add("a")).isEqualTo(Added.NEEDS_FLUSH);
        assertThat(add("b")).isEqualTo(Added.QUEUED);
        assertThat(add("c")).isEqualTo(Added.QUEUED);
        assertThat(beginText()).isEqualTo("abc");
        assertThat(add("d")).as("the send's end will see it").isEqualTo(Added.QUEUED);
        queue.end(3, io);
        assertThat(beginText()).isEqualTo("d");
        queue.end(1, io);
        assertThat(begin()).isEmpty();
        assertThat(add("e")).isEqualTo(Added.NEEDS_FLUSH);
    }

    @Test
    void oneSendAtATime() {
        add("abc");
        assertThat(beginText()).isEqualTo("abc");
        add("def");
        assertThat(begin()).isEmpty();
        queue.end(3, io);
        assertThat(beginText()).isEqualTo("def");
    }

    @Test
    void wakeUpForNothingDoesNothing() {
        assertThat(add("")).isEqualTo(Added.NEEDS_FLUSH);
        assertThat(begin()).isEmpty();
        assertThat(queue.isIdle()).isTrue();
        assertThat(add("a")).isEqualTo(Added.NEEDS_FLUSH);
    }

    // ---- what is sent ----

    @Test
    void fillsBlocksBeforeItTakesMore() {
        add(digits(0, 7));
        add(digits(7, 7));
        add(digits(14, 6));
        assertThat(begin()).extracting(piece -> piece.length).containsExactly(10, 10);
        assertThat(text(gathered)).isEqualTo(digits(0, 20));
        assertThat(buffers.lent()).isEqualTo(2);
    }

    @Test
    void blockInFlightIsNeverAppendedTo() {
        add("abc");
        begin();
        add("def");
        assertThat(buffers.lent()).as("a block of its own").isEqualTo(2);
        queue.end(3, io);
        assertThat(beginText()).isEqualTo("def");
    }

    @Test
    void blockThatCameHomeHalfSentIsAppendedTo() {
        add("abcdef");
        begin();
        queue.end(2, io);
        assertThat(add("gh")).isEqualTo(Added.NEEDS_FLUSH);
        assertThat(buffers.lent()).isEqualTo(1);
        assertThat(beginText()).isEqualTo("cdefgh");
    }

    @Test
    void whatASendLeftOutGoesWithTheNext() {
        add(digits(0, 45));
        String left = digits(0, 45);
        for (int sent : new int[] {1, 9, 10, 0, 13, 12}) {
            assertThat(beginText()).isEqualTo(left);
            queue.end(sent, io);
            left = left.substring(sent);
            assertThat(buffers.lent()).as("sent buffers are back").isEqualTo((left.length() + BLOCK - 1) / BLOCK);
        }
        assertThat(queue.isIdle()).isTrue();
        assertThat(begin()).isEmpty();
    }

    @Test
    void gathers64BlocksAtMost() throws Exception {
        queue(2000, 300);
        add(digits(0, 1500));
        assertThat(begin()).hasSize(64);
        add(digits(1500, 5));
        assertThat(buffers.lent()).as("the tail is not in flight, but full").isEqualTo(151);
        queue.end(640, io);
        assertThat(begin()).hasSize(64);
        assertThat(text(gathered)).isEqualTo(digits(640, 640));
        add(digits(1505, 5));
        assertThat(buffers.lent()).as("the tail is not in flight, and had room").isEqualTo(151 - 64);
        queue.end(640, io);
        assertThat(beginText()).isEqualTo(digits(1280, 230));
        queue.end(230, io);
        assertThat(queue.isIdle()).isTrue();
        assertThat(buffers.lent()).isZero();
    }

    @Test
    void isIdleOnlyWhenAllIsOut() {
        assertThat(queue.isIdle()).isTrue();
        add("abc");
        assertThat(queue.isIdle()).isFalse();
        begin();
        assertThat(queue.isIdle()).isFalse();
        queue.end(3, io);
        assertThat(queue.isIdle()).isTrue();
    }

    // ---- the end ----

    @Test
    void clearGivesEveryBlockBack() {
        add(digits(0, 55));
        begin();
        queue.end(12, io);
        add(digits(55, 20));
        queue.close();
        queue.clear(io);
        assertThat(buffers.lent()).isZero();
        assertThat(queue.isIdle()).isTrue();
    }

    /** Its place in the table is used again. */
    @Test
    void nextSessionFindsItEmpty() {
        add(digits(0, 55));
        queue.close();
        queue.clear(io);
        queue.open(ID + 1, LIMIT);
        assertThat(add("old")).isEqualTo(Added.CLOSED);
        assertThat(queue.add(ID + 1, ByteBuffer.wrap("new".getBytes(US_ASCII)), this::grow, null))
                .as("a wake-up for the old session counts no more").isEqualTo(Added.NEEDS_FLUSH);
        assertThat(beginText()).isEqualTo("new");
    }

    // ---- threads ----

    /**
     * Four threads add messages, one worker sends, a random part each time, and only when it was woken or a send came
     * home: every message arrives whole and in its thread's order, and no wake-up is lost.
     */
    @Test
    void messagesOfManyThreadsStayWholeAndInOrder() throws Exception {
        int threads = 4;
        int messages = 5_000;
        queue(1000, 1000);
        Semaphore wakeUps = new Semaphore(0);
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        try (ExecutorService adders = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                running.add(adders.submit(() -> {
                    for (int i = 0; i < messages; i++) {
                        addMessage(thread, i, wakeUps);
                    }
                    return null;
                }));
            }
            try {
                sendAll(wireBytes(threads, messages), wakeUps, wire);
                for (Future<?> adder : running) {
                    adder.get();
                }
            } finally {
                adders.shutdownNow();
            }
        }
        assertEachMessageWhole(wire.toByteArray(), threads, messages);
        assertThat(queue.isIdle()).isTrue();
        assertThat(buffers.lent()).isZero();
    }

    private void sendAll(long expected, Semaphore wakeUps, ByteArrayOutputStream wire) throws InterruptedException {
        Random random = new Random(1);
        while (wire.size() < expected) {
            assertThat(wakeUps.tryAcquire(20, TimeUnit.SECONDS)).as("woken, after %d bytes", wire.size()).isTrue();
            for (List<byte[]> send = begin(); !send.isEmpty(); send = begin()) {
                byte[] bytes = text(send).getBytes(US_ASCII);
                int sent = random.nextInt(4) == 0 ? random.nextInt(bytes.length + 1) : bytes.length;
                wire.write(bytes, 0, sent);
                queue.end(sent, io);
            }
        }
    }

    private static int payloadBytes(int number) {
        return number * 7 % 40;
    }

    private static long wireBytes(int threads, int messages) {
        long bytes = 0;
        for (int i = 0; i < messages; i++) {
            bytes += 6 + payloadBytes(i);
        }
        return threads * bytes;
    }

    /** The thread, the number in five digits, and a payload of the thread's letter. */
    private static String message(int thread, int number) {
        return thread + String.format(Locale.ROOT, "%05d", number) + String.valueOf((char) ('a' + thread))
                .repeat(payloadBytes(number));
    }

    private void addMessage(int thread, int number, Semaphore wakeUps) throws InterruptedException {
        Added added = add(message(thread, number));
        while (added == Added.FULL) {
            Thread.sleep(Duration.ofNanos(50_000)); // else the adders leave the one that sends no processor
            added = add(message(thread, number));
        }
        if (added == Added.NEEDS_FLUSH) {
            wakeUps.release();
        }
    }

    private static void assertEachMessageWhole(byte[] wire, int threads, int messages) {
        String text = new String(wire, US_ASCII);
        int[] next = new int[threads];
        int at = 0;
        while (at < text.length()) {
            int thread = text.charAt(at) - '0';
            assertThat(thread).as("a message starts at %d", at).isBetween(0, threads - 1);
            String message = message(thread, next[thread]++);
            assertThat(text.startsWith(message, at)).as("%s at %d", message, at).isTrue();
            at += message.length();
        }
        assertThat(next).containsOnly(messages);
    }
}
