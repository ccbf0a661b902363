package org.iocp4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Objects;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.files.FileRange;
import org.jspecify.annotations.Nullable;

/**
 * What any thread does with a session that it knows by its id: sends to it, has it run an action, or ends it. None of
 * this holds the server's memory open by a count that every sender would write to. A sender writes to it under its
 * session's queue's lock, and only while that is open; they are all closed before it is released.
 */
final class SessionCommands {
    private final SessionEngine engine;
    private final SessionTable table;

    SessionCommands(SessionEngine engine, SessionTable table) {
        this.engine = engine;
        this.table = table;
    }

    /**
     * What a handler has put in the place of the session's own ref ({@link Session#wrapRef}), which does then what is
     * asked for; null if nothing, or if it is that which asks.
     */
    private @Nullable SessionRef standing(long id, boolean isDirect) {
        IocpSession session = isDirect ? null : table.at(SessionId.slot(id));
        return session == null ? null : session.standing(id);
    }

    SendResult send(long id, boolean isDirect, ByteBuffer data) {
        SessionRef standing = standing(id, isDirect);
        if (standing != null) {
            return standing.send(data);
        }
        IocpSession session = sender(id);
        return session == null ? SendResult.CLOSED : flushed(session, id, queueFromElsewhere(session, id, data));
    }

    BroadcastResult broadcast(long[] ids, ByteBuffer data) {
        Objects.requireNonNull(ids, "sessionIds is null");
        Objects.requireNonNull(data, "data is null");
        if (data.remaining() > engine.options.sendQueueBytes()) { // before anybody gets them
            throw SendQueue.tooLong(data.remaining(), engine.options.sendQueueBytes());
        }
        return new Broadcast(engine, data).send(ids);
    }

    SendResult sendFile(long id, boolean isDirect, Path file, long position, long count) throws IOException {
        SessionRef standing = standing(id, isDirect);
        if (standing != null) {
            return standing.sendFile(file, position, count);
        }
        IocpSession session = sender(id);
        return session == null ? SendResult.CLOSED
                : flushed(session, id, queueFile(session, id, file, position, count, null));
    }

    SendResult sendFile(long id, boolean isDirect, FileChannel file, long position, long count) throws IOException {
        SessionRef standing = standing(id, isDirect);
        if (standing != null) {
            return standing.sendFile(file, position, count);
        }
        IocpSession session = sender(id);
        return session == null ? SendResult.CLOSED
                : flushed(session, id, queueFile(session, id, file, position, count, null));
    }

    SendResult send(long id, boolean isDirect, LentMemory memory, int offset, int count) {
        SessionRef standing = standing(id, isDirect);
        if (standing != null) {
            return standing.send(memory, offset, count);
        }
        IocpSession session = sender(id);
        return session == null ? SendResult.CLOSED
                : flushed(session, id, queueLent(session, id, memory, offset, count, null));
    }

    /** As {@link IocpGroup#execute}. */
    boolean execute(long id, boolean isDirect, SessionAction action) {
        SessionRef standing = standing(id, isDirect);
        if (standing != null) {
            return standing.execute(action);
        }
        IocpSession session = table.find(id);
        if (session == null || session.shard().isPortLost() || !session.requests().execute(id, action)) {
            return false;
        }
        session.shard().mailbox.ask(session, id, SessionRequests.EXECUTE);
        return true;
    }

    /** Asks a worker to end the session, if it has not ended. */
    void end(long id, boolean isDirect, boolean abrupt) {
        SessionRef standing = standing(id, isDirect);
        if (standing != null && abrupt) {
            standing.abort();
        } else if (standing != null) {
            standing.disconnect();
        } else {
            IocpSession session = table.find(id);
            if (session != null && !session.shard().isPortLost()) {
                session.shard().mailbox.ask(session, id, abrupt ? SessionRequests.ABORT : SessionRequests.DISCONNECT);
            }
        }
    }

    // ---- the queue of a session; a handler's call on its thread, too ----

