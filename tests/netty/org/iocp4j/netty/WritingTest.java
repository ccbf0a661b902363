package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a channel sends, and when its memory is its owner's again; the same for Netty's NIO transport. */
@NeedsCompletionPorts
@Timeout(120)
class WritingTest {
    /** More than a socket takes by itself. */
    private static final int MUCH = 32 << 20;

    private final Seen seen = new Seen();

    private static void assertReceived(InputStream in, byte[] expected) throws IOException {
        assertThat(in.readNBytes(expected.length)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void allKindsOfBuffersAreSent(Transport transport) throws Exception {
        byte[] all = Pattern.of(9 * 50);
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            List<ByteBuf> kinds = new ArrayList<>();
            kinds.add(Unpooled.wrappedBuffer(all, 0, 50));
            kinds.add(Unpooled.EMPTY_BUFFER);
            kinds.add(Unpooled.directBuffer().writeBytes(all, 50, 50));
            kinds.add(PooledByteBufAllocator.DEFAULT.heapBuffer().writeBytes(all, 100, 50));
            kinds.add(PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(all, 150, 50).asReadOnly());
            kinds.add(Unpooled.wrappedBuffer(ByteBuffer.wrap(all, 200, 50).asReadOnlyBuffer()));
            ByteBuffer direct = ByteBuffer.allocateDirect(60).put(3, all, 250, 50).position(3).limit(53);
            kinds.add(Unpooled.wrappedBuffer(direct.asReadOnlyBuffer()));
            kinds.add(Unpooled.directBuffer(0));
            CompositeByteBuf mixed = Unpooled.compositeBuffer();
            mixed.addComponent(true, Unpooled.directBuffer().writeBytes(all, 300, 20));
            mixed.addComponent(true, Unpooled.EMPTY_BUFFER);
            mixed.addComponent(true, Unpooled.wrappedBuffer(all, 320, 30));
            kinds.add(mixed);
            CompositeByteBuf composite = Unpooled.compositeBuffer();
            for (int i = 350; i < 400; i++) {
                composite.addComponent(true, Unpooled.directBuffer().writeByte(all[i]));
            }
            kinds.add(composite);
            kinds.add(Unpooled.directBuffer().writeZero(7).writeBytes(all, 400, 50).skipBytes(7).slice());
            List<ChannelFuture> written = new ArrayList<>();
            ends.channel().eventLoop().submit(() -> {
                kinds.forEach(kind -> written.add(ends.channel().write(kind)));
                ends.channel().flush();
            }).sync();
            assertReceived(ends.peer().getInputStream(), all);
            for (ChannelFuture each : written) {
                each.sync();
            }
            assertThat(kinds).filteredOn(kind -> kind != Unpooled.EMPTY_BUFFER)
                    .allSatisfy(kind -> assertThat(kind.refCnt()).isZero());
        }
    }

    private enum Ending { CLOSE, SHUTDOWN_OUTPUT }

    /** Each flush begins a send, so all but the first wait for one when the end comes. */
    @ParameterizedTest
    @CsvSource({"IOCP, CLOSE", "IOCP, SHUTDOWN_OUTPUT", "NIO, CLOSE", "NIO, SHUTDOWN_OUTPUT"})
    void whatWasFlushedBeforeTheEndIsSent(Transport transport, Ending ending) throws Exception {
        byte[] all = Pattern.of(5_000);
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            SocketChannel channel = (SocketChannel) ends.channel();
            List<ChannelFuture> written = new ArrayList<>();
            ChannelFuture late = channel.newPromise();
            channel.eventLoop().submit(() -> {
                for (int i = 0; i < all.length; i += 100) {
                    written.add(channel.writeAndFlush(Unpooled.wrappedBuffer(all, i, 100)));
                    if (i % 300 == 0) {
                        written.add(channel.writeAndFlush(Unpooled.EMPTY_BUFFER));
                    }
                }
                written.add(ending == Ending.CLOSE ? channel.close() : channel.shutdownOutput());
                channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1}), (ChannelPromise) late);
            }).sync();
            assertThat(ends.peer().getInputStream().readAllBytes()).isEqualTo(all);
            for (ChannelFuture each : written) {
                each.sync();
            }
            assertThat(late.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(late.isSuccess()).as("written after the end").isFalse();
        }
    }

    /** A peer that does not read gets as much as Windows takes, and nobody waits for it. */
    @ParameterizedTest
    @CsvSource({"IOCP, CLOSE", "IOCP, SHUTDOWN_OUTPUT", "NIO, CLOSE", "NIO, SHUTDOWN_OUTPUT"})
    void anEndWaitsForNoPeer(Transport transport, Ending ending) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            SocketChannel channel = (SocketChannel) ends.channel();
            List<ChannelFuture> written = new ArrayList<>();
            ChannelFuture[] end = {null};
            channel.eventLoop().submit(() -> {
                for (int i = 0; i < 32; i++) {
                    written.add(channel.writeAndFlush(Unpooled.directBuffer(MUCH / 32).writeZero(MUCH / 32)));
                }
                end[0] = ending == Ending.CLOSE ? channel.close() : channel.shutdownOutput();
            }).sync();
            assertThat(end[0].await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            for (ChannelFuture each : written) {
                assertThat(each.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(written.getLast().isSuccess()).isFalse();
        }
    }

    /** netty#2647, netty#3484: more buffers than one system call takes, and empty ones among them. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void manySmallBuffersAreSent(Transport transport) throws Exception {
        byte[] all = Pattern.of(5_000);
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            channel.eventLoop().submit(() -> {
                for (int i = 0; i < all.length; i++) {
                    channel.write(new CountedBuf(1, out).writeByte(all[i]), channel.voidPromise());
                    if (i % 5 == 0) {
                        channel.write(new CountedBuf(1, out));
                    }
                }
                channel.flush();
            }).sync();
            assertReceived(ends.peer().getInputStream(), all);
            Bed.await(() -> assertThat(out).hasValue(0));
        }
    }

    /**
     * A large composite that goes out in parts: each part begins where the last one ended. (NIO's channel fails this
     * under Wine [wine].)
     */
    @Test
    void aLargeCompositeIsSentInParts() throws Exception {
        byte[] all = Pattern.of(MUCH);
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.accepted(seen)) {
            CompositeByteBuf composite = Unpooled.compositeBuffer(10_000);
            for (int from = 0, step = 1; from < all.length; from += step, step = step * 7 % 99_991 + 1) {
                composite.addComponent(true, Unpooled.directBuffer(step)
                        .writeBytes(all, from, Math.min(step, all.length - from)));
            }
            ChannelFuture written = ends.channel().writeAndFlush(composite);
            assertReceived(ends.peer().getInputStream(), all);
            written.sync();
        }
    }

    /** A listener flushes while the messages in front are being removed: nothing is sent twice, nothing lost. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void listenersMayWriteAndFlush(Transport transport) throws Exception {
        byte[] all = Pattern.of(3_000);
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            AtomicInteger next = new AtomicInteger();
            ChannelFutureListener more = new ChannelFutureListener() {
                @Override
                public void operationComplete(ChannelFuture future) {
                    int from = next.getAndAdd(10);
                    if (from < all.length) {
                        channel.write(Unpooled.directBuffer().writeBytes(all, from, 5));
                        channel.writeAndFlush(Unpooled.directBuffer().writeBytes(all, from + 5, 5)).addListener(this);
                    }
                }
            };
            channel.newSucceededFuture().addListener(more);
            assertReceived(ends.peer().getInputStream(), all);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aListenerMayClose(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            List<ChannelFuture> written = new ArrayList<>();
            channel.eventLoop().submit(() -> {
                written.add(channel.write(Unpooled.directBuffer().writeByte(1)).addListener(
                        ChannelFutureListener.CLOSE));
                written.add(channel.write(Unpooled.directBuffer().writeByte(2)));
                channel.flush();
            }).sync();
            channel.closeFuture().sync();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
            assertThat(written).allSatisfy(each -> assertThat(each.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue());
            assertThat(ends.peer().getInputStream().read()).isEqualTo(1);
        }
    }

    /** The marks are passed in both directions, and told. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void writabilityFollowsTheWaterMarks(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server.childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(1 << 16, 1 << 17)))) {
            Channel channel = ends.channel();
            ChannelFuture written = channel.writeAndFlush(Unpooled.directBuffer(MUCH).writeZero(MUCH));
            Bed.await(() -> assertThat(seen.events).contains("unwritable"));
            assertThat(channel.bytesBeforeWritable()).isPositive();
            ends.peer().getInputStream().readNBytes(MUCH);
            written.sync();
            Bed.await(() -> assertThat(seen.events).containsSubsequence("unwritable", "writable"));
            assertThat(channel.isWritable()).isTrue();
        }
    }

    /** netty#17237: the output is shut down while a send is in flight; the close ends, and all memory comes back. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void memoryComesBackAfterShutdownOutput(Transport transport) throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server.childOption(
                ChannelOption.ALLOW_HALF_CLOSURE, true))) {
            Channel channel = ends.channel();
            List<ChannelFuture> written = writeMuch(channel, out);
            Bed.turns(channel);
            ((SocketChannel) channel).shutdownOutput().sync();
            for (ChannelFuture each : written) {
                assertThat(each.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(written.getLast().cause()).isInstanceOf(ChannelOutputShutdownException.class);
            byte[] got = ends.peer().getInputStream().readAllBytes();
            for (int i = 0; i < got.length; i++) {
                assertThat(got[i]).isEqualTo(Pattern.at(i));
            }
            assertThat(channel.isActive()).isTrue();
            ends.peerSends((byte) 4);
            Bed.await(() -> assertThat(seen.read()).containsExactly(4));
            channel.close().sync();
            Bed.await(() -> assertThat(seen.events).contains("unregistered"));
            Bed.await(() -> assertThat(out).hasValue(0));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void memoryComesBackAfterAClose(Transport transport) throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            List<ChannelFuture> written = writeMuch(ends.channel(), out);
            Bed.turns(ends.channel());
            ChannelPromise again = ends.channel().newPromise();
            ChannelFuture closed = ends.channel().close();
            ends.channel().close(again);
            assertThat(closed.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(again.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(closed.isSuccess() && again.isSuccess()).isTrue();
            for (ChannelFuture each : written) {
                assertThat(each.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(written.getLast().cause()).isInstanceOf(ClosedChannelException.class);
            Bed.await(() -> assertThat(out).hasValue(0));
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered")); // told behind the future
            assertThat(seen.events.stream().filter("inactive"::equals)).hasSize(1);
            assertThat(seen.failures).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void memoryComesBackAfterAForcedClose(Transport transport) throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            writeMuch(channel, out);
            Bed.turns(channel);
            channel.eventLoop().submit(() -> channel.unsafe().closeForcibly()).sync();
            channel.close().sync(); // what a program does next: it fails what is queued
            Bed.await(() -> assertThat(out).hasValue(0));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void memoryComesBackAfterAReset(Transport transport) throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            List<ChannelFuture> written = writeMuch(ends.channel(), out);
            Bed.turns(ends.channel());
            ends.peerResets();
            for (ChannelFuture each : written) {
                assertThat(each.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(written.getLast().cause()).isInstanceOf(IOException.class);
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
            Bed.await(() -> assertThat(out).hasValue(0));
        }
    }

    /** A write that was cancelled before its flush is not sent; one in flight cannot be cancelled. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aWriteIsCancelledBeforeItsFlushOnly(Transport transport) throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            channel.eventLoop().submit(() -> {
                channel.write(new CountedBuf(1, out).writeByte(1));
                assertThat(channel.write(new CountedBuf(1, out).writeByte(2)).cancel(false)).isTrue();
                ChannelFuture flushed = channel.writeAndFlush(new CountedBuf(1, out).writeByte(3));
                assertThat(flushed.cancel(false)).isFalse();
            }).sync();
            assertReceived(ends.peer().getInputStream(), new byte[] {1, 3});
            Bed.await(() -> assertThat(out).hasValue(0));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void whatCannotBeSentFailsAlone(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            ChannelFuture refused = ends.channel().writeAndFlush("text");
            assertThat(refused.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(refused.cause()).isInstanceOf(UnsupportedOperationException.class);
            ends.channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[] {6})).sync();
            assertThat(ends.peer().getInputStream().read()).isEqualTo(6);
        }
    }

    /** 64 buffers with the pattern, of which the peer reads none. */
    private static List<ChannelFuture> writeMuch(Channel channel, AtomicInteger out) throws Exception {
        List<ChannelFuture> written = new ArrayList<>();
        byte[] all = Pattern.of(MUCH);
        channel.eventLoop().submit(() -> {
            for (int i = 0; i < 64; i++) {
                written.add(channel.write(new CountedBuf(MUCH / 64, out).writeBytes(all, i * (MUCH / 64), MUCH / 64)));
            }
            channel.flush();
        }).sync();
        return written;
    }
}
