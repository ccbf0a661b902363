package org.iocp4j.tls;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;

/**
 * What was decrypted for a session, and its handler has not read, from the start of a buffer on. The handler's view is
 * the buffer's own for good, so that none is made for each call. Kept for other sessions it is wiped: a handler sees
 * nothing of another connection, wherever it looks.
 */
final class Plaintext {
    private final ByteBuffer bytes;
    private final ByteBuffer view;
    /** How much of the buffer has been written to. */
    private int usedBytes;

    Plaintext(int size) {
        bytes = ByteBuffer.allocate(size);
        view = bytes.asReadOnlyBuffer();
    }

    /** The free part, for the next record: its position says how much is unread. */
    ByteBuffer free() {
        return bytes;
    }

    int unreadBytes() {
        return bytes.position();
    }

    /** For the handler, which reads by moving the position. */
    ByteBuffer lend() {
        return view.clear().limit(bytes.position()).order(ByteOrder.BIG_ENDIAN);
    }

    /** The handler has returned. Only the position counts, and only as far as there was something. */
    void readUpTo(int position) {
        usedBytes = Math.max(usedBytes, bytes.position());
        bytes.flip().position(Math.min(position, bytes.limit()));
        bytes.compact();
    }

    private void wipe() {
        usedBytes = Math.max(usedBytes, bytes.position());
        Arrays.fill(bytes.array(), 0, usedBytes, (byte) 0);
        usedBytes = 0;
        bytes.clear();
    }

    /** Those that no session has. Any thread. */
    static final class Pool {
        private static final int MOST_KEPT = 64;

        private final int size;
        private final ArrayList<Plaintext> kept = new ArrayList<>(MOST_KEPT);

        Pool(int size) {
            this.size = size;
        }

        Plaintext take() {
            synchronized (kept) {
                if (!kept.isEmpty()) {
                    return kept.removeLast();
                }
            }
            return new Plaintext(size);
        }

        void give(Plaintext plaintext) {
            plaintext.wipe();
            synchronized (kept) {
                if (kept.size() < MOST_KEPT) {
                    kept.add(plaintext);
                }
            }
        }
    }
}
