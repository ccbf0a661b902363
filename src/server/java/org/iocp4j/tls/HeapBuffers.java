package org.iocp4j.tls;

import java.nio.ByteBuffer;
import java.util.ArrayList;

/**
 * Heap buffers of one size, to be used again: a session has one only while there is something in it. Any thread. The
 * lock is held for nothing else.
 */
final class HeapBuffers {
    /** More than are at work at a time; what slow peers hold beside them is the collector's. */
    private static final int MOST_KEPT = 64;

    private final int bytes;
    private final ArrayList<ByteBuffer> kept = new ArrayList<>(MOST_KEPT);

    HeapBuffers(int bytes) {
        this.bytes = bytes;
    }

    int bytes() {
        return bytes;
    }

    /** Cleared; what it had in it for others may still be there. */
    ByteBuffer take() {
        synchronized (kept) {
            if (!kept.isEmpty()) {
                return kept.removeLast();
            }
        }
        return ByteBuffer.allocate(bytes);
    }

    /** @param buffer of another size is left to the collector */
    void give(ByteBuffer buffer) {
        buffer.clear();
        synchronized (kept) {
            if (kept.size() < MOST_KEPT && buffer.capacity() == bytes) {
                kept.add(buffer);
            }
        }
    }
}
