package org.iocp4j.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ReferenceCounted;
import org.iocp4j.simkernel.SeededRandom;

/** Bytes as messages of all kinds. */
final class NettyMessages {
    private static final int MOST_PARTS = 4;
    /** More than one send gathers. */
    private static final int MANY_PARTS = 70;

    private final SeededRandom random;
    private final NettyMemory memory;

    NettyMessages(SeededRandom random, NettyMemory memory) {
        this.random = random;
        this.memory = memory;
    }

    ReferenceCounted of(byte[] bytes) {
        return switch (random.below(9)) {
            case 0 -> Unpooled.wrappedBuffer(bytes);
            case 1, 2 -> memory.heapBuffer(bytes.length).writeBytes(bytes);
            case 3 -> slice(bytes);
            case 4, 5 -> composite(bytes, random.chance(0.05) ? MANY_PARTS : 1 + random.below(MOST_PARTS));
            case 6, 7 -> new NettyRegion(memory, bytes, 1 + random.below(Math.max(1, bytes.length)));
            default -> memory.directBuffer(bytes.length).writeBytes(bytes);
        };
    }

    private ByteBuf slice(byte[] bytes) {
        ByteBuf whole = memory.directBuffer(bytes.length + 2).writeByte(1).writeBytes(bytes).writeByte(2);
        ByteBuf slice = whole.retainedSlice(1, bytes.length);
        whole.release();
        return slice;
    }

    private CompositeByteBuf composite(byte[] bytes, int parts) {
        CompositeByteBuf composite = memory.compositeBuffer(2 * parts);
        int at = 0;
        for (int i = 0; i < parts; i++) {
            int part = i == parts - 1 ? bytes.length - at : random.below(1 + (bytes.length - at) / (parts - i));
            ByteBuf buf = random.chance(0.3) ? memory.heapBuffer(part) : memory.directBuffer(part);
            composite.addComponent(true, buf.writeBytes(bytes, at, part));
            at += part;
        }
        return composite;
    }
}
