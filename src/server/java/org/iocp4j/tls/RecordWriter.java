package org.iocp4j.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.jspecify.annotations.Nullable;

/** What one connection sends, from its {@link PlainQueue} through the engine into the connection's own queue. */
final class RecordWriter {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLEngine engine;
    private final HeapBuffers packets;
    private final PlainQueue outgoing;
    /** Of the queue, and being encrypted. */
    private @Nullable ByteBuffer encrypting;
    /** To be read: what the connection's queue has had no room for. */
    private @Nullable ByteBuffer cipherOut;

    RecordWriter(SSLEngine engine, HeapBuffers packets, PlainQueue outgoing) {
        this.engine = engine;
        this.packets = packets;
        this.outgoing = outgoing;
    }

    /** Of what is encrypted, those that the connection's queue has not taken. */
    int stagedBytes() {
        return cipherOut == null ? 0 : cipherOut.remaining();
    }

    /** Whether the connection's queue has taken all that is encrypted. */
    boolean push(Session connection) {
        ByteBuffer staged = cipherOut;
        if (staged == null) {
            return true;
        }
        int end = staged.limit();
        while (staged.position() < end) {
            int room = connection.sendRoomBytes();
            staged.limit(Math.min(end, staged.position() + Math.max(room, 0)));
            SendResult result = staged.hasRemaining() ? connection.send(staged) : SendResult.FULL;
            staged.limit(end);
            if (result != SendResult.TAKEN) {
                return false;
            }
        }
        packets.give(staged);
        cipherOut = null;
        return true;
    }

    boolean hasPlaintext() {
        if (encrypting != null && !encrypting.hasRemaining()) {
            packets.give(encrypting);
            encrypting = null;
        }
        if (encrypting == null) {
            encrypting = outgoing.take();
        }
        return encrypting != null;
    }

    /** Makes a record, if the engine has one to make. All of the one before is pushed. */
    SSLEngineResult wrap() throws SSLException {
        ByteBuffer out = packets.take();
        cipherOut = out;
        SSLEngineResult result;
        try {
            result = engine.wrap(encrypting != null ? encrypting : NOTHING, out);
        } catch (RuntimeException e) {
            throw TlsException.ofProvider(e);
        } finally {
            out.flip();
        }
        outgoing.sent(result.bytesConsumed());
        if (!out.hasRemaining()) {
            packets.give(out);
            cipherOut = null;
        }
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            throw new SSLException("a record needs more than " + out.capacity() + " bytes");
        }
        return result;
    }

    /** Drops what is not encrypted. */
    void dropPlaintext() {
        outgoing.clear();
        if (encrypting != null) {
            encrypting.position(encrypting.limit());
        }
    }

    /** Drops everything. */
    void drop() {
        dropPlaintext();
        if (cipherOut != null) {
            cipherOut.position(cipherOut.limit());
        }
        giveBackEmpty();
    }

    void giveBackEmpty() {
        if (encrypting != null && !encrypting.hasRemaining()) {
            packets.give(encrypting);
            encrypting = null;
        }
        if (cipherOut != null && !cipherOut.hasRemaining()) {
            packets.give(cipherOut);
            cipherOut = null;
        }
    }
}
