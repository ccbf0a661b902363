package org.iocp4j.simulation;

import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** A file region whose file is of no system: it writes what it has, in parts as it likes. */
final class NettyRegion extends AbstractReferenceCounted implements FileRegion {
    private final NettyMemory memory;
    private final byte[] bytes;
    private final int part;
    private int transferred;

    NettyRegion(NettyMemory memory, byte[] bytes, int part) {
        this.memory = memory;
        this.bytes = bytes;
        this.part = part;
        memory.allocated(this);
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        int from = Math.toIntExact(position);
        int written = target.write(ByteBuffer.wrap(bytes, from, Math.min(part, bytes.length - from)));
        transferred += written;
        return written;
    }

    @Override
    public long position() {
        return 0;
    }

    @Override
    @Deprecated
    public long transfered() {
        return transferred;
    }

    @Override
    public long transferred() {
        return transferred;
    }

    @Override
    public long count() {
        return bytes.length;
    }

    @Override
    protected void deallocate() {
        memory.released(this);
    }

    @Override
    public NettyRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public NettyRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public NettyRegion touch() {
        return this;
    }

    @Override
    public NettyRegion touch(Object hint) {
        return this;
    }
}
