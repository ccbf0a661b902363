package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.GrowingTable;
import org.jspecify.annotations.Nullable;

/**
 * The sessions by slot. An id names a slot and a serial number: the slot finds the session object, the serial tells
 * whether the session in it is still the one meant. It grows with the most sessions that there have been at one time.
 */
final class SessionTable {
    /**
     * FIFO only: at least this many other slots are used before one is used again, so that a stale key cannot match the
     * slot's next session by accident and hide the bug that the study shows.
     */
    private static final int REUSE_DISTANCE = 128;

    private final GrowingTable<IocpSession> sessions;
    private final int reuseDistance;
    private final FreeList<IocpSession> free;
    private final IntFunction<IocpSession> factory;
    private final AtomicInteger inUse = new AtomicInteger();

    /** @param factory makes the session of a slot, when it is first needed, and does no more than that */
    SessionTable(int capacity, FreeList.Order order, IntFunction<IocpSession> factory) {
        this.sessions = new GrowingTable<>(capacity);
        this.free = new FreeList<>(capacity, order);
        this.factory = factory;
        this.reuseDistance = order == FreeList.Order.FIFO ? REUSE_DISTANCE : 0;
    }

    /** A session for a new connection, or null if all are in use. */
    @Nullable IocpSession allocate() {
        IocpSession session = free.size() > reuseDistance ? free.take() : null;
        if (session == null) {
            session = sessions.add(factory);
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

    /** The session has ended, and its id finds it no more. */
    void release(IocpSession session) {
        free.give(session);
        inUse.decrementAndGet();
    }

    /**
     * The session with this id, or null if it has ended. It may end at any time unless the caller has a reference to
     * it.
     */
    @Nullable IocpSession find(long id) {
        IocpSession session = id == 0 ? null : at(SessionId.slot(id)); // 0 is the id of a slot without a connection
        return session != null && session.id() == id ? session : null;
    }

    /** The slot's session, or null if it has had none. */
    @Nullable IocpSession at(int slot) {
        return sessions.at(slot);
    }

    /** How many slots have been used so far. */
    int made() {
        return sessions.size();
    }

    int inUse() {
        return inUse.get();
    }
}
