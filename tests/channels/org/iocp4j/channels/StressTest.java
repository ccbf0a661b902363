package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Both ends of many connections read, write, time out, cancel and close at random, on the group's threads and on
 * others, until the group is shut down in the midst of it. Bytes come in order, each operation ends once, and nothing
 * is left.
 */
@NeedsCompletionPorts
class StressTest {
    private static final int PAIRS = 20;
    private static final int MILLIS = 1_500;
    private static final int MOST_BYTES = 40_000;

    private final IocpAsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider();
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger over = new AtomicInteger();
    private final AtomicInteger transferred = new AtomicInteger();
    private final Queue<Throwable> violations = new ConcurrentLinkedQueue<>();

    private AsynchronousChannelGroup group(String kind) throws IOException {
        return kind.equals("fixed")
                ? provider.openAsynchronousChannelGroup(2, Thread.ofPlatform().daemon().factory())
                : provider.openAsynchronousChannelGroup(
                        Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory()),
                        kind.equals("pool") ? 0 : 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fixed", "pool", "cached"})
    void bytesComeInOrderAndEachOperationEndsOnce(String kind) throws Exception {
        AsynchronousChannelGroup group = group(kind);
        List<Thread> strangers = new ArrayList<>();
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, group)) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MILLIS);
            for (int i = 0; i < 3; i++) {
                Random random = new Random(i);
                strangers.add(Thread.ofPlatform().start(() -> {
                    while (System.nanoTime() - end < 0) {
                        playSome(listener, group, random);
                    }
                }));
            }
            for (Thread stranger : strangers) {
                stranger.join();
            }
            group.shutdownNow();
        }
        assertThat(group.awaitTermination(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        await().atMost(Duration.ofSeconds(Outcome.LIMIT_SECONDS)).untilAsserted(() ->
                assertThat(over.get()).isEqualTo(begun.get()));
        assertThat(violations).isEmpty();
        assertThat(transferred.get()).isPositive();
        assertThat(provider.statistics().buffersLent()).isZero();
    }

    private void playSome(AsynchronousServerSocketChannel listener, AsynchronousChannelGroup group, Random random) {
        List<AsynchronousSocketChannel> open = new ArrayList<>();
        try {
            for (int i = 0; i < PAIRS / 3; i++) {
                AsynchronousSocketChannel[] pair = pair(listener, group);
                open.addAll(List.of(pair));
                new Writer(pair[0], random.nextLong()).begin();
                new Reader(pair[1], random.nextLong()).begin();
                new Writer(pair[1], random.nextLong()).begin();
                new Reader(pair[0], random.nextLong()).begin();
            }
            Thread.sleep(random.nextInt(100));
            for (AsynchronousSocketChannel channel : open) {
                channel.close();
            }
        } catch (Exception e) {
            violations.add(e);
        }
    }

    private AsynchronousSocketChannel[] pair(AsynchronousServerSocketChannel listener, AsynchronousChannelGroup group)
            throws Exception {
        synchronized (listener) { // which a program may use as a lock
            Future<AsynchronousSocketChannel> accept = listener.accept();
            AsynchronousSocketChannel client = provider.openAsynchronousSocketChannel(group);
            Outcome.get(client.connect(listener.getLocalAddress()));
            return new AsynchronousSocketChannel[] {client, Outcome.get(accept)};
        }
    }

    private abstract class Party implements CompletionHandler<Integer, Integer> {
        final AsynchronousSocketChannel channel;
        final Random random;
        /** How far the stream has come. */
        int position;
        private final AtomicInteger pending = new AtomicInteger();

        Party(AsynchronousSocketChannel channel, long seed) {
            this.channel = channel;
            random = new Random(seed);
        }

        void begin() {
            if (pending.getAndIncrement() != 0) {
                violations.add(new AssertionError("two at once"));
            }
            begun.incrementAndGet();
            int kind = random.nextInt(200);
            long millis = kind == 0 ? 1 + random.nextInt(20) : kind < 50 ? 10_000 : 0;
            try {
                post(1 + random.nextInt(MOST_BYTES), millis);
            } catch (IllegalStateException e) {
                failed(e, 0); // after a time-out
            } catch (Throwable e) {
                violations.add(e);
            }
        }

        abstract void post(int bytes, long millis);

        abstract void check(int bytes);

        @Override
        public void completed(Integer bytes, Integer none) {
            over.incrementAndGet();
            pending.decrementAndGet();
            if (bytes < 0) {
                return;
            }
            transferred.addAndGet(bytes);
            try {
                check(bytes);
                if (random.nextInt(300) == 0) {
                    channel.close();
                }
            } catch (Throwable e) {
                violations.add(e);
            }
            begin();
        }

        @Override
        public void failed(Throwable cause, Integer none) {
            over.incrementAndGet();
            pending.decrementAndGet();
            if (!(cause instanceof IOException || cause instanceof IllegalStateException)) {
                violations.add(cause);
            }
        }

        static byte at(int index) {
            return (byte) (index * 31 + (index >> 8));
        }
    }

    private final class Writer extends Party {
        Writer(AsynchronousSocketChannel channel, long seed) {
            super(channel, seed);
        }

        @Override
        void post(int bytes, long millis) {
            ByteBuffer data = random.nextBoolean() ? ByteBuffer.allocate(bytes) : ByteBuffer.allocateDirect(bytes);
            for (int i = 0; i < bytes; i++) {
                data.put(i, at(position + i));
            }
            channel.write(data, millis, TimeUnit.MILLISECONDS, 0, this);
        }

        @Override
        void check(int bytes) {
            position += bytes;
        }
    }

    private final class Reader extends Party {
        private ByteBuffer into = ByteBuffer.allocate(0);

        Reader(AsynchronousSocketChannel channel, long seed) {
            super(channel, seed);
        }

        @Override
        void post(int bytes, long millis) {
            into = ByteBuffer.allocate(bytes);
            channel.read(into, millis, TimeUnit.MILLISECONDS, 0, this);
        }

        @Override
        void check(int bytes) {
            assertThat(into.position()).isEqualTo(bytes);
            for (int i = 0; i < bytes; i++) {
                if (into.get(i) != at(position + i)) {
                    throw new AssertionError("at " + (position + i) + ": " + into.get(i));
                }
            }
            position += bytes;
        }
    }
}
