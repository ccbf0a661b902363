package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** The same bytes on their way to many sessions: one call of {@link IocpGroup#broadcast}, on whichever thread. */
final class Broadcast {
    /** After so many sessions the workers begin to send. */
    private static final int MOST_IN_A_BATCH = 16_384;

    private final SessionEngine engine;
    private final ByteBuffer data;
    /** The sessions of each shard that its workers have still to be told of. */
    private final Mailbox.Batch[] batches;
    private int taken;
    private List<Long> full = List.of();
    private List<Long> closed = List.of();
    private List<Long> tooSmall = List.of();

    Broadcast(SessionEngine engine, ByteBuffer data) {
        this.engine = engine;
        this.data = data;
        this.batches = new Mailbox.Batch[engine.shards().size()];
        Arrays.setAll(batches, _ -> new Mailbox.Batch());
    }

    /** The data's position stays as it is. What is thrown leaves the sessions before with their bytes. */
    BroadcastResult send(long[] ids) {
        int position = data.position();
        try {
            for (long id : ids) {
                send(id);
                data.position(position);
            }
        } finally {
            tellWorkers();
        }
        return new BroadcastResult(taken, full, closed, tooSmall);
    }

    private void tellWorkers() {
        for (Shard shard : engine.shards()) {
            shard.mailbox.put(batches[shard.index()]);
        }
    }

    private void send(long id) {
        IocpSession session = engine.commands.sender(id);
        if (session == null || session.id() != id) {
            closed = with(closed, id);
        } else if (!session.queue().couldHold(data.remaining())) { // what is thrown for it would stop us halfway
            if (session.id() == id) {
                engine.counters.sendsRefused.increment();
                tooSmall = with(tooSmall, id);
            } else { // it was the next one's queue
                closed = with(closed, id);
            }
        } else {
            switch (send(session, id)) {
                case TAKEN -> taken++;
                case FULL -> full = with(full, id);
                case CLOSED -> closed = with(closed, id);
            }
        }
    }

    private SendResult send(IocpSession session, long id) {
        SessionRef standing = session.standing(id);
        if (standing != null) {
            return send(standing);
        }
        SendQueue.Added added = engine.commands.queueFromElsewhere(session, id, data);
        if (added == SendQueue.Added.NEEDS_FLUSH && session.requests().ask(id, SessionRequests.FLUSH)) {
            Mailbox mailbox = session.shard().mailbox;
            Mailbox.Batch batch = batches[session.shard().index()];
            batch.add(session.requests());
            if (batch.size() == MOST_IN_A_BATCH) {
                mailbox.put(batch);
            }
        }
        return added.result();
    }

    /** Its code is the user's: it may block, wait for one of the others, move the position, return null, or throw. */
    private SendResult send(SessionRef standing) {
        tellWorkers(); // first: till then the sessions in the batches can be asked for nothing else
        try {
            return Objects.requireNonNull(standing.send(data.duplicate()), "the ref's result is null");
        } catch (Throwable e) {
            engine.handlerFailed(e, "a ref that stands for a session failed");
            return SendResult.CLOSED;
        }
    }

    /** Most broadcasts are taken by all: they make no lists. */
    private static List<Long> with(List<Long> before, long id) {
        List<Long> list = before.isEmpty() ? new ArrayList<>() : before;
        list.add(id);
        return list;
    }
}
