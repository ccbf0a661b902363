package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Parts of files, by both kinds of regions. */
@NeedsCompletionPorts
@Timeout(120)
class FileRegionTest {
    private static final int MEBIBYTE = 1 << 20;

    private enum Kind {
        NIO_DEFAULT(Transport.NIO),
        DEFAULT(Transport.IOCP),
        OURS(Transport.IOCP);

        private final Transport transport;

        Kind(Transport transport) {
            this.transport = transport;
        }

        FileRegion of(File file, long position, long count) {
            return this == OURS ? new IocpFileRegion(file, position, count)
                    : new DefaultFileRegion(file, position, count);
        }
    }

    @TempDir
    private Path folder;
    private final Seen seen = new Seen();

    private File file(int bytes) throws IOException {
        return Files.write(folder.resolve("data"), Pattern.of(bytes)).toFile();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aPartOfAFileIsSentBetweenBuffers(Kind kind) throws Exception {
        File file = file(300_000);
        try (Bed bed = new Bed(kind.transport); Ends ends = bed.accepted(seen)) {
            Channel channel = ends.channel();
            FileRegion region = kind.of(file, 1_000, 250_000);
            FileRegion none = kind.of(file, 5, 0); // netty#2964
            FileRegion second = kind.of(file, 0, 10);
            List<Long> progress = new CopyOnWriteArrayList<>();
            channel.eventLoop().submit(() -> {
                channel.write(Unpooled.wrappedBuffer(new byte[] {1, 2}));
                ChannelProgressivePromise promise = channel.newProgressivePromise();
                promise.addListener(new ChannelProgressiveFutureListener() {
                    @Override
                    public void operationProgressed(ChannelProgressiveFuture future, long bytes, long total) {
                        progress.add(bytes);
                    }

                    @Override
                    public void operationComplete(ChannelProgressiveFuture future) {
                        progress.add(-1L);
                    }
                });
                channel.write(region, promise);
                channel.write(none);
                channel.write(second);
                channel.write(Unpooled.wrappedBuffer(new byte[] {3}));
                channel.flush();
            }).sync();
            InputStream in = ends.peer().getInputStream();
            assertThat(in.readNBytes(2)).containsExactly(1, 2);
            byte[] got = in.readNBytes(250_000);
            for (int i = 0; i < got.length; i++) {
                assertThat(got[i]).isEqualTo(Pattern.at(i + 1_000));
            }
            assertThat(in.readNBytes(10)).isEqualTo(Pattern.of(10));
            assertThat(in.read()).isEqualTo(3);
            Bed.await(() -> assertThat(progress).contains(-1L));
            assertThat(progress).contains(250_000L);
            assertThat(region.refCnt() + none.refCnt() + second.refCnt()).isZero();
            Files.delete(file.toPath()); // nobody has it open
        }
    }

    /** More than one TransmitFile. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void aLargePartIsSent(Kind kind) throws Exception {
        Path file = folder.resolve("large");
        byte[] block = Pattern.of(MEBIBYTE);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < 140; i++) {
                block[0] = (byte) i;
                out.write(block);
            }
        }
        try (Bed bed = new Bed(kind.transport); Ends ends = bed.accepted(seen)) {
            ChannelFuture written = ends.channel().writeAndFlush(kind.of(file.toFile(), 0, 140L * MEBIBYTE));
            for (int i = 0; i < 140; i++) {
                block[0] = (byte) i;
                assertThat(ends.peer().getInputStream().readNBytes(MEBIBYTE)).isEqualTo(block);
            }
            written.sync();
        }
    }

    /** The write fails, and so does the connection: its peer cannot know where the region ends. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void aFileThatIsShorterFailsTheWrite(Kind kind) throws Exception {
        File file = file(1_000);
        try (Bed bed = new Bed(kind.transport); Ends ends = bed.accepted(seen)) {
            FileRegion region = kind.of(file, 0, 2_000);
            ChannelFuture written = ends.channel().writeAndFlush(region);
            assertThat(written.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(written.cause()).isInstanceOf(IOException.class);
            Bed.await(() -> assertThat(seen.events).contains("inactive", "unregistered"));
            Bed.await(() -> assertThat(region.refCnt()).isZero());
            Bed.await(() -> Files.delete(file.toPath()));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aFileThatIsNotThereFailsTheWrite(Kind kind) throws Exception {
        try (Bed bed = new Bed(kind.transport); Ends ends = bed.accepted(seen)) {
            FileRegion region = kind.of(folder.resolve("none").toFile(), 0, 10);
            ChannelFuture written = ends.channel().writeAndFlush(region);
            assertThat(written.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(written.cause()).isInstanceOf(IOException.class);
            Bed.await(() -> assertThat(seen.events).contains("unregistered"));
            assertThat(region.refCnt()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aCloseLetsGoOfTheFile(Kind kind) throws Exception {
        File file = file(32 * MEBIBYTE);
        try (Bed bed = new Bed(kind.transport)) {
            for (int i = 0; i < 10; i++) { // the cancel races with the send's next step
                try (Ends ends = bed.accepted(new Seen())) {
                    FileRegion region = kind.of(file, 0, 32L * MEBIBYTE);
                    ChannelFuture written = ends.channel().writeAndFlush(region);
                    ends.peer().getInputStream().readNBytes(1_000);
                    assertThat(ends.channel().close().await(Bed.SECONDS, TimeUnit.SECONDS)).as("closed").isTrue();
                    assertThat(written.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
                    assertThat(written.isSuccess()).isFalse();
                    Bed.await(() -> assertThat(region.refCnt()).isZero());
                }
            }
        }
        Files.delete(file.toPath());
    }

    /** It is told apart by its failure: no other channel can send it. */
    @Test
    void ourRegionIsForOurChannel() throws Exception {
        File file = file(10);
        try (Bed bed = new Bed(Transport.NIO); Ends ends = bed.accepted(seen)) {
            ChannelFuture written = ends.channel().writeAndFlush(new IocpFileRegion(file, 0, 10));
            assertThat(written.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(written.cause()).hasStackTraceContaining("only an IocpSocketChannel sends");
        }
    }
}
