package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What threads ask of sessions from outside, and what it costs: packets, views of the system. */
@Timeout(180)
class BroadcastTest {
    private static final int MESSAGE_BYTES = 64;
    private static final int QUEUE_BYTES = 256;

    private NullServer server;
    private long[] ids;
    private long[] sockets;
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    private void start(int sessions, int workers) throws Win32Exception {
        ids = new long[sessions];
        server = new NullServer(ServerOptions.builder().acceptsPosted(8).pool(16).maxSessions(sessions).workers(workers)
                .bufferBytes(QUEUE_BYTES).sendQueueBytes(QUEUE_BYTES)
                .lingerTime(Duration.ZERO).build(), new SessionHandler() {
            @Override
            public void opened(Session session) {
                ids[opened.getAndIncrement()] = session.id();
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                session.send(data);
            }

            @Override
            public void closed(Session session, CloseReason reason, Throwable failure) {
                closed.incrementAndGet();
            }
        });
        sockets = LongStream.range(0, sessions).map(i -> server.connect()).toArray();
    }

    @Test
    void namesWhatIsNull() throws Win32Exception {
        start(1, 1);
        assertThatThrownBy(() -> server.engine().commands.broadcast(null, ByteBuffer.allocate(1)))
                .isInstanceOf(NullPointerException.class).hasMessage("sessionIds is null");
        assertThatThrownBy(() -> server.engine().commands.broadcast(ids, null))
                .isInstanceOf(NullPointerException.class).hasMessage("data is null");
    }

    private static BroadcastResult takenBy(int sessions) {
        return new BroadcastResult(sessions, List.of(), List.of(), List.of());
    }

    private static ByteBuffer message() {
        return ByteBuffer.allocate(MESSAGE_BYTES);
    }

    private long sentBytes() {
        return server.statistics().traffic().sentBytes();
    }

