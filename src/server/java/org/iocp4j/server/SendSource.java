package org.iocp4j.server;

import java.io.IOException;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link SendQueue} sends from where it lies, without a copy of its own: a part of a file, or memory. It goes
 * out in pieces, one a send, so that an ending session notices that a slow peer goes on reading. The queue's lock
 * guards it, but for {@link #release}, and for what the send that is pending needs.
 */
abstract sealed class SendSource permits FileSource, MemorySource {
    private static final int FIRST_PIECE_BYTES = 64 * 1024;
    /** More would hold up others where Windows transmits two files at a time [doc], and lock more pages of memory. */
    private static final int MOST_PIECE_BYTES = 1 << 20;
    private static final int LEAST_PIECE_BYTES = 8 * 1024;
    /** A peer that read fast and reads no faster than this now takes its piece in time, which cannot be shortened. */
    private static final int SLOW_BYTES_A_SECOND = 50_000;

    /** How many bytes that the queue has copied go out before it, and behind the source before it. */
    int bytesBefore;
    /** The next one in the queue. */
    @Nullable SendSource next;
    /** A piece may take so long: then the next one is smaller. */
    private final long slowNanos;
    private final int mostPieceBytes;
    private long position;
    private long leftBytes;
    /** The most of the next piece. */
    private int mostBytes;
    private int pieceBytes;
    private long pieceNanos;

    /**
     * With nothing sent of it.
     *
     * @param position      where it begins
     * @param count         how many bytes it has; one of none is for no queue
     * @param progressNanos within which a piece must have gone, or the session might be taken for stuck
     */
    SendSource(long position, long count, long progressNanos) {
        double seconds = progressNanos / 1e9;
        mostPieceBytes = (int) Math.clamp(seconds * SLOW_BYTES_A_SECOND, LEAST_PIECE_BYTES, MOST_PIECE_BYTES);
        mostBytes = Math.min(FIRST_PIECE_BYTES, mostPieceBytes);
        this.position = position;
        this.leftBytes = count;
        this.slowNanos = progressNanos / 4;
    }

    /** Chooses the next piece, which is about to be sent. */
    void beginPiece(IoThread io) {
        pieceBytes = (int) Math.min(leftBytes, mostBytes);
        pieceNanos = io.nowNanos();
    }

    /** Where the piece begins. */
    final long position() {
        return position;
    }

    /** How long it is. */
    final int pieceBytes() {
        return pieceBytes;
    }

    /**
     * The send of the piece has completed, and has taken so many bytes of it.
     *
     * @return whether nothing is left
     */
    boolean endPiece(int sentBytes, IoThread io) {
        assert sentBytes <= pieceBytes : "more was sent than the piece has";
        position += sentBytes;
        leftBytes -= sentBytes;
        long took = io.nowNanos() - pieceNanos;
        if (took > 2 * slowNanos) {
            mostBytes = Math.max(mostBytes / 2, LEAST_PIECE_BYTES);
        } else if (took < slowNanos && sentBytes == mostBytes) {
            mostBytes = Math.min(2 * mostBytes, mostPieceBytes);
        }
        return leftBytes == 0;
    }

    final long leftBytes() {
        return leftBytes;
    }

    /** What is wrong with the source if the send of its piece has completed without a byte; null if it cannot be. */
    abstract @Nullable IOException shortage();

    /**
     * What is wrong with the source if the send of its piece has failed by an error that is neither the peer's nor the
     * network's; null if it is not to blame.
     */
    abstract @Nullable IOException failure(int error);

    /**
     * It is sent, or dropped, and no send of it is pending. Not in the queue's lock. Called once.
     *
     * @param io the calling thread's own; null if it has none, and then no file was opened with it
     */
    abstract void release(@Nullable IoThread io);
}
