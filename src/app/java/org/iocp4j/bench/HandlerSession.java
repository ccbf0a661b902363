package org.iocp4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.ScheduledAction;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.Waker;

/**
 * A connection of another library's, for the handlers that iocp4j's server runs: so the same handlers are measured on
 * each. It keeps what the handlers of the loads go by: when they are called, and what {@link #send} says. The rest of
 * {@link Session} is not there. Used by one thread.
 */
abstract class HandlerSession implements Session {
    /** What a receive brings at most, and so the most that is unread; for all servers that run these handlers. */
    static final int INPUT_BYTES = 16 * 1024;
    /** The most that is queued, as iocp4j's by default. */
    static final int QUEUE_BYTES = 64 * 1024;
    /** Smaller parts are copied together: a write of each by itself would cost more. */
    static final int LARGE_BYTES = 4 * 1024;

    private final SessionHandler handler;
    private Object attachment;
    /** The most bytes of a send that were refused since the last call of writable; 0: none. */
    private int refusedBytes;
    /** Whether there is something unread that the handler has not seen. */
    private boolean unseen;
    private boolean paused;
    private boolean inputEnded;
    private boolean endTold;
    private boolean ending;
    private boolean closed;
    /** Whether the handler, or the sending of what it sent, is at work: an event of that changes nothing here. */
    private boolean going;

    HandlerSession(SessionHandler handler) {
        this.handler = handler;
    }

    /** Takes all of the bytes. There is room. */
    abstract void take(ByteBuffer data) throws IOException;

    /** Sends what it can of what is queued. */
    abstract void flush() throws IOException;

    /** What has been received and not read; null or empty: nothing. The handler moves its position. */
    abstract ByteBuffer unread();

    /** All has been read that the handler wanted to read. */
    abstract void haveRead() throws IOException;

    /** What is queued has been sent, and the session is to end. */
    abstract void finish() throws IOException;

    /** Closes the connection, whatever is queued. */
    abstract void close();

    /** More has been received. */
    final void received() {
        unseen = true;
    }

    final void inputEnded() {
        inputEnded = true;
    }

    /** Whether more is to be received. */
    final boolean takesInput() {
        return ending ? !inputEnded : !paused && !inputEnded && refusedBytes == 0 && queuedBytes() <= QUEUE_BYTES / 2;
    }

    final boolean isEnding() {
        return ending;
    }

    final void open() {
        call(() -> handler.opened(this));
    }

    /** Calls the handler for all that it is to be called for, and sends. */
    final void goOn() {
        if (going || closed) {
            return;
        }
        going = true;
        call(() -> {
            flush();
            while (!ending && tell()) {
                flush();
            }
            if (ending && !closed && queuedBytes() == 0) {
                finish();
            }
        });
        going = false;
    }

    private boolean tell() throws Exception {
        if (refusedBytes > 0) {
            if (queuedBytes() > QUEUE_BYTES / 2 || refusedBytes > sendRoomBytes()) {
                return false;
            }
            refusedBytes = 0;
            unseen = true;
            handler.writable(this);
            return true;
        }
        if (paused || queuedBytes() > QUEUE_BYTES / 2) {
            return false;
        }
        ByteBuffer unread = unread();
        if (unseen && unread != null && unread.hasRemaining()) {
            unseen = false;
            handler.received(this, unread);
            haveRead();
            return true;
        }
        if (inputEnded && !endTold) {
            endTold = true;
            handler.inputEnded(this);
            return true;
        }
        return false;
    }

    /** What it throws ends the session. */
    private void call(SessionCall call) {
        try {
            call.run();
        } catch (Exception e) {
            fail(e);
        }
    }

    private interface SessionCall {
        void run() throws Exception;
    }

    /** The connection is over, by an error. */
    final void fail(Exception failure) {
        close();
        ended(CloseReason.PEER_RESET, failure);
    }

    /** The connection is closed. */
    final void ended(CloseReason reason, Throwable failure) {
        if (closed) {
            return;
        }
        closed = true;
        ending = true;
        try {
            handler.closed(this, reason, failure);
        } catch (Exception e) {
            throw new IllegalStateException("closed() has failed", e);
        }
    }

    final boolean isClosed() {
        return closed;
    }

    @Override
    public final SendResult send(ByteBuffer data) {
        if (ending) {
            return SendResult.CLOSED;
        }
        int bytes = data.remaining();
        if (bytes > QUEUE_BYTES) {
            throw new IllegalArgumentException(bytes + " bytes in one send; a send queue holds " + QUEUE_BYTES);
        }
        if (bytes > sendRoomBytes()) {
            refusedBytes = Math.max(refusedBytes, bytes);
            return SendResult.FULL;
        }
        try {
            take(data);
        } catch (IOException e) {
            ending = true;
            fail(e);
            return SendResult.CLOSED;
        }
        return SendResult.TAKEN;
    }

    @Override
    public final int bufferBytes() {
        return INPUT_BYTES;
    }

    @Override
    public final int sendQueueBytes() {
        return QUEUE_BYTES;
    }

    @Override
    public final int sendRoomBytes() {
        return QUEUE_BYTES - queuedBytes();
    }

    @Override
    public final void pauseInput() {
        paused = true;
    }

    @Override
    public final void resumeInput() {
        unseen |= paused;
        paused = false;
    }

    @Override
    public final void disconnect() {
        ending = true;
    }

    @Override
    public final void abort() {
        ending = true;
        close();
        ended(CloseReason.DISCONNECTED, null);
    }

    @Override
    public final <T> T attachment(Class<T> type) {
        return type.cast(attachment);
    }

    @Override
    public final void attach(Object newAttachment) {
        attachment = newAttachment;
    }

    @Override
    public final SendResult sendFile(Path file, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final SendResult sendFile(FileChannel file, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final SendResult send(LentMemory memory, int offset, int count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final void wrapRef(UnaryOperator<SessionRef> wrapper) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final void wantRoom(int bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final void upgrade(SessionHandler next) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final void idleTime(Duration time) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final void shutdownOutput() {
        throw new UnsupportedOperationException();
    }

    @Override
    public final ScheduledAction schedule(Duration delay, SessionAction action) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final Waker waker(SessionAction action) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final IocpGroup group() {
        throw new UnsupportedOperationException();
    }

    @Override
    public final SessionRef ref() {
        throw new UnsupportedOperationException();
    }

    @Override
    public final long id() {
        throw new UnsupportedOperationException();
    }
}
