package org.iocp4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A batch there and back. */
final class EchoExchange implements Exchange {
    private final int number;
    private final ByteBuffer batch;
    private final ByteBuffer unsent;
    private final ByteBuffer due;

    /**
     * @param number the connection's
     * @param batch  one for all connections
     */
    EchoExchange(int number, ByteBuffer batch) {
        this.number = number;
        this.batch = batch;
        unsent = batch.duplicate();
        due = batch.duplicate();
    }

    @Override
    public void begin() {
        unsent.clear();
        due.clear();
    }

    @Override
    public ByteBuffer unsent() {
        sign();
        return unsent;
    }

    /** So that another connection's bytes are seen to be another's. */
    private void sign() {
        batch.putLong(0, number);
    }

    @Override
    public boolean receive(ByteBuffer came) throws IOException {
        if (came.remaining() > unsent.position() - due.position()) {
            throw Exchange.tooMany(came.remaining());
        }
        sign();
        Exchange.take(came, due);
        return !due.hasRemaining();
    }
}
