package org.iocp4j.channels;

import java.nio.ByteBuffer;
import org.iocp4j.port.PooledBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a user's one read or write, one or several, and how far it has come. Their positions move when it is
 * over. Nothing but copies touches their memory: the user may close its arena at any time, and then a copy throws. And
 * the user may flip a buffer meanwhile, or have another operation end on it: where it began and ended is remembered.
 */
final class UserBuffers {
    private @Nullable ByteBuffer single;
    private int singlePosition;
    private int singleBytes;
    private ByteBuffer @Nullable [] several;
    private int @Nullable [] severalPositions;
    private int @Nullable [] severalBytes;
    private int index;
    /** How much of the buffer at the index is done. */
    private int doneOfIndex;
    private long left;

    void set(ByteBuffer buffer) {
        single = buffer;
        singlePosition = buffer.position();
        singleBytes = buffer.remaining();
        begin(singleBytes);
    }

    /** @param buffers not kept by the user */
    void set(ByteBuffer[] buffers) {
        int[] positions = new int[buffers.length];
        int[] sizes = new int[buffers.length];
        long bytes = 0;
        for (int i = 0; i < buffers.length; i++) {
            positions[i] = buffers[i].position();
            sizes[i] = buffers[i].remaining();
            bytes += sizes[i];
        }
        several = buffers;
        severalPositions = positions;
        severalBytes = sizes;
        begin(bytes);
    }

    private void begin(long bytes) {
        index = 0;
        doneOfIndex = 0;
        left = bytes;
    }

    /** Nothing of the user's is kept. */
    void clear() {
        single = null;
        several = null;
        severalPositions = null;
        severalBytes = null;
        left = 0;
    }

    boolean isSeveral() {
        return several != null;
    }

    /** How many bytes there still are or have room. */
    long left() {
        return left;
    }

    /** The user's buffer, whose position and limit may be anything by now. */
    private ByteBuffer theirs(int number) {
        ByteBuffer[] all = several;
        ByteBuffer only = single;
        if (all != null) {
            return all[number];
        }
        assert only != null; // a transfer is going on
        return only;
    }

    /** The position that it had when the transfer began. */
    private int positionOf(int number) {
        int[] all = severalPositions;
        return all != null ? all[number] : singlePosition;
    }

    /** How many bytes it had, or had room for, when the transfer began. */
    private int bytesOf(int number) {
        int[] all = severalBytes;
        return all != null ? all[number] : singleBytes;
    }

    /** Its memory, at least up to an index: the user may have set another limit since. */
    private ByteBuffer memoryOf(int number, int end) {
        ByteBuffer buffer = theirs(number);
        return buffer.limit() >= end ? buffer : buffer.duplicate().clear();
    }

    /** Copies what has been received and not yet been read to the user, as far as there is room; returns how much. */
    int put(PooledBuffer from) {
        ByteBuffer view = from.readOnly();
        int copied = 0;
        int there = from.filledBytes() - from.consumedBytes();
        while (copied < there && left > 0) {
            int count = Math.min(there - copied, bytesOf(index) - doneOfIndex);
            int to = positionOf(index) + doneOfIndex;
            memoryOf(index, to + count).put(to, view, from.consumedBytes(), count);
            from.consume(count);
            copied += count;
            advanceInOne(count);
        }
        return copied;
    }

    /** Fills a buffer with what is to be sent next; the transfer has not come further for that. */
    int fill(PooledBuffer to, long skipped) {
        int at = index;
        long before = doneOfIndex + skipped;
        long rest = left - skipped;
        while (rest > 0 && to.roomBytes() > 0) {
            int bytes = bytesOf(at);
            if (before >= bytes) {
                before -= bytes;
                at++;
                continue;
            }
            int count = Math.min(to.roomBytes(), bytes - (int) before);
            int from = positionOf(at) + (int) before;
            to.put(to.filledBytes(), memoryOf(at, from + count), from, count);
            to.fill(count);
            before += count;
            rest -= count;
        }
        return to.filledBytes();
    }

    /** So much was sent. */
    void advance(int bytes) {
        int rest = bytes;
        while (rest > 0) {
            int count = Math.min(rest, bytesOf(index) - doneOfIndex);
            rest -= count;
            advanceInOne(count);
        }
    }

    private void advanceInOne(int count) {
        left -= count;
        doneOfIndex += count;
        if (doneOfIndex == bytesOf(index) && left > 0) {
            index++;
            doneOfIndex = 0;
        }
    }

    /** The transfer is over: moves the positions behind what was transferred. */
    void movePositions() {
        for (int i = 0; i < index; i++) {
            movePosition(i, bytesOf(i));
        }
        if (doneOfIndex > 0) {
            movePosition(index, doneOfIndex);
        }
    }

    private void movePosition(int number, int bytes) {
        try {
            theirs(number).position(positionOf(number) + bytes);
        } catch (IllegalArgumentException e) {
            // the user has set another limit: the bytes were transferred all the same
        }
    }
}
