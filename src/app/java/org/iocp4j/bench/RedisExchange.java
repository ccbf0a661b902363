package org.iocp4j.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Some SETs that are sent together, and their replies. */
final class RedisExchange implements Exchange {
    private static final String REPLY = "+OK\r\n";

    private final ByteBuffer unsent;
    private final ByteBuffer due;

    /**
     * @param number   of the connection, whose key it is
     * @param value    what is set
     * @param commands how many
     */
    RedisExchange(int number, ByteBuffer value, int commands) {
        String key = "key:" + number;
        byte[] begin = ("*3\r\n$3\r\nSET\r\n$" + key.length() + "\r\n" + key + "\r\n$" + value.remaining() + "\r\n")
                .getBytes(US_ASCII);
        byte[] end = "\r\n".getBytes(US_ASCII);
        unsent = ByteBuffer.allocateDirect(commands * (begin.length + value.remaining() + end.length));
        for (int i = 0; i < commands; i++) {
            unsent.put(begin).put(value.duplicate()).put(end);
        }
        unsent.flip();
        due = ByteBuffer.wrap(REPLY.repeat(commands).getBytes(US_ASCII));
    }

    @Override
    public void begin() {
        unsent.rewind();
        due.rewind();
    }

    @Override
    public ByteBuffer unsent() {
        return unsent;
    }

    @Override
    public boolean receive(ByteBuffer came) throws IOException {
        if (came.remaining() > due.remaining()) {
            throw Exchange.tooMany(came.remaining() - due.remaining());
        }
        Exchange.take(came, due);
        return !due.hasRemaining();
    }
}
