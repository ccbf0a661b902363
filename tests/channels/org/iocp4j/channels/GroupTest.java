package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.IllegalChannelGroupException;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of groups and of the threads that run handlers, with the JDK's provider and with ours. */
class GroupTest {
    private static final String ALL = "org.iocp4j.channels.Providers#all";
    /** The JDK's bound, and ours. */
    private static final int MOST_DEEP = 16;

    /** Remembers its threads, and what ends them. */
    private static final class Threads implements ThreadFactory {
        final Set<Thread> all = ConcurrentHashMap.newKeySet();
        final BlockingQueue<Throwable> deaths = new LinkedBlockingQueue<>();

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            thread.setUncaughtExceptionHandler((dead, cause) -> deaths.add(cause));
            all.add(thread);
            return thread;
        }

        interface Body {
            void run() throws Exception;
        }

        /** Runs it on a new one until that ends. */
        void run(Body body) throws InterruptedException {
            Thread thread = newThread(() -> {
                try {
                    body.run();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            thread.start();
            assertThat(thread.join(Duration.ofSeconds(Outcome.LIMIT_SECONDS))).isTrue();
        }
    }

    private static void requireTermination(AsynchronousChannelGroup group) throws InterruptedException {
        assertThat(group.awaitTermination(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(group.isTerminated()).isTrue();
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void handlersRunOnTheirGroupsThreads(AsynchronousChannelProvider provider) throws Exception {
        Threads threads = new Threads();
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(2, threads);
        try (Link link = Link.connected(provider, group)) {
            assertThat(group.provider()).isSameAs(provider);
            for (int i = 0; i < 20; i++) {
                Outcome<Integer> read = new Outcome<>();
                Outcome<Integer> write = new Outcome<>();
                link.channel().read(ByteBuffer.allocate(1), null, read);
                link.channel().write(ByteBuffer.allocate(1), null, write);
                link.peer().getOutputStream().write(1);
                read.get();
                write.get();
                assertThat(threads.all).contains(read.thread, write.thread);
            }
        } finally {
            group.shutdownNow();
        }
        requireTermination(group);
    }

    /** Also where the one is called from the other's. */
    @ParameterizedTest
    @MethodSource(ALL)
    void aHandlerRunsInItsOwnGroupWhoeverBeginsTheOperation(AsynchronousChannelProvider provider) throws Exception {
        Threads threads = new Threads();
        Threads others = new Threads();
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, threads);
        AsynchronousChannelGroup other =
                provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(others), 1);
        try (Link link = Link.connected(provider, group); Link otherLink = Link.connected(provider, other)) {
            Outcome<Integer> there = new Outcome<>();
            Outcome<Integer> back = new Outcome<>(bytes ->
                    link.channel().write(ByteBuffer.allocate(1), null, there));
            link.channel().write(ByteBuffer.allocate(1), null, new Outcome<Integer>(bytes ->
                    otherLink.channel().write(ByteBuffer.allocate(1), null, back)));
            back.get();
            there.get();
            assertThat(others.all).contains(back.thread);
            assertThat(threads.all).contains(there.thread);
        } finally {
            group.shutdownNow();
            other.shutdownNow();
        }
        requireTermination(group);
        requireTermination(other);
    }

    /** Or a program that accepts in its handler would never come back while connections come. */
    @ParameterizedTest
    @MethodSource(ALL)
    void anAcceptsHandlerIsNotCalledByTheAccept(AsynchronousChannelProvider provider) throws Exception {
        int many = 50;
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, new Threads());
        List<Socket> peers = new ArrayList<>();
        BlockingQueue<Boolean> nested = new LinkedBlockingQueue<>();
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, group)) {
            for (int i = 0; i < many; i++) {
                peers.add(Link.connect(listener));
            }
            boolean[] runs = new boolean[1]; // of the group's only thread
            listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
                @Override
                public void completed(AsynchronousSocketChannel channel, Void none) {
                    nested.add(runs[0]);
                    runs[0] = true;
                    listener.accept(null, this);
                    runs[0] = false;
                }

                @Override
                public void failed(Throwable cause, Void none) {
                    // the listener is closed
                }
            });
            for (int i = 0; i < many; i++) {
                assertThat(nested.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isFalse();
            }
        } finally {
            group.shutdownNow();
            for (Socket peer : peers) {
                peer.close();
            }
        }
        requireTermination(group);
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aGroupIsAnExecutor(AsynchronousChannelProvider provider) throws Exception {
        Threads threads = new Threads();
        AsynchronousChannelGroup fixed = provider.openAsynchronousChannelGroup(1, threads);
        ExecutorService pool = Executors.newCachedThreadPool(threads);
        AsynchronousChannelGroup cached = provider.openAsynchronousChannelGroup(pool, 0);
        for (AsynchronousChannelGroup group : List.of(fixed, cached)) {
            BlockingQueue<Thread> ran = new LinkedBlockingQueue<>();
            ((Executor) group).execute(() -> ran.add(Thread.currentThread()));
            assertThat(threads.all).contains(ran.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS));
            group.shutdown();
            requireTermination(group);
        }
        assertThat(pool.isShutdown()).isTrue();
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aThrowingHandlerEndsItsThreadWithThatVeryException(AsynchronousChannelProvider provider) throws Exception {
        for (int kind = 0; kind < 3; kind++) {
            Threads threads = new Threads();
            requireDeaths(threads, provider, kind == 0 ? provider.openAsynchronousChannelGroup(2, threads)
                    : provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(threads), kind - 1));
        }
    }

    private static void requireDeaths(Threads threads, AsynchronousChannelProvider provider,
            AsynchronousChannelGroup group) throws Exception {
        int times = 50;
        try (Link link = Link.connected(provider, group)) {
            for (int i = 0; i < times; i++) {
                RuntimeException mine = new RuntimeException("thrown by the test");
                Outcome<Integer> outcome = new Outcome<>(bytes -> {
                    throw mine;
                });
                link.channel().read(ByteBuffer.allocate(1), null, outcome);
                link.peer().getOutputStream().write(1);
                assertThat(threads.deaths.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isSameAs(mine);
            }
            assertThat(Outcome.get(link.channel().write(ByteBuffer.allocate(1)))).isEqualTo(1);
        } finally {
            group.shutdownNow();
        }
        requireTermination(group);
        assertThat(threads.deaths).isEmpty();
    }

    /**
     * The handlers of what was dequeued together with it, and the read that it has begun. What comes while the thread
     * ends that has posted a read, as the JDK's dying thread has, Wine tells as the end of the stream (2 of 20 runs)
     * [wine]: so nothing comes before it has ended.
     */
    @ParameterizedTest
    @MethodSource(ALL)
    void whatAThrowingHandlerLeavesIsDoneByTheNextThread(AsynchronousChannelProvider provider) throws Exception {
        Threads threads = new Threads();
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, threads);
        RuntimeException mine = new RuntimeException("thrown by the test");
        try (Link one = Link.connected(provider, group); Link other = Link.connected(provider, group)) {
            Outcome<Integer> next = new Outcome<>();
            Outcome<Integer> first = new Outcome<>(bytes -> {
                one.channel().read(ByteBuffer.allocate(1), null, next);
                throw mine;
            });
            Outcome<Integer> behind = new Outcome<>();
            one.channel().read(ByteBuffer.allocate(1), null, first);
            other.channel().read(ByteBuffer.allocate(1), null, behind);
            CountDownLatch isHeldUp = new CountDownLatch(1);
            CountDownLatch goesOn = new CountDownLatch(1);
            ((Executor) group).execute(() -> {
                isHeldUp.countDown();
                await(goesOn);
            });
            await(isHeldUp);
            one.peer().getOutputStream().write(1);
            other.peer().getOutputStream().write(1);
            goesOn.countDown();
            assertThat(threads.deaths.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isSameAs(mine);
            assertThat(first.get()).isEqualTo(1);
            assertThat(behind.get()).isEqualTo(1);
            assertThat(first.thread.join(Duration.ofSeconds(Outcome.LIMIT_SECONDS))).isTrue();
            one.peer().getOutputStream().write(1);
            assertThat(next.get()).isEqualTo(1);
        } finally {
            group.shutdownNow();
        }
        requireTermination(group);
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void manyHandlersOfACachedGroupMayWaitAtOnce(AsynchronousChannelProvider provider) throws Exception {
        int many = 256;
        CountDownLatch all = new CountDownLatch(many);
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(
                Executors.newCachedThreadPool(new Threads()), 2);
        List<Link> links = new ArrayList<>();
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, group)) {
            List<Outcome<Integer>> outcomes = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                Future<AsynchronousSocketChannel> accept = listener.accept();
                Socket peer = Link.connect(listener);
                links.add(new Link(Outcome.get(accept), peer));
                Outcome<Integer> outcome = new Outcome<>(bytes -> {
                    all.countDown();
                    try {
                        assertThat(all.await(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
                links.get(i).channel().read(ByteBuffer.allocate(1), null, outcome);
                outcomes.add(outcome);
            }
            for (Link link : links) {
                link.peer().getOutputStream().write(1);
            }
            for (Outcome<Integer> outcome : outcomes) {
                assertThat(outcome.get()).isEqualTo(1);
            }
        } finally {
            group.shutdownNow();
            for (Link link : links) {
                link.close();
            }
        }
        requireTermination(group);
    }

    /** Writes that are done at once, each from the handler of the one before. */
    @ParameterizedTest
    @MethodSource(ALL)
    void handlersAreNestedNoDeeperThanTheBound(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, new Threads());
        try (Link link = Link.connected(provider, group)) {
            // The JDK's counts those that are called from one that was dispatched, ours counts that one, too.
            assertThat(deepestOfWrites(link)).isLessThanOrEqualTo(
                    Providers.isOurs(provider) ? MOST_DEEP : MOST_DEEP + 1);
        } finally {
            group.shutdownNow();
        }
    }

    private static int deepestOfWrites(Link link) throws InterruptedException {
        AtomicInteger deepest = new AtomicInteger();
        AtomicInteger left = new AtomicInteger(500);
        CountDownLatch done = new CountDownLatch(1);
        ThreadLocal<int[]> depth = ThreadLocal.withInitial(() -> new int[1]);
        new Runnable() {
            @Override
            public void run() {
                link.channel().write(ByteBuffer.allocate(1), null, new Outcome<Integer>(bytes -> {
                    int now = ++depth.get()[0];
                    deepest.accumulateAndGet(now, Math::max);
                    if (left.decrementAndGet() > 0) {
                        run();
                    } else {
                        done.countDown();
                    }
                    depth.get()[0]--;
                }));
            }
        }.run();
        assertThat(done.await(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        return deepest.get();
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void theInterruptStatusIsClearedAfterEachHandler(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, new Threads());
        try (Link link = Link.connected(provider, group)) {
            Outcome<Integer> first = new Outcome<>(bytes -> Thread.currentThread().interrupt());
            BlockingQueue<Boolean> interrupted = new LinkedBlockingQueue<>();
            Outcome<Integer> second = new Outcome<>(bytes -> interrupted.add(Thread.currentThread().isInterrupted()));
            link.channel().read(ByteBuffer.allocate(1), null, first);
            link.peer().getOutputStream().write(1);
            first.get();
            link.channel().read(ByteBuffer.allocate(1), null, second);
            link.peer().getOutputStream().write(1);
            second.get();
            assertThat(interrupted.take()).isFalse();
        } finally {
            group.shutdownNow();
        }
    }

    /** A thread of the group that waits for what it has begun itself finds it done, or another brings it. */
    @ParameterizedTest
    @MethodSource(ALL)
    void aHandlerMayWaitForAFutureWhileAnotherThreadIsThere(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(2, new Threads());
        try (Link link = Link.connected(provider, group)) {
            BlockingQueue<Integer> read = new LinkedBlockingQueue<>();
            Outcome<Integer> outcome = new Outcome<>(bytes -> {
                try {
                    link.peer().getOutputStream().write(new byte[5]);
                    read.add(Outcome.get(link.channel().read(ByteBuffer.allocate(5))));
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            link.channel().write(ByteBuffer.allocate(1), null, outcome);
            assertThat(read.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isEqualTo(5);
        } finally {
            group.shutdownNow();
        }
    }

    // ---- a pool that refuses ----

    /** A pool that fails when the test says so. */
    private static final class Refusing extends ThreadPoolExecutor {
        volatile Runnable refusal = () -> { };

        Refusing(ThreadFactory threads) {
            super(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
        }

        void refuse() {
            refusal = () -> {
                throw new RejectedExecutionException("refused by the test");
            };
        }

        @Override
        public void execute(Runnable task) {
            refusal.run();
            super.execute(task);
        }
    }

    @Test
    @NeedsCompletionPorts
    void handlersThatThePoolRefusesAreNestedNoDeeperThanTheBound() throws Exception {
        Refusing pool = new Refusing(new Threads());
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 0);
        try (Link link = Link.connected(Providers.ours(), group)) {
            pool.refuse();
            assertThat(deepestOfWrites(link)).isLessThanOrEqualTo(MOST_DEEP);
        } finally {
            group.shutdownNow();
        }
        requireTermination(group);
    }

    @Test
    @NeedsCompletionPorts
    void handlersThatThePoolRunsInTheCallerAreNestedNoDeeperThanTheBound() throws Exception {
        ExecutorService pool = inCaller(new Threads());
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 0);
        CountDownLatch end = new CountDownLatch(1);
        try (Link link = Link.connected(Providers.ours(), group)) {
            pool.execute(() -> await(end));
            assertThat(deepestOfWrites(link)).isLessThanOrEqualTo(MOST_DEEP);
        } finally {
            end.countDown();
            group.shutdownNow();
        }
        requireTermination(group);
    }

    /** A pool with one thread. */
    private static ExecutorService inCaller(ThreadFactory threads) {
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>(), threads,
                new ThreadPoolExecutor.CallerRunsPolicy());
    }

    @Test
    @NeedsCompletionPorts
    void aPoolThatThrowsAnErrorLosesNoHandler() throws Exception {
        Refusing pool = new Refusing(new Threads());
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 0);
        long before = Providers.ours().statistics().refusedHandlers();
        try (Link link = Link.connected(Providers.ours(), group)) {
            Outcome<Integer> read = new Outcome<>();
            Outcome<Integer> write = new Outcome<>();
            link.channel().read(ByteBuffer.allocate(1), null, read);
            pool.refusal = () -> {
                throw new Error("thrown by the test");
            };
            link.channel().write(ByteBuffer.allocate(1), null, write);
            link.peer().getOutputStream().write(1);
            assertThat(write.get()).isEqualTo(1);
            assertThat(read.get()).isEqualTo(1);
            assertThat(Providers.ours().statistics().refusedHandlers()).isGreaterThanOrEqualTo(before + 2);
        } finally {
            group.shutdownNow();
        }
        requireTermination(group);
    }

    /** Nor is what it has still to do lost with the thread that a handler has ended, or the group would end late. */
    @Test
    @NeedsCompletionPorts
    void aGroupEndsThoughItsPoolHasRefusedAThread() throws Exception {
        Threads threads = new Threads();
        Refusing pool = new Refusing(threads);
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 1);
        RuntimeException mine = new RuntimeException("thrown by the test");
        try (Link link = Link.connected(Providers.ours(), group)) {
            Set<Thread> dequeuing = Set.copyOf(threads.all);
            for (boolean isSo = false; !isSo;) { // or the group's own thread has dequeued it, and the pool runs it
                Outcome<Integer> read = new Outcome<>(bytes -> {
                    if (dequeuing.contains(Thread.currentThread())) {
                        pool.refusal = () -> {
                            throw new Error("thrown by the test");
                        };
                        close(link);
                        throw mine;
                    }
                });
                link.channel().read(ByteBuffer.allocate(1), null, read);
                link.peer().getOutputStream().write(1);
                read.get();
                isSo = dequeuing.contains(read.thread);
            }
            assertThat(threads.deaths.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isSameAs(mine);
        } finally {
            pool.refusal = () -> { };
            group.shutdownNow();
        }
        assertThat(group.awaitTermination(5, TimeUnit.SECONDS)).as("before it gives up what it waits for").isTrue();
    }

    /** It runs the group's loop in the dying thread: what a later handler throws there is no refusal of that. */
    @Test
    @NeedsCompletionPorts
    void aGroupEndsThoughItsPoolRunsItsLoopInTheCaller() throws Exception {
        Threads threads = new Threads();
        ExecutorService pool = new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new SynchronousQueue<>(), threads,
                new ThreadPoolExecutor.CallerRunsPolicy());
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 1);
        Set<Thread> dequeuing = Set.copyOf(threads.all);
        CountDownLatch end = new CountDownLatch(1);
        List<Throwable> thrown = new ArrayList<>();
        try (Link link = Link.connected(Providers.ours(), group)) {
            pool.execute(() -> await(end)); // the other one
            while (thrown.size() < 3) {
                RuntimeException mine = new RuntimeException("thrown by the test");
                Outcome<Integer> read = new Outcome<>(bytes -> {
                    if (dequeuing.contains(Thread.currentThread())) {
                        thrown.add(mine);
                        throw mine;
                    }
                });
                link.channel().read(ByteBuffer.allocate(1), null, read);
                link.peer().getOutputStream().write(1);
                read.get();
            }
        } finally {
            end.countDown();
            group.shutdownNow();
        }
        requireTermination(group);
        for (Thread thread : threads.all) {
            assertThat(thread.join(Duration.ofSeconds(Outcome.LIMIT_SECONDS))).isTrue();
        }
        assertThat(threads.deaths).containsExactlyInAnyOrderElementsOf(thrown);
    }

    private static void close(Link link) {
        try {
            link.channel().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @NeedsCompletionPorts
    void aFactoryThatThrowsLeavesNoThread() throws Exception {
        Threads threads = new Threads();
        IllegalStateException mine = new IllegalStateException("thrown by the test");
        ThreadFactory factory = task -> {
            if (threads.all.isEmpty()) {
                return threads.newThread(task);
            }
            throw mine;
        };
        assertThatThrownBy(() -> Providers.ours().openAsynchronousChannelGroup(2, factory)).isSameAs(mine);
        for (Thread thread : threads.all) {
            assertThat(thread.join(Duration.ofSeconds(Outcome.LIMIT_SECONDS))).isTrue();
        }
    }

    /** A pool may run in the caller what it has no thread for: what that throws is no refusal. */
    @Test
    @NeedsCompletionPorts
    void aHandlerThatThePoolRunsInTheCallerRunsOnce() throws Exception {
        Threads threads = new Threads();
        ExecutorService pool = inCaller(threads);
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 0);
        CountDownLatch end = new CountDownLatch(1);
        try (Link link = Link.connected(Providers.ours(), group)) {
            pool.execute(() -> await(end));
            RuntimeException mine = new RuntimeException("thrown by the test");
            AtomicInteger failed = new AtomicInteger();
            link.channel().read(ByteBuffer.allocate(1), null, throwing(mine, failed));
            threads.run(link.channel()::close);
            assertThat(threads.deaths).containsExactly(mine);
            assertThat(failed).hasValue(1);
        } finally {
            end.countDown();
            group.shutdownNow();
        }
        requireTermination(group);
    }

    private static void await(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static <V> CompletionHandler<V, Object> throwing(RuntimeException thrown, AtomicInteger failed) {
        return new CompletionHandler<>() {
            @Override
            public void completed(V value, Object attachment) {
                throw new AssertionError("it cannot succeed");
            }

            @Override
            public void failed(Throwable cause, Object attachment) {
                failed.incrementAndGet();
                throw thrown;
            }
        };
    }

    /** Then handlers run in {@code shutdownNow}, and what they throw ends neither that nor the closes. */
    @Test
    @NeedsCompletionPorts
    void shutdownNowClosesAllThoughTheHandlersItRunsThrow() throws Exception {
        Threads threads = new Threads();
        Refusing pool = new Refusing(threads);
        AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(pool, 0);
        RuntimeException mine = new RuntimeException("thrown by the test");
        AtomicInteger failed = new AtomicInteger();
        AsynchronousServerSocketChannel listener = Link.listen(Providers.ours(), group);
        try (Link one = Link.connected(Providers.ours(), group); Link other = Link.connected(Providers.ours(), group)) {
            one.channel().read(ByteBuffer.allocate(1), null, throwing(mine, failed));
            other.channel().read(ByteBuffer.allocate(1), null, throwing(mine, failed));
            listener.accept(null, throwing(mine, failed));
            pool.refuse();
            threads.run(group::shutdownNow);
            assertThat(one.channel().isOpen() || other.channel().isOpen() || listener.isOpen()).isFalse();
            assertThat(failed).hasValue(3);
            assertThat(threads.deaths).containsExactly(mine, mine, mine);
            requireTermination(group);
        }
    }

    // ---- shutdown ----

    @ParameterizedTest
    @MethodSource(ALL)
    void whatBeginsWhenItsGroupHasTerminatedIsThrown(AsynchronousChannelProvider provider) throws Exception {
        for (AsynchronousChannelGroup group : List.of(provider.openAsynchronousChannelGroup(1, new Threads()),
                provider.openAsynchronousChannelGroup(Executors.newCachedThreadPool(new Threads()), 0))) {
            AsynchronousServerSocketChannel listener = Link.listen(provider, group);
            try (Link link = Link.connected(provider, group)) {
                group.shutdownNow();
                requireTermination(group);
                AsynchronousSocketChannel channel = link.channel();
                ByteBuffer buffer = ByteBuffer.allocate(1);
                Outcome<Integer> none = new Outcome<>();
                assertThatThrownBy(() -> channel.read(buffer, null, none))
                        .isInstanceOf(ShutdownChannelGroupException.class);
                assertThatThrownBy(() -> channel.write(buffer, null, none))
                        .isInstanceOf(ShutdownChannelGroupException.class);
                assertThatThrownBy(() -> channel.connect(link.peer().getLocalSocketAddress(), null, new Outcome<>()))
                        .isInstanceOf(ShutdownChannelGroupException.class);
                assertThatThrownBy(() -> listener.accept(null, new Outcome<>()))
                        .isInstanceOf(ShutdownChannelGroupException.class);
                assertThat(none.isThere()).isFalse();
                assertThat(Outcome.failure(channel.read(buffer))).isInstanceOf(ClosedChannelException.class);
            }
        }
    }

    /** The group ends with the channel that the failure closes, but not before its handler has got its thread. */
    @Test
    @NeedsCompletionPorts
    void aFailedConnectOfTheLastChannelIsToldOnTheGroupsThread() throws Exception {
        for (int i = 0; i < 10; i++) {
            Threads threads = new Threads();
            AsynchronousChannelGroup group = Providers.ours().openAsynchronousChannelGroup(1, threads);
            AsynchronousSocketChannel channel = Providers.ours().openAsynchronousSocketChannel(group);
            group.shutdown();
            Outcome<Void> outcome = new Outcome<>();
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null, outcome);
            assertThat(outcome.failure()).isInstanceOf(IOException.class);
            assertThat(threads.all).contains(outcome.thread);
            assertThat(channel.isOpen()).isFalse();
            requireTermination(group);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void shutdownTakesNoNewChannelsAndEndsWithTheLast(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(2, new Threads());
        try (Link link = Link.connected(provider, group)) {
            AsynchronousSocketChannel other = provider.openAsynchronousSocketChannel(group);
            group.shutdown();
            group.shutdown();
            assertThat(group.isShutdown()).isTrue();
            assertThat(group.isTerminated()).isFalse();
            assertThatThrownBy(() -> provider.openAsynchronousSocketChannel(group))
                    .isInstanceOf(ShutdownChannelGroupException.class);
            assertThatThrownBy(() -> provider.openAsynchronousServerSocketChannel(group))
                    .isInstanceOf(ShutdownChannelGroupException.class);
            Outcome<Integer> read = new Outcome<>();
            link.channel().read(ByteBuffer.allocate(1), null, read);
            link.peer().getOutputStream().write(1);
            assertThat(read.get()).isEqualTo(1); // those that there are go on
            assertThat(group.awaitTermination(50, TimeUnit.MILLISECONDS)).isFalse();
            other.close();
            link.channel().close();
            requireTermination(group);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aChannelThatThereIsCanConnectAfterShutdown(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, new Threads());
        try (ServerSocket listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(group)) {
            group.shutdown();
            Outcome<Void> connect = new Outcome<>();
            channel.connect(listener.getLocalSocketAddress(), null, connect);
            connect.get();
            Outcome<Integer> write = new Outcome<>();
            channel.write(ByteBuffer.allocate(1), null, write);
            assertThat(write.get()).isEqualTo(1);
        }
        requireTermination(group);
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void anAcceptThatEndsAfterShutdownFailsAndClosesTheConnection(AsynchronousChannelProvider provider)
            throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(2, new Threads());
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, group)) {
            Future<AsynchronousSocketChannel> before = listener.accept();
            group.shutdown();
            try (Socket peer = Link.connect(listener)) {
                assertThat(Outcome.failure(before)).isInstanceOf(IOException.class)
                        .hasCauseInstanceOf(ShutdownChannelGroupException.class);
                assertThat(isEnded(peer)).isTrue();
            }
            Future<AsynchronousSocketChannel> after = listener.accept();
            try (Socket peer = Link.connect(listener)) {
                assertThat(Outcome.failure(after)).isInstanceOf(IOException.class)
                        .hasCauseInstanceOf(ShutdownChannelGroupException.class);
                assertThat(isEnded(peer)).isTrue();
            }
        }
        requireTermination(group);
    }

    private static boolean isEnded(Socket peer) {
        try {
            return peer.getInputStream().read() == -1;
        } catch (IOException e) {
            return true; // reset
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void shutdownNowClosesAllFromTheGroupsOnlyThread(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, new Threads());
        AsynchronousServerSocketChannel listener = Link.listen(provider, group);
        Outcome<AsynchronousSocketChannel> accept = new Outcome<>();
        listener.accept(null, accept);
        try (Link link = Link.connected(provider, group)) {
            Outcome<Integer> read = new Outcome<>();
            link.channel().read(ByteBuffer.allocate(1), null, read);
            BlockingQueue<Boolean> open = new LinkedBlockingQueue<>();
            link.channel().write(ByteBuffer.allocate(1), null, new Outcome<Integer>(bytes -> {
                try {
                    group.shutdownNow();
                    open.add(listener.isOpen() || link.channel().isOpen());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }));
            assertThat(open.poll(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS)).isFalse();
            assertThat(read.failure()).isInstanceOf(AsynchronousCloseException.class);
            assertThat(accept.failure()).isInstanceOf(AsynchronousCloseException.class);
            requireTermination(group);
        }
    }

    // ---- providers ----

    @ParameterizedTest
    @MethodSource(ALL)
    void aChannelIsOfItsGroupsProvider(AsynchronousChannelProvider provider) throws Exception {
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, new Threads());
        try (AsynchronousSocketChannel channel = AsynchronousSocketChannel.open(group);
                AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group)) {
            assertThat(channel.provider()).isSameAs(provider);
            assertThat(listener.provider()).isSameAs(provider);
        }
        group.shutdown();
        requireTermination(group);
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aStrangersGroupIsRefused(AsynchronousChannelProvider provider) {
        AsynchronousChannelGroup strange = new StrangeGroup(provider);
        assertThatThrownBy(() -> provider.openAsynchronousSocketChannel(strange))
                .isInstanceOf(IllegalChannelGroupException.class);
        assertThatThrownBy(() -> provider.openAsynchronousServerSocketChannel(strange))
                .isInstanceOf(IllegalChannelGroupException.class);
        assertThatThrownBy(() -> provider.openAsynchronousChannelGroup(0, new Threads()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> provider.openAsynchronousChannelGroup(null, 0))
                .isInstanceOf(NullPointerException.class);
    }

    private static final class StrangeGroup extends AsynchronousChannelGroup {
        StrangeGroup(AsynchronousChannelProvider provider) {
            super(provider);
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public void shutdown() {
        }

        @Override
        public void shutdownNow() {
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }
}
