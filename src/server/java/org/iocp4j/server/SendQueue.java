package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that a session is to send: a bounded chain of buffers. The first ones may be the kernel's, in the one send
 * that is pending. Any thread adds bytes. The lock is held for the copy, never during a call to Windows.
 */
final class SendQueue {
    /** What became of an {@link #add}. */
    enum Added {
        /** Accepted; a pending send, or a flush that has been asked for, will find it. */
        QUEUED,
        /** Accepted; the caller must have a worker flush the queue. */
        NEEDS_FLUSH,
        /** Not accepted: too little room. */
        FULL,
        /** Not accepted: the system has no memory for another buffer. */
        NO_MEMORY,
        /** Not accepted: the session has ended or is ending. */
        CLOSED;

        boolean isAccepted() {
            return this == QUEUED || this == NEEDS_FLUSH;
        }
    }

    private final BufferPool buffers;
    private final int limitBytes;
    private @Nullable PooledBuffer head;
    private @Nullable PooledBuffer tail;
    /** The last buffer of the pending send. */
    private @Nullable PooledBuffer lastInFlight;
    private boolean sending;
    /** A caller has been told to have the queue flushed, and it has not been yet. */
    private boolean flushPosted;
    /** Written under the lock. */
    private volatile int queuedBytes;
    /** The session that may add, or 0. */
    private long session;

    SendQueue(BufferPool buffers, int limitBytes) {
        this.buffers = buffers;
        this.limitBytes = limitBytes;
    }

    synchronized void open(long id) {
        assert head == null && !sending : "the last session's bytes are still queued";
        session = id;
    }

    /** Accepts no more; what is queued may still be sent. */
    synchronized void close() {
        session = 0;
    }

    /**
     * Accepts all of {@code data} or nothing.
     *
     * @param growth has the pool grow by a buffer, if it can; asked only if it must
     * @param io     the calling thread's own; null if it has none
     * @throws IllegalArgumentException if it could not fit even an empty queue
     */
    Added add(long id, ByteBuffer data, BooleanSupplier growth, @Nullable IoThread io) {
        if (data.remaining() > limitBytes) {
            throw new IllegalArgumentException(data.remaining() + " bytes in one send; a send queue holds "
                    + limitBytes);
        }
        Added added = tryAdd(id, data, io);
        while (added == null && growth.getAsBoolean()) {
            added = tryAdd(id, data, io);
        }
        return added == null ? Added.NO_MEMORY : added;
    }

    /** Null, with nothing done, if the pool has too few free buffers. */
    private synchronized @Nullable Added tryAdd(long id, ByteBuffer data, @Nullable IoThread io) {
        if (id == 0 || session != id) { // 0 is what an ended session's id() says
            return Added.CLOSED;
        }
        int from = data.position();
        int bytes = data.remaining();
        if (bytes > limitBytes - queuedBytes) {
            return Added.FULL;
        }
        int room = tail == null || tail == lastInFlight ? 0 : tail.roomBytes();
        int first = Math.min(room, bytes);
        PooledBuffer fresh = bytes > first ? takeChain(bytes - first, io) : null;
        if (bytes > first && fresh == null) {
            return null;
        }
        copy(data, from, first, fresh, bytes, io);
        if (tail != null && first > 0) {
            tail.fill(first);
        }
        if (fresh != null) {
            if (tail == null) {
                head = fresh;
            } else {
                tail.next(fresh);
            }
            tail = last(fresh);
        }
        queuedBytes += bytes;
        if (sending || flushPosted) {
            return Added.QUEUED;
        }
        flushPosted = true;
        return Added.NEEDS_FLUSH;
    }

    /** Null if the pool has too few. */
    private @Nullable PooledBuffer takeChain(int bytes, @Nullable IoThread io) {
        @Nullable PooledBuffer first = null;
        for (int missing = bytes; missing > 0; missing -= buffers.bufferBytes()) {
            PooledBuffer buffer = buffers.take(io);
            if (buffer == null) {
                giveChain(first, io);
                return null;
            }
            buffer.next(first);
            first = buffer;
        }
        return first;
    }

    /**
     * Copies {@code first} bytes behind those of the tail, and the rest into the fresh buffers. The queue does not
     * change before all bytes are copied: the data is the caller's, and reading it may throw at any byte.
     */
    private void copy(ByteBuffer data, int from, int first, @Nullable PooledBuffer fresh, int bytes,
                      @Nullable IoThread io) {
        try {
            if (tail != null && first > 0) {
                tail.put(tail.filledBytes(), data, from, first);
            }
            int copied = first;
            for (PooledBuffer buffer = fresh; buffer != null; buffer = buffer.next()) {
                int piece = Math.min(buffers.bufferBytes(), bytes - copied);
                buffer.put(0, data, from + copied, piece);
                buffer.fill(piece);
                copied += piece;
            }
            data.position(from + bytes);
        } catch (Throwable e) {
            giveChain(fresh, io);
            throw e;
        }
    }

    private static PooledBuffer last(PooledBuffer chain) {
        PooledBuffer last = chain;
        while (last.next() != null) {
            last = last.next();
        }
        return last;
    }

    private void giveChain(@Nullable PooledBuffer first, @Nullable IoThread io) {
        for (PooledBuffer buffer = first; buffer != null; ) {
            PooledBuffer next = buffer.next();
            buffers.give(buffer, io);
            buffer = next;
        }
    }

    /**
     * Names the first buffers as those of the send that the caller posts next; they are the kernel's until
     * {@link #end}.
     *
     * @param most how many at most, up to {@link IoThread#GATHER}
     * @return how many; 0 if nothing is queued or a send is pending
     */
    synchronized int begin(IoThread io, int most) {
        flushPosted = false;
        if (sending || head == null) {
            return 0;
        }
        sending = true;
        int count = 0;
        for (PooledBuffer buffer = head; buffer != null && count < most; buffer = buffer.next()) {
            int unsent = buffer.filledBytes() - buffer.consumedBytes();
            io.buffer(count++, buffer.address() + buffer.consumedBytes(), unsent);
            lastInFlight = buffer;
        }
        return count;
    }

    /**
     * The send has completed. The next one begins with what it did not send.
     *
     * @param sentBytes 0 if it failed
     * @return whether there is anything to send
     */
    synchronized boolean end(int sentBytes, IoThread io) {
        assert sending : "the end of a send that has not begun";
        sending = false;
        lastInFlight = null;
        queuedBytes -= sentBytes;
        int left = sentBytes;
        while (left > 0) {
            assert head != null : "more was sent than is queued";
            int bytes = Math.min(left, head.filledBytes() - head.consumedBytes());
            head.consume(bytes);
            left -= bytes;
            if (head.consumedBytes() == head.filledBytes()) {
                PooledBuffer sent = head;
                head = head.next();
                buffers.give(sent, io);
            }
        }
        if (head == null) {
            tail = null;
        }
        return head != null;
    }

    synchronized boolean isIdle() {
        return head == null && !sending;
    }

    /** Whether it is at most half full: time to receive again. */
    boolean hasRoom() {
        return queuedBytes <= limitBytes / 2;
    }

    /**
     * Drops what is left. No send is pending.
     *
     * @return whether anything was
     */
    synchronized boolean clear(IoThread io) {
        assert !sending : "buffers of a pending send are given back";
        boolean dropped = head != null;
        giveChain(head, io);
        head = null;
        tail = null;
        queuedBytes = 0;
        flushPosted = false;
        return dropped;
    }
}
