package org.iocp4j.simulation;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.iocp4j.simkernel.SeededRandom;

/** The buffers of one read or write, one or several, on the heap or not, and what has to be in them. */
final class ChannelsMemory {
    private static final byte UNTOUCHED = 0x5A;
    private static final int MOST_BUFFERS = 20;
    private static final int MOST_AROUND = 4;

    private final boolean single;
    private final int offset;
    private final int length;
    private final ByteBuffer[] buffers;
    private final int[] positions;
    /** What is to be in them, whole. */
    private final byte[][] contents;

    private ChannelsMemory(SeededRandom random, int bytes) {
        single = random.chance(0.7);
        offset = single ? 0 : random.below(3);
        length = single ? 1 : 1 + (random.chance(0.2) ? random.below(MOST_BUFFERS) : random.below(3));
        buffers = new ByteBuffer[offset + length + (single ? 0 : random.below(2))];
        positions = new int[buffers.length];
        contents = new byte[buffers.length][];
        int left = bytes;
        for (int i = 0; i < buffers.length; i++) {
            boolean isPart = i >= offset && i < offset + length;
            int room = !isPart ? random.below(MOST_AROUND) : i == offset + length - 1 ? left : random.below(left + 1);
            left -= isPart ? room : 0;
            buffers[i] = buffer(random, room);
            positions[i] = buffers[i].position();
        }
    }

    static ChannelsMemory toRead(SeededRandom random, int most) {
        ChannelsMemory memory = new ChannelsMemory(random, random.chance(0.05) ? 0 : 1 + random.below(most));
        memory.over();
        return memory;
    }

    static ChannelsMemory toWrite(SeededRandom random, byte[] bytes) {
        ChannelsMemory memory = new ChannelsMemory(random, bytes.length);
        int from = 0;
        for (int i = memory.offset; i < memory.offset + memory.length; i++) {
            int count = memory.buffers[i].remaining();
            memory.buffers[i].put(memory.positions[i], bytes, from, count);
            from += count;
        }
        memory.over();
        return memory;
    }

    private static ByteBuffer buffer(SeededRandom random, int room) {
        int before = random.below(MOST_AROUND);
        int all = before + room + random.below(MOST_AROUND);
        ByteBuffer buffer = random.chance(0.5) ? ByteBuffer.allocate(all) : ByteBuffer.allocateDirect(all);
        for (int i = 0; i < all; i++) {
            buffer.put(i, UNTOUCHED);
        }
        return buffer.position(before).limit(before + room);
    }

    boolean isSingle() {
        return single;
    }

    ByteBuffer single() {
        return buffers[0];
    }

    ByteBuffer[] all() {
        return buffers;
    }

    int offset() {
        return offset;
    }

    int length() {
        return length;
    }

    int room() {
        int room = 0;
        for (int i = offset; i < offset + length; i++) {
            room += buffers[i].limit() - positions[i];
        }
        return room;
    }

    /** From now on nobody touches them. */
    void over() {
        for (int i = 0; i < buffers.length; i++) {
            contents[i] = whole(buffers[i]);
        }
    }

    private static byte[] whole(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.duplicate().clear().get(bytes);
        return bytes;
    }

    /** What was read. */
    MemorySegment read(int count) {
        byte[] bytes = new byte[count];
        int done = 0;
        for (int i = offset; i < offset + length && done < count; i++) {
            int some = Math.min(count - done, buffers[i].limit() - positions[i]);
            buffers[i].get(positions[i], bytes, done, some);
            done += some;
        }
        return MemorySegment.ofArray(bytes);
    }

    void requireRead(int count, ChannelsOperation<?> by) {
        requireRead(count, by, false);
    }

    /** @param mayHaveMore it has failed, and may have put something there before */
    void requireRead(int count, ChannelsOperation<?> by, boolean mayHaveMore) {
        requirePositions(count, by);
        int left = mayHaveMore ? room() : count;
        for (int i = 0; i < buffers.length; i++) {
            boolean isPart = i >= offset && i < offset + length;
            int some = isPart ? Math.min(left, buffers[i].limit() - positions[i]) : 0;
            left -= some;
            byte[] now = whole(buffers[i]);
            byte[] expected = contents[i].clone();
            System.arraycopy(now, positions[i], expected, positions[i], some);
            by.require(Arrays.equals(now, expected), "has written where it may not");
        }
    }

    void requireWritten(int count, ChannelsOperation<?> by) {
        requirePositions(count, by);
        for (int i = 0; i < buffers.length; i++) {
            by.require(Arrays.equals(whole(buffers[i]), contents[i]), "has changed what it writes");
        }
    }

    private void requirePositions(int count, ChannelsOperation<?> by) {
        int left = count;
        for (int i = 0; i < buffers.length; i++) {
            boolean isPart = i >= offset && i < offset + length;
            int some = isPart ? Math.min(left, buffers[i].limit() - positions[i]) : 0;
            left -= some;
            by.require(buffers[i].position() == positions[i] + some, "has left a position at " + buffers[i].position()
                    + ", not " + (positions[i] + some));
        }
        by.require(left == 0, "has more bytes than room");
    }

    void requireUntouched(ChannelsConnection of) {
        for (int i = 0; i < buffers.length; i++) {
            of.require(Arrays.equals(whole(buffers[i]), contents[i]), "touched memory after its operation was over");
        }
    }
}
