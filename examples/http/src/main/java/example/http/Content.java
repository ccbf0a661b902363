package example.http;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The body of one response, which goes out piece by piece, as fast as the client takes it. */
public interface Content extends Closeable {
    /** The most bytes of a piece: some of them fit into a send queue of 64 KiB. */
    int PIECE_BYTES = 16 * 1024;
    /** The {@link #length} of a content that is made while it is sent; it goes out in chunks. */
    long UNKNOWN = -1;

    /** In bytes, or {@link #UNKNOWN}. */
    long length();

    /**
     * The next piece, from its position to its limit. It must stay as it is until the next call.
     *
     * @return null: there is no more
     * @throws IOException ends the connection in the midst of the response
     */
    ByteBuffer next() throws IOException;

    /** All has been sent, or the client has gone. */
    @Override
    default void close() throws IOException {
    }

    /** The bytes from the position to the limit. They must not change before all have been sent. */
    static Content of(ByteBuffer bytes) {
        return new Bytes(bytes.duplicate());
    }

    /** Bytes in memory: a piece is a part of them. */
    final class Bytes implements Content {
        private final ByteBuffer rest;
        private final int length;

        private Bytes(ByteBuffer bytes) {
            rest = bytes;
            length = bytes.remaining();
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public ByteBuffer next() {
            int bytes = Math.min(PIECE_BYTES, rest.remaining());
            if (bytes == 0) {
                return null;
            }
            ByteBuffer piece = rest.slice(rest.position(), bytes);
            rest.position(rest.position() + bytes);
            return piece;
        }
    }
}
