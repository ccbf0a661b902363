package org.iocp4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A GET and its answer. */
final class GetExchange implements Exchange {
    private static final String END_OF_HEAD = "\r\n\r\n";
    private static final int MOST_HEAD_BYTES = 4096;
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)\r\n");

    private final ByteBuffer unsent;
    private final ByteBuffer due;
    private final StringBuilder head = new StringBuilder();
    private boolean headCame;

    /**
     * @param request as {@link #request} makes it, one for all connections
     * @param body    what must come, the same
     */
    GetExchange(ByteBuffer request, ByteBuffer body) {
        unsent = request.duplicate();
        due = body.duplicate();
    }

    /** @param last whether the server is to close the connection */
    static ByteBuffer request(int bodyBytes, boolean last) {
        byte[] request = ("GET /" + bodyBytes + " HTTP/1.1\r\nHost: localhost\r\n"
                + (last ? "Connection: close\r\n" : "") + "\r\n").getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(request.length).put(request).flip();
    }

    /** What a server reads from the request's path. */
    static int bodyBytes(String path) {
        return Integer.parseInt(path.substring(1));
    }

    @Override
    public void begin() {
        unsent.rewind();
        due.rewind();
        head.setLength(0);
        headCame = false;
    }

    @Override
    public ByteBuffer unsent() {
        return unsent;
    }

    @Override
    public boolean receive(ByteBuffer came) throws IOException {
        while (!headCame && came.hasRemaining()) {
            receiveHead((char) (came.get() & 0xff));
        }
        if (came.remaining() > due.remaining()) {
            throw Exchange.tooMany(came.remaining() - due.remaining());
        }
        Exchange.take(came, due);
        return headCame && !due.hasRemaining();
    }

    private void receiveHead(char next) throws IOException {
        head.append(next);
        if (next == '\n' && head.indexOf(END_OF_HEAD, head.length() - END_OF_HEAD.length()) >= 0) {
            Matcher length = LENGTH.matcher(head);
            if (head.indexOf("HTTP/1.1 200 ") != 0 || !length.find()
                    || !length.group(1).equals(String.valueOf(due.limit()))) {
                throw new IOException("not the answer that was due: " + head.toString().strip());
            }
            headCame = true;
        } else if (head.length() == MOST_HEAD_BYTES) {
            throw new IOException("the head of an answer has no end");
        }
    }
}