    private static <T> T onVirtualThread(Callable<T> task) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return threads.submit(task).get();
        }
    }

    @Test
    void toTenThousandSessionsItIsOnePacket() throws Exception {
        start(10_000, 1);
        int before = server.posts();
        BroadcastResult result = onVirtualThread(() -> server.engine().commands.broadcast(ids, message()));
        assertThat(result).isEqualTo(takenBy(10_000));
        server.run();
        assertThat(server.posts() - before).isEqualTo(1);
        assertThat(sentBytes()).isEqualTo(10_000L * MESSAGE_BYTES);
    }

    /** Those of the other workers are posted by workers. */
    @Test
    void toTenThousandSessionsItIsOnePacketForEachWorker() throws Exception {
        start(10_000, 4);
        int before = server.posts();
        onVirtualThread(() -> server.engine().commands.broadcast(ids, message()));
        assertThat(server.posts() - before).isEqualTo(1);
        server.run();
        assertThat(server.posts() - before).isEqualTo(4);
        assertThat(sentBytes()).isEqualTo(10_000L * MESSAGE_BYTES);
    }

    @Test
    void sendsOfManyThreadsAreOnePacketUntilAWorkerComes() throws Exception {
        int threads = 100;
        start(10_000, 1);
        int before = server.posts();
        try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int thread = 0; thread < threads; thread++) {
                int first = thread;
                senders.submit(() -> {
                    for (int i = first; i < ids.length; i += threads) {
                        server.engine().commands.send(ids[i], false, message());
                    }
                });
            }
        }
        server.run();
        assertThat(server.posts() - before).isEqualTo(1);
        assertThat(sentBytes()).isEqualTo(10_000L * MESSAGE_BYTES);
    }

    /** Each of them makes a call of its own. */
    @Test
    void noThreadThatSendsIsGivenAViewForItself() throws Exception {
        start(10, 1);
        int views = server.attached();
        int posts = server.posts();
        for (int i = 0; i < 1_000; i++) {
            long id = ids[i % ids.length];
            assertThat(onVirtualThread(() ->
                    server.engine().commands.send(id, false, message()) == SendResult.TAKEN)).isTrue();
            server.run();
        }
        assertThat(server.posts() - posts).isEqualTo(1_000);
        assertThat(server.attached() - views).isLessThanOrEqualTo(1);
    }

    @Test
    void itNamesTheSessionsThatDoNotTakeItAndSaysWhy() throws Exception {
        start(6, 1);
        server.leave(sockets[1]);
        ByteBuffer full = ByteBuffer.allocate(QUEUE_BYTES);
        assertThat(server.engine().commands.send(ids[3], false, full)).isEqualTo(SendResult.TAKEN);
        ByteBuffer message = ByteBuffer.wrap(new byte[100], 7, MESSAGE_BYTES);
        long[] list = {ids[0], ids[1], -1, ids[3], ids[0], 0, ids[5]};
        long[] asGiven = list.clone();
        assertThat(server.engine().commands.broadcast(list, message))
                .isEqualTo(new BroadcastResult(3, List.of(ids[3]), List.of(ids[1], -1L, 0L), List.of()));
        assertThat(list).isEqualTo(asGiven);
        assertThat(message).isEqualTo(ByteBuffer.allocate(MESSAGE_BYTES));
        assertThat(message.position()).isEqualTo(7);
        assertThat(server.statistics().incidents().sendsRefused()).as("for want of room").isEqualTo(1);
        server.run();
        assertThat(sentBytes()).isEqualTo(QUEUE_BYTES + 3 * MESSAGE_BYTES);
        assertThat(server.engine().commands.broadcast(new long[] {ids[3]}, message)).as("once there is room")
                .isEqualTo(takenBy(1));
        assertThat(server.engine().commands.broadcast(new long[0], message)).isEqualTo(takenBy(0));
    }

    @Test
    void whatCannotBeSentIsAnErrorAndTheSessionsBeforeGetTheirs() throws Exception {
        start(4, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> server.engine().commands.broadcast(ids, ByteBuffer.allocate(QUEUE_BYTES + 1)))
                .withMessageContaining("257");
        ByteBuffer gone;
        try (Arena arena = Arena.ofShared()) {
            gone = arena.allocate(MESSAGE_BYTES).asByteBuffer();
        }
        assertThatThrownBy(() -> server.engine().commands.broadcast(ids, gone))
                .isInstanceOf(IllegalStateException.class);
        server.run();
        assertThat(sentBytes()).isZero();
        assertThat(server.engine().commands.broadcast(ids, message())).isEqualTo(takenBy(4));
        server.run();
        assertThat(sentBytes()).isEqualTo(4 * MESSAGE_BYTES);
    }

    /** However often it is asked, and by how many. */
    @Test
    void anEndIsAskedForOnce() throws Exception {
        start(100, 1);
        int before = server.posts();
        for (int i = 0; i < 10; i++) {
            for (long id : ids) {
                server.engine().commands.end(id, false, false);
                server.engine().commands.send(id, false, message());
            }
        }
        assertThat(server.posts() - before).isEqualTo(1);
        server.run();
        assertThat(closed).hasValue(100);
        assertThat(server.statistics().connections().sessions()).isZero();
        server.engine().commands.end(ids[0], false, true);
        assertThat(server.posts() - before).as("of one that is over").isEqualTo(1);
        assertThat(server.engine().commands.broadcast(ids, message()).closed())
                .containsExactly(Arrays.stream(ids).boxed().toArray(Long[]::new));
    }

    /**
     * The worker comes only when a packet waits, so what is not announced stays; and what is in the list twice, or
     * falls out of it, is missing at the end.
     */
    @Test
    void allThatIsTakenGoesOutWhoeverSendsAtTheSameTime() throws Exception {
        int threads = 4;
        start(300, 3);
        server.broadcast(ids, message()); // it makes the buffers
        long before = sentBytes();
        AtomicLong taken = new AtomicLong();
        List<Future<?>> senders = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int thread = 0; thread < threads; thread++) {
                int seed = thread;
                senders.add(executor.submit(() -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    ByteBuffer message = message();
                    for (int i = 0; i < 2_000; i++) {
                        int from = random.nextInt(ids.length);
                        if (random.nextBoolean()) {
                            taken.addAndGet(server.engine().commands.send(ids[from], false, message.clear())
                                    == SendResult.TAKEN ? 1 : 0);
                        } else {
                            long[] some = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + 100));
                            taken.addAndGet(server.engine().commands.broadcast(some, message.clear()).taken());
                        }
                    }
                }));
            }
            while (!senders.stream().allMatch(Future::isDone)) {
                server.run();
            }
        }
        for (Future<?> sender : senders) {
            requireDone(sender);
        }
        server.run();
        assertThat(sentBytes() - before).isEqualTo(MESSAGE_BYTES * taken.get()).isPositive();
    }

    private static void requireDone(Future<?> sender) throws InterruptedException {
        try {
            sender.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }
}
