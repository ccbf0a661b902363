package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.channels.seam.Settings;
import org.junit.jupiter.api.Test;

/** What our channels share, and that nobody can take all of it. */
@NeedsCompletionPorts
class BoundsTest {
    private static final Duration LIMIT = Duration.ofSeconds(Outcome.LIMIT_SECONDS);
    private static final int BUFFER_BYTES = 16 * 1024;

    private static IocpAsynchronousChannelProvider provider(int accepts, int mostBuffers) {
        return new IocpAsynchronousChannelProvider(new WindowsSurroundings(),
                new Settings(accepts, false, BUFFER_BYTES, mostBuffers));
    }

    /** A group's only thread finds so many reads done, one behind the other, that it has always one to go on with. */
    @Test
    void readsThatAreDoneAtOnceHoldUpNoTask() throws Exception {
        int bufferBytes = 1024;
        int buffers = 48; // that the kernel holds
        IocpAsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider(new WindowsSurroundings(),
                new Settings(1, false, bufferBytes, 100));
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(1, Executors.defaultThreadFactory());
        try (Link link = Link.connected(provider, group)) {
            int[] reads = new int[1]; // of the group's thread
            CompletableFuture<Integer> readsBefore = new CompletableFuture<>();
            CompletableFuture<Integer> all = new CompletableFuture<>();
            link.peer().getOutputStream().write(new byte[buffers * bufferBytes]);
            ByteBuffer room = ByteBuffer.allocate(bufferBytes);
            link.channel().read(room, null, new CompletionHandler<Integer, Void>() {
                @Override
                public void completed(Integer bytes, Void none) {
                    if (reads[0]++ == 0) {
                        ((Executor) group).execute(() -> readsBefore.complete(reads[0]));
                    }
                    if (reads[0] == buffers) {
                        all.complete(bytes);
                    } else {
                        link.channel().read(room.clear(), null, this);
                    }
                }

                @Override
                public void failed(Throwable cause, Void none) {
                    all.completeExceptionally(cause);
                }
            });
            assertThat(Outcome.get(readsBefore)).isLessThan(buffers / 2);
            assertThat(Outcome.get(all)).isEqualTo(bufferBytes);
        } finally {
            group.shutdownNow();
        }
    }

