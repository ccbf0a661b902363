package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a channel reads, and when; the same for Netty's NIO transport unless a test says otherwise. */
@NeedsCompletionPorts
@Timeout(120)
class ReadingTest {
    private final Seen seen = new Seen();

    /** A receive is pending when auto-read goes off: what it brings waits for the next read. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void whatComesAfterAutoReadWentOffWaits(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            ends.peerSends((byte) 1);
            Bed.await(() -> assertThat(seen.read()).containsExactly(1));
            ends.channel().config().setAutoRead(false);
            Bed.turns(ends.channel());
            ends.peerSends((byte) 2);
            ends.peerSends((byte) 3);
            Bed.turns(ends.channel());
            assertThat(seen.read()).containsExactly(1);
            ends.channel().read();
            Bed.await(() -> assertThat(seen.readBytes()).isGreaterThan(1));
            ends.channel().config().setAutoRead(true);
            Bed.await(() -> assertThat(seen.read()).containsExactly(1, 2, 3));
            assertThat(seen.failures).isEmpty();
        }
    }

    /** netty#6303, netty#5082: the end of the stream drops nothing that nobody has read yet. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void theEndComesAfterTheData(Transport transport) throws Exception {
        byte[] data = Pattern.of(100_000);
        try (Bed bed = new Bed(transport);
                Ends ends = bed.accepted(seen, server -> server.childOption(ChannelOption.AUTO_READ, false))) {
            ends.peerSends(data);
            ends.peer().close();
            Bed.turns(ends.channel());
            assertThat(seen.readBytes()).as("netty#6173: nobody has asked").isZero();
            Bed.await(() -> {
                ends.channel().read();
                assertThat(seen.events).contains("inactive");
            });
            assertThat(seen.read()).isEqualTo(data);
            assertThat(seen.failures).isEmpty();
        }
    }

    /** One read is one batch, however much more there is. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aReadIsOneBatch(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(10)
                        .maxMessagesPerRead(2)))) {
            ends.peerSends(new byte[100]);
            Bed.turns(ends.channel());
            ends.channel().read();
            Bed.await(() -> assertThat(seen.events).contains("readComplete"));
            Bed.turns(ends.channel());
            assertThat(seen.readBytes()).isBetween(10, 20);
            assertThat(seen.events.stream().filter("readComplete"::equals)).hasSize(1);
        }
    }

    /** NIO does not see it: there nobody is told before the next read. */
    @Test
    void theEndIsSeenThoughNobodyReads() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP);
                Ends child = bed.accepted(seen, server -> server.childOption(ChannelOption.AUTO_READ, false))) {
            child.peer().close();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
        }
    }

    @Test
    void theEndIsSeenByAClientThatDoesNotRead() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP);
                Ends client = bed.connected(seen, bootstrap -> bootstrap.option(ChannelOption.AUTO_READ, false))) {
            client.peer().close();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
        }
    }

    @Test
    void aResetIsSeenThoughNobodyReads() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP);
                Ends child = bed.accepted(seen, server -> server.childOption(ChannelOption.AUTO_READ, false))) {
            child.peerResets();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
        }
    }

    /** The receive that is pending tells it. (Under Wine NIO's recv finds no more than the end then [wine].) */
    @Test
    void aResetIsTold() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.accepted(seen)) {
            ends.peerSends((byte) 1);
            Bed.await(() -> assertThat(seen.readBytes()).isOne());
            ends.peerResets();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
            assertThat(seen.failures).hasSize(1).first().satisfies(failure -> assertThat(failure)
                    .isInstanceOf(IOException.class).hasMessage("Connection reset"));
        }
    }

    /** A read asked for before there is a connection is done when there is one. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aReadBeforeTheConnectCounts(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.connected(new Seen() {
            @Override
            public void channelRegistered(ChannelHandlerContext context) {
                context.read();
            }

            @Override
            public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
                seen.channelRead(context, message);
            }
        }, client -> client.option(ChannelOption.AUTO_READ, false))) {
            ends.peerSends((byte) 5);
            Bed.await(() -> assertThat(seen.read()).containsExactly(5));
        }
    }

    /** netty#5048: nothing is read after a close from the middle of the loop. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aCloseEndsTheLoop(Transport transport) throws Exception {
        Seen closes = new Seen() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
                super.channelRead(context, message);
                context.close();
            }
        };
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(closes, server -> server
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(1)))) {
            ends.peerSends(new byte[100]);
            Bed.await(() -> assertThat(closes.events).contains("unregistered"));
            assertThat(closes.readBytes()).isOne();
            assertThat(closes.failures).isEmpty();
        }
    }

    /** Nothing is told of what comes, but that it is over. (Under Wine NIO does not see that [wine].) */
    @Test
    void shutdownInputEndsThePendingReceive() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.accepted(seen, server -> server
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true))) {
            ends.peerSends((byte) 1);
            Bed.await(() -> assertThat(seen.readBytes()).isOne());
            ((SocketChannel) ends.channel()).shutdownInput().sync();
            assertThat(((SocketChannel) ends.channel()).isInputShutdown()).isTrue();
            Bed.await(() -> assertThat(seen.events).contains("ChannelInputShutdownReadComplete"));
            ends.channel().writeAndFlush(ends.channel().alloc().buffer().writeByte(7)).sync();
            assertThat(ends.peer().getInputStream().read()).isEqualTo(7);
            assertThat(seen.readBytes()).isOne();
            assertThat(seen.failures).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void nothingIsToldAfterShutdownInput(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true))) {
            ((SocketChannel) ends.channel()).shutdownInput().sync();
            ends.peerSends((byte) 1);
            Bed.turns(ends.channel());
            assertThat(seen.readBytes()).isZero();
            assertThat(ends.channel().isOpen()).isTrue();
        }
    }

    /** Whatever kind of memory the channel's allocator gives. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void heapBuffersWillDo(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, recv(alloc -> alloc.heapBuffer(16))))) {
            byte[] data = Pattern.of(1000);
            ends.peerSends(data);
            Bed.await(() -> assertThat(seen.readBytes()).isEqualTo(1000));
            assertThat(seen.read()).isEqualTo(data);
        }
    }

    /** No room is not the end of the stream. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void buffersWithoutRoomAreNotTheEnd(Transport transport) throws Exception {
        AtomicInteger capacity = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server.childOption(
                ChannelOption.RECVBUF_ALLOCATOR, recv(alloc -> alloc.buffer(capacity.get(), 64))))) {
            Bed.turns(ends.channel());
            ends.peerSends((byte) 9);
            Bed.turns(ends.channel());
            assertThat(ends.channel().isOpen()).isTrue();
            capacity.set(64);
            Bed.await(() -> assertThat(seen.read()).containsExactly(9));
            assertThat(seen.failures).isEmpty();
        }
    }

    /** The channel goes on when its allocator does. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void anAllocatorThatThrowsIsTold(Transport transport) throws Exception {
        AtomicInteger failures = new AtomicInteger(3);
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server.childOption(
                ChannelOption.RECVBUF_ALLOCATOR, recv(alloc -> {
                    if (failures.getAndDecrement() > 0) {
                        throw new IllegalStateException("no memory for a test");
                    }
                    return alloc.buffer(64);
                })))) {
            ends.peerSends((byte) 9);
            Bed.await(() -> assertThat(seen.read()).containsExactly(9));
            ends.peerSends((byte) 8);
            Bed.await(() -> assertThat(seen.read()).containsExactly(9, 8));
            assertThat(seen.failures).isNotEmpty().allSatisfy(failure -> assertThat(failure)
                    .hasMessage("no memory for a test"));
        }
    }

    private interface Giver {
        ByteBuf give(ByteBufAllocator allocator);
    }

    private static RecvByteBufAllocator recv(Giver giver) {
        return new FixedRecvByteBufAllocator(64) {
            @Override
            public Handle newHandle() {
                Handle usual = super.newHandle();
                return new DelegatingHandle((RecvByteBufAllocator.Handle) usual) {
                    @Override
                    public ByteBuf allocate(ByteBufAllocator allocator) {
                        return giver.give(allocator);
                    }
                };
            }
        };
    }

    /** A quiet connection gives its buffer back, and reads on. */
    @Test
    void aQuietConnectionHasNoBuffer() throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.accepted(seen, server -> server.childOption(
                ChannelOption.RECVBUF_ALLOCATOR, recv(alloc -> new CountedBuf(64, out))))) {
            long start = System.nanoTime();
            ends.peerSends((byte) 1);
            Bed.await(() -> assertThat(seen.readBytes()).isOne());
            Bed.turns(ends.channel());
            int kept = out.get();
            if (System.nanoTime() - start < IocpReceiver.QUIET_NANOS) { // else this thread was held up for too long
                assertThat(kept).as("buffers of a connection that is not quiet yet").isOne();
            }
            Bed.await(() -> assertThat(out).hasValue(0));
            ends.peerSends((byte) 2);
            Bed.await(() -> assertThat(seen.read()).containsExactly(1, 2));
            Channel channel = ends.channel();
            channel.close().sync();
            Bed.await(() -> assertThat(out).hasValue(0));
        }
    }
}
