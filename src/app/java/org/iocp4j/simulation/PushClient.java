package org.iocp4j.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;

/** A client of {@link PushSimulation}: checks that each record is its session's, and each source's in order. */
final class PushClient implements SimulatedClient.Script {
    static final int REQUEST_BYTES = 8;
    static final int RECORD_BYTES = 24;
    /** In a record, in place of the session. */
    static final long EVERYBODY = -1;
    private static final long MILLI = 1_000_000;

    final SimulatedClient client;
    private final PushSimulation simulation;
    private final SeededRandom random;
    private final boolean polite;
    private final ByteBuffer unread = ByteBuffer.allocate(1 << 16);
    private final Map<Long, Long> next = new HashMap<>();
    /** The numbers of the broadcasts that came, by their source. */
    private final Map<Long, List<Long>> broadcasts = new HashMap<>();
    private long session;
    private int requests;
    private boolean gone;

    PushClient(PushSimulation simulation, SimulatedKernel kernel, SeededRandom random) {
        this.simulation = simulation;
        this.random = random;
        this.polite = random.chance(0.5);
        this.requests = random.below(20);
        this.client = kernel.client(this);
        if (random.chance(0.3)) {
            client.window(10 + random.below(300));
        }
    }

    @Override
    public void connected(SimulatedClient self) {
        request();
        client.after(random.between(1, 300) * MILLI, this::leave);
    }

    private void request() {
        if (gone || requests-- <= 0) {
            return;
        }
        client.send(ByteBuffer.allocate(REQUEST_BYTES).putLong(random.next()).array());
        client.after(random.between(0, 10 * MILLI), this::request);
    }

    private void leave() {
        gone = true;
        if (polite) {
            client.finish();
        } else if (random.chance(0.5)) {
            client.vanish();
        } else if (random.chance(0.5)) {
            client.close();
        } else {
            client.reset();
        }
    }

    @Override
    public void received(SimulatedClient self, byte[] bytes) {
        unread.put(bytes).flip();
        while (unread.remaining() >= RECORD_BYTES) {
            record(unread.getLong(), unread.getLong(), unread.getLong());
        }
        unread.compact();
        simulation.moved(session);
    }

    private void record(long id, long source, long number) {
        if (id == EVERYBODY) {
            simulation.require(session != 0, this + ": a broadcast is the first record");
            broadcasts.computeIfAbsent(source, key -> new ArrayList<>()).add(number);
            return;
        }
        if (session == 0) {
            session = id;
            simulation.require(source == 0 && number == 0,
                    this + ": the first record is " + number + " of source " + source);
        }
        simulation.require(id == session, this + ": a record for session " + Long.toUnsignedString(id));
        long due = next.merge(source, 1L, Long::sum) - 1;
        simulation.require(number == due, this + ": record " + number + " of source " + source + ", not " + due);
    }

    @Override
    public void ended(SimulatedClient self) {
        client.close();
        gone = true;
    }

    boolean isOver() {
        return gone || client.isReset() || client.isRefused();
    }

    /** The server's FIN came, after everything that was taken for it. */
    boolean sawTheEnd() {
        return client.hasEnded() && session != 0;
    }

    long session() {
        return session;
    }

    long received(long source) {
        return next.getOrDefault(source, 0L);
    }

    /** What came is what was taken, perhaps not all of it yet. */
    void requireBroadcasts(long source, List<Long> taken) {
        List<Long> came = broadcasts.getOrDefault(source, List.of());
        simulation.require(came.size() <= taken.size() && came.equals(taken.subList(0, came.size())),
                this + ": broadcasts " + came + " of source " + source + ", not " + taken);
    }

    /** Everything that was taken for it has come. */
    boolean hasAll(Map<Long, Long> taken, Map<Long, List<Long>> takenBroadcasts) {
        return taken.entrySet().stream().allMatch(each -> received(each.getKey()) == each.getValue())
                && takenBroadcasts.entrySet().stream()
                        .allMatch(each -> broadcasts(each.getKey()) == each.getValue().size());
    }

    int broadcasts(long source) {
        return broadcasts.getOrDefault(source, List.of()).size();
    }

    @Override
    public String toString() {
        return "client " + client.number() + " of session " + Long.toUnsignedString(session);
    }
}
