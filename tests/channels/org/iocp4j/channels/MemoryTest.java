package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is kept, and for how long. */
class MemoryTest {
    private static final Duration LIMIT = Duration.ofSeconds(Outcome.LIMIT_SECONDS);

    @ParameterizedTest
    @MethodSource("org.iocp4j.channels.Providers#all")
    void nothingOfTheUsersIsKeptAfterItsHandlerRan(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null);
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null);
                Link link = Link.connected(provider, null)) {
            List<WeakReference<Object>> used = new ArrayList<>();
            transfer(link, used);
            if (Providers.isWindows()) { // elsewhere the JDK's keep those of a connect and an accept
                connect(channel, listener, used);
            }
            await().atMost(LIMIT).until(() -> {
                System.gc();
                return used.stream().allMatch(reference -> reference.refersTo(null));
            });
            for (Object kept : new Object[] {link, channel, listener}) { // idle, and open
                Reference.reachabilityFence(kept);
            }
        }
    }

    private static void connect(AsynchronousSocketChannel channel, AsynchronousServerSocketChannel listener,
            List<WeakReference<Object>> used) throws Exception {
        Outcome<Void> connect = new Outcome<>();
        Outcome<AsynchronousSocketChannel> accept = new Outcome<>();
        Object attachment = new Object();
        listener.accept(attachment, accept);
        channel.connect(listener.getLocalAddress(), attachment, connect);
        connect.get();
        accept.get().close();
        for (Object each : new Object[] {connect, accept, attachment}) {
            used.add(new WeakReference<>(each));
        }
    }

    /** As OpenJDK's test of leaks reads: 1 MiB at a time, on ten connections. A buffer kept by each would be 16 MiB. */
    @Test
    @NeedsCompletionPorts
    void longReadsAgainAndAgainTakeNoMoreAndMoreMemory() throws Exception {
        IocpAsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider();
        List<Link> links = new ArrayList<>();
        try {
            for (int i = 0; i < 10; i++) {
                links.add(Link.connected(provider, null));
            }
            byte[] room = new byte[1 << 20];
            for (int round = 0; round < 100; round++) {
                List<Future<Integer>> reads = new ArrayList<>();
                for (Link link : links) {
                    reads.add(link.channel().read(ByteBuffer.wrap(room)));
                }
                for (Link link : links) {
                    link.peer().getOutputStream().write(1);
                }
                for (Future<Integer> read : reads) {
                    assertThat(Outcome.get(read)).isEqualTo(1);
                }
            }
            assertThat(provider.statistics().bufferBytes()).isLessThan(4 << 20);
        } finally {
            for (Link link : links) {
                link.close();
            }
        }
    }

    /** In a frame of its own, whose variables are gone when it returns. */
    private static void transfer(Link link, List<WeakReference<Object>> used) throws Exception {
        Outcome<Integer> read = new Outcome<>();
        Outcome<Integer> write = new Outcome<>();
        ByteBuffer into = ByteBuffer.allocate(10);
        ByteBuffer from = ByteBuffer.allocate(10);
        Object attachment = new Object();
        link.channel().read(into, attachment, read);
        link.channel().write(from, attachment, write);
        link.peer().getOutputStream().write(1);
        read.get();
        write.get();
        for (Object each : new Object[] {read, write, into, from, attachment}) {
            used.add(new WeakReference<>(each));
        }
    }

    @Test
    @NeedsCompletionPorts
    void aReadThatWaitsLongHoldsNoBufferAndStillReads() throws Exception {
        IocpAsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider();
        List<Link> links = new ArrayList<>();
        try {
            List<Outcome<Integer>> outcomes = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                links.add(Link.connected(provider, null));
                Outcome<Integer> outcome = new Outcome<>();
                links.get(i).channel().read(ByteBuffer.allocate(100), null, outcome);
                outcomes.add(outcome);
            }
            await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
            assertThat(provider.statistics().watches()).isEqualTo(20);
            for (int i = 0; i < 20; i++) {
                links.get(i).peer().getOutputStream().write(new byte[] {1, 2, 3});
                assertThat(outcomes.get(i).get()).isEqualTo(3);
            }
            assertThat(provider.statistics().bytesRead()).isEqualTo(60);
            assertThat(provider.statistics().connects()).isEqualTo(20);
        } finally {
            for (Link link : links) {
                link.close();
            }
        }
        await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
    }

    @Test
    @NeedsCompletionPorts
    void whatTimesOutIsCancelledOrClosedGivesItsBuffersBack() throws Exception {
        IocpAsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider();
        for (int i = 0; i < 3; i++) {
            try (Link link = Link.connected(provider, null)) {
                AsynchronousSocketChannel channel = link.channel();
                Outcome<Integer> read = new Outcome<>();
                Outcome<Integer> write = new Outcome<>();
                channel.read(ByteBuffer.allocate(100), i == 0 ? 50 : 0, TimeUnit.MILLISECONDS, null, read);
                channel.write(ByteBuffer.allocate(64 << 20), i == 0 ? 50 : 0, TimeUnit.MILLISECONDS, null, write);
                if (i == 0) {
                    read.failure();
                    write.failure();
                    await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
                    assertThat(provider.statistics().timeouts()).isEqualTo(2);
                }
            }
            await().atMost(LIMIT).until(() -> provider.statistics().buffersLent() == 0);
        }
    }
}
