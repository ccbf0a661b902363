package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.AutoScalingEventExecutorChooserFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.ThreadPerTaskExecutor;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Loops: their end, their tasks, and their sleep; the same for Netty's NIO transport unless a test says otherwise. */
@NeedsCompletionPorts
@Timeout(120)
class LoopTest {
    /** A client that sends and receives until its connection ends, however that is. */
    private static CompletableFuture<Void> pump(Socket peer, AtomicLong exchanges) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try (peer) {
                peer.getOutputStream().write(1);
                while (peer.getInputStream().read() >= 0) {
                    exchanges.incrementAndGet();
                    peer.getOutputStream().write(1);
                }
            } catch (IOException e) {
                // reset
            }
            ended.complete(null);
        });
        return ended;
    }

    /** As of a task that is scheduled for ever, in a loop's first millisecond. */
    @Test
    void theLongestWaitIsNotTooLong() {
        assertThat(IocpIoHandler.millis(Long.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
        assertThat(IocpIoHandler.millis(Long.MAX_VALUE - 1)).isEqualTo(Integer.MAX_VALUE);
        assertThat(IocpIoHandler.millis(1_000_001)).isEqualTo(2);
        assertThat(IocpIoHandler.millis(-1)).isZero();
    }

    /** Without a quiet period the loop may end before it has closed its channels: peers see their end all the same. */
    @ParameterizedTest
    @ValueSource(longs = {0, 200})
    void loopsEndUnderLoad(long quietMillis) throws Exception {
        AtomicLong exchanges = new AtomicLong();
        AtomicInteger ended = new AtomicInteger();
        Bed bed = new Bed(Transport.IOCP, 2);
        Channel listener = bed.server(new EchoHandler(ended)).bind(Bed.loopback()).sync().channel();
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Socket peer = new Socket();
            peer.setTcpNoDelay(true);
            peer.connect(listener.localAddress());
            clients.add(pump(peer, exchanges));
        }
        Bed.await(() -> assertThat(exchanges.get()).isGreaterThan(500));
        assertThat(bed.group.shutdownGracefully(quietMillis, 5_000, TimeUnit.MILLISECONDS)
                .await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
        for (CompletableFuture<Void> client : clients) {
            client.get(Bed.SECONDS, TimeUnit.SECONDS);
        }
        assertThat(listener.isOpen()).isFalse();
    }

    /** The end comes from a task, with more tasks behind it: Netty asks for no closes then. */
    @Test
    void aLoopEndsAtOnce() throws Exception {
        AtomicInteger out = new AtomicInteger();
        Bed bed = new Bed(Transport.IOCP);
        Ends ends = bed.accepted(Bed.nothing());
        Channel listener = bed.server(Bed.nothing()).bind(Bed.loopback()).sync().channel();
        EventLoop loop = listener.eventLoop();
        loop.execute(() -> {
            ends.channel().writeAndFlush(new CountedBuf(16 << 20, out).writeZero(16 << 20));
            bed.group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            for (int i = 0; i < 100; i++) {
                loop.execute(Thread::onSpinWait);
            }
        });
        assertThat(bed.group.terminationFuture().await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
        try {
            while (ends.peer().getInputStream().read(new byte[1 << 16]) >= 0) {
                // what was on its way
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset");
        }
        ends.peer().close();
    }

    /**
     * A peer that does not read holds up a send. The close that waits for it is told before the loop ends. (A loop that
     * is told to end while it runs tasks ends without closing its channels, which is Netty's way.)
     */
    @Test
    void aLoopEndsWithSendsInFlight() throws Exception {
        int closed = 0;
        for (int round = 0; round < 10; round++) {
            Seen seen = new Seen();
            Bed bed = new Bed(Transport.IOCP);
            try (Ends ends = bed.accepted(seen)) {
                ends.channel().writeAndFlush(Unpooled.directBuffer(8 << 20).writeZero(8 << 20));
                Bed.await(() -> assertThat(ends.channel().isWritable()).isFalse());
                assertThat(bed.group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(Bed.SECONDS, TimeUnit.SECONDS))
                        .isTrue();
                if (ends.channel().closeFuture().isDone()) {
                    closed++;
                    assertThat(seen.events).contains("inactive", "unregistered");
                }
            }
        }
        assertThat(closed).isPositive();
    }

    /** The loop's end waits for no peer, whatever SO_LINGER says: 20 connections would take 20 times so long. */
    @Test
    void aLoopsEndDoesNotLinger() throws Exception {
        Bed bed = new Bed(Transport.IOCP);
        List<Ends> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Ends ends = bed.accepted(Bed.nothing());
            ends.channel().config().setOption(ChannelOption.SO_LINGER, Bed.SECONDS);
            ends.channel().writeAndFlush(Unpooled.directBuffer(4 << 20).writeZero(4 << 20));
            all.add(ends);
        }
        EventLoop loop = all.getFirst().channel().eventLoop();
        loop.execute(() -> {
            bed.group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            for (int i = 0; i < 100; i++) {
                loop.execute(Thread::onSpinWait); // so that the loop ends without closing them
            }
        });
        assertThat(bed.group.terminationFuture().await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
        for (Ends ends : all) {
            ends.peer().close();
        }
    }

    /** Each task runs or is refused, and the loop ends, whoever wakes it meanwhile. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void wakeUpsRaceWithTheEnd(Transport transport) throws Exception {
        for (int round = 0; round < 10; round++) {
            MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, transport.factory());
            AtomicLong accepted = new AtomicLong();
            AtomicLong run = new AtomicLong();
            CountDownLatch begun = new CountDownLatch(4);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    begun.countDown();
                    try {
                        while (true) {
                            group.execute(run::incrementAndGet);
                            long mine = accepted.incrementAndGet();
                            while (run.get() < mine - 20 && !group.isTerminated()) {
                                Thread.onSpinWait(); // or the queue would grow without end
                            }
                        }
                    } catch (RejectedExecutionException e) {
                        // the end
                    }
                }));
            }
            begun.await();
            group.shutdownGracefully(0, round % 2 == 0 ? 0 : 1, TimeUnit.SECONDS);
            assertThat(group.awaitTermination(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(run.get()).isLessThanOrEqualTo(accepted.get() + threads.size());
        }
    }

    /** A loop without channels sleeps, and goes on in another thread; its port does not mind. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aLoopIsSuspendedAndResumed(Transport transport) throws Exception {
        Seen seen = new Seen();
        try (Bed bed = new Bed(transport)) {
            EventExecutor loop = bed.group.iterator().next();
            for (int i = 0; i < 5; i++) {
                loop.submit(() -> { }).sync();
                Bed.await(() -> {
                    loop.trySuspend();
                    assertThat(loop.isSuspended()).isTrue();
                });
                Thread[] ran = new Thread[1];
                loop.submit(() -> ran[0] = Thread.currentThread()).sync();
                try (Ends ends = bed.accepted(seen)) {
                    loop.trySuspend(); // not while a channel is on it
                    ends.peerSends((byte) i);
                    int next = i + 1;
                    Bed.await(() -> assertThat(seen.readBytes()).isEqualTo(next));
                }
                Bed.await(() -> assertThat(seen.events).last().isEqualTo("unregistered"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void loopsAreScaled(Transport transport) throws Exception {
        for (int round = 0; round < 2; round++) {
            MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(3,
                    new ThreadPerTaskExecutor(Thread.ofPlatform().factory()),
                    new AutoScalingEventExecutorChooserFactory(1, 3, 50, TimeUnit.MILLISECONDS, 0.4, 0.6, 1, 1, 1),
                    transport.factory());
            try {
                runOnEach(group);
                Bed.await(() -> assertThat(group).filteredOn(EventExecutor::isSuspended).isNotEmpty());
                runOnEach(group); // those that sleep, too; whether they are put to sleep again is Netty's matter
            } finally {
                group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
            }
        }
    }

    private static void runOnEach(MultiThreadIoEventLoopGroup group) throws Exception {
        for (EventExecutor loop : group) {
            assertThat(loop.submit(() -> { }).await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50, 90})
    void ioAndTasksBothGetTheirTurn(int ioRatio) throws Exception {
        AtomicLong exchanges = new AtomicLong();
        AtomicLong tasks = new AtomicLong();
        try (Bed bed = new Bed(Transport.IOCP)) {
            ((MultiThreadIoEventLoopGroup) bed.group).setIoRatio(ioRatio);
            Channel listener = bed.server(new EchoHandler(new AtomicInteger())).bind(Bed.loopback()).sync().channel();
            Socket peer = new Socket();
            peer.setTcpNoDelay(true);
            peer.connect(listener.localAddress());
            CompletableFuture<Void> client = pump(peer, exchanges);
            EventLoop loop = listener.eventLoop();
            loop.execute(new Runnable() {
                @Override
                public void run() {
                    tasks.incrementAndGet();
                    if (!loop.isShuttingDown()) {
                        loop.execute(this); // there is always a task
                    }
                }
            });
            Bed.await(() -> {
                assertThat(exchanges.get()).isGreaterThan(100);
                assertThat(tasks.get()).isGreaterThan(100);
            });
            peer.close();
            client.get(Bed.SECONDS, TimeUnit.SECONDS);
        }
    }

    /** None early, each once, and in their order. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void scheduledTasksAreNotEarly(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            EventLoop loop = bed.group.next();
            List<Integer> order = new ArrayList<>();
            List<ScheduledFuture<?>> all = new ArrayList<>();
            AtomicInteger early = new AtomicInteger();
            long start = System.nanoTime();
            int[] millis = {1, 16, 60};
            for (int i = 0; i < 3; i++) {
                int index = i;
                all.add(loop.schedule(() -> {
                    long after = System.nanoTime() - start;
                    early.addAndGet(after < TimeUnit.MILLISECONDS.toNanos(millis[index]) ? 1 : 0);
                    order.add(index);
                }, millis[i], TimeUnit.MILLISECONDS));
            }
            for (ScheduledFuture<?> each : all) {
                each.sync();
            }
            assertThat(early).hasValue(0);
            assertThat(order).containsExactly(0, 1, 2);
        }
    }

    /** A task that comes from elsewhere wakes a loop that waits for ever. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aTaskWakesTheLoop(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            for (int i = 0; i < 200; i++) {
                assertThat(bed.group.submit(() -> 7).get(Bed.SECONDS, TimeUnit.SECONDS)).isEqualTo(7);
            }
        }
    }

    /** What is written last before the end is sent. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aWriteBeforeTheEndIsSent(Transport transport) throws Exception {
        Bed bed = new Bed(transport);
        Ends ends = bed.accepted(Bed.nothing());
        byte[] all = Pattern.of(10_000);
        ends.channel().writeAndFlush(Unpooled.wrappedBuffer(all)).sync();
        bed.close();
        assertThat(ends.peer().getInputStream().readNBytes(all.length)).isEqualTo(all);
        ends.peer().close();
    }
}
