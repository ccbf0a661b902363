package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Random programs on both sides of many connections: all futures complete, and all memory comes back. */
@NeedsCompletionPorts
@Timeout(300)
class LeakTest {
    private static final int BLOCK = 1 << 20;

    @TempDir
    private Path folder;
    private final Queue<String> leaks = new ConcurrentLinkedQueue<>();
    private final Queue<ChannelFuture> futures = new ConcurrentLinkedQueue<>();
    private final CopyOnWriteArrayList<Channel> channels = new CopyOnWriteArrayList<>();
    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true, 1, 1, 8192, 7, 0, 0, false);

    @Test
    void aRandomProgramLeaksNothing() throws Exception {
        run(60);
    }

    @Test
    @Tag("slow")
    void aLongRandomProgramLeaksNothing() throws Exception {
        run(1_000);
    }

    private void run(int connections) throws Exception {
        Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(Level.PARANOID);
        letTheDetectorLook(); // what tests before this one have left is not this one's
        ByteBufUtil.setLeakListener((type, records) -> leaks.add(type + records));
        File file = Files.write(folder.resolve("data"), new byte[BLOCK]).toFile();
        Random random = new Random(16);
        try (Bed bed = new Bed(Transport.IOCP, 3)) {
            Channel listener = bed.server(new Takes(random.nextLong()))
                    .childOption(ChannelOption.ALLOCATOR, allocator)
                    .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true).bind(Bed.loopback()).sync().channel();
            for (int i = 0; i < connections; i++) {
                ChannelFuture connect = bed.client(new Takes(random.nextLong()))
                        .option(ChannelOption.ALLOCATOR, allocator)
                        .option(ChannelOption.ALLOW_HALF_CLOSURE, i % 2 == 0)
                        .option(ChannelOption.SO_LINGER, i % 7 == 0 ? 0 : -1).connect(listener.localAddress());
                channels.add(connect.channel());
                if (random.nextInt(20) == 0) {
                    connect.cancel(true);
                    continue;
                }
                connect.await();
                for (int step = random.nextInt(10); step >= 0; step--) {
                    act(channels.get(random.nextInt(channels.size())), random, file);
                }
            }
            for (Channel channel : channels) {
                futures.add(channel.close());
            }
            for (ChannelFuture future : futures) {
                assertThat(future.await(Bed.SECONDS, TimeUnit.SECONDS)).as("%s", future).isTrue();
            }
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
        Bed.await(() -> assertThat(allocator.metric().directArenas().getFirst().numActiveAllocations()).isZero());
        Bed.await(() -> assertThat(allocator.metric().heapArenas().getFirst().numActiveAllocations()).isZero());
        letTheDetectorLook();
        assertThat(leaks).isEmpty();
        Files.delete(file.toPath()); // no region has it open
    }

    /** It does when something is made. */
    private void letTheDetectorLook() {
        for (int i = 0; i < 5; i++) {
            System.gc();
            allocator.directBuffer(16).release();
        }
    }

    private void act(Channel channel, Random random, File file) {
        int size = random.nextInt(4) == 0 ? random.nextInt(BLOCK) : random.nextInt(2_000);
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> futures.add(channel.writeAndFlush(bytes(channel.alloc(), random, size)));
            case 4, 5 -> futures.add(channel.write(bytes(channel.alloc(), random, size)));
            case 6 -> channel.flush();
            case 7 -> channel.config().setAutoRead(false);
            case 8, 9 -> channel.config().setAutoRead(true);
            case 10 -> channel.read();
            case 11 -> futures.add(channel.writeAndFlush(random.nextBoolean()
                    ? new IocpFileRegion(file, size / 2, size / 3) : new DefaultFileRegion(file, size / 2, size / 3)));
            case 12 -> futures.add(((SocketChannel) channel).shutdownOutput());
            case 13 -> futures.add(((SocketChannel) channel).shutdownInput());
            case 14 -> futures.add(channel.close());
            default -> futures.add(channel.write(bytes(channel.alloc(), random, 10)).addListener(
                    done -> channel.close()));
        }
    }

    private static ByteBuf bytes(ByteBufAllocator from, Random random, int size) {
        return switch (random.nextInt(4)) {
            case 0 -> from.heapBuffer(size).writeZero(size);
            case 1 -> {
                CompositeByteBuf composite = from.compositeDirectBuffer();
                for (int i = 0; i < 5; i++) {
                    composite.addComponent(true, from.directBuffer(size / 5).writeZero(size / 5));
                }
                yield composite;
            }
            case 2 -> from.directBuffer(size).writeZero(size).asReadOnly();
            default -> from.directBuffer(size).writeZero(size);
        };
    }

    /** Releases what comes, or sends it back, and now and then ends the connection. */
    @ChannelHandler.Sharable
    private final class Takes extends ChannelInboundHandlerAdapter {
        private final Random random;

        Takes(long seed) {
            random = new Random(seed);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channels.addIfAbsent(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf buf = (ByteBuf) message;
            int choice;
            synchronized (random) {
                choice = random.nextInt(60);
            }
            if (choice < 10 && buf.readableBytes() < 3_000) {
                futures.add(context.writeAndFlush(buf));
                return;
            }
            buf.release();
            if (choice == 59) {
                context.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
