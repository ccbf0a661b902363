package org.iocp4j.tls;

import java.nio.ByteBuffer;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What one connection has received, from its buffer through the engine to what the inner handler reads. */
final class RecordReader {
    private final SSLEngine engine;
    private final HeapBuffers packets;
    private final Plaintext.Pool plaintexts;
    /** The connection's, in its call. */
    private @Nullable ByteBuffer source;
    /** To be read: a part of a record, or records for which it is too early. */
    private @Nullable ByteBuffer cipherIn;
    private @Nullable Plaintext plaintext;

    RecordReader(SSLEngine engine, HeapBuffers packets, Plaintext.Pool plaintexts) {
        this.engine = engine;
        this.packets = packets;
        this.plaintexts = plaintexts;
    }

    /** @param data the connection's for its call, then null */
    void source(@Nullable ByteBuffer data) {
        source = data;
    }

    boolean hasSource() {
        return source != null && source.hasRemaining();
    }

    void skipSource() {
        if (source != null) {
            source.position(source.limit());
        }
    }

    /** Decrypted, and not read by the inner handler. */
    int unreadBytes() {
        return plaintext == null ? 0 : plaintext.unreadBytes();
    }

    /** When something is unread. */
    Plaintext plaintext() {
        return Objects.requireNonNull(plaintext);
    }

    /** False if more has to come first. */
    boolean fill() throws SSLException {
        ByteBuffer from = source;
        if (from == null || !from.hasRemaining()) {
            return false;
        }
        ByteBuffer into = cipherIn == null ? packets.take().limit(0) : cipherIn;
        cipherIn = into;
        into.compact();
        int bytes = Math.min(into.remaining(), from.remaining());
        into.put(into.position(), from, from.position(), bytes);
        into.position(into.position() + bytes);
        into.flip();
        if (bytes == 0) {
            throw new SSLException("a record of more than " + into.capacity() + " bytes");
        }
        from.position(from.position() + bytes);
        return true;
    }

    /** Takes a record; null if there is no complete one. */
    @Nullable SSLEngineResult unwrap() throws SSLException {
        ByteBuffer from = cipherIn;
        if (from == null || !from.hasRemaining()) {
            return null;
        }
        if (plaintext == null) {
            plaintext = plaintexts.take();
        }
        SSLEngineResult result;
        try {
            result = engine.unwrap(from, plaintext.free());
        } catch (RuntimeException e) {
            throw TlsException.ofProvider(e);
        }
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            throw new SSLException("a record of more than " + plaintext.free().remaining());
        }
        return result.getStatus() == Status.BUFFER_UNDERFLOW ? null : result;
    }

    /** Drops everything. */
    void drop() {
        if (cipherIn != null) {
            cipherIn.position(cipherIn.limit());
        }
        if (plaintext != null) {
            plaintext.readUpTo(Integer.MAX_VALUE);
        }
        giveBackEmpty();
    }

    void giveBackEmpty() {
        if (cipherIn != null && !cipherIn.hasRemaining()) {
            packets.give(cipherIn);
            cipherIn = null;
        }
        if (plaintext != null && plaintext.unreadBytes() == 0) {
            plaintexts.give(plaintext);
            plaintext = null;
        }
    }
}
