package example.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes a request's body apart (RFC 9112, 6 and 7). It passes on what has come, and never waits for a whole chunk. */
final class BodyDecoder {
    /** Of a chunk's size with its extensions, and of all trailer fields together. */
    private static final int MAX_LINE_BYTES = 1024;
    private static final int MOST_SIZE_DIGITS = 15;

    private enum Expected { DATA, SIZE, DATA_END, TRAILER, NOTHING }

    private final boolean chunked;
    private final long maxBytes;
    private Expected expected;
    /** Of the body, or of the chunk, still to come. */
    private long left;
    /** Told by the client so far. */
    private long bytes;
    private int trailerBytes;

    /**
     * @param length   in bytes, or -1: in chunks
     * @param maxBytes a longer body is refused as soon as its length is known
     */
    BodyDecoder(long length, long maxBytes) throws RequestException {
        this.maxBytes = maxBytes;
        chunked = length < 0;
        expected = chunked ? Expected.SIZE : Expected.DATA;
        count(Math.max(0, length));
    }

    private void count(long more) throws RequestException {
        if (more > maxBytes - bytes) {
            throw new RequestException(Status.CONTENT_TOO_LARGE);
        }
        bytes += more;
        left = more;
    }

    /**
     * Reads what is there of the body, and no byte beyond it.
     *
     * @return whether the body is complete; else there is more to come, and what is unread is the begin of a line
     */
    boolean read(ByteBuffer data, Upload upload) throws IOException, RequestException {
        while (expected != Expected.NOTHING) {
            boolean goesOn = switch (expected) {
                case DATA -> readData(data, upload);
                case SIZE -> readSize(data);
                case DATA_END -> readDataEnd(data);
                case TRAILER -> readTrailer(data);
                case NOTHING -> throw new AssertionError();
            };
            if (!goesOn) {
                return false;
            }
        }
        return true;
    }

    private boolean readData(ByteBuffer data, Upload upload) throws IOException {
        int part = (int) Math.min(left, data.remaining());
        if (part > 0) {
            upload.part(data.slice(data.position(), part));
            data.position(data.position() + part);
            left -= part;
        }
        if (left > 0) {
            return false;
        }
        expected = chunked ? Expected.DATA_END : Expected.NOTHING;
        return true;
    }

    private boolean readSize(ByteBuffer data) throws RequestException {
        String line = line(data);
        if (line == null) {
            return false;
        }
        int extension = line.indexOf(';');
        String text = extension < 0 ? line : line.substring(0, extension);
        String size = text.strip(); // of blanks and tabs: line() lets no other control character through
        require(!size.isEmpty() && size.length() <= MOST_SIZE_DIGITS
                && size.chars().allMatch(c -> Character.digit(c, 16) >= 0));
        count(Long.parseLong(size, 16));
        expected = left == 0 ? Expected.TRAILER : Expected.DATA;
        return true;
    }

    private boolean readDataEnd(ByteBuffer data) throws RequestException {
        String line = line(data);
        if (line == null) {
            return false;
        }
        require(line.isEmpty());
        expected = Expected.SIZE;
        return true;
    }

    /** Its fields are passed over. */
    private boolean readTrailer(ByteBuffer data) throws RequestException {
        String line = line(data);
        if (line == null) {
            return false;
        }
        trailerBytes += line.length();
        require(trailerBytes <= MAX_LINE_BYTES);
        if (line.isEmpty()) {
            expected = Expected.NOTHING;
        }
        return true;
    }

    /** The next line without its end; null if it is not yet complete. A bare CR ends none, and is refused. */
    private static String line(ByteBuffer data) throws RequestException {
        int most = Math.min(data.remaining(), MAX_LINE_BYTES);
        for (int i = 0; i < most; i++) {
            if (data.get(data.position() + i) == '\n') {
                require(i > 0 && data.get(data.position() + i - 1) == '\r');
                byte[] bytes = new byte[i + 1];
                data.get(bytes);
                String line = new String(bytes, 0, i - 1, ISO_8859_1);
                require(line.chars().allMatch(c -> c >= ' ' && c != 0x7f || c == '\t'));
                return line;
            }
        }
        require(most < MAX_LINE_BYTES);
        return null;
    }

    private static void require(boolean isSo) throws RequestException {
        if (!isSo) {
            throw new RequestException(Status.BAD_REQUEST);
        }
    }
}
