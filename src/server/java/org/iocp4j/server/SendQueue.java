package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.win32.Win32;

/**
 * A session's bytes on their way out: a bounded chain of buffers, of which the first may be the kernel's, in one send at a
 * time. Any thread adds; the lock is held for the copy, never across a call to Windows.
 */
final class SendQueue {
    /** What became of an {@link #add}. */
    enum Added {
        /** Taken; a send is in flight, or a wake-up posted, that will see it. */
        QUEUED,
        /** Taken; the caller sees to it that a worker flushes. */
        NEEDS_FLUSH,
        /** Not taken: full. */
        FULL,
        /** Not taken: the system has no memory for another buffer. */
        NO_MEMORY,
        /** Not taken: that session is over, or closing. */
        CLOSED;

        boolean isTaken() {
            return this == QUEUED || this == NEEDS_FLUSH;
        }
    }

    private final BufferPool buffers;
    private final int limitBytes;
    private PooledBuffer head;
    private PooledBuffer tail;
    /** The last buffer of the send in flight. */
    private PooledBuffer lastInFlight;
    private boolean sending;
    private boolean flushPosted;
    /** Written under the lock. */
    private volatile int queuedBytes;
    /** The session that may add, or 0. */
    private long session;
    private long sends;
    private long sentBytes;

    SendQueue(BufferPool buffers, int limitBytes) {
        this.buffers = buffers;
        this.limitBytes = limitBytes;
    }

    synchronized void open(long id) {
        assert head == null && !sending : "the last session's bytes are still queued";
        session = id;
    }

    /** Takes no more; what is queued may still go out. */
    synchronized void close() {
        session = 0;
    }

    /**
     * Takes all of {@code data} or nothing.
     *
     * @param caller asked only if the pool has to grow
     * @throws IllegalArgumentException if it could not fit even an empty queue
     */
    Added add(long id, ByteBuffer data, Supplier<Win32> caller) {
        if (data.remaining() > limitBytes) {
            throw new IllegalArgumentException(data.remaining() + " bytes at once; a send queue holds " + limitBytes);
        }
        Added added = tryAdd(id, data);
        while (added == null && buffers.grow(caller.get())) {
            added = tryAdd(id, data);
        }
        return added == null ? Added.NO_MEMORY : added;
    }

    /** Null, and nothing done, if the pool has too few free buffers. */
    private synchronized Added tryAdd(long id, ByteBuffer data) {
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
        PooledBuffer fresh = bytes > first ? takeChain(bytes - first) : null;
        if (bytes > first && fresh == null) {
            return null;
        }
        copy(data, from, first, fresh, bytes);
        if (first > 0) {
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

    private PooledBuffer takeChain(int bytes) {
        PooledBuffer first = null;
        for (int missing = bytes; missing > 0; missing -= buffers.bufferBytes()) {
            PooledBuffer buffer = buffers.take();
            if (buffer == null) {
                giveChain(first);
                return null;
            }
            buffer.next(first);
            first = buffer;
        }
        return first;
    }

    /**
     * Copies {@code first} bytes behind those of the tail, and the rest into the fresh buffers. Nothing of the queue changes before
     * all is copied: the data is the caller's, and its memory may be gone, another thread's, or less by now.
     */
    private void copy(ByteBuffer data, int from, int first, PooledBuffer fresh, int bytes) {
        try {
            if (first > 0) {
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
            giveChain(fresh);
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

    private void giveChain(PooledBuffer first) {
        for (PooledBuffer buffer = first; buffer != null; ) {
            PooledBuffer next = buffer.next();
            buffers.give(buffer);
            buffer = next;
        }
    }

    /**
     * Names buffers as the buffers of the send that the caller posts next; they are the kernel's until {@link #end}.
     *
     * @param most so many, {@link IoThread#GATHER} at most
     * @return how many; 0 if nothing is queued or a send is in flight
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
     * The send is home; what it did not send is sent again by the next.
     *
     * @param sentBytes none if it failed
     * @return whether there is something for the next
     */
    synchronized boolean end(int sentBytes) {
        sending = false;
        lastInFlight = null;
        queuedBytes -= sentBytes;
        this.sentBytes += sentBytes;
        if (sentBytes > 0) {
            sends++;
        }
        int left = sentBytes;
        while (left > 0) {
            int bytes = Math.min(left, head.filledBytes() - head.consumedBytes());
            head.consume(bytes);
            left -= bytes;
            if (head.consumedBytes() == head.filledBytes()) {
                PooledBuffer sent = head;
                head = head.next();
                buffers.give(sent);
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

    /** At most half full: time to receive again. */
    boolean hasRoom() {
        return queuedBytes <= limitBytes / 2;
    }

    /** Sends that are home, of all connections that this has served. */
    synchronized long sends() {
        return sends;
    }

    synchronized long sentBytes() {
        return sentBytes;
    }

    /**
     * Drops what is left. No send is in flight.
     *
     * @return whether something was
     */
    synchronized boolean clear() {
        boolean dropped = head != null;
        giveChain(head);
        head = null;
        tail = null;
        queuedBytes = 0;
        flushPosted = false;
        return dropped;
    }
}
