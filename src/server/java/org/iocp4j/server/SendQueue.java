package org.iocp4j.server;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that a session is to send: a bounded chain of buffers, and between them {@linkplain SendSource sources},
 * bounded in number, whose bytes are not copied. The first ones may be the kernel's, in the one send that is pending.
 * Any thread adds bytes. The lock is held for the copy, never during a call to Windows.
 */
final class SendQueue {
    /** What became of an {@link #add}. */
    enum Added {
        /** Accepted; a pending send, a flush that has been asked for, or the caller's own will find it. */
        QUEUED,
        /** Accepted; the caller must have a worker flush the queue. */
        NEEDS_FLUSH,
        /** Not accepted: too little room. */
        FULL,
        /** Not accepted: the system has no memory for another buffer. The caller must have the session looked at. */
        NO_MEMORY,
        /** Not accepted: the session has ended or is ending. */
        CLOSED;

        /** For who sends from elsewhere. What there is no memory for has no room: that may change. */
        SendResult result() {
            return switch (this) {
                case QUEUED, NEEDS_FLUSH -> SendResult.TAKEN;
                case FULL, NO_MEMORY -> SendResult.FULL;
                case CLOSED -> SendResult.CLOSED;
            };
        }
    }

    /** What {@link #begin} returns in place of a number of buffers: the send is of a file. */
    static final int FILE = -1;

    private static final VarHandle QUEUED_BYTES;

