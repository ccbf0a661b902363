package example.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.CRC32;

/** Some bytes, some lines, the files of a folder, and uploads that are counted. */
final class DemoSite implements Site {
    private static final int MOST_BYTES = 100_000_000;
    /** The body of {@code /bytes/N} is made of these again and again. */
    private static final ByteBuffer LETTERS = letters();

    private final Path folder;

    /** @param folder whose files it serves */
    DemoSite(Path folder) throws IOException {
        this.folder = folder.toRealPath();
    }

    private static ByteBuffer letters() {
        ByteBuffer letters = ByteBuffer.allocateDirect(Content.PIECE_BYTES);
        for (int i = 0; letters.hasRemaining(); i++) {
            letters.put((byte) ('a' + i % 26));
        }
        return letters.flip().asReadOnlyBuffer();
    }

    @Override
    public Answer answer(Request request) {
        String path = request.path();
        if (path.equals("/upload")) {
            return request.method().equals("POST") || request.method().equals("PUT") ? new Count()
                    : Response.notAllowed("POST, PUT");
        }
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            return Response.notAllowed("GET, HEAD");
        }
        if (path.equals("/")) {
            return Response.text("/bytes/N, /lines/N, /files/NAME; and uploads to /upload\n");
        }
        String name = path.substring(path.indexOf('/', 1) + 1);
        if (path.startsWith("/bytes/")) {
            int bytes = number(name);
            return bytes < 0 ? Response.error(Status.NOT_FOUND)
                    : new Response(Status.OK, "text/plain; charset=us-ascii", "", new Letters(bytes));
        }
        if (path.startsWith("/lines/")) {
            int lines = number(name);
            return lines < 0 ? Response.error(Status.NOT_FOUND)
                    : new Response(Status.OK, "text/plain; charset=us-ascii", "", new Lines(lines));
        }
        return path.startsWith("/files/") ? file(name) : Response.error(Status.NOT_FOUND);
    }

    /** -1: it is none, or too large. */
    private static int number(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            return -1;
        }
        int number = Integer.parseInt(text);
        return number <= MOST_BYTES ? number : -1;
    }

    /** Opening a file can block; on a local disk that is accepted here. */
    private Response file(String name) {
        Path file = find(name);
        if (file == null) {
            return Response.error(Status.NOT_FOUND);
        }
        try {
            return new Response(Status.OK, type(file), "", new FileContent(file));
        } catch (IOException e) { // nobody may read it, or it has just gone
            return Response.error(Status.NOT_FOUND);
        }
    }

    /**
     * A file in the folder or below it. No path out of it is followed, which might name another host; nor a link.
     *
     * @return null if there is none
     */
    private Path find(String name) {
        try {
            Path file = folder.resolve(URLDecoder.decode(name.replace("+", "%2B"), UTF_8)).normalize();
            if (!file.startsWith(folder)) {
                return null;
            }
            Path real = file.toRealPath();
            return real.startsWith(folder) && Files.isRegularFile(real) ? real : null;
        } catch (IOException | IllegalArgumentException e) { // no such file; not a name, or wrongly escaped
            return null;
        }
    }

    private static String type(Path file) {
        String name = file.getFileName().toString();
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "png" -> "image/png";
            case "svg" -> "image/svg+xml";
            case "txt" -> "text/plain; charset=utf-8";
            default -> "application/octet-stream";
        };
    }

    /** Says how many bytes have come, and their CRC-32. */
    private static final class Count implements Upload {
        private final CRC32 crc = new CRC32();
        private long bytes;

        @Override
        public void part(ByteBuffer part) {
            bytes += part.remaining();
            crc.update(part);
        }

        @Override
        public Response end() {
            return Response.text(bytes + " bytes, CRC-32 " + HexFormat.of().toHexDigits((int) crc.getValue()) + "\n");
        }
    }

    private static final class Letters implements Content {
        private final int length;
        private int left;

        Letters(int length) {
            this.length = length;
            left = length;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public ByteBuffer next() {
            int bytes = Math.min(left, LETTERS.capacity());
            left -= bytes;
            return bytes == 0 ? null : LETTERS.slice(0, bytes);
        }
    }

    /** Numbered lines, made when there is room for them. */
    private static final class Lines implements Content {
        private static final int MOST_LINE_BYTES = 16;

        private final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        private final int count;
        private int made;

        Lines(int count) {
            this.count = count;
        }

        @Override
        public long length() {
            return UNKNOWN;
        }

        @Override
        public ByteBuffer next() {
            piece.clear();
            while (made < count && piece.remaining() >= MOST_LINE_BYTES) {
                made++;
                piece.put(("line " + made + "\n").getBytes(US_ASCII));
            }
            return piece.position() == 0 ? null : piece.flip();
        }
    }
}
