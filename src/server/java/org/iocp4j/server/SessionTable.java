package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.GrowingTable;
import org.jspecify.annotations.Nullable;

/**
 * The sessions by slot. An id names a slot and a serial number: the slot finds the session object, the serial tells
 * whether the session in it is still the one meant. It grows with the most sessions that there have been at one time.
 *
 * <p>A session object is a shard's, for its deadline is on that shard's wheel and its buffers are from that shard's
 * pool. A slot is nobody's: a shard that has no free object takes the slot of another's, with a new object of its own.
 * So all shards together can have exactly as many sessions as there are slots. What is shared here is written when a
 * connection comes or goes, and at no other time.
 */
final class SessionTable {
    /** Makes the session of a slot, when it is first needed, and does no more than that. */
    @FunctionalInterface
    interface Factory {
        IocpSession make(int slot, int shard);
    }

    /** What is free, and how many are not, of one shard. */
    private static final class Part {
        final FreeList<IocpSession> free;
        final AtomicInteger inUse = new AtomicInteger();
        final IntFunction<IocpSession> factory;

        Part(int capacity, FreeList.Order order, IntFunction<IocpSession> factory) {
            free = new FreeList<>(capacity, order);
            this.factory = factory;
        }
    }

    /**
     * FIFO only: at least this many other slots are used before one is used again, so that a stale key cannot match the
     * slot's next session by accident and hide the bug that the study shows.
     */
    private static final int REUSE_DISTANCE = 128;

    private final GrowingTable<IocpSession> sessions;
    private final int reuseDistance;
    private final Part[] parts;
    /** How many slots are nobody's. Who takes one from this number finds it. */
    private final AtomicInteger freeSlots;

    SessionTable(int capacity, FreeList.Order order, int shards, Factory factory) {
        this.sessions = new GrowingTable<>(capacity);
        this.parts = new Part[shards];
        this.freeSlots = new AtomicInteger(capacity);
        for (int i = 0; i < shards; i++) {
            int shard = i;
            parts[i] = new Part(capacity, order, slot -> factory.make(slot, shard));
        }
        this.reuseDistance = order == FreeList.Order.FIFO ? REUSE_DISTANCE : 0;
    }

    /** A session for a new connection of a shard's, or null if all are in use. */
    @Nullable IocpSession allocate(int shard) {
        if (!reserve()) {
            return null;
        }
        Part part = parts[shard];
        IocpSession session = null;
        try {
            while (session == null) { // what is free moves from list to list while this one looks
                session = take(part);
            }
        } finally {
            if (session == null) {
                freeSlots.incrementAndGet();
            }
        }
        part.inUse.incrementAndGet();
        return session;
    }

    private boolean reserve() {
        int before;
        do {
            before = freeSlots.get();
            if (before == 0) {
                return false;
            }
        } while (!freeSlots.compareAndSet(before, before - 1));
        return true;
    }

    private @Nullable IocpSession take(Part part) {
        IocpSession session = part.free.size() > reuseDistance ? part.free.take() : null;
        if (session == null) {
            session = sessions.add(part.factory);
        }
        if (session == null) {
            session = part.free.take();
        }
        return session != null ? session : inPlaceOfAnothers(part);
    }

    /** Whoever has a reference to the object before finds it ended, as it was. */
    private @Nullable IocpSession inPlaceOfAnothers(Part part) {
        for (Part other : parts) {
            IocpSession before = other.free.take();
            if (before != null) {
                IocpSession session;
                try {
                    session = part.factory.apply(before.slot());
                } catch (Throwable e) {
                    other.free.give(before);
                    throw e;
                }
                session.follow(before);
                sessions.replace(before.slot(), session);
                return session;
            }
        }
        return null;
    }

    /** The session has ended, and its id finds it no more. */
    void release(IocpSession session) {
        Part part = parts[session.shard().index()];
        part.free.give(session);
        part.inUse.decrementAndGet();
        freeSlots.incrementAndGet(); // last: then it can be found
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

    /** How many sessions there are. */
    int inUse() {
        return sessions.capacity() - freeSlots.get();
    }

    /** How many of them are a shard's. */
    int inUse(int shard) {
        return parts[shard].inUse.get();
    }
}
