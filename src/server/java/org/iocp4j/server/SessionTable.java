package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import org.iocp4j.port.FreeList;

/**
 * The sessions by index. An id is {@code index << 48 | serial}: the index finds the place, the serial tells whether the
 * session there is still the one meant.
 */
final class SessionTable {
    /** What 16 bits of index allow; the last index stays unused, so that no id is -1. */
    static final int MAX_SESSIONS = 65_535;

    /**
     * With FIFO, so many places rest before one is used again: a key or an id of the session before then never fits the
     * next one by chance, which would hide the very bug it should show.
     */
    private static final int RESTING = 128;

    private final AtomicReferenceArray<IocpSession> sessions;
    private final int resting;
    private final FreeList<IocpSession> free;
    private final IntFunction<IocpSession> factory;
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger inUse = new AtomicInteger();

    /** @param factory makes the session of an index, when it is first needed */
    SessionTable(int capacity, FreeList.Order order, IntFunction<IocpSession> factory) {
        this.sessions = new AtomicReferenceArray<>(capacity);
        this.free = new FreeList<>(capacity, order);
        this.factory = factory;
        this.resting = order == FreeList.Order.FIFO ? RESTING : 0;
    }

    /** A session for a new connection, or null if all are in use. */
    IocpSession allocate() {
        IocpSession session = free.size() > resting ? free.take() : null;
        if (session == null) {
            session = make();
        }
        if (session == null) {
            session = free.take();
        }
        if (session == null) {
            return null;
        }
        inUse.incrementAndGet();
        return session;
    }

    private IocpSession make() {
        int index = made.getAndUpdate(n -> Math.min(n + 1, sessions.length()));
        if (index == sessions.length()) {
            return null;
        }
        IocpSession session = factory.apply(index);
        sessions.set(index, session);
        return session;
    }

    /** The session is over and its id names nothing any more. */
    void free(IocpSession session) {
        free.give(session);
        inUse.decrementAndGet();
    }

    /** The session with this id, or null if it is over. Alive for as long as the caller holds a count of it. */
    IocpSession find(long id) {
        IocpSession session = id == 0 ? null : at((int) (id >>> 48)); // 0 is the id of a place without a connection
        return session != null && session.id() == id ? session : null;
    }

    IocpSession at(int index) {
        return index < sessions.length() ? sessions.get(index) : null;
    }

    /** How many places have ever been used. */
    int made() {
        return made.get();
    }

    int inUse() {
        return inUse.get();
    }
}
