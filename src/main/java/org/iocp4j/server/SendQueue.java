package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.iocp4j.port.Block;
import org.iocp4j.port.BlockPool;
import org.iocp4j.port.IoContext;
import org.iocp4j.win32.Win32;

/**
 * A session's bytes on their way out: a bounded chain of blocks, of which the first may be the kernel's, in one send at a
 * time. Any thread adds; the lock is held for the copy, never across a call to Windows.
 */
final class SendQueue {
    /** What became of an {@link #add}. */
    enum Added {
        /** Taken; a send is in flight, or a wake-up posted, that will see it. */
        QUEUED,
        /** Taken; the caller sees to it that a worker flushes. */
        WAKE,
        /** Not taken: full. */
        FULL,
        /** Not taken: the system has no memory for another block. */
        NO_MEMORY,
        /** Not taken: that session is over, or closing. */
        CLOSED;

        boolean isTaken() {
            return this == QUEUED || this == WAKE;
        }
    }

    private final BlockPool blocks;
    private final int limitBytes;
    private Block head;
    private Block tail;
    /** The last block of the send in flight. */
    private Block lastInFlight;
    private boolean sending;
    private boolean wakePosted;
    /** Written under the lock. */
    private volatile int queuedBytes;
    /** The session that may add, or 0. */
    private long session;
    private long sends;
    private long sentBytes;

    SendQueue(BlockPool blocks, int limitBytes) {
        this.blocks = blocks;
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
        while (added == null && blocks.grow(caller.get())) {
            added = tryAdd(id, data);
        }
        return added == null ? Added.NO_MEMORY : added;
    }

    /** Null, and nothing done, if the pool has too few free blocks. */
    private synchronized Added tryAdd(long id, ByteBuffer data) {
        if (id == 0 || session != id) { // 0 is what an ended session's id() says
            return Added.CLOSED;
        }
        int bytes = data.remaining();
        if (bytes > limitBytes - queuedBytes) {
            return Added.FULL;
        }
        int room = tail == null || tail == lastInFlight ? 0 : blocks.blockBytes() - tail.buffer().limit();
        Block fresh = bytes > room ? takeChain(bytes - room) : null;
        if (bytes > room && fresh == null) {
            return null;
        }
        if (room > 0) {
            append(tail, data);
        }
        for (Block block = fresh; block != null; block = block.next()) {
            block.buffer().limit(0);
            append(block, data);
            if (tail == null) {
                head = block;
            } else if (tail != block) {
                tail.next(block);
            }
            tail = block;
        }
        queuedBytes += bytes;
        if (sending || wakePosted) {
            return Added.QUEUED;
        }
        wakePosted = true;
        return Added.WAKE;
    }

    private Block takeChain(int bytes) {
        Block first = null;
        for (int missing = bytes; missing > 0; missing -= blocks.blockBytes()) {
            Block block = blocks.take();
            if (block == null) {
                giveChain(first);
                return null;
            }
            block.next(first);
            first = block;
        }
        return first;
    }

    private void giveChain(Block first) {
        for (Block block = first; block != null; ) {
            Block next = block.next();
            blocks.give(block);
            block = next;
        }
    }

    /** Behind what the block holds: from its position to its limit. */
    private void append(Block block, ByteBuffer data) {
        ByteBuffer buffer = block.buffer();
        int end = buffer.limit();
        int bytes = Math.min(blocks.blockBytes() - end, data.remaining());
        buffer.limit(end + bytes);
        buffer.put(end, data, data.position(), bytes);
        data.position(data.position() + bytes);
    }

    /**
     * Names up to {@link IoContext#GATHER} blocks as the buffers of the send that the caller posts next; they are the
     * kernel's until {@link #end}.
     *
     * @return how many; 0 if nothing is queued or a send is in flight
     */
    synchronized int begin(IoContext io) {
        wakePosted = false;
        if (sending || head == null) {
            return 0;
        }
        sending = true;
        int count = 0;
        for (Block block = head; block != null && count < IoContext.GATHER; block = block.next()) {
            ByteBuffer buffer = block.buffer();
            io.buffer(count++, block.address() + buffer.position(), buffer.remaining());
            lastInFlight = block;
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
            ByteBuffer buffer = head.buffer();
            int bytes = Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + bytes);
            left -= bytes;
            if (!buffer.hasRemaining()) {
                Block sent = head;
                head = head.next();
                blocks.give(sent);
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

    /** Drops what is left. No send is in flight. */
    synchronized void clear() {
        giveChain(head);
        head = null;
        tail = null;
        queuedBytes = 0;
        wakePosted = false;
    }
}
