package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.WritePendingException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of writes, on the JDK's channels and on ours. */
class WriteTest {
    private static final String ALL = "org.iocp4j.channels.Providers#all";
    /** More than the sockets' buffers on both sides take. */
    private static final int LONG = 32 << 20;

    private static final String ELSEWHERE = "elsewhere a write is over when part of it has gone";

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static ByteBuffer pattern(ByteBuffer buffer) {
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.put(i, (byte) (i * 31 + (i >> 8)));
        }
        return buffer;
    }

    private static String read(Link link, int bytes) throws IOException {
        return new String(link.peer().getInputStream().readNBytes(bytes), StandardCharsets.US_ASCII);
    }

    /** A write that the peer does not take. */
    private static Outcome<Integer> stuck(AsynchronousSocketChannel channel) {
        Outcome<Integer> outcome = new Outcome<>();
        channel.write(ByteBuffer.allocateDirect(LONG), null, outcome);
        return outcome;
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void movesThePositionBehindWhatWasSent(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.accepted(provider, null)) {
            ByteBuffer heap = bytes("xabc").position(1);
            ByteBuffer direct = ByteBuffer.allocateDirect(3).put(bytes("def")).flip();
            Outcome<Integer> outcome = new Outcome<>();
            link.channel().write(heap, "mine", outcome);
            assertThat(outcome.get()).isEqualTo(3);
            assertThat(outcome.attachment).isEqualTo("mine");
            assertThat(Outcome.get(link.channel().write(direct))).isEqualTo(3);
            assertThat(Outcome.get(link.channel().write(bytes("ghi").asReadOnlyBuffer()))).isEqualTo(3);
            assertThat(heap.hasRemaining() || direct.hasRemaining()).isFalse();
            assertThat(read(link, 9)).isEqualTo("abcdefghi");
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void allOfALongBufferArrives(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            ByteBuffer all = pattern(ByteBuffer.allocate(5_000_001));
            Future<byte[]> received = CompletableFuture.supplyAsync(() -> {
                try {
                    return link.peer().getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            while (all.hasRemaining()) {
                int written = Outcome.get(link.channel().write(all));
                if (Providers.isWindows()) {
                    assertThat(written).isEqualTo(all.capacity());
                }
            }
            link.channel().shutdownOutput();
            assertThat(ByteBuffer.wrap(Outcome.get(received))).isEqualTo(all.flip());
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void gathersFromSeveralBuffers(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            ByteBuffer[] from = {bytes("no"), bytes("ab"), bytes(""), bytes("cde"), bytes("no")};
            Outcome<Long> outcome = new Outcome<>();
            link.channel().write(from, 1, 3, 0, TimeUnit.SECONDS, null, outcome);
            assertThat(outcome.get()).isEqualTo(5);
            assertThat(from[0].position() + from[4].position()).isZero();
            assertThat(from[1].hasRemaining() || from[3].hasRemaining()).isFalse();
            assertThat(read(link, 5)).isEqualTo("abcde");
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void nothingToWriteIsZeroAtOnce(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            assertThat(Outcome.get(link.channel().write(ByteBuffer.allocate(0)))).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void afterShutdownOutputTheChannelIsClosedForWriting(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome.get(link.channel().write(bytes("a")));
            link.channel().shutdownOutput().shutdownOutput();
            assertThat(Outcome.failure(link.channel().write(bytes("b")))).isInstanceOf(ClosedChannelException.class);
            assertThat(new String(link.peer().getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("a");
            link.peer().getOutputStream().write('c');
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void mistakesAreThrown(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            assertThatThrownBy(() -> channel.write(bytes("a"))).isInstanceOf(NotYetConnectedException.class);
            assertThatThrownBy(() -> channel.write(bytes("a"), null, null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(channel::shutdownOutput).isInstanceOf(NotYetConnectedException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aSecondWriteIsRefusedAndCloseEndsTheFirst(AsynchronousChannelProvider provider) throws Exception {
        assumeTrue(Providers.isWindows(), ELSEWHERE);
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> waits = stuck(link.channel());
            assertThatThrownBy(() -> link.channel().write(bytes("a"))).isInstanceOf(WritePendingException.class);
            link.channel().close();
            assertThat(waits.failure()).isInstanceOf(AsynchronousCloseException.class);
            assertThat(Outcome.failure(link.channel().write(bytes("a")))).isInstanceOf(ClosedChannelException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aTimeOutForbidsLaterWrites(AsynchronousChannelProvider provider) throws Exception {
        assumeTrue(Providers.isWindows(), ELSEWHERE);
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> waits = new Outcome<>();
            link.channel().write(ByteBuffer.allocateDirect(LONG), 200, TimeUnit.MILLISECONDS, null, waits);
            assertThat(waits.failure()).isInstanceOf(InterruptedByTimeoutException.class);
            assertThatThrownBy(() -> link.channel().write(bytes("a"))).isInstanceOf(IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aCancelledWriteForbidsLaterOnes(AsynchronousChannelProvider provider) throws Exception {
        assumeTrue(Providers.isWindows(), ELSEWHERE);
        try (Link link = Link.connected(provider, null)) {
            Future<Integer> waits = link.channel().write(ByteBuffer.allocateDirect(LONG));
            assertThat(waits.cancel(false)).isTrue();
            assertThat(waits.isCancelled()).isTrue();
            assertThatThrownBy(() -> link.channel().write(bytes("a"))).isInstanceOf(IllegalStateException.class);
            link.peer().getOutputStream().write('c');
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(1);
        }
    }

    /**
     * What OpenJDK's own test of time-outs does, which it does not run on Windows (JDK-7052549): writes one after the
     * other, as much as the connection takes, until one is not over in time.
     */
    @ParameterizedTest
    @MethodSource(ALL)
    void aTimeOutEndsTheFirstWriteThatTheConnectionDoesNotTake(AsynchronousChannelProvider provider)
            throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> read = new Outcome<>();
            link.channel().read(ByteBuffer.allocate(512), 100, TimeUnit.MILLISECONDS, null, read);
            assertThat(read.failure()).isInstanceOf(InterruptedByTimeoutException.class);
            assertThatThrownBy(() -> link.channel().read(ByteBuffer.allocate(512)))
                    .isInstanceOf(IllegalStateException.class);
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            link.channel().write(ByteBuffer.allocate(10_000), 500, TimeUnit.MILLISECONDS, 1,
                    new CompletionHandler<Integer, Integer>() {
                @Override
                public void completed(Integer bytes, Integer number) {
                    ByteBuffer next = number % 2 == 0 ? ByteBuffer.allocate(10_000)
                            : ByteBuffer.allocateDirect(10_000);
                    link.channel().write(next, 500, TimeUnit.MILLISECONDS, number + 1, this);
                }

                @Override
                public void failed(Throwable cause, Integer number) {
                    failure.complete(cause);
                }
            });
            assertThat(Outcome.get(failure)).isInstanceOf(InterruptedByTimeoutException.class);
            assertThatThrownBy(() -> link.channel().write(bytes("a"))).isInstanceOf(IllegalStateException.class);
        }
    }

    /** What is copied when the first part has gone throws then, and the kernel has nothing of it. Not on the JDK's. */
    @Test
    @NeedsCompletionPorts
    void aClosedArenaFailsTheWriteAndHarmsNobody() throws Exception {
        try (Link link = Link.connected(Providers.ours(), null)) {
            Outcome<Integer> outcome = new Outcome<>();
            try (Arena arena = Arena.ofShared()) {
                link.channel().write(arena.allocate(LONG).asByteBuffer(), null, outcome);
            }
            link.peer().getInputStream().skipNBytes(1 << 20);
            link.peer().close();
            assertThat(outcome.failure()).isInstanceOfAny(IllegalStateException.class, IOException.class);
        }
    }

    /** The one that ends first moves the position; the other one sends what it was given. */
    @Test
    @NeedsCompletionPorts
    void oneBufferIsWrittenToTwoChannels() throws Exception {
        ByteBuffer shared = marked();
        try (Link one = Link.connected(Providers.ours(), null); Link other = Link.connected(Providers.ours(), null)) {
            Outcome<Integer> first = new Outcome<>();
            Outcome<Integer> second = new Outcome<>();
            one.channel().write(shared, null, first);
            other.channel().write(shared, null, second);
            requireMarked(one);
            assertThat(first.get()).isEqualTo(LONG);
            requireMarked(other);
            assertThat(second.get()).isEqualTo(LONG);
            assertThat(shared.hasRemaining()).isFalse();
        }
    }

    private static final int MARKS = 1000;

    /** A long one, whose last bytes can be told from each other. */
    private static ByteBuffer marked() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(LONG);
        for (int i = 0; i < MARKS; i++) {
            buffer.put(LONG - MARKS + i, (byte) i);
        }
        return buffer;
    }

    /** All of a marked buffer arrives. */
    private static void requireMarked(Link link) throws IOException {
        link.peer().setSoTimeout((int) TimeUnit.SECONDS.toMillis(Outcome.LIMIT_SECONDS));
        link.peer().getInputStream().skipNBytes(LONG - MARKS);
        byte[] last = link.peer().getInputStream().readNBytes(MARKS);
        assertThat(ByteBuffer.wrap(last)).isEqualTo(marked().position(LONG - MARKS));
    }

    @Test
    @NeedsCompletionPorts
    void aBufferWhosePositionIsMovedMeanwhileIsSentAsItWas() throws Exception {
        ByteBuffer buffer = marked();
        try (Link link = Link.connected(Providers.ours(), null)) {
            Outcome<Integer> waits = new Outcome<>();
            link.channel().write(buffer, null, waits);
            buffer.position(LONG);
            requireMarked(link);
            assertThat(waits.get()).isEqualTo(LONG);
        }
    }

    /** The end of the stream comes behind all of a write that has begun. */
    @Test
    @NeedsCompletionPorts
    void shutdownOutputLetsAPendingWriteFinish() throws Exception {
        try (Link link = Link.connected(Providers.ours(), null)) {
            Outcome<Integer> waits = stuck(link.channel());
            link.channel().shutdownOutput();
            long received = 0;
            byte[] some = new byte[1 << 16];
            for (int n = link.peer().getInputStream().read(some); n >= 0; n = link.peer().getInputStream().read(some)) {
                received += n;
            }
            assertThat(received).isEqualTo(LONG);
            assertThat(waits.get()).isEqualTo(LONG);
        }
    }
}
