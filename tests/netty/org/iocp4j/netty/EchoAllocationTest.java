package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the transport allocates on the Java heap once it runs. */
@NeedsCompletionPorts
@Timeout(300)
class EchoAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int BATCH = 2_000;
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(40);

    /** Gives the same few buffers in turns: nothing is allocated for an echo but by Netty and the transport. */
    @ChannelHandler.Sharable
    private static final class FewBuffers extends ChannelInboundHandlerAdapter {
        private final ByteBuf[] bufs = new ByteBuf[4];
        private int next;
        private final RecvByteBufAllocator allocator = new FixedRecvByteBufAllocator(64) {
            @Override
            public Handle newHandle() {
                return new DelegatingHandle(super.newHandle()) {
                    @Override
                    public ByteBuf allocate(ByteBufAllocator from) {
                        next = (next + 1) % bufs.length;
                        return bufs[next].clear();
                    }
                };
            }
        };

        FewBuffers() {
            Arrays.setAll(bufs, i -> Unpooled.unreleasableBuffer(Unpooled.directBuffer(64, 64)));
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message, context.voidPromise());
        }
    }

    /** The loop's thread counts what an echo allocates, when it has run for a while: nothing. (NIO: 48 B [wine].) */
    @Tag("slow")
    @Test
    void anEchoAllocatesNothing() throws Exception {
        FewBuffers handler = new FewBuffers();
        try (Bed bed = new Bed(Transport.IOCP); Bed.Ends ends = bed.accepted(handler, server -> server
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, handler.allocator))) {
            long loop = ends.channel().eventLoop().submit(() -> Thread.currentThread().threadId()).get();
            long least = Long.MAX_VALUE;
            long deadline = System.nanoTime() + LONGEST_WARM_UP.toNanos();
            while (least > 0 && System.nanoTime() - deadline < 0) {
                long before = THREADS.getThreadAllocatedBytes(loop);
                echoes(ends.peer());
                long bytes = THREADS.getThreadAllocatedBytes(loop) - before;
                least = Math.min(least, bytes);
            }
            assertThat(least).as("bytes for %d echoes", BATCH).isZero();
        }
    }

    private static void echoes(Socket peer) throws Exception {
        OutputStream out = peer.getOutputStream();
        InputStream in = peer.getInputStream();
        byte[] bytes = new byte[32];
        for (int i = 0; i < BATCH; i++) {
            out.write(bytes);
            in.readNBytes(bytes, 0, bytes.length);
        }
    }
}
