package org.iocp4j.echo;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.server.Session;
import org.iocp4j.server.Waker;
import org.jspecify.annotations.Nullable;

/**
 * The faults of an echo server, switched while it runs. Several are in force together; each befalls open connections
 * too. What is left to chance comes from the server's seed, the number of the connection among those that met a fault,
 * and the number of the fault: clients that connect one after another get the same again. Any thread.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class Faults {
    /**
     * The bytes of replies that may wait for their time, for each connection: 1 MiB, and what one receive brings. While
     * they do, its input is not read, so that the client comes to wait.
     */
    public static final int MAX_WAITING_BYTES = 1 << 20;

    private final long seed;
    private final EchoProtocol protocol;
    private final List<ActiveFault> active = new CopyOnWriteArrayList<>();
    private final AtomicLong added = new AtomicLong();
    private final AtomicLong connections = new AtomicLong();
    /** The sessions that have met a fault, which are told when one is no longer in force. */
    private final Set<FaultySession> met = ConcurrentHashMap.newKeySet();
    private final ReplyTimer timer = new ReplyTimer();

    Faults(long seed, EchoProtocol protocol) {
        this.seed = seed;
        this.protocol = protocol;
    }

    /**
     * Puts a fault into force: for all that happens after the return, and perhaps for what happens meanwhile.
     *
     * @throws IllegalArgumentException if the server's protocol has nothing that could go wrong so
     */
    public ActiveFault add(Fault fault) {
        Objects.requireNonNull(fault, "fault is null");
        if (protocol == EchoProtocol.RAW && fault.kind() == Fault.Kind.WRONG_LOGIN) {
            throw new IllegalArgumentException(fault + ": the protocol has no login message");
        }
        ActiveFault itsHandle = new ActiveFault(this, added.incrementAndGet(), fault);
        active.add(itsHandle);
        return itsHandle;
    }

    /** Those in force, in the order in which they were added. An unmodifiable copy. */
    public List<ActiveFault> active() {
        return List.copyOf(active);
    }

    void remove(ActiveFault fault) {
        active.remove(fault);
        release();
    }

    /** None is in force any more, as if each had been {@linkplain ActiveFault#close closed}. */
    public void clear() {
        active.clear();
        release();
    }

    private void release() {
        met.forEach(FaultySession::release);
    }

    /** Has a call for a session look at its line in so long. */
    void wake(Waker session, long nanos) {
        timer.schedule(session::wake, nanos);
    }

    /** The session has ended. */
    void hasLeft(FaultySession session) {
        met.remove(session);
    }

    /** The random generator's, of {@link EchoOptions#seed}. */
    public long seed() {
        return seed;
    }

    /** What faults do to a session; null if it has met none yet and there is none. In a call for the session. */
    @Nullable FaultySession of(Session session) {
        FaultySession known = session.attachment(FaultySession.class);
        if (known != null || active.isEmpty()) {
            return known;
        }
        FaultySession made = new FaultySession(this, session, connections.incrementAndGet());
        met.add(made); // before it looks at the faults: one may be closed meanwhile
        session.attach(made);
        return made;
    }

    /** Without a copy. */
    Iterable<ActiveFault> inForce() {
        return active;
    }

    boolean areInForce() {
        return !active.isEmpty();
    }

    boolean isInForce(long id) {
        for (ActiveFault fault : active) {
            if (fault.id() == id) {
                return true;
            }
        }
        return false;
    }

    /** The server has been closed. */
    void end() {
        timer.end();
    }
}
