package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.iocp4j.simkernel.NullWin32;
import org.iocp4j.socket.DomainOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What the transport adds to Netty's own memory for a connection on which nothing happens. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class IdleChannelMemoryTest {
    /** So many that memory, which is committed in pieces of 256 KiB, is all but used up. */
    private static final int CHANNELS = 6_500;
    /** Before these: what they load and compile is nobody's memory. */
    private static final int FIRST = 1_000;
    private static final int MOST_BYTES_EACH = 600;

    private final NullWin32 win32 = new NullWin32(FIRST + CHANNELS);
    private final List<Channel> accepted = new ArrayList<>();
    private final List<Channel> bare = new ArrayList<>();

    /** A channel of Netty's as it is, without a transport. */
    private static final class BareChannel extends AbstractChannel {
        private final ChannelConfig config = new DefaultChannelConfig(this);

        BareChannel() {
            super(null);
            config.getRecvByteBufAllocator(); // as a transport has it
            unsafe().recvBufAllocHandle();
            pipeline().addLast(Echo.INSTANCE);
        }

        @Override
        protected AbstractUnsafe newUnsafe() {
            return new AbstractUnsafe() {
                @Override
                public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
                }
            };
        }

        @Override
        protected boolean isCompatible(EventLoop loop) {
            return true;
        }

        @Override
        protected SocketAddress localAddress0() {
            return null;
        }

        @Override
        protected SocketAddress remoteAddress0() {
            return null;
        }

        @Override
        protected void doBind(SocketAddress localAddress) {
        }

        @Override
        protected void doDisconnect() {
        }

        @Override
        protected void doClose() {
        }

        @Override
        protected void doBeginRead() {
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) {
        }

        @Override
        public ChannelConfig config() {
            return config;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public boolean isActive() {
            return true;
        }

        @Override
        public ChannelMetadata metadata() {
            return new ChannelMetadata(false);
        }
    }

    @ChannelHandler.Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {
        private static final Echo INSTANCE = new Echo();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message, context.voidPromise());
        }
    }

    @Test
    void isLittle() throws Exception {
        ManualIoEventLoop loop = new ManualIoEventLoop(null, Thread.currentThread(),
                IocpIoHandler.newFactory(DomainOptions.loop(), () -> win32));
        var bound = new ServerBootstrap().group(loop).channel(IocpServerSocketChannel.class).childHandler(Echo.INSTANCE)
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        accepted.add((Channel) message);
                        context.fireChannelRead(message);
                    }
                }).bind(new InetSocketAddress("127.0.0.1", 0));
        settle(loop);
        assertThat(bound.isSuccess()).as("bound: %s", bound.cause()).isTrue();
        connect(loop, FIRST);
        bare(FIRST);
        long heap = heapBytesAfterGc();
        bare(CHANNELS);
        long bareEach = (heapBytesAfterGc() - heap) / CHANNELS;
        heap = heapBytesAfterGc();
        long beside = win32.committedBytes();
        connect(loop, CHANNELS);
        long each = (heapBytesAfterGc() - heap) / CHANNELS - bareEach;
        long besideEach = (win32.committedBytes() - beside) / CHANNELS;
        assertThat(each + besideEach).as("%d on the heap, beside Netty's %d, and %d off the heap", each, bareEach,
                besideEach).isBetween(1L, (long) MOST_BYTES_EACH);
        assertThat(accepted).as("alive until here").hasSize(FIRST + CHANNELS).allMatch(Channel::isActive);
        assertThat(bare).hasSize(FIRST + CHANNELS);
    }

    /** Each has echoed, and is quiet since. */
    private void connect(ManualIoEventLoop loop, int count) {
        for (int i = 0; i < count; i++) {
            long socket = win32.connect();
            settle(loop);
            win32.arrive(socket, 64);
            settle(loop);
        }
        for (int i = 0; i < count; i++) { // a turn of the loop ends the quiet times of some
            win32.pass(IocpReceiver.QUIET_NANOS);
            settle(loop);
        }
    }

    private static void settle(ManualIoEventLoop loop) {
        while (loop.runNow() > 0) {
            Thread.onSpinWait();
        }
    }

    private void bare(int count) {
        for (int i = 0; i < count; i++) {
            bare.add(new BareChannel());
        }
    }

    /** The least of some: a collection may find something in use that it does not find the next time. */
    private static long heapBytesAfterGc() {
        return LongStream.generate(() -> {
            System.gc();
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }).limit(3).min().getAsLong();
    }
}
