package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SO_LINGER, and channels that leave their loop; the same for Netty's NIO transport unless a test says otherwise. */
@NeedsCompletionPorts
@Timeout(120)
class ClosingTest {
    private final Seen seen = new Seen();

    /** The peer is ours: under Wine, the JDK's finds no more than the end [wine]. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void lingerOfZeroResets(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Bed peers = new Bed(Transport.IOCP)) {
            Channel server = peers.server(seen).bind(Bed.loopback()).sync().channel();
            Channel client = bed.client(Bed.nothing()).option(ChannelOption.SO_LINGER, 0)
                    .connect(server.localAddress()).sync().channel();
            assertThat(client.config().getOption(ChannelOption.SO_LINGER)).isZero();
            client.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1})).sync();
            Bed.await(() -> assertThat(seen.readBytes()).isOne());
            client.close().sync();
            Bed.await(() -> assertThat(seen.events).contains("unregistered"));
            assertThat(seen.failures).hasSize(1).first().satisfies(e -> assertThat(e).hasMessage("Connection reset"));
        }
    }

    /** The close waits on another thread; the loop goes on, and what was written comes. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void lingerWaitsOffTheLoop(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen, server -> server.childOption(
                ChannelOption.SO_LINGER, 5))) {
            ends.peerSends((byte) 1); // a recv without waiting has been made: the socket is non-blocking
            Bed.await(() -> assertThat(seen.readBytes()).isOne());
            byte[] all = Pattern.of(10_000);
            ends.channel().writeAndFlush(Unpooled.wrappedBuffer(all)).sync();
            ChannelFuture closed = ends.channel().close();
            Bed.turns(ends.channel());
            assertThat(ends.peer().getInputStream().readAllBytes()).isEqualTo(all);
            assertThat(closed.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(closed.isSuccess()).isTrue();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
            assertThat(seen.failures).isEmpty();
        }
    }

    /** The same while a receive is pending, and with data that come meanwhile. */
    @Test
    void lingerAfterAWatch() throws Exception {
        for (int i = 0; i < 30; i++) {
            Seen each = new Seen();
            try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.accepted(each, server -> server
                    .childOption(ChannelOption.SO_LINGER, 1).childOption(ChannelOption.AUTO_READ, false))) {
                ends.peerSends((byte) 1);
                ends.channel().read();
                Bed.await(() -> assertThat(each.readBytes()).isOne());
                ends.channel().read();
                ChannelFuture closed = ends.channel().close();
                ends.peerSends((byte) 2);
                assertThat(closed.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
                Bed.await(() -> assertThat(each.events).contains("inactive", "unregistered"));
                assertThat(each.failures).isEmpty();
            }
        }
    }

    /** With a receive pending, which finds its data when the channel is back. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aChannelIsRegisteredAgain(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            EventLoop loop = channel.eventLoop();
            ends.peerSends((byte) 1);
            Bed.await(() -> assertThat(seen.readBytes()).isOne());
            for (byte next = 2; next < 12; next++) {
                channel.deregister().sync();
                assertThat(channel.isRegistered()).isFalse();
                ends.peerSends(next);
                Bed.turns(channel);
                assertThat(seen.readBytes()).isEqualTo(next - 1);
                loop.register(channel).sync();
                byte last = next;
                Bed.await(() -> assertThat(seen.readBytes()).isEqualTo(last));
            }
            assertThat(channel.isActive()).isTrue();
            channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {9})).sync();
            assertThat(ends.peer().getInputStream().read()).isEqualTo(9);
            channel.close().sync();
            Bed.await(() -> assertThat(seen.events).contains("inactive"));
            assertThat(seen.failures).isEmpty();
        }
    }

    /** What the peer does while the channel is deregistered ends it when it is back, and not before. */
    private void endsWhenItIsBack(Ends ends, boolean byReset) throws Exception {
        Channel channel = ends.channel();
        EventLoop loop = channel.eventLoop();
        channel.deregister().sync();
        if (byReset) {
            ends.peerResets();
        } else {
            ends.peer().close();
        }
        Bed.turns(channel);
        assertThat(channel.isOpen()).isTrue();
        assertThat(seen.failures).isEmpty();
        loop.register(channel).sync();
        Bed.await(() -> assertThat(seen.events).endsWith("inactive", "unregistered"));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aDeregisteredChannelHearsOfTheEndWhenItIsRegisteredAgain(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            endsWhenItIsBack(ends, false);
        }
    }

    /** NIO sees an end [wine]. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aDeregisteredChannelHearsOfAResetWhenItIsRegisteredAgain(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            endsWhenItIsBack(ends, true);
            assertThat(seen.failures).hasSize(transport == Transport.IOCP ? 1 : 0);
        }
    }

    /** It would close the channel. */
    @Test
    void aDeregisteredChannelHearsOfItsSendThatFailsWhenItIsRegisteredAgain() throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            ChannelFuture sent = channel.writeAndFlush(new CountedBuf(32 << 20, out).writeZero(32 << 20));
            Bed.turns(channel);
            endsWhenItIsBack(ends, true);
            assertThat(sent.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(sent.isSuccess()).isFalse();
        }
        assertThat(out.get()).isZero();
    }

    /** NIO sees none without a read. */
    @Test
    void aDeregisteredChannelHearsOfTheEndThoughItReadsNothing() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP);
                Ends ends = bed.accepted(seen, server -> server.childOption(ChannelOption.AUTO_READ, false))) {
            endsWhenItIsBack(ends, false);
        }
    }

    /** NIO can do it. Ours says why not, and nothing is lost: its own loop takes the channel back. */
    @Test
    void anotherLoopIsRefused() throws Exception {
        AtomicInteger out = new AtomicInteger();
        try (Bed bed = new Bed(Transport.IOCP, 1); Bed other = new Bed(Transport.IOCP, 1);
                Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            channel.eventLoop().submit(() -> channel.writeAndFlush(
                    new CountedBuf(32 << 20, out).writeZero(32 << 20))).sync(); // a send is in flight
            EventLoop loop = channel.eventLoop();
            channel.deregister().sync();
            ChannelFuture refused = other.group.register(channel);
            assertThat(refused.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(refused.cause()).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("incompatible event loop");
            assertThat(channel.isOpen()).isTrue();
            loop.register(channel).sync();
            ChannelFuture closed = channel.write(Unpooled.EMPTY_BUFFER);
            assertThat(ends.peer().getInputStream().readNBytes(32 << 20)).hasSize(32 << 20);
            channel.flush();
            assertThat(closed.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(closed.isSuccess()).isTrue();
            channel.close().sync();
            Bed.await(() -> assertThat(seen.events).endsWith("inactive", "unregistered"));
        }
        assertThat(out.get()).isZero();
    }

    /** A close while the channel has no loop. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aDeregisteredChannelCloses(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.accepted(seen)) {
            ends.channel().deregister().sync();
            ends.channel().close().sync();
            assertThat(ends.peer().getInputStream().read()).isEqualTo(-1);
        }
    }
}
