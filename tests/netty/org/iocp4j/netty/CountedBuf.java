package org.iocp4j.netty;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.util.concurrent.atomic.AtomicInteger;

/** A buffer off the heap that is counted until it is released. */
final class CountedBuf extends UnpooledDirectByteBuf {
    private final AtomicInteger out;

    CountedBuf(int bytes, AtomicInteger out) {
        super(UnpooledByteBufAllocator.DEFAULT, bytes, bytes);
        this.out = out;
        out.incrementAndGet();
    }

    @Override
    protected void deallocate() {
        super.deallocate();
        out.decrementAndGet();
    }
}
