package org.iocp4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.Status;

/** Another exchange through TLS, for the life of one connection. */
final class TlsExchange implements Exchange {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    /** More than a client sends without an answer. */
    private static final int RECORDS = 4;

    private final Exchange inside;
    private final SSLEngine engine;
    private final ByteBuffer plain;
    /** What has come and is not yet a record; to be put into. */
    private ByteBuffer cipher;
    /** To be read from. */
    private final ByteBuffer unsent;

    TlsExchange(Exchange inside, SSLEngine engine) {
        this.inside = inside;
        this.engine = engine;
        engine.setUseClientMode(true);
        plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        cipher = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        unsent = ByteBuffer.allocate(RECORDS * cipher.capacity()).limit(0);
    }

    @Override
    public void begin() {
        inside.begin();
    }

    @Override
    public ByteBuffer unsent() throws IOException {
        ByteBuffer wanted = inside.unsent();
        boolean moves = true;
        while (moves && wanted.hasRemaining() && !unsent.hasRemaining()) {
            moves = wrap(wanted);
        }
        return unsent;
    }

    /** Returns whether that made anything to send. */
    private boolean wrap(ByteBuffer from) throws IOException {
        unsent.compact();
        int made = engine.wrap(from, unsent).bytesProduced();
        unsent.flip();
        return made > 0;
    }

    @Override
    public boolean receive(ByteBuffer came) throws IOException {
        if (cipher.remaining() < came.remaining()) {
            cipher = ByteBuffer.allocate(cipher.position() + came.remaining()).put(cipher.flip());
        }
        cipher.put(came).flip();
        boolean complete = false;
        boolean moves = true;
        while (moves) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> engine.getDelegatedTask().run();
                case NEED_WRAP -> moves = wrap(NOTHING);
                default -> {
                    var result = engine.unwrap(cipher, plain.clear());
                    if (plain.flip().hasRemaining()) {
                        complete = inside.receive(plain);
                    }
                    moves = result.getStatus() == Status.OK;
                }
            }
        }
        cipher.compact();
        return complete;
    }
}
