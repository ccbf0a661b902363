package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a read and a write allocate on the Java heap once they run. */
@NeedsCompletionPorts
class EchoAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** An Integer of no more is no new object. */
    private static final int MESSAGE_BYTES = 64;
    private static final int BATCH = 2_000;
    /** What java.lang.foreign makes for each call that the JIT has not compiled into its caller [wine]. */
    private static final long SEGMENT_BYTES = 40;
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(40);

    /** Reads and writes by turns; of its own it allocates nothing. */
    private static final class Echo implements CompletionHandler<Integer, Boolean> {
        private final AsynchronousSocketChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(MESSAGE_BYTES);

        Echo(AsynchronousSocketChannel channel) {
            this.channel = channel;
        }

        void read() {
            channel.read(buffer.clear(), true, this);
        }

        @Override
        public void completed(Integer bytes, Boolean wasRead) {
            if (bytes < 0) {
                return;
            }
            if (wasRead) {
                buffer.flip();
            }
            if (buffer.hasRemaining()) {
                channel.write(buffer, false, this);
            } else {
                read();
            }
        }

        @Override
        public void failed(Throwable cause, Boolean wasRead) {
            // the channel is closed
        }
    }

    /**
     * Of the three calls of Windows one or two may stay calls, as the JIT likes: 0 or 40 bytes for an echo were seen.
     * (The JDK's channels: 464.)
     */
    @Tag("slow")
    @Test
    void anEchoAllocatesNothingOfOurs() throws Exception {
        AsynchronousChannelProvider provider = Providers.ours();
        AtomicReference<Thread> thread = new AtomicReference<>();
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, task -> {
            Thread made = new Thread(task);
            thread.set(made);
            return made;
        });
        try (Link link = Link.accepted(provider, group)) {
            new Echo(link.channel()).read();
            long least = Long.MAX_VALUE;
            long deadline = System.nanoTime() + LONGEST_WARM_UP.toNanos();
            while (least > 2 * SEGMENT_BYTES * BATCH && System.nanoTime() - deadline < 0) {
                long before = THREADS.getThreadAllocatedBytes(thread.get().threadId());
                echoes(link);
                least = Math.min(least, THREADS.getThreadAllocatedBytes(thread.get().threadId()) - before);
            }
            assertThat(least).as("bytes for %d echoes", BATCH).isLessThanOrEqualTo(2 * SEGMENT_BYTES * BATCH);
        } finally {
            group.shutdownNow();
        }
    }

    private static void echoes(Link link) throws IOException {
        OutputStream out = link.peer().getOutputStream();
        InputStream in = link.peer().getInputStream();
        byte[] message = new byte[MESSAGE_BYTES];
        for (int i = 0; i < BATCH; i++) {
            out.write(message);
            assertThat(in.readNBytes(MESSAGE_BYTES)).hasSize(MESSAGE_BYTES);
        }
    }
}
