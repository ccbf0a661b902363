package org.iocp4j.simulation;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What the sources of a session send in {@link TlsSimulation}: for which session, by whom, which of his, and so many
 * bytes that go by these.
 *
 * @param session 0 if it is a file's, which is for everybody
 */
record TlsMessage(long session, int source, int number) {
    static final int HEADER_BYTES = 14;
    /** The source that is a file. */
    static final int FILE = 255;
    private static final int MOST_MORE_BYTES = 40;

    /** Of one in a file. */
    static final int FILE_BYTES = bytes(FILE, 0);

    private static int bytes(int source, int number) {
        return HEADER_BYTES + (source == FILE ? 20 : (number * 31 + source * 7) % MOST_MORE_BYTES);
    }

    byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(bytes(source, number));
        bytes.put((byte) source).put((byte) bytes.capacity()).putInt(number).putLong(session);
        while (bytes.hasRemaining()) {
            bytes.put((byte) (number * 17 + bytes.position()));
        }
        return bytes.array();
    }

    /** How long the one is that begins there. */
    static int bytes(ByteBuffer from, int position) {
        return Math.max(HEADER_BYTES, from.get(position + 1) & 0xFF);
    }

    /** The next one, which is there as a whole; null if it is none. */
    static TlsMessage read(ByteBuffer from) {
        byte[] bytes = new byte[bytes(from, from.position())];
        from.get(bytes);
        ByteBuffer fields = ByteBuffer.wrap(bytes);
        int source = fields.get() & 0xFF;
        fields.get();
        int number = fields.getInt();
        TlsMessage message = new TlsMessage(fields.getLong(), source, number);
        return number >= 0 && Arrays.equals(message.bytes(), bytes) ? message : null;
    }
}