    /** Nor are there ever more packets of tasks than tasks, or what completes would stand behind all of them. */
    @Test
    void tasksHoldUpNoRead() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(1, 24);
        AsynchronousChannelGroup group =
                provider.openAsynchronousChannelGroup(2, Executors.defaultThreadFactory());
        int before = 20_000;
        int most = 50_000;
        AtomicInteger tasks = new AtomicInteger();
        CompletableFuture<Integer> tasksUntilRead = new CompletableFuture<>();
        CountDownLatch hasBegun = new CountDownLatch(1);
        try (Link link = Link.connected(provider, group)) {
            AtomicInteger sentAt = new AtomicInteger(Integer.MAX_VALUE);
            link.channel().read(ByteBuffer.allocate(1), null, new CompletionHandler<Integer, Void>() {
                @Override
                public void completed(Integer bytes, Void none) {
                    tasksUntilRead.complete(tasks.get() - sentAt.get());
                }

                @Override
                public void failed(Throwable cause, Void none) {
                    tasksUntilRead.completeExceptionally(cause);
                }
            });
            Runnable again = new Runnable() {
                @Override
                public void run() {
                    int count = tasks.incrementAndGet();
                    if (count == before) {
                        hasBegun.countDown();
                    }
                    if (!tasksUntilRead.isDone() && count - sentAt.get() < 10 * most) {
                        ((Executor) group).execute(this);
                    }
                }
            };
            for (int i = 0; i < 3; i++) { // more than threads: then one always waits
                ((Executor) group).execute(again);
            }
            assertThat(hasBegun.await(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            sentAt.set(tasks.get());
            link.peer().getOutputStream().write(1);
            assertThat(Outcome.get(tasksUntilRead)).isBetween(0, most);
        } finally {
            group.shutdownNow();
        }
    }

    /** A quarter of the buffers is for reads: 18 writes that never end take the rest. */
    @Test
    void peersThatDoNotReadLeaveBuffersToOthersAndWritesWaitForOne() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 24);
        List<Link> silent = new ArrayList<>();
        List<Future<Integer>> stuck = new ArrayList<>();
        ByteBuffer much = ByteBuffer.allocate(64 << 20);
        try (Link other = Link.connected(provider, null)) {
            await().atMost(LIMIT).until(() -> { // until one of them has to wait
                silent.add(Link.connected(provider, null));
                stuck.add(silent.getLast().channel().write(much.duplicate()));
                return provider.statistics().bufferShortages() > 0;
            });
            assertThat(silent).hasSizeGreaterThan(10);
            other.peer().getOutputStream().write(new byte[] {1, 2, 3});
            assertThat(Outcome.get(other.channel().read(ByteBuffer.allocate(10)))).isEqualTo(3);
            Future<Integer> write = other.channel().write(ByteBuffer.allocate(5));
            for (Link one : silent) {
                one.close();
            }
            assertThat(Outcome.get(write)).isEqualTo(5);
            assertThat(stuck).allSatisfy(each -> assertThat(Outcome.failure(each)).isInstanceOf(Exception.class));
        }
        await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
    }

    /** A second later they have no buffers, but peers that come and go may have some all the time. */
    @Test
    void readsOfSilentPeersLeaveBuffersToWrites() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 24);
        List<Link> silent = new ArrayList<>();
        List<Outcome<Integer>> reads = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                silent.add(Link.connected(provider, null));
            }
            for (Link one : silent) {
                reads.add(new Outcome<>());
                one.channel().read(ByteBuffer.allocate(10), null, reads.getLast());
            }
            for (Link one : silent) {
                assertThat(Outcome.get(one.channel().write(ByteBuffer.allocate(5)))).isEqualTo(5);
            }
            assertThat(provider.statistics().bufferShortages()).isZero();
            assertThat(provider.statistics().watches()).as("more than half of 24 wait").isPositive();
            for (int i = 0; i < silent.size(); i++) { // those, too, that have got no buffer
                silent.get(i).peer().getOutputStream().write(new byte[] {1, 2, 3});
                assertThat(reads.get(i).get()).isEqualTo(3);
            }
        } finally {
            for (Link one : silent) {
                one.close();
            }
        }
    }

    /** What did not fit is held until the next read. */
    @Test
    void whatIsHeldOfReadsLeavesBuffersToOthers() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 24);
        List<Link> links = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                Link link = Link.connected(provider, null);
                links.add(link);
                link.peer().getOutputStream().write(new byte[] {1, 2, 3});
                assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(1);
                assertThat(Outcome.get(link.channel().write(ByteBuffer.allocate(5)))).isEqualTo(5);
            }
            assertThat(provider.statistics().bufferShortages()).isZero();
            for (Link link : links) {
                ByteBuffer rest = ByteBuffer.allocate(2);
                while (rest.hasRemaining()) {
                    Outcome.get(link.channel().read(rest));
                }
                assertThat(rest.get(1)).isEqualTo((byte) 3);
            }
        } finally {
            for (Link link : links) {
                link.close();
            }
        }
    }

    /** What a read has room for is all that it asks the kernel for, once its buffer was full. */
    @Test
    void longReadsOfWhatIsLongerLeaveBuffersToOthers() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 24);
        List<Link> links = new ArrayList<>();
        byte[] bytes = new byte[40_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i % 251);
        }
        try {
            for (int i = 0; i < 30; i++) {
                Link link = Link.connected(provider, null);
                links.add(link);
                link.peer().getOutputStream().write(bytes);
                requireRead(link, bytes, 0, bytes.length / 2);
            }
            assertThat(provider.statistics().bufferShortages()).isZero();
            for (Link link : links) {
                requireRead(link, bytes, bytes.length / 2, bytes.length);
            }
        } finally {
            for (Link link : links) {
                link.close();
            }
        }
        await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
    }

    private static void requireRead(Link link, byte[] sent, int from, int to) throws Exception {
        ByteBuffer buffer = ByteBuffer.allocate(to - from);
        while (buffer.hasRemaining()) {
            assertThat(Outcome.get(link.channel().read(buffer))).isPositive();
        }
        assertThat(buffer.array()).isEqualTo(Arrays.copyOfRange(sent, from, to));
    }

    /** What reads hold and what is stuck in writes, nobody need ever give back: together they leave some. */
    @Test
    void heldReadsAndThenStuckWritesLeaveBuffersToOtherReads() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 24);
        List<Link> links = new ArrayList<>();
        try (Link other = Link.connected(provider, null)) {
            holdReads(provider, links);
            stickWrites(provider, links);
            requireReads(other);
        } finally {
            for (Link link : links) {
                link.close();
            }
        }
        await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
    }

    @Test
    void stuckWritesAndThenHeldReadsLeaveBuffersToOtherReads() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 24);
        List<Link> links = new ArrayList<>();
        try (Link other = Link.connected(provider, null)) {
            stickWrites(provider, links);
            holdReads(provider, links);
            requireReads(other);
        } finally {
            for (Link link : links) {
                link.close();
            }
        }
        await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
    }

    /** As many as may hold what did not fit, or as there are buffers for. */
    private static void holdReads(IocpAsynchronousChannelProvider provider, List<Link> links) throws Exception {
        for (int i = 0; i < 12; i++) {
            Link link = Link.connected(provider, null);
            links.add(link);
            link.peer().getOutputStream().write(new byte[] {1, 2, 3});
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(1);
        }
    }

    /** Until one of them gets no buffer. */
    private static void stickWrites(IocpAsynchronousChannelProvider provider, List<Link> links) {
        ByteBuffer much = ByteBuffer.allocate(64 << 20);
        await().atMost(LIMIT).until(() -> {
            links.add(Link.connected(provider, null));
            var _ = links.getLast().channel().write(much.duplicate());
            return provider.statistics().bufferShortages() > 0;
        });
    }

    private static void requireReads(Link link) throws Exception {
        link.peer().getOutputStream().write(new byte[] {1, 2, 3});
        assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(10)))).isEqualTo(3);
    }

    @Test
    void aListenerKeepsNoMoreConnectionsThanItHasAcceptsAndThreads() throws Exception {
        int accepts = 4;
        IocpAsynchronousChannelProvider provider = provider(accepts, 1_000);
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, Thread::new);
        List<Socket> peers = new ArrayList<>();
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, group)) {
            Future<?> first = listener.accept();
            for (int i = 0; i < 5 * accepts; i++) {
                peers.add(Link.connect(listener));
            }
            Outcome.get(first);
            await().atMost(LIMIT).until(() -> provider.statistics().connectionsKept() >= accepts);
            await().during(Duration.ofMillis(300)).atMost(LIMIT)
                    .until(() -> provider.statistics().connectionsKept() <= accepts + 1);
            for (int i = 1; i < peers.size(); i++) {
                Outcome.get(listener.accept());
            }
            assertThat(provider.statistics().accepts()).isEqualTo(peers.size());
            assertThat(provider.statistics().connectionsKept()).isZero();
        } finally {
            for (Socket peer : peers) {
                peer.close();
            }
            group.shutdownNow();
        }
    }

    /** It starts a second thread only when its queue is full, and that is never. */
    @Test
    void aPoolThatQueuesLeavesAThreadToHandlers() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 1_000);
        var pool = new ThreadPoolExecutor(1, 8, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(pool, 4);
        try (Link link = Link.connected(provider, group)) {
            Outcome<Integer> read = new Outcome<>();
            link.channel().read(ByteBuffer.allocate(1), null, read);
            link.peer().getOutputStream().write(1);
            assertThat(read.get()).isOne();
        } finally {
            group.shutdownNow();
        }
        assertThat(group.awaitTermination(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anInterruptedThreadOfTheTimersWaitsOn() throws Exception {
        IocpAsynchronousChannelProvider provider = provider(50, 1_000);
        try (Link link = Link.connected(provider, null)) {
            List<Thread> timers = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("iocp4j-timers")).toList();
            assertThat(timers).isNotEmpty();
            timers.forEach(Thread::interrupt);
            long before = cpuNanos(timers);
            Outcome<Integer> read = new Outcome<>();
            link.channel().read(ByteBuffer.allocate(1), 500, TimeUnit.MILLISECONDS, null, read);
            assertThat(read.failure()).isInstanceOf(InterruptedByTimeoutException.class);
            assertThat(cpuNanos(timers) - before).isLessThan(100_000_000L);
        }
    }

    private static long cpuNanos(List<Thread> threads) {
        return threads.stream()
                .mapToLong(thread -> ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId())).sum();
    }
}
