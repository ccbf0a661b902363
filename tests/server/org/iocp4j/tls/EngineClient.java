package org.iocp4j.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.iocp4j.simkernel.SimulatedClient;

/** A client in the simulated network that speaks TLS by an engine, and cuts what it sends at random bytes. */
final class EngineClient implements SimulatedClient.Script {
    final SSLEngine engine;
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final Random random;
    private final ByteBuffer in = ByteBuffer.allocate(1 << 18);
    private final ByteBuffer decrypted = ByteBuffer.allocate(1 << 16);
    private final ByteBuffer record = ByteBuffer.allocate(1 << 16);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private ByteBuffer toSend = ByteBuffer.allocate(0);
    private SimulatedClient client;
    private boolean done;
    private boolean closing;
    /** FIN behind the close_notify. */
    boolean finishes = true;
    /** Begins with TLS when it is connected. */
    boolean atOnce = true;
    /** What it received before it began with TLS. */
    final ByteArrayOutputStream before = new ByteArrayOutputStream();
    private boolean begun;
    SSLException failure;

    EngineClient(SSLEngine engine, long seed) {
        this.engine = engine;
        this.random = new Random(seed);
        in.limit(0);
        engine.setUseClientMode(true);
    }

    boolean isDone() {
        return done;
    }

    boolean sawCloseNotify() {
        return engine.isInboundDone() && failure == null;
    }

    @Override
    public void connected(SimulatedClient connected) {
        client = connected;
        if (atOnce) {
            begin();
        }
    }

    void begin() {
        begun = true;
        move();
    }

    /** Encrypts it when it can. */
    void send(byte[] plain) {
        ByteBuffer all = ByteBuffer.allocate(toSend.remaining() + plain.length);
        toSend = all.put(toSend).put(plain).flip();
        if (begun) {
            move();
        }
    }

    void close() {
        closing = true;
        move();
    }

    @Override
    public void received(SimulatedClient from, byte[] bytes) {
        if (!begun) {
            before.writeBytes(bytes);
            return;
        }
        in.compact().put(bytes).flip();
        move();
    }

    void move() {
        try {
            while (step()) { }
        } catch (SSLException e) {
            failure = failure == null ? e : failure;
        }
        flush();
    }

    private boolean step() throws SSLException {
        HandshakeStatus status = engine.getHandshakeStatus();
        if (!done && status == HandshakeStatus.NOT_HANDSHAKING && engine.getSession().isValid()
                && !engine.getSession().getProtocol().equals("NONE")) {
            done = true;
        }
        if (status == HandshakeStatus.NEED_TASK) {
            engine.getDelegatedTask().run();
            return true;
        }
        boolean wraps = status == HandshakeStatus.NEED_WRAP || (!done && status == HandshakeStatus.NOT_HANDSHAKING);
        if (wraps || (done && toSend.hasRemaining() && !engine.isOutboundDone())) {
            SSLEngineResult result = engine.wrap(toSend, record.clear());
            out.write(record.array(), 0, record.position());
            done |= result.getHandshakeStatus() == HandshakeStatus.FINISHED;
            return result.bytesProduced() > 0 || result.bytesConsumed() > 0;
        }
        if (closing && done) {
            closing = false;
            engine.closeOutbound();
            return true;
        }
        if (in.hasRemaining() && !engine.isInboundDone()) {
            SSLEngineResult result = engine.unwrap(in, decrypted.clear());
            received.write(decrypted.array(), 0, decrypted.position());
            done |= result.getHandshakeStatus() == HandshakeStatus.FINISHED;
            return result.getStatus() == Status.OK || result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
        }
        return false;
    }

    private void flush() {
        byte[] all = out.toByteArray();
        out.reset();
        for (int sent = 0; sent < all.length; ) {
            int piece = Math.min(all.length - sent, 1 + random.nextInt(2000));
            client.send(Arrays.copyOfRange(all, sent, sent + piece));
            sent += piece;
        }
        if (finishes && engine.isOutboundDone()) {
            finishes = false;
            client.finish();
        }
    }
}
