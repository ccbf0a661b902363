package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ReadPendingException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of reads, on the JDK's channels and on ours. */
class ReadTest {
    private static final String ALL = "org.iocp4j.channels.Providers#all";

    private static void send(Link link, String text) throws IOException {
        link.peer().getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(ByteBuffer buffer) {
        ByteBuffer read = buffer.duplicate().flip();
        byte[] bytes = new byte[read.remaining()];
        read.get(bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static Outcome<Integer> read(AsynchronousSocketChannel channel, ByteBuffer into) {
        Outcome<Integer> outcome = new Outcome<>();
        channel.read(into, null, outcome);
        return outcome;
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void movesThePositionByWhatHasCome(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            for (ByteBuffer buffer : new ByteBuffer[] {ByteBuffer.allocate(10), ByteBuffer.allocateDirect(10)}) {
                buffer.put((byte) 'x');
                Outcome<Integer> waits = read(link.channel(), buffer);
                send(link, "abc");
                assertThat(waits.get()).isEqualTo(3);
                send(link, "de");
                assertThat(Outcome.get(link.channel().read(buffer))).isEqualTo(2);
                assertThat(text(buffer)).isEqualTo("xabcde");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void whatDoesNotFitIsReadNext(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.accepted(provider, null)) {
            send(link, "abcdef");
            StringBuilder all = new StringBuilder();
            while (all.length() < 6) {
                ByteBuffer buffer = ByteBuffer.allocate(4);
                Outcome.get(link.channel().read(buffer));
                all.append(text(buffer));
            }
            assertThat(all.toString()).isEqualTo("abcdef");
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aLongBufferGetsAllThatIsThere(AsynchronousChannelProvider provider) throws Exception {
        byte[] sent = new byte[300_000];
        for (int i = 0; i < sent.length; i++) {
            sent[i] = (byte) (i * 31 + i / 256);
        }
        try (Link link = Link.accepted(provider, null)) {
            Thread.ofPlatform().start(() -> {
                try {
                    link.peer().getOutputStream().write(sent);
                    link.peer().shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            ByteBuffer all = ByteBuffer.allocate(sent.length + 1);
            while (Outcome.get(link.channel().read(all)) >= 0) {
                // until the end
            }
            assertThat(all.position()).isEqualTo(sent.length);
            assertThat(all.flip()).isEqualTo(ByteBuffer.wrap(sent));
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void scattersIntoSeveralBuffers(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            ByteBuffer[] into = {ByteBuffer.allocate(9), ByteBuffer.allocate(2), ByteBuffer.allocateDirect(3),
                ByteBuffer.allocate(9)};
            Outcome<Long> outcome = new Outcome<>();
            link.channel().read(into, 1, 2, 0, TimeUnit.SECONDS, null, outcome);
            send(link, "abcde");
            long first = outcome.get();
            assertThat(first).isPositive();
            if (first < 5) { // TCP may have cut them
                Outcome<Long> rest = new Outcome<>();
                link.channel().read(into, 1, 2, 0, TimeUnit.SECONDS, null, rest);
                rest.get();
            }
            assertThat(text(into[1])).isEqualTo("ab");
            assertThat(text(into[2])).isEqualTo("cde");
            assertThat(into[0].position() + into[3].position()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void theEndOfTheStreamIsMinusOneEachTime(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> waits = read(link.channel(), ByteBuffer.allocate(1));
            link.peer().shutdownOutput();
            assertThat(waits.get()).isEqualTo(-1);
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void withoutRoomItIsZeroAtOnce(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            assertThat(read(link.channel(), ByteBuffer.allocate(0)).get()).isZero();
            Future<Integer> future = link.channel().read(ByteBuffer.allocate(0));
            assertThat(future.isDone()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void afterShutdownInputItIsMinusOneEvenWithoutRoom(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            link.channel().shutdownInput().shutdownInput();
            assertThat(read(link.channel(), ByteBuffer.allocate(0)).get()).isEqualTo(-1);
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(9)))).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aSecondReadIsRefusedWhileTheFirstWaits(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> first = read(link.channel(), ByteBuffer.allocate(1));
            assertThatThrownBy(() -> link.channel().read(ByteBuffer.allocate(1)))
                    .isInstanceOf(ReadPendingException.class);
            assertThatThrownBy(() -> link.channel().read(ByteBuffer.allocate(0)))
                    .isInstanceOf(ReadPendingException.class);
            send(link, "a");
            assertThat(first.get()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void mistakesAreThrown(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null)) {
            CompletionHandler<Integer, Object> none = null;
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                    .isInstanceOf(NotYetConnectedException.class);
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1).asReadOnlyBuffer()))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1), null, none))
                    .isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> channel.read(new ByteBuffer[1], 1, 1, 0, TimeUnit.SECONDS, null, new Outcome<>()))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(channel::shutdownInput).isInstanceOf(NotYetConnectedException.class);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void closeEndsThePendingReadAndForbidsLaterOnes(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> waits = read(link.channel(), ByteBuffer.allocate(1));
            link.channel().close();
            link.channel().close();
            assertThat(waits.failure()).isInstanceOf(AsynchronousCloseException.class);
            assertThat(read(link.channel(), ByteBuffer.allocate(1)).failure())
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(Outcome.failure(link.channel().read(ByteBuffer.allocate(1))))
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(link.channel().isOpen()).isFalse();
            assertThatThrownBy(link.channel()::shutdownInput).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(link.channel()::getRemoteAddress).isInstanceOf(ClosedChannelException.class);
            assertThat(link.peer().getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aTimeOutEndsTheReadAndForbidsLaterOnes(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> waits = new Outcome<>();
            long start = System.nanoTime();
            link.channel().read(ByteBuffer.allocate(1), 100, TimeUnit.MILLISECONDS, "mine", waits);
            assertThat(waits.failure()).isInstanceOf(InterruptedByTimeoutException.class);
            assertThat(waits.attachment).isEqualTo("mine");
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(95_000_000);
            assertThatThrownBy(() -> link.channel().read(ByteBuffer.allocate(1)))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(Outcome.get(link.channel().write(ByteBuffer.allocate(1)))).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aReadInTimeDisarmsItsLimit(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> inTime = new Outcome<>();
            send(link, "a");
            link.channel().read(ByteBuffer.allocate(1), 1_000, TimeUnit.MILLISECONDS, null, inTime);
            assertThat(inTime.get()).isEqualTo(1);
            Future<Integer> unlimited = link.channel().read(ByteBuffer.allocate(1));
            assertThatThrownBy(() -> unlimited.get(1_500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            send(link, "b");
            assertThat(Outcome.get(unlimited)).isEqualTo(1);
        }
    }

    /** As Tomcat sets it for a connection that may be silent. */
    @ParameterizedTest
    @MethodSource(ALL)
    void theLongestLimitDoesNotRunOut(AsynchronousChannelProvider provider) throws Exception {
        Callable<Void> pingPong = () -> {
            try (Link link = Link.connected(provider, null)) {
                for (int i = 0; i < 500; i++) {
                    Outcome<Integer> read = new Outcome<>();
                    link.channel().read(ByteBuffer.allocate(1), Long.MAX_VALUE, TimeUnit.MILLISECONDS, null, read);
                    send(link, "a");
                    assertThat(read.get()).isEqualTo(1);
                }
            }
            return null;
        };
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Void> each : threads.invokeAll(Collections.nCopies(4, pingPong))) {
                Outcome.get(each);
            }
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aCancelledReadForbidsLaterOnes(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Future<Integer> waits = link.channel().read(ByteBuffer.allocate(1));
            assertThat(waits.cancel(false)).isTrue();
            assertThat(waits.cancel(false)).isFalse();
            assertThat(waits.isCancelled()).isTrue();
            assertThat(waits.isDone()).isTrue();
            assertThatThrownBy(waits::get).isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> link.channel().read(ByteBuffer.allocate(1)))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(link.channel().isOpen()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aForcibleCancelClosesTheChannel(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Future<Integer> waits = link.channel().read(ByteBuffer.allocate(1));
            assertThat(waits.cancel(true)).isTrue();
            assertThat(link.channel().isOpen()).isFalse();
            assertThat(link.peer().getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void noTimeOrLessIsNoLimit(AsynchronousChannelProvider provider) throws Exception {
        for (long none : new long[] {0, -1, Integer.MIN_VALUE, Long.MIN_VALUE}) {
            try (Link link = Link.connected(provider, null)) {
                Outcome<Integer> read = new Outcome<>();
                Outcome<Integer> write = new Outcome<>();
                link.channel().read(ByteBuffer.allocate(1), none, TimeUnit.SECONDS, null, read);
                link.channel().write(ByteBuffer.allocate(1), none, TimeUnit.SECONDS, null, write);
                assertThat(write.get()).isEqualTo(1);
                Thread.sleep(200); // in which a limit of no time would have run out
                assertThat(read.isThere()).isFalse();
                send(link, "a");
                assertThat(read.get()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aFutureIsWaitedForAsLongAsIsSaid(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Future<Integer> waits = link.channel().read(ByteBuffer.allocate(1));
            for (long none : new long[] {0, -1, Long.MIN_VALUE}) {
                assertThatThrownBy(() -> waits.get(none, TimeUnit.NANOSECONDS)).isInstanceOf(TimeoutException.class);
            }
            send(link, "a");
            assertThat(waits.get(Long.MAX_VALUE, TimeUnit.DAYS)).isEqualTo(1);
        }
    }

    /** What has been begun goes on without the thread that has begun it. */
    @ParameterizedTest
    @MethodSource(ALL)
    void theInitiatingThreadMayEnd(AsynchronousChannelProvider provider) throws Exception {
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null);
                AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(null);
                Link link = Link.connected(provider, null)) {
            Outcome<Integer> read = new Outcome<>();
            Outcome<Integer> write = new Outcome<>();
            Outcome<AsynchronousSocketChannel> accept = new Outcome<>();
            Outcome<Void> connect = new Outcome<>();
            int many = 8 << 20; // more than goes at once
            byEnded(() -> link.channel().read(ByteBuffer.allocate(1), null, read));
            byEnded(() -> link.channel().write(ByteBuffer.allocate(many), null, write));
            byEnded(() -> listener.accept(null, accept));
            InetSocketAddress address = (InetSocketAddress) listener.getLocalAddress();
            byEnded(() -> channel.connect(address, null, connect));
            send(link, "a");
            assertThat(read.get()).isEqualTo(1);
            link.peer().getInputStream().skipNBytes(Providers.isWindows() ? many : 1);
            assertThat(write.get()).isPositive();
            connect.get();
            accept.get().close();
        }
    }

    private static void byEnded(Runnable operation) throws InterruptedException {
        Thread.ofPlatform().start(operation).join();
    }

    /** As java.nio.channels.Channels wraps such a channel. */
    @ParameterizedTest
    @MethodSource(ALL)
    void aChannelHasStreams(AsynchronousChannelProvider provider) throws Exception {
        byte[] sent = new byte[200_000];
        new Random(1).nextBytes(sent);
        try (Link link = Link.connected(provider, null)) {
            Thread echo = Thread.ofPlatform().start(() -> {
                try {
                    link.peer().getInputStream().transferTo(link.peer().getOutputStream());
                    link.peer().shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            Thread sender = Thread.ofPlatform().start(() -> {
                try {
                    Channels.newOutputStream(link.channel()).write(sent);
                    link.channel().shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(Channels.newInputStream(link.channel()).readAllBytes()).isEqualTo(sent);
            sender.join();
            echo.join();
        }
    }

    /** What comes while a read waits is copied by another thread. */
    @ParameterizedTest
    @MethodSource(ALL)
    void memoryOfAConfinedArenaFailsAReadThatWaits(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null); Arena arena = Arena.ofConfined()) {
            Outcome<Integer> waits = read(link.channel(), arena.allocate(1).asByteBuffer());
            send(link, "a");
            if (Providers.isOurs(provider)) {
                assertThat(waits.failure()).isInstanceOf(WrongThreadException.class);
            } else { // whatever comes
                assertThat(waits.failure())
                        .isInstanceOf(Providers.isWindows() ? IOException.class : IllegalStateException.class);
            }
            assertThat(Outcome.get(link.channel().read(ByteBuffer.allocate(1)))).isEqualTo(1); // nothing is lost
        }
    }

    /** As a program does that has forgotten to wait: the read goes on in the room that it was given. */
    @Test
    @NeedsCompletionPorts
    void aBufferThatIsFlippedMeanwhileIsFilledAllTheSame() throws Exception {
        try (Link link = Link.connected(Providers.ours(), null)) {
            ByteBuffer single = ByteBuffer.allocate(10);
            Future<Integer> waits = link.channel().read(single);
            single.flip();
            send(link, "abc");
            assertThat(Outcome.get(waits)).isEqualTo(3);
            assertThat(text(single.clear().position(3))).isEqualTo("abc");

            ByteBuffer[] several = {ByteBuffer.allocate(2), ByteBuffer.allocate(2)};
            Outcome<Long> outcome = new Outcome<>();
            link.channel().read(several, 0, 2, 0, TimeUnit.SECONDS, null, outcome);
            several[0].flip();
            send(link, "def");
            assertThat(outcome.get()).isEqualTo(3);
            assertThat(text(several[0].clear().position(2))).isEqualTo("de");
            assertThat(text(several[1])).isEqualTo("f");
        }
    }

    @Test
    @NeedsCompletionPorts
    void withoutAUnitOfItsTimeNothingBegins() throws Exception {
        try (Link link = Link.connected(Providers.ours(), null)) {
            assertThatThrownBy(() -> link.channel().read(ByteBuffer.allocate(1), 1, null, null, new Outcome<>()))
                    .isInstanceOf(NullPointerException.class);
            Outcome<Integer> waits = read(link.channel(), ByteBuffer.allocate(1));
            send(link, "a");
            assertThat(waits.get()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource(ALL)
    void aResetIsAFailure(AsynchronousChannelProvider provider) throws Exception {
        try (Link link = Link.connected(provider, null)) {
            Outcome<Integer> waits = read(link.channel(), ByteBuffer.allocate(1));
            link.peer().setSoLinger(true, 0);
            link.peer().close();
            assertThat(waits.failure()).isInstanceOf(IOException.class);
        }
    }
}