    static {
        try {
            QUEUED_BYTES = MethodHandles.lookup().findVarHandle(SendQueue.class, "queuedBytes", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BufferPool buffers;
    /** The most sources. */
    private final int mostSources;
    /** The present session's. Written under the lock. */
    private volatile int limitBytes;
    private @Nullable PooledBuffer head;
    private @Nullable PooledBuffer tail;
    /** The last buffer of the pending send. */
    private @Nullable PooledBuffer lastInFlight;
    private @Nullable SendSource firstSource;
    private @Nullable SendSource lastSource;
    /** Written under the lock. */
    private volatile int sources;
    /** How many of the copied bytes go out before the last source. */
    private int bytesBeforeSources;
    private boolean sending;
    /** The pending send takes a piece of the first source, too. */
    private volatile boolean sendingSource;
    /** A caller has been told to have the queue flushed, and it has not been yet. */
    private boolean flushPosted;
    /** Written under the lock; read without it, it is a hint. */
    private int queuedBytes;
    /** The most bytes that were refused at one time since {@link #forgetRefused}; 0: none. Written under the lock. */
    private volatile int refusedBytes;
    /** A source was refused, likewise; then refusedBytes is 1 or more. */
    private volatile boolean sourceRefused;
    /** The session that may add, or 0. */
    private long session;

    /** @param mostSources {@link GroupOptions#sendQueueFiles} */
    SendQueue(BufferPool buffers, int mostSources) {
        this.buffers = buffers;
        this.mostSources = mostSources;
    }

    /** @param mostBytes of the session, queued at a time */
    synchronized void open(long id, int mostBytes) {
        assert head == null && firstSource == null && !sending : "the last session's bytes are still queued";
        limitBytes = mostBytes;
        session = id;
    }

    /** Accepts no more; what is queued may still be sent. */
    synchronized void close() {
        session = 0;
        refusedBytes = 0;
        sourceRefused = false;
    }

    /**
     * Accepts all of {@code data} or nothing.
     *
     * @param growth has the pool grow by a buffer, if it can; asked only if it must
     * @param io     the calling thread's own, which flushes the queue when its handler has returned; null if it has
     *               none
     * @throws IllegalArgumentException if it could not fit even an empty queue
     */
    Added add(long id, ByteBuffer data, BooleanSupplier growth, @Nullable IoThread io) {
        Added added = tryAdd(id, data, io);
        if (added == null) {
            added = growAndAdd(id, data, growth, io);
        }
        if (added == null) {
            noteRefused(id, data.remaining());
            return Added.NO_MEMORY;
        }
        return added;
    }

    /**
     * Has the pool grow by one buffer, then by two, by four and so on, but by no more than the data fills, and tries
     * again each time: an attempt takes all that is free, so one for each buffer would be far too many. Null if the
     * pool does not grow and has too few.
     */
    private @Nullable Added growAndAdd(long id, ByteBuffer data, BooleanSupplier growth, @Nullable IoThread io) {
        int most = Math.ceilDiv(data.remaining(), buffers.bufferBytes());
        int grown = 0;
        int goal;
        Added added;
        do {
            int before = grown;
            goal = Math.max(grown + 1, Math.min(2 * grown + 1, most)); // beyond the most if others took what it grew by
            while (grown < goal && growth.getAsBoolean()) {
                grown++;
            }
            added = grown > before ? tryAdd(id, data, io) : null;
        } while (added == null && grown == goal);
        return added;
    }

    /** There was no memory for it: what is queued is sent, and gives some back; without that, somebody has to look. */
    private synchronized void noteRefused(long id, int bytes) {
        if (session == id) {
            refusedBytes = Math.max(bytes, refusedBytes);
        }
    }

    /** What {@link #add(long, SendSource, IoThread)} would say to a source now; null if it would accept it. */
    synchronized @Nullable Added refusesSource(long id) {
        if (id == 0 || session != id) {
            return Added.CLOSED;
        }
        if (sources == mostSources) {
            sourceRefused = true;
            refusedBytes = Math.max(refusedBytes, 1);
            return Added.FULL;
        }
        return null;
    }

    /**
     * Accepts a source, behind all that is queued; else it stays the caller's.
     *
     * @param io as above
     */
    synchronized Added add(long id, SendSource source, @Nullable IoThread io) {
        Added refused = refusesSource(id);
        if (refused != null) {
            return refused;
        }
        source.bytesBefore = queuedBytes - bytesBeforeSources;
        bytesBeforeSources = queuedBytes;
        if (lastSource == null) {
            firstSource = source;
        } else {
            lastSource.next = source;
        }
        lastSource = source;
        sources++;
        return added(io);
    }

    private Added added(@Nullable IoThread io) {
        if (sending || flushPosted || io != null) { // the last may take long, and says nothing to who adds meanwhile
            return Added.QUEUED;
        }
        flushPosted = true;
        return Added.NEEDS_FLUSH;
    }

    /** Null, with nothing done, if the pool has too few free buffers. */
    private synchronized @Nullable Added tryAdd(long id, ByteBuffer data, @Nullable IoThread io) {
        if (id == 0 || session != id) { // 0 is what an ended session's id() says
            return Added.CLOSED;
        }
        int from = data.position();
        int bytes = data.remaining();
        if (bytes > limitBytes) {
            throw tooLong(bytes, limitBytes);
        }
        if (bytes > limitBytes - queuedBytes) {
            refusedBytes = Math.max(refusedBytes, bytes); // something is queued, and its end looks at this
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
        return added(io);
    }

    static IllegalArgumentException tooLong(int bytes, int limitBytes) {
        return new IllegalArgumentException(bytes + " bytes in one send; a send queue holds " + limitBytes);
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
     * @return how many; {@link #FILE} if it is to be posted by {@link #transmit}; 0 if nothing is queued or a send is
     *         pending
     */
    synchronized int begin(IoThread io, int most) {
        flushPosted = false;
        if (sending || (head == null && firstSource == null)) {
            return 0;
        }
        sending = true;
        return firstSource == null ? beginCopied(io, most, queuedBytes) : beginMixed(io, most, firstSource);
    }

    private int beginCopied(IoThread io, int most, int bytes) {
        int count = 0;
        int left = bytes;
        for (PooledBuffer buffer = head; buffer != null && count < most && left > 0; buffer = buffer.next()) {
            int unsent = Math.min(left, buffer.filledBytes() - buffer.consumedBytes());
            io.buffer(count++, buffer.address() + buffer.consumedBytes(), unsent);
            left -= unsent;
            lastInFlight = buffer;
        }
        return count;
    }

    /** What was copied before the source goes first, and a piece of the source with the last of it. */
    private int beginMixed(IoThread io, int most, SendSource source) {
        return switch (source) {
            case MemorySource memory -> beginMemory(io, most, memory);
            case FileSource file -> beginFile(io, most, file);
        };
    }

    private int beginMemory(IoThread io, int most, MemorySource memory) {
        int count = beginCopied(io, most, memory.bytesBefore);
        if (count < most) { // all that comes before it is named
            memory.beginPiece(io);
            sendingSource = true;
            io.buffer(count++, memory.address(), memory.pieceBytes());
        }
        return count;
    }

    /** What goes out before it is its head, if that lies in one buffer; else it goes in sends of its own. */
    private int beginFile(IoThread io, int most, FileSource file) {
        PooledBuffer first = head;
        int before = file.bytesBefore;
        int inFirst = before == 0 || first == null ? 0 : first.filledBytes() - first.consumedBytes();
        if (before > inFirst) {
            return beginCopied(io, most, before);
        }
        if (before > 0 && first != null) {
            file.head(first.address() + first.consumedBytes(), before);
            lastInFlight = first;
        } else {
            file.head(0, 0);
        }
        file.beginPiece(io);
        sendingSource = true;
        return FILE;
    }

    /** Posts the send that {@link #begin} has called {@link #FILE}; its outcome is that of the socket's. */
    int transmit(StreamSocket socket, IoThread io) {
        FileSource file = (FileSource) firstSource;
        assert file != null && sendingSource : "sends a file that is not there";
        return file.transmit(socket, io);
    }

    /**
     * The source that the pending send takes a piece of, or null. For who posts that send, or is told of its
     * completion.
     */
    @Nullable SendSource sourceInFlight() {
        return sendingSource ? firstSource : null;
    }

    /**
     * The send has completed. The next one begins with what it did not send.
     *
     * @param sentBytes 0 if it failed
     * @return whether there is anything to send
     */
    boolean end(int sentBytes, IoThread io) {
        SendSource over = null;
        boolean more;
        synchronized (this) {
            assert sending : "the end of a send that has not begun";
            sending = false;
            lastInFlight = null;
            int copied = sentBytes;
            if (firstSource != null) {
                copied = Math.min(sentBytes, firstSource.bytesBefore);
                firstSource.bytesBefore -= copied;
                bytesBeforeSources -= copied;
                over = sendingSource ? endPiece(firstSource, sentBytes - copied, io) : null;
            }
            if (over != null) {
                sources--;
            }
            queuedBytes -= copied;
            giveSent(copied, io);
            more = head != null || firstSource != null;
        }
        if (over != null) {
            over.release(io);
        }
        return more;
    }

    private void giveSent(int sentBytes, IoThread io) {
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
    }

    /** Returns the source if all of it is sent. */
    private @Nullable SendSource endPiece(SendSource source, int sentBytes, IoThread io) {
        sendingSource = false;
        if (!source.endPiece(sentBytes, io)) {
            return null;
        }
        firstSource = source.next;
        if (firstSource == null) {
            lastSource = null;
        }
        return source;
    }

    synchronized boolean isIdle() {
        return head == null && firstSource == null && !sending;
    }

    /** Copied, and sent or about to be, but not known to have gone. Any thread; perhaps a moment old. */
    int queuedBytes() {
        return (int) QUEUED_BYTES.getOpaque(this);
    }

    /** How many bytes more it can take. Any thread. */
    int roomBytes() {
        return limitBytes - queuedBytes();
    }

    /** Whether so many bytes would fit if it were empty. Any thread that knows of the present session. */
    boolean couldHold(int bytes) {
        return bytes <= limitBytes;
    }

    private boolean isHalfEmpty() {
        return queuedBytes() <= limitBytes / 2;
    }

    /** Whether it is at most half full, and nothing that was refused waits for room: time to receive. A hint. */
    boolean takesInput() {
        return refusedBytes == 0 && isHalfEmpty();
    }

    /**
     * The same for certain: either this sees the end of a send, or whoever ends it sees what the caller has written
     * before.
     */
    synchronized boolean takesInputNow() {
        return takesInput();
    }

    /** Whether something was refused that there is room for now: as much as any thread wanted, and half the queue. */
    boolean hasRoomForRefused() {
        int refused = refusedBytes;
        return refused > 0 && refused <= roomBytes() && isHalfEmpty()
                && !(sourceRefused && sources == mostSources);
    }

    /** As if a send of so many bytes had been refused. */
    synchronized void wantRoom(long id, int bytes) {
        if (bytes < 1 || bytes > limitBytes) {
            throw new IllegalArgumentException("bytes: " + bytes + " is not from 1 to " + limitBytes);
        }
        if (session == id) {
            refusedBytes = Math.max(bytes, refusedBytes);
        }
    }

    /** Whoever is refused from now on is to be told again. */
    synchronized void forgetRefused() {
        refusedBytes = 0;
        sourceRefused = false;
    }

    /**
     * Drops the sources. No send is pending, and the queue is closed.
     *
     * @return whether there were any
     */
    boolean dropSources(IoThread io) {
        SendSource first = takeSources();
        for (SendSource source = first; source != null; source = source.next) {
            source.release(io);
        }
        return first != null;
    }

    private synchronized @Nullable SendSource takeSources() {
        assert !sending : "a source of a pending send is given back";
        SendSource first = firstSource;
        firstSource = null;
        lastSource = null;
        sources = 0;
        bytesBeforeSources = 0;
        return first;
    }

    /** Takes the memory that is queued, or that a pending send takes from: nobody will be told of its completion. */
    synchronized void abandonSources(Consumer<MemorySource> memory) {
        for (SendSource source = firstSource; source != null; source = source.next) {
            if (source instanceof MemorySource lent) {
                memory.accept(lent);
            }
        }
        firstSource = null;
        lastSource = null;
        sources = 0;
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
        refusedBytes = 0;
        sourceRefused = false;
        flushPosted = false;
        return dropped;
    }
}
