package org.iocp4j.simulation;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.util.internal.CleanableDirectBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Queue;
import org.iocp4j.simkernel.SimulatedKernel;

/**
 * The memory of all buffers of a life. It is counted; while it is nobody's nobody writes there; and it is not released
 * while the kernel has it.
 */
final class NettyMemory extends AbstractByteBufAllocator {
    private static final byte NOBODYS = 0x5B;
    /** In a run that is repeated, where each was allocated. */
    private static final boolean REPEATED = System.getProperty("seed") != null;

    private final SimulatedKernel kernel;
    private final boolean hasAddresses;
    private final Arena arena = Arena.ofAuto();
    private final Map<Integer, Queue<MemorySegment>> unused = new HashMap<>();
    private final Map<Object, Throwable> live = new IdentityHashMap<>();

    /** @param hasAddresses whether its buffers say where they are, as they do where Netty may use Unsafe */
    NettyMemory(SimulatedKernel kernel, boolean hasAddresses) {
        super(true);
        this.kernel = kernel;
        this.hasAddresses = hasAddresses;
    }

    /** Before the end of a life: everything was released. */
    void requireNothingLive() {
        if (!live.isEmpty()) {
            Throwable where = live.values().iterator().next();
            if (where != null) {
                where.printStackTrace();
            }
            kernel.require(false, live.size() + " buffers were never released");
        }
    }

    /** It counts as long as it is not released. */
    void allocated(Object memory) {
        live.put(memory, REPEATED ? new Throwable("never released") : null);
    }

    void released(Object memory) {
        boolean known = live.containsKey(memory);
        kernel.require(known, "memory is released twice");
        live.remove(memory);
    }

    private MemorySegment take(int bytes) {
        Queue<MemorySegment> same = unused.get(bytes);
        MemorySegment free = same == null ? null : same.poll();
        if (free == null) {
            return arena.allocate(bytes);
        }
        for (int i = 0; i < bytes; i += Math.max(1, bytes / 64)) {
            kernel.require(free.get(ValueLayout.JAVA_BYTE, i) == NOBODYS,
                    "memory was written when it was nobody's");
        }
        return free;
    }

    private void give(MemorySegment segment) {
        kernel.requireNotLent(segment.address(), segment.byteSize());
        segment.fill(NOBODYS); // whoever still reads there finds something else
        unused.computeIfAbsent((int) segment.byteSize(), bytes -> new ArrayDeque<>()).add(segment);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return new HeapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        return new DirectBuffer(new Piece(take(initialCapacity)), maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return hasAddresses;
    }

    private final class HeapBuffer extends UnpooledHeapByteBuf {
        HeapBuffer(int initialCapacity, int maxCapacity) {
            super(NettyMemory.this, initialCapacity, maxCapacity);
        }

        @Override
        protected byte[] allocateArray(int capacity) {
            byte[] array = new byte[capacity];
            allocated(array);
            return array;
        }

        @Override
        protected void freeArray(byte[] array) {
            released(array);
        }
    }

    private final class DirectBuffer extends UnpooledDirectByteBuf {
        private final Piece first;

        DirectBuffer(Piece first, int maxCapacity) {
            super(NettyMemory.this, first.buffer(), maxCapacity);
            this.first = first;
            clear();
        }

        /** When it grows. */
        @Override
        protected CleanableDirectBuffer allocateDirectBuffer(int capacity) {
            return new Piece(take(capacity));
        }

        @Override
        protected void deallocate() {
            super.deallocate();
            first.clean();
        }

        @Override
        public boolean hasMemoryAddress() {
            return hasAddresses;
        }

        @Override
        public long memoryAddress() {
            if (!hasAddresses) {
                throw new UnsupportedOperationException("no address");
            }
            return MemorySegment.ofBuffer(internalNioBuffer(0, 0)).address();
        }
    }

    private final class Piece implements CleanableDirectBuffer {
        private final MemorySegment segment;
        private final ByteBuffer buffer;

        Piece(MemorySegment segment) {
            this.segment = segment;
            buffer = segment.asByteBuffer();
            allocated(this);
        }

        @Override
        public ByteBuffer buffer() {
            return buffer;
        }

        @Override
        public void clean() {
            released(this);
            give(segment);
        }
    }
}