    /** The slot's session, whoever has it now; null if there is none, or nobody sends for it any more. */
    @Nullable IocpSession sender(long id) {
        IocpSession session = table.at(SessionId.slot(id));
        return session == null || session.shard().isPortLost() ? null : session;
    }

    /** Has a worker flush the queue if one must. */
    SendResult flushed(IocpSession session, long id, SendQueue.Added added) {
        if (added == SendQueue.Added.NEEDS_FLUSH) {
            session.shard().mailbox.ask(session, id, SessionRequests.FLUSH);
        }
        return added.result();
    }

    /** @param io the calling thread's own; null if it has none: then the file is mapped */
    SendQueue.Added queueFile(IocpSession session, long id, Path file, long position, long count,
            @Nullable IoThread io) throws IOException {
        FileRange.require(position, count);
        if (!FileSystems.getDefault().equals(file.getFileSystem())) {
            throw new IllegalArgumentException("not a file of the default file system: " + file);
        }
        SendQueue.Added refused = refusesSource(session, id);
        if (refused != null) {
            return refused;
        }
        long progressNanos = session.timeouts().progressNanos();
        SendSource source = io == null ? MemorySource.mapped(file, position, count, progressNanos)
                : FileSource.open(file, position, count, progressNanos, session.shard().domain(), io);
        return add(session, id, source, io);
    }

    SendQueue.Added queueFile(IocpSession session, long id, FileChannel file, long position, long count,
            @Nullable IoThread io) throws IOException {
        FileRange.require(position, count);
        SendQueue.Added refused = refusesSource(session, id);
        if (refused != null) {
            return refused;
        }
        long progressNanos = session.timeouts().progressNanos();
        return add(session, id, MemorySource.mapped(file, file, position, count, progressNanos), io);
    }

    SendQueue.Added queueLent(IocpSession session, long id, LentMemory memory, int offset, int count,
            @Nullable IoThread io) {
        memory.requireSource(offset, count);
        SendQueue.Added refused = refusesSource(session, id);
        return refused != null ? refused
                : add(session, id, memory.source(offset, count, session.timeouts().progressNanos()), io);
    }

    private SendQueue.@Nullable Added refusesSource(IocpSession session, long id) {
        if (session.shard().isPortLost()) { // a file would be given to whichever port has the number by now
            return SendQueue.Added.CLOSED;
        }
        SendQueue.Added refused = session.queue().refusesSource(id);
        if (refused == SendQueue.Added.FULL) {
            engine.counters.sendsRefused.increment();
        }
        return refused;
    }

    private SendQueue.Added add(IocpSession session, long id, SendSource source, @Nullable IoThread io) {
        if (source.leftBytes() == 0) {
            source.release(io);
            return SendQueue.Added.QUEUED;
        }
        SendQueue.Added added = session.queue().add(id, source, io); // now another thread may send it
        if (added.result() != SendResult.TAKEN) { // since it was asked before
            source.release(io);
        }
        if (added == SendQueue.Added.FULL) {
            engine.counters.sendsRefused.increment();
        }
        return added;
    }

    /** If there is no memory for the bytes, the session's handler is told when to try again. */
    SendQueue.Added queueFromElsewhere(IocpSession session, long id, ByteBuffer data) {
        SendQueue.Added added = queue(session, id, data, null);
        if (added == SendQueue.Added.NO_MEMORY) {
            session.shard().mailbox.ask(session, id, SessionRequests.LOOK_LATER); // by a worker, which has a clock
        }
        return added;
    }

    /** @param io the calling thread's own; null if it has none */
    SendQueue.Added queue(IocpSession session, long id, ByteBuffer data, @Nullable IoThread io) {
        SendQueue.Added added = session.queue().add(id, data, session.shard().growth, io);
        if (added == SendQueue.Added.FULL) {
            engine.counters.sendsRefused.increment();
        } else if (added == SendQueue.Added.NO_MEMORY) {
            engine.counters.memoryRefusals.increment();
        }
        return added;
    }
}
