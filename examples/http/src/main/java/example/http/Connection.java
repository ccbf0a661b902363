package example.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;

/** A client's connection: what of a request has come, and what of its response is still to go out. */
final class Connection {
    private static final Logger LOG = System.getLogger(Connection.class.getName());
    private static final byte[] CONTENT_TYPE = "Content-Type: ".getBytes(US_ASCII);
    private static final byte[] CONTENT_LENGTH = "\r\nContent-Length: ".getBytes(US_ASCII);
    private static final byte[] CHUNKED = "\r\nTransfer-Encoding: chunked".getBytes(US_ASCII);
    private static final byte[] CLOSE = "\r\nConnection: close".getBytes(US_ASCII);
    private static final byte[] KEEP_ALIVE = "\r\nConnection: keep-alive".getBytes(US_ASCII);
    private static final byte[] LINE_END = "\r\n".getBytes(US_ASCII);
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(US_ASCII);
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII);
    private static final ByteBuffer HEAD = ByteBuffer.wrap("HEAD ".getBytes(US_ASCII)).asReadOnlyBuffer();
    /** For a chunk's size and the ends of its lines. */
    private static final int FRAME_BYTES = 16;

    private final Site site;
    private final long maxBodyBytes;
    /** For the head of each response; a longer one is a mistake of the site's. */
    private final ByteBuffer head = ByteBuffer.allocate(512);
    /** How much of the unread has no end of a head in it. */
    private int searchedBytes;

    /** The request that is being read or answered; null if its head has not come. */
    private Request request;
    /** Whether its response has no body, be the request understood or not. */
    private boolean isHead;
    /** Null if no body is coming. */
    private Upload upload;
    private BodyDecoder body;

    /** Of the response under way; null if there is none, or no more to come. */
    private Content content;
    /** To be sent before the next piece of the content; null if there is nothing. */
    private ByteBuffer unsent;
    /** For the next chunk; null until the first. */
    private ByteBuffer chunk;
    private boolean isChunked;
    /** Whether the connection ends behind the response. */
    private boolean isLast;

    Connection(Site site, long maxBodyBytes) {
        this.site = site;
        this.maxBodyBytes = maxBodyBytes;
    }

    /**
     * Answers all that is complete. As soon as a part of a response is refused it returns: the rest of the input is
     * passed again when there is room.
     */
    void received(Session session, ByteBuffer data) throws IOException {
        try {
            while (sendOn(session) && !isLast && (upload != null ? readBody(data) : readHead(data))) {
                // The next request may have come behind this one.
            }
        } catch (RequestException e) {
            respond(Response.error(e.status()), true);
            sendOn(session);
        }
    }

    /** Whether there was a whole head. */
    private boolean readHead(ByteBuffer data) throws IOException, RequestException {
        while (data.remaining() >= 2 && data.get(data.position()) == '\r' && data.get(data.position() + 1) == '\n') {
            data.position(data.position() + 2); // some clients send an empty line behind a body
            searchedBytes = 0;
        }
        isHead = data.remaining() >= HEAD.capacity() && data.slice(data.position(), HEAD.capacity()).equals(HEAD);
        int bytes = headBytes(data);
        if (bytes < 0) {
            return false;
        }
        byte[] lines = new byte[bytes];
        data.get(lines);
        searchedBytes = 0;
        request = new Request(new String(lines, 0, bytes - 2 * LINE_END.length, ISO_8859_1));
        begin();
        return true;
    }

    /** With the empty line at its end; -1 if that has not come. */
    private int headBytes(ByteBuffer data) throws RequestException {
        int from = data.position();
        int end = Math.min(data.limit(), from + HttpHandler.MAX_HEAD_BYTES);
        for (int i = from + Math.max(3, searchedBytes); i < end; i++) {
            if (data.get(i) == '\n' && data.get(i - 1) == '\r' && data.get(i - 2) == '\n' && data.get(i - 3) == '\r') {
                return i + 1 - from;
            }
        }
        searchedBytes = end - from;
        if (searchedBytes == HttpHandler.MAX_HEAD_BYTES) {
            throw new RequestException(Status.HEADERS_TOO_LARGE);
        }
        return -1;
    }

    private void begin() throws IOException, RequestException {
        body = new BodyDecoder(request.bodyBytes(), maxBodyBytes);
        switch (site.answer(request)) {
            case Response response -> respond(response, request.bodyBytes() != 0);
            case Upload begun -> {
                upload = begun;
                if (request.expectsContinue() && request.bodyBytes() != 0) {
                    unsent = ByteBuffer.wrap(CONTINUE);
                }
            }
        }
    }

    /** Whether it was all of the body. */
    private boolean readBody(ByteBuffer data) throws IOException, RequestException {
        if (!body.read(data, upload)) {
            return false;
        }
        Response response = upload.end();
        upload = null;
        respond(response, false);
        return true;
    }

    /** @param isUnread whether more of the request may come, of which nobody wants to know */
    private void respond(Response response, boolean isUnread) throws IOException {
        upload = null;
        content = response.content();
        boolean isHttp11 = request == null || request.isHttp11();
        isChunked = content.length() == Content.UNKNOWN && isHttp11;
        isLast = isUnread || !request.isKeptAlive() || content.length() == Content.UNKNOWN && !isHttp11;
        unsent = head(response, isHttp11);
        if (isHead) {
            endContent();
        }
        request = null;
    }

    private ByteBuffer head(Response response, boolean isHttp11) {
        head.clear().put(response.status().line).put(HttpDate.field());
        head.put(response.fields().getBytes(ISO_8859_1));
        head.put(CONTENT_TYPE).put(response.contentType().getBytes(ISO_8859_1));
        if (content.length() != Content.UNKNOWN) {
            head.put(CONTENT_LENGTH).put(Long.toString(content.length()).getBytes(US_ASCII));
        } else if (isChunked) {
            head.put(CHUNKED);
        }
        if (isLast) {
            head.put(CLOSE);
        } else if (!isHttp11) {
            head.put(KEEP_ALIVE);
        }
        return head.put(LINE_END).put(LINE_END).flip();
    }

    /**
     * Sends of the response what there is room for.
     *
     * @return whether nothing is left of it
     */
    boolean sendOn(Session session) throws IOException {
        while (unsent != null || content != null) {
            switch (sendNext(session)) {
                case TAKEN -> { }
                case FULL -> {
                    return false; // writable will be called
                }
                case CLOSED -> {
                    closed();
                    isLast = true;
                }
            }
        }
        if (isLast) {
            session.disconnect();
        }
        return true;
    }

    private SendResult sendNext(Session session) throws IOException {
        if (unsent == null && content instanceof FileContent file) {
            SendResult result = send(file, session);
            if (result == SendResult.TAKEN) {
                endContent(); // it goes out behind what was sent before
            }
            return result;
        }
        if (unsent == null) {
            unsent = next();
        }
        SendResult result = unsent == null ? SendResult.TAKEN : session.send(unsent);
        if (result == SendResult.TAKEN) {
            unsent = null;
        }
        return result;
    }

    /** If the file is gone by now, what was sent before still goes out, and the client sees that bytes are missing. */
    private SendResult send(FileContent file, Session session) {
        try {
            return session.sendFile(file.file(), 0, file.length());
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a file is not sent behind its head", e);
            isLast = true;
            return SendResult.TAKEN;
        }
    }

    /** What is to be sent next of the content; null if that has ended. */
    private ByteBuffer next() throws IOException {
        ByteBuffer piece = content.next();
        if (piece == null) {
            endContent();
            return isChunked ? ByteBuffer.wrap(LAST_CHUNK) : null;
        }
        return isChunked ? chunk(piece) : piece;
    }

    private ByteBuffer chunk(ByteBuffer piece) {
        if (chunk == null) {
            chunk = ByteBuffer.allocate(Content.PIECE_BYTES + FRAME_BYTES);
        }
        chunk.clear().put(Integer.toHexString(piece.remaining()).getBytes(US_ASCII)).put(LINE_END);
        return chunk.put(piece).put(LINE_END).flip();
    }

    private void endContent() throws IOException {
        Content ended = content;
        content = null;
        ended.close();
    }

    void closed() throws IOException {
        unsent = null;
        if (content != null) {
            endContent();
        }
    }
}
