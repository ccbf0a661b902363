package org.iocp4j.races;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;

/**
 * A server with four workers on {@link EagerWin32}, and threads that send to its sessions and end them, whether they
 * live, end or are long over: hundreds of thousands of lives in which whatever can happen at once does. For a number of
 * milliseconds; answers the first violation, or null.
 */
public final class Stampede implements LongFunction<String>, SessionHandler {
    private static final int WORKERS = 4;
    private static final int KILLERS = 2;
    /** So many sessions are remembered to be sent to and killed, most of them over by then. */
    private static final int REMEMBERED = 32;

    /** With so many packets waiting the workers are busy enough. */
    private static final int BACKLOG = 8;
    private static final Duration LONGEST = Duration.ofSeconds(30);

    /** One session's. Half of them are killed by other threads, and no other session may end for that. */
    private static final class Life {
        final long id;
        final boolean mortal = ThreadLocalRandom.current().nextBoolean();
        final AtomicBoolean inside = new AtomicBoolean();
        boolean closed;

        Life(long id) {
            this.id = id;
        }
    }

    private final EagerWin32 system = new EagerWin32();
    private final AtomicReferenceArray<Life> lives = new AtomicReferenceArray<>(REMEMBERED);
    private final LongAdder opened = new LongAdder();
    private final LongAdder closed = new LongAdder();
    private volatile boolean over;
    private IocpServer server;

    @Override
    public String apply(long millis) {
        ServerOptions options = ServerOptions.builder().workers(WORKERS).acceptsPosted(3).pool(3).maxSessions(8)
                .bufferBytes(64).sendQueueBytes(192).idleTime(Duration.ZERO)
                .reuseLatest(ThreadLocalRandom.current().nextBoolean()).build();
        try {
            server = ServerFactory.start(this, options, SessionIdentity.OVERLAPPED, () -> system);
            List<Thread> killers = new ArrayList<>();
            for (int i = 0; i < KILLERS; i++) {
                killers.add(Thread.ofPlatform().start(this::kill));
            }
            Thread.sleep(millis);
            server.close(); // while they go on
            over = true;
            for (Thread killer : killers) {
                require(killer.join(LONGEST), "a thread that sends hangs");
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        requireRefusal();
        checkEnd(server.statistics());
        return system.violation();
    }

    long lives() {
        return closed.sum();
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            system.violated(violation);
        }
    }

    /** After the end nothing is taken, and who sends is told. */
    private void requireRefusal() {
        for (int i = 0; i < REMEMBERED; i++) {
            Life life = lives.get(i);
            if (life != null) {
                long[] ids = {life.id};
                require(server.send(life.id, words(life.id, 1)) != SendResult.TAKEN, "a send is taken after the end");
                require(server.broadcast(ids, words(EagerWin32.EVERYBODY, 1)).closed().equals(List.of(life.id)),
                        "a broadcast is taken after the end");
                server.disconnect(life.id);
                server.abort(life.id);
            }
        }
    }

    private void checkEnd(ServerStatistics end) {
        require(end.connections().sessions() == 0 && end.connections().acceptsPosted() == 0
                && end.sockets().socketsRecycling() == 0
                && end.sockets().socketsCreated() == end.sockets().socketsDiscarded()
                && end.faults().workerFailures() == 0
                && end.faults().handlerFailures() == 0 && end.faults().strayPackets() == 0
                && end.incidents().latePackets() == 0
                && end.incidents().acceptFailures() == 0 && end.incidents().disconnectFailures() == 0, "at the end: "
                + end);
        require(opened.sum() == closed.sum(), opened + " sessions were opened, " + closed + " closed");
        require(end.connections().accepts() == opened.sum() + end.sessionsRefused(),
                end.connections().accepts() + " accepts, " + opened + " sessions");
        require(system.leftovers().equals("0 sockets, 0 regions of memory"), "left behind: " + system.leftovers());
    }

    // ---- other threads ----

    private void kill() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        while (!over) {
            Life life = lives.get(random.nextInt(REMEMBERED));
            if (life == null || system.packets() > BACKLOG) {
                Thread.yield();
                continue;
            }
            if (random.nextInt(8) == 0) {
                server.broadcast(ids(), words(EagerWin32.EVERYBODY, 1 + random.nextInt(8)));
            } else if (random.nextInt(4) > 0) {
                server.send(life.id, words(life.id, 1 + random.nextInt(8)));
            } else if (life.mortal && random.nextBoolean()) {
                server.abort(life.id);
            } else if (life.mortal) {
                server.disconnect(life.id);
            }
        }
    }

    /** Of all that are remembered, whether they live or not. */
    private long[] ids() {
        return IntStream.range(0, REMEMBERED).mapToObj(lives::get).filter(Objects::nonNull).mapToLong(life -> life.id)
                .toArray();
    }

    private static ByteBuffer words(long id, int count) {
        ByteBuffer words = ByteBuffer.allocate(count * Long.BYTES);
        for (int i = 0; i < count; i++) {
            words.putLong(id);
        }
        return words.flip();
    }

    // ---- the handler ----

    @Override
    public void opened(Session session) {
        opened.increment();
        Life life = new Life(session.id());
        require(session.attachment(Object.class) == null, "an attachment of the session before");
        session.attach(life);
        enter(session);
        lives.set(ThreadLocalRandom.current().nextInt(REMEMBERED), life);
        session.send(words(life.id, 1));
        leave(life);
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        Life life = enter(session);
        if (session.send(words(life.id, 1)) == SendResult.TAKEN) {
            data.position(data.limit());
        }
        leave(life);
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        closed.increment();
        Life life = enter(session);
        life.closed = true;
        require(life.mortal || reason == CloseReason.PEER_CLOSED || reason == CloseReason.SERVER_STOPPED,
                "a session that nobody named ends: " + reason);
        leave(life);
    }

    private Life enter(Session session) {
        Life life = session.attachment(Life.class);
        require(life.id == session.id() && !life.closed, "a callback for a session that is over");
        require(life.inside.compareAndSet(false, true), "two callbacks at once for one session");
        return life;
    }

    private static void leave(Life life) {
        life.inside.set(false);
    }
}
