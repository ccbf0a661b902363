package org.iocp4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What one connection sends, and what must come back, as often as it {@linkplain #begin begins}. */
interface Exchange {
    void begin();

    /** What can be sent now; whoever sends it moves the position. Another's call may change its bytes. */
    ByteBuffer unsent() throws IOException;

    /**
     * Takes all that has come.
     *
     * @return whether everything has come
     * @throws IOException if it is not what must come
     */
    boolean receive(ByteBuffer came) throws IOException;

    /** Takes {@code came} as the next bytes that are due, if it is. */
    static void take(ByteBuffer came, ByteBuffer due) throws IOException {
        int end = due.limit();
        due.limit(due.position() + came.remaining());
        boolean equal = due.equals(came);
        due.position(due.limit()).limit(end);
        if (!equal) {
            throw new IOException("what came is not what was due");
        }
        came.position(came.limit());
    }

    static IOException tooMany(int bytes) {
        return new IOException("the server sent " + bytes + " bytes too many");
    }

    /** So many bytes, as echoes and answers consist of. */
    static ByteBuffer bytes(int count) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(count);
        while (bytes.hasRemaining()) {
            bytes.put((byte) bytes.position());
        }
        return bytes.flip();
    }
}
