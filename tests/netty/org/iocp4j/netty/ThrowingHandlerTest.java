package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Handlers that throw in any callback: the channel, its loop and the other channels go on, as on NIO. */
@NeedsCompletionPorts
@Timeout(120)
class ThrowingHandlerTest {
    private enum Callback {
        REGISTERED, ACTIVE, READ, READ_COMPLETE, USER_EVENT, WRITABILITY, EXCEPTION, INACTIVE, UNREGISTERED, REMOVED,
        LISTENER
    }

    /** Passes all on, and throws in one callback, each time. */
    private record Throws(Callback where) {
        void at(Callback callback) {
            if (callback == where) {
                throw new IllegalStateException("thrown by a test in " + where);
            }
        }
    }

    private static final class Thrower extends ChannelInboundHandlerAdapter {
        private final Throws thrown;

        Thrower(Throws thrown) {
            this.thrown = thrown;
        }

        @Override
        public void channelRegistered(ChannelHandlerContext context) {
            context.fireChannelRegistered();
            thrown.at(Callback.REGISTERED);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.fireChannelActive();
            thrown.at(Callback.ACTIVE);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.fireChannelRead(message);
            thrown.at(Callback.READ);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.fireChannelReadComplete();
            thrown.at(Callback.READ_COMPLETE);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            context.fireUserEventTriggered(event);
            thrown.at(Callback.USER_EVENT);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            context.fireChannelWritabilityChanged();
            thrown.at(Callback.WRITABILITY);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            thrown.at(Callback.EXCEPTION);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            context.fireChannelInactive();
            thrown.at(Callback.INACTIVE);
        }

        @Override
        public void channelUnregistered(ChannelHandlerContext context) {
            context.fireChannelUnregistered();
            thrown.at(Callback.UNREGISTERED);
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            thrown.at(Callback.REMOVED);
        }
    }

    private static List<Arguments> all() {
        List<Arguments> all = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            for (Callback where : Callback.values()) {
                all.add(Arguments.of(transport, where));
            }
        }
        return all;
    }

    private static ChannelInitializer<Channel> both(ChannelHandler first, ChannelHandler second) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(first, second);
            }
        };
    }

    @ParameterizedTest
    @MethodSource("all")
    void theChannelGoesOn(Transport transport, Callback where) throws Exception {
        Seen seen = new Seen();
        Throws thrown = new Throws(where);
        try (Bed bed = new Bed(transport); Ends ends = bed.connected(both(new Thrower(thrown), seen), client -> client
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(1, 2)))) {
            for (byte i = 1; i < 6; i++) {
                ends.peerSends(i);
                int sum = i;
                Bed.await(() -> assertThat(seen.readBytes()).isEqualTo(sum));
                ends.channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[] {i, i, i}))
                        .addListener(done -> thrown.at(Callback.LISTENER));
                assertThat(ends.peer().getInputStream().readNBytes(3)).containsExactly(i, i, i);
                ends.channel().pipeline().fireExceptionCaught(new Exception("a test's"));
            }
            ends.peer().shutdownOutput();
            Bed.await(() -> assertThat(seen.events).contains("ChannelInputShutdownEvent"));
            ends.channel().close().sync();
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
            assertThat(ends.peer().getInputStream().read()).isEqualTo(-1);
            assertThat(bed.group.submit(() -> 1).get()).isOne();
        }
    }
}
