package org.iocp4j.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.FileRegion;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.iocp4j.port.IoThread;

/**
 * What one send has: it is retained from the post to the packet, whatever Netty releases meanwhile, for Windows reads
 * it until then. (Netty releases what is flushed at a close and at a shutdown of the output.)
 */
final class IocpOutbound implements ChannelOutboundBuffer.MessageProcessor {
    /**
     * The most bytes of one send. It completes only when all of them are taken, so progress and writability come in
     * steps of this size.
     */
    static final int MOST_BYTES = 1 << 20;
    /** How much of another's file region is copied at a time. */
    private static final int COPY_BYTES = 1 << 16;

    private final ReferenceCounted[] retained = new ReferenceCounted[IoThread.GATHER];
    private int retainedCount;
    private int buffers;
    private int bytes;
    private int messagesLeft = Integer.MAX_VALUE;
    private final IoThread io;

    /** @param io the loop's */
    IocpOutbound(IoThread io) {
        this.io = io;
    }

    /**
     * Fills the thread's buffers with what is flushed, up to a file region.
     *
     * @param most how many messages at most
     * @return how many buffers; 0 if the messages in front are empty
     */
    int gather(ChannelOutboundBuffer messages, int most) throws Exception {
        messagesLeft = most;
        messages.forEachFlushedMessage(this);
        return buffers;
    }

    @Override
    public boolean processMessage(Object message) {
        if (!(message instanceof ByteBuf buf)) {
            return false;
        }
        if (buf.isReadable()) {
            retain(buf);
            if (buf.hasMemoryAddress()) {
                add(buf.memoryAddress() + buf.readerIndex(), buf.readableBytes());
            } else if (buf.nioBufferCount() == 1) {
                add(buf.internalNioBuffer(buf.readerIndex(), buf.readableBytes()));
            } else {
                addAll(buf.nioBuffers());
            }
        }
        return --messagesLeft > 0 && buffers < IoThread.GATHER && bytes < MOST_BYTES;
    }

    private void addAll(ByteBuffer[] parts) {
        for (ByteBuffer part : parts) {
            if (part.hasRemaining()) {
                if (buffers == IoThread.GATHER || bytes == MOST_BYTES) {
                    return;
                }
                add(part);
            }
        }
    }

    private void add(ByteBuffer part) {
        add(MemorySegment.ofBuffer(part).address(), part.remaining());
    }

    private void add(long address, int length) {
        int part = Math.min(length, MOST_BYTES - bytes);
        io.buffer(buffers++, address, part);
        bytes += part;
    }

    private void retain(ReferenceCounted message) {
        retained[retainedCount++] = message.retain();
    }

    /** Keeps a region whose file is transmitted. */
    void holdRegion(FileRegion region) {
        retain(region);
    }

    /**
     * Copies a piece of a region whose file's handle is out of reach.
     *
     * @return the piece, without a byte if the file has none any more; the caller releases it
     */
    static ByteBuf copy(FileRegion region, ByteBufAllocator allocator) throws IOException {
        int most = (int) Math.min(COPY_BYTES, region.count() - region.transferred());
        ByteBuf piece = allocator.directBuffer(most);
        try {
            int before;
            do {
                before = piece.writerIndex();
                region.transferTo(new Into(piece, most), region.transferred());
            } while (piece.writerIndex() > before && piece.writerIndex() < most
                    && region.transferred() < region.count());
            return piece;
        } catch (Throwable e) {
            if (e instanceof IOException && piece.isReadable()) {
                return piece; // what there is goes out first; the next copy fails again
            }
            piece.release();
            throw e;
        }
    }

    /** Takes what a region transfers, as a socket with so much room would. */
    private record Into(ByteBuf piece, int most) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer source) {
            int taken = Math.min(source.remaining(), most - piece.writerIndex());
            int limit = source.limit();
            source.limit(source.position() + taken);
            piece.writeBytes(source);
            source.limit(limit);
            return taken;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // There is nothing behind it.
        }
    }

    /** The send is over, or was not posted. */
    void release() {
        int count = retainedCount;
        retainedCount = 0;
        buffers = 0;
        bytes = 0;
        for (int i = 0; i < count; i++) {
            ReferenceCounted message = retained[i];
            retained[i] = null;
            message.release();
        }
    }
}
