package example.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import org.iocp4j.server.Session;

/** The reply to one command: made at once, sent as there is room for it. */
final class Reply {
    /** Some of them fit into a send queue of 64 KiB. */
    private static final int PIECE_BYTES = 16 * 1024;
    /** Longer values are not copied together with what stands around them. */
    private static final int SHORT_BYTES = 256;
    private static final int MOST_ERROR_LETTERS = 256;
    private static final byte[] LINE_END = "\r\n".getBytes(US_ASCII);

    private final Store store;
    /** To be sent from its position to its limit. */
    private final ByteBuffer text = ByteBuffer.allocate(512).limit(0);
    /** To be sent behind the text, and then the end of its line; null: nothing more is. The store counts it. */
    private ByteBuffer value;

    Reply(Store store) {
        this.store = store;
    }

    void simple(String word) {
        text.clear().put((byte) '+').put(word.getBytes(US_ASCII)).put(LINE_END).flip();
    }

    /** @param message of which ends of lines become blanks */
    void error(String message) {
        String line = message.substring(0, Math.min(message.length(), MOST_ERROR_LETTERS)).replaceAll("[\r\n]", " ");
        text.clear().put((byte) '-').put(line.getBytes(ISO_8859_1)).put(LINE_END).flip();
    }

    void integer(long number) {
        text.clear().put((byte) ':').put(Long.toString(number).getBytes(US_ASCII)).put(LINE_END).flip();
    }

    /** @param bytes must not change any more; null: there is no such value */
    void bulk(byte[] bytes) {
        text.clear();
        if (bytes == null) {
            text.put("$-1".getBytes(US_ASCII)).put(LINE_END).flip();
        } else if (bytes.length <= SHORT_BYTES) {
            addBulk(bytes);
            text.flip();
        } else {
            text.put((byte) '$').put(Integer.toString(bytes.length).getBytes(US_ASCII)).put(LINE_END).flip();
            value = ByteBuffer.wrap(bytes);
            store.hold(bytes.length);
        }
    }

    /** An array of short bulk strings. */
    void array(String... words) {
        text.clear().put((byte) '*').put(Integer.toString(words.length).getBytes(US_ASCII)).put(LINE_END);
        for (String word : words) {
            addBulk(word.getBytes(US_ASCII));
        }
        text.flip();
    }

    private void addBulk(byte[] bytes) {
        text.put((byte) '$').put(Integer.toString(bytes.length).getBytes(US_ASCII)).put(LINE_END);
        text.put(bytes).put(LINE_END);
    }

    /**
     * Sends what there is room for.
     *
     * @return whether all is sent; else {@code writable} is called when there is room, or the session is ending
     */
    boolean send(Session session) {
        while (text.hasRemaining() || value != null) {
            if (text.hasRemaining()) {
                if (!isTaken(session, text)) {
                    return false;
                }
            } else if (value.hasRemaining()) {
                ByteBuffer piece = value.slice(value.position(), Math.min(PIECE_BYTES, value.remaining()));
                if (!isTaken(session, piece)) {
                    return false;
                }
                value.position(value.position() + piece.capacity());
            } else {
                release();
                text.clear().put(LINE_END).flip();
            }
        }
        return true;
    }

    /** Lets go of the value: one that has been sent, or that nobody will read. */
    void release() {
        if (value != null) {
            store.release(value.capacity());
            value = null;
        }
    }

    private static boolean isTaken(Session session, ByteBuffer bytes) {
        return switch (session.send(bytes)) {
            case TAKEN -> true;
            case FULL, CLOSED -> false;
        };
    }
}
