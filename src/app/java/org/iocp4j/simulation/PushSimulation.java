package org.iocp4j.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.iocp4j.server.BroadcastResult;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;

/**
 * The library under a handler that does whatever a handler may (sends much, holds its input, ends its output, stays
 * when its client has finished, disconnects, aborts, throws, blocks) and under threads that send to sessions, to one or
 * many at a time, have them run actions, and end them, from elsewhere, whether these are open or not. Some of what they
 * send is a part of a file, or of lent memory. In some lives the handler is called on threads of its own
 * ({@link CallThreads}), and no worker ever waits for it.
 */
final class PushSimulation implements Simulation, SessionHandler {
    private static final int CLIENTS = 8;
    private static final int PUSHERS = 2;
    private static final long ABORT_NANOS = 50_000_000;
    /**
     * A client that reads has by then what was taken for it: well before the next tick, which does what nobody was
     * woken for.
     */
    private static final long DELIVERY_NANOS = 20_000_000;
    /** What comes on top for each record that it waits for: it may take a byte at a time. */
    private static final long RECORD_NANOS = 5_000_000;
    /** Ticks and deadlines come each 100 ms, and by then a worker comes by within as long. */
    private static final long TICK_NANOS = 200_000_000;
    /** Ten ticks: that many cancels in a row do not all fail. */
    private static final long CANCELS_AGAIN_NANOS = 1_000_000_000;
    /** A receive or a send for which there was no memory, nor the next times that a tick tried. */
    private static final long SHORTAGE_NANOS = 1_000_000_000;
    private static final Duration ENOUGH = Duration.ofSeconds(20);
    private static final Duration AFTERWARDS = Duration.ofSeconds(2);

    /** Callbacks of one session, by its id. */
    private static final class Life {
        /** Whose threads alone call its handler. */
        long port;
        SessionRef ref;
        boolean inside;
        /** A call of its handler sleeps: what has to come to it from there may come later. */
        boolean sleeps;
        boolean closed;
        /** Nothing promises that all that was taken comes out. */
        boolean cutShort;
        long disconnectedAt = Long.MAX_VALUE;
        long abortedAt = Long.MAX_VALUE;
        long takenAt = Long.MAX_VALUE;
        /** A send was refused, and the handler has not been told of room since. */
        long refusedAt = Long.MAX_VALUE;
        /** A whole request is unread, and nothing holds it. */
        long unreadAt = Long.MAX_VALUE;
        boolean paused;
        /** The client has finished, and the handler has stayed. */
        boolean stays;
        boolean outputEnded;
        boolean aborted;
        CloseReason reason;
        /** Actions of other threads that were taken, and that have run. */
        long actions;
        long actionsRun;
        long actionAt = Long.MAX_VALUE;
        /** When the last call of the handler returned. */
        long calledAt;
        /** When anything was last seen to move. */
        long movedAt;
        final Map<Long, Long> taken = new HashMap<>();
        /** The numbers of the broadcasts that were taken, by their source, in the order of the sends. */
        final Map<Long, List<Long>> broadcasts = new HashMap<>();

        boolean isEnding() {
            return closed || cutShort || outputEnded || disconnectedAt != Long.MAX_VALUE;
        }

        /** Nothing but an abort has ended it. */
        boolean mustReset() {
            return aborted && reason == CloseReason.DISCONNECTED && !outputEnded && disconnectedAt == Long.MAX_VALUE;
        }

        void returned(long now) {
            inside = false;
            calledAt = now;
            movedAt = now;
        }
    }

    private final SimulatedKernel kernel;
    private final FaultPlan plan;
    private final UnaryOperator<Win32> seam;
    private final SeededRandom random;
    private final ServerOptions options;
    private final boolean faults;
    /** Null if the workers call the handler. */
    private final CallThreads callThreads;
    private final double blocking;
    /** How often another thread ends a session in place of sending to it: not often, so that its own time ends it. */
    private final double ending;
    /** How often another thread sends to many sessions in one call. */
    private final double broadcasting;
    /** How often records are sent from a file or from lent memory; by a random of its own. */
    private final double uncopied;
    private final SeededRandom sources;
    private int files;
    private final Map<Long, Life> lives = new HashMap<>();
    private final List<Long> ids = new ArrayList<>();
    private final List<PushClient> clients = new ArrayList<>();
    private final Invariants invariants;
    private int thrown;
    private long broadcasts;
    private long lastBlock;
    private boolean over;
    /** Other code closes a port meanwhile, and has. */
    private final boolean losesPort;
    private boolean portLost;
    private IocpServer server;

    PushSimulation(long seed, FaultPlan plan, UnaryOperator<Win32> seam) {
        this.plan = plan;
        this.seam = seam;
        faults = plan.failures().calls() > 0;
        kernel = new SimulatedKernel(seed, plan).operationBytes(48).checkLocksEvery(997).forbidMisuse()
                .requireOwnPorts();
        random = new SeededRandom(seed ^ 0x5555);
        blocking = random.chance(0.5) ? 0.1 : 0;
        ending = random.chance(0.5) ? 0.2 : 0;
        broadcasting = random.chance(0.5) ? 0.3 : 0;
        sources = new SeededRandom(seed ^ 0x7777);
        uncopied = sources.chance(0.5) ? 0.2 : 0;
        int workers = 1 + random.below(4);
        ServerOptions.Builder builder = ServerOptions.builder()
                .workers(workers).ports(Plan.ports(workers, random)).concurrency(1 + random.below(3))
                .acceptsPosted(1 + random.below(3)).pool(random.below(4)).maxSessions(2 + random.below(8))
                .bufferBytes(64).sendQueueBytes(64 * (1 + random.below(6))).sendQueueFiles(1 + sources.below(3))
                .idleTime(random.chance(0.3) ? Duration.ofMillis(20 + random.below(280)) : Duration.ZERO)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300))
                .lingerTime(Duration.ofMillis(random.pick(0, 50, 200)))
                .disconnectMethod(DisconnectMethod.values()[random.below(4)])
                .reuseLatest(random.chance(0.5))
                .socketSendBufferBytes(Plan.socketSendBufferBytes(random));
        callThreads = CallThreads.areOf(seed) ? new CallThreads(kernel, seed) : null;
        if (callThreads != null) {
            builder.handlerExecutor(callThreads);
        }
        options = builder.build();
        losesPort = random.chance(0.08);
        invariants = new Invariants(kernel, options, faults, () -> server == null ? null : server.statistics(),
                this::checkAtRest, () -> (int) lives.values().stream()
                        .filter(life -> !life.closed && (life.paused || life.stays)).count()
                        + (callThreads == null ? 0 : callThreads.underWay()));
    }

    @Override
    public SimulatedKernel kernel() {
        return kernel;
    }

    @Override
    public void run() {
        kernel.run(this::scenario);
    }

    @Override
    public boolean hasStarted() {
        return server != null;
    }

    void require(boolean condition, String violation) {
        kernel.require(condition, violation + "; " + options);
    }

    private void scenario() {
        try {
            server = ServerFactory.start(this, options, SessionIdentity.OVERLAPPED, () -> seam.apply(kernel.attach()));
        } catch (IOException e) {
            require(faults, "the server does not start: " + e);
            kernel.requireNothingLeft();
            return;
        }
        List<Thread> pushers = new ArrayList<>();
        for (int i = 1; i <= PUSHERS; i++) {
            long source = i;
            pushers.add(kernel.start("pusher " + i, () -> push(source)));
        }
        for (int i = 0; i < CLIENTS; i++) {
            PushClient client = new PushClient(this, kernel, random);
            clients.add(client);
            client.client.after(random.between(0, 300_000_000), () -> client.client.connect(server.localAddress()));
        }
        if (losesPort) {
            kernel.start("other code", this::loseAPort);
        }
        Duration bound = random.chance(0.7) ? ENOUGH : Duration.ofMillis(150);
        kernel.until(() -> clients.stream().allMatch(PushClient::isOver), bound);
        boolean pushersFirst = random.chance(0.5);
        if (pushersFirst) {
            endPushers(pushers);
        }
        if (random.chance(0.5)) {
            if (random.chance(0.5)) {
                List.copyOf(ids).forEach(this::disconnect);
            }
            kernel.sleep(AFTERWARDS); // what ought to end by itself does
        }
        if (losesPort) {
            require(kernel.until(this::hasStoppedByItself, ENOUGH), "it has lost a port, and does not stop");
        }
        invariants.close(server::close);
        server.close();
        endPushers(pushers);
        if (callThreads != null) {
            callThreads.requireEnd(ENOUGH);
        }
        if (losesPort) {
            kernel.requireNoHandlesLeft();
            checkEndWithoutPort();
        } else {
            kernel.requireNothingLeft();
            checkEnd();
        }
    }

    /** Its thread for that has ended: until then close() would wait for it, and not in virtual time. */
    private boolean hasStoppedByItself() {
        return portLost && !server.isOpen() && kernel.openSockets() == 0
                && kernel.leftovers().stream().noneMatch(left -> left.startsWith("thread "));
    }

    private void loseAPort() {
        kernel.sleep(Duration.ofNanos(random.between(1, 400_000_000)));
        portLost = true;
        invariants.portLost();
        kernel.losePort(random.below(options.ports()));
    }

    private void endPushers(List<Thread> pushers) {
        over = true;
        require(kernel.until(() -> pushers.stream().noneMatch(Thread::isAlive), ENOUGH), "a pusher hangs");
    }

    // ---- other threads ----

    private void push(long source) {
        while (!over) {
            kernel.sleep(Duration.ofNanos(random.between(1, 20_000_000)));
            for (int burst = random.below(6); burst > 0 && !ids.isEmpty(); burst--) {
                if (random.chance(broadcasting)) {
                    broadcast(source);
                } else {
                    long id = random.chance(0.7) ? ids.getLast() : random.pick(ids);
                    act(id, source);
                }
            }
        }
    }

    /** To some of those that there have been, most of them over, and to one of them perhaps twice. */
    private void broadcast(long source) {
        long number = broadcasts++;
        long[] list = random.chance(0.5) ? ids.stream().mapToLong(id -> id).toArray()
                : LongStream.range(0, 1 + random.below(5)).map(i -> random.pick(ids)).toArray();
        BroadcastResult result = server.broadcast(list, record(PushClient.EVERYBODY, source, number));
        List<Long> refused = new ArrayList<>(result.full());
        refused.addAll(result.closed());
        require(result.tooSmall().isEmpty() && result.taken() + refused.size() == list.length,
                "of a broadcast to " + list.length + ": " + result);
        long now = kernel.elapsed().toNanos();
        for (long id : list) {
            Life life = lives.get(id);
            if (!refused.remove(id)) { // of one that is there twice, the first may be taken and the other not
                life.broadcasts.computeIfAbsent(source, key -> new ArrayList<>()).add(number);
                life.takenAt = now;
                life.movedAt = now;
            }
        }
        require(refused.isEmpty(), "a broadcast was refused for sessions that it was not for: " + refused);
    }

    private void act(long id, long source) {
        Life life = lives.get(id);
        if (random.chance(0.2)) {
            execute(id, life);
        } else if (!random.chance(ending)) {
            long number = life.taken.getOrDefault(source, 0L);
            int count = sources.chance(uncopied) ? 2 + sources.below(5) : 1;
            SendResult result = count == 1 ? server.send(id, record(id, source, number))
                    : lend(records(id, source, number, count), life.ref::send);
            if (result == SendResult.TAKEN) {
                life.taken.put(source, number + count);
                life.takenAt = kernel.elapsed().toNanos();
                life.movedAt = life.takenAt;
            } else if (result == SendResult.FULL && life.refusedAt == Long.MAX_VALUE && !faults) {
                life.refusedAt = kernel.elapsed().toNanos();
            }
        } else if (random.chance(0.5)) {
            disconnect(id);
        } else {
            life.cutShort = true;
            life.aborted = true;
            life.abortedAt = Math.min(life.abortedAt, kernel.elapsed().toNanos());
            server.abort(id);
        }
    }

    private void execute(long id, Life life) {
        long number = life.actions++; // none is taken behind one that is not
        life.actionAt = kernel.elapsed().toNanos();
        boolean isTaken = server.execute(id, session -> {
            enter(session);
            require(life.actionsRun == number, "action " + life.actionsRun + " of session " + session
                    + " is left out: this is " + number);
            life.actionsRun++;
            if (random.chance(0.5)) {
                resume(session, life);
            } else if (random.chance(0.5)) {
                answer(session, life);
            }
            whim(session, life);
            life.returned(kernel.elapsed().toNanos());
        });
        if (!isTaken) {
            life.actions--;
        }
    }

    private void disconnect(long id) {
        server.disconnect(id);
        Life life = lives.get(id);
        life.disconnectedAt = Math.min(life.disconnectedAt, kernel.elapsed().toNanos());
    }

    private static ByteBuffer record(long id, long source, long number) {
        return ByteBuffer.allocate(PushClient.RECORD_BYTES).putLong(id).putLong(source).putLong(number).flip();
    }

    private static byte[] records(long id, long source, long number, int count) {
        ByteBuffer records = ByteBuffer.allocate(count * PushClient.RECORD_BYTES);
        for (int i = 0; i < count; i++) {
            records.put(record(id, source, number + i));
        }
        return records.array();
    }

    /** A send of lent memory. */
    private interface LentSend {
        SendResult send(LentMemory memory, int offset, int count);
    }

    /** It is given back before it is sent. */
    private SendResult lend(byte[] records, LentSend send) {
        int offset = sources.below(30);
        LentMemory memory = server.group().lend(offset + records.length + sources.below(30));
        require(memory != null, "no memory is lent");
        try (memory) {
            memory.bytes().position(offset).put(records);
            return send.send(memory, offset, records.length);
        }
    }

    private SendResult sendFile(byte[] records, Session session) {
        int offset = sources.below(30);
        byte[] file = new byte[offset + records.length + sources.below(30)];
        System.arraycopy(records, 0, file, offset, records.length);
        Path path = Path.of("C:\\push\\" + files++);
        kernel.putFile(path.toString(), file);
        try {
            return session.sendFile(path, offset, records.length);
        } catch (IOException e) {
            require(faults || portLost, "a file cannot be sent: " + e);
            return lend(records, session::send);
        }
    }

    /** The client of a session has received something: a send of the session may have completed. */
    void moved(long id) {
        Life life = lives.get(id);
        if (life != null) {
            life.movedAt = kernel.elapsed().toNanos();
        }
    }

    // ---- the handler ----

    @Override
    public void opened(Session session) {
        long id = session.id();
        Life life = new Life();
        life.port = kernel.portOfCaller();
        life.ref = session.ref();
        require(lives.put(id, life) == null, "session " + session + " opens twice");
        enter(session);
        require(session.attachment(Object.class) == null, "an attachment of the session before");
        session.attach(life);
        answer(session, life);
        ids.add(id); // after the first record, so that nobody's comes before it
        whim(session, life);
        life.returned(kernel.elapsed().toNanos());
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        Life life = enter(session);
        require(session.attachment(Life.class) == life, "another session's attachment");
        require(!life.paused, "input of session " + session + ", which holds it");
        require(data.hasRemaining(), "input of session " + session + " without a byte");
        if (random.chance(0.05)) {
            pause(session, life); // and reads nothing
        }
        while (!life.paused && data.remaining() >= PushClient.REQUEST_BYTES && answer(session, life)) {
            data.getLong();
        }
        life.unreadAt = data.remaining() >= PushClient.REQUEST_BYTES ? kernel.elapsed().toNanos() : Long.MAX_VALUE;
        whim(session, life);
        life.returned(kernel.elapsed().toNanos());
    }

    @Override
    public void writable(Session session) {
        Life life = enter(session);
        life.refusedAt = Long.MAX_VALUE;
        life.unreadAt = life.unreadAt == Long.MAX_VALUE ? life.unreadAt : kernel.elapsed().toNanos();
        if (random.chance(0.5)) {
            answer(session, life);
        }
        whim(session, life);
        life.returned(kernel.elapsed().toNanos());
    }

    @Override
    public void inputEnded(Session session) {
        Life life = enter(session);
        require(!life.paused && !life.stays, "the end of the input of session " + session + ", again or too early");
        if (random.chance(0.5)) {
            life.disconnectedAt = Math.min(life.disconnectedAt, kernel.elapsed().toNanos());
            session.disconnect();
        } else {
            life.stays = true;
            session.schedule(Duration.ofNanos(random.between(0, 100_000_000)), self -> {
                enter(self);
                answer(self, life);
                if (random.chance(0.5)) {
                    self.disconnect();
                } else {
                    self.shutdownOutput();
                    life.outputEnded = true;
                }
                life.disconnectedAt = Math.min(life.disconnectedAt, kernel.elapsed().toNanos());
                life.returned(kernel.elapsed().toNanos());
            });
        }
        life.returned(kernel.elapsed().toNanos());
    }

    @Override
    public void idle(Session session) {
        Life life = enter(session);
        long now = kernel.elapsed().toNanos();
        require((!life.paused || session.queuedBytes() > 0) && now - life.calledAt >= options.idleTime().toNanos(),
                "session " + session + " was idle for less than its time");
        if (random.chance(0.7)) {
            session.disconnect();
            life.inside = false;
        } else {
            life.returned(now);
        }
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        Life life = enter(session);
        require(reason != CloseReason.HANDLER_FAILED || failure instanceof Whim, "closed for another failure");
        require(reason != null, "no reason why session " + session + " is closed");
        life.closed = true;
        life.reason = reason;
        requireSoon(session.id(), life);
        require(reason != CloseReason.IDLE
                || kernel.elapsed().toNanos() - life.calledAt >= options.idleTime().toNanos(),
                "session " + session + " was idle for less than its time");
        life.cutShort |= reason != CloseReason.PEER_CLOSED && reason != CloseReason.DISCONNECTED
                && reason != CloseReason.SERVER_STOPPED && reason != CloseReason.IDLE;
        life.inside = false;
    }

    private Life enter(Session session) {
        Life life = lives.get(session.id());
        require(life == null || life.port == kernel.portOfCaller() || !server.isOpen()
                || callThreads != null, "a callback for session " + session
                + " by a thread of another port");
        require(life != null && !life.closed, "a callback for session " + session + ", which is over");
        require(!life.inside, "two callbacks at the same time for session " + session);
        life.inside = true;
        return life;
    }

    /**
     * An abort takes no longer than the packets of what it cancels, a disconnect no longer than its time, and that for
     * a FIN, and a tick besides each, and the end of an idle session all of them; unless a handler blocked a worker
     * meanwhile.
     */
    private void requireSoon(long id, Life life) {
        requireWithin(life.abortedAt, ABORT_NANOS, "the abort of session ", id);
        Duration end = options.disconnectTime().plus(options.lingerTime());
        requireWithin(life.disconnectedAt, end.toNanos() + 2 * TICK_NANOS + ABORT_NANOS, "the disconnect of session ",
                id);
        if (!options.idleTime().isZero() && !life.paused) {
            Duration idleEnd = options.idleTime().plus(end);
            requireWithin(life.movedAt, idleEnd.toNanos() + 2 * TICK_NANOS + ABORT_NANOS, "the idle end of session ",
                    id);
        }
    }

    /**
     * After a CancelIoEx that failed, what is pending ends by itself, or when a tick cancels it again; what a
     * PostQueuedCompletionStatus that failed should have asked for is done by a tick, and so is what there was no
     * memory for.
     */
    private void requireWithin(long since, long nanos, String what, long id) {
        long took = kernel.elapsed().toNanos() - since;
        long bound = nanos + 3 * plan.timing().delayNanos() + (plan.failures().cancels() > 0 ? CANCELS_AGAIN_NANOS : 0)
                + (plan.failures().posts() > 0 ? TICK_NANOS : 0)
                + (plan.failures().shortages() > 0 ? SHORTAGE_NANOS : 0);
        if (took >= bound && lastBlock <= since && !portLost) {
            require(false, what + Long.toUnsignedString(id) + " took " + took + " ns");
        }
    }

    private void checkAtRest() {
        lives.forEach((id, life) -> {
            if (!life.closed && !life.sleeps) {
                requireSoon(id, life);
            }
            if (!life.isEnding() && !life.sleeps && life.actionsRun < life.actions) {
                requireWithin(life.actionAt, DELIVERY_NANOS, "an action of session ", id);
            }
        });
        for (PushClient client : clients) {
            Life life = lives.get(client.session());
            if (life != null && !life.isEnding() && !client.isOver()) {
                life.taken.forEach((source, taken) -> {
                    if (client.received(source) < taken) {
                        long missing = taken - client.received(source);
                        requireWithin(life.takenAt, DELIVERY_NANOS + missing * RECORD_NANOS, "a record to session ",
                                client.session());
                    }
                });
                if (client.hasAll(life.taken, life.broadcasts) && !life.sleeps) {
                    requireWithin(Math.max(life.refusedAt, life.movedAt), DELIVERY_NANOS,
                            "the call after a refused send of session ", client.session());
                    if (!life.paused) { // and the queue is empty
                        requireWithin(Math.max(life.unreadAt, life.movedAt), DELIVERY_NANOS,
                                "to pass a request again in session ", client.session());
                    }
                }
                life.broadcasts.forEach((source, taken) -> {
                    client.requireBroadcasts(source, taken);
                    if (client.broadcasts(source) < taken.size()) {
                        requireWithin(life.takenAt, DELIVERY_NANOS, "a broadcast to session ", client.session());
                    }
                });
            }
        }
    }

    private boolean answer(Session session, Life life) {
        long number = life.taken.getOrDefault(0L, 0L);
        int count = number > 0 && sources.chance(uncopied) ? 2 + sources.below(5) : 1;
        SendResult result = count == 1 ? session.send(record(session.id(), 0, number))
                : sendUncopied(records(session.id(), 0, number, count), session);
        require(result != SendResult.TAKEN || !life.outputEnded, "taken after the end of the output");
        if (result == SendResult.FULL && life.refusedAt == Long.MAX_VALUE) {
            life.refusedAt = kernel.elapsed().toNanos();
        }
        if (result == SendResult.TAKEN) {
            life.taken.put(0L, number + count);
            life.takenAt = kernel.elapsed().toNanos();
            return true;
        }
        return false;
    }

    /** A call on an executor maps its files by the JDK, which knows nothing of the simulated kernel's. */
    private SendResult sendUncopied(byte[] records, Session session) {
        boolean isLent = sources.chance(0.5) || options.handlerExecutor().isPresent();
        return isLent ? lend(records, session::send) : sendFile(records, session);
    }

    private void whim(Session session, Life life) {
        if (random.chance(blocking)) {
            sleep(life);
        }
        if (random.chance(0.05)) {
            pause(session, life);
        } else if (random.chance(0.02)) {
            life.outputEnded = true;
            session.shutdownOutput();
        } else if (random.chance(0.03)) {
            life.disconnectedAt = Math.min(life.disconnectedAt, kernel.elapsed().toNanos());
            session.disconnect();
        } else if (random.chance(0.02)) {
            life.cutShort = true;
            life.aborted = true;
            session.abort();
        } else if (random.chance(0.02)) {
            life.cutShort = true;
            life.inside = false;
            thrown++;
            PushSimulation.<RuntimeException>raise(new Whim(random.chance(0.5)));
        }
    }

    private void sleep(Life life) {
        boolean isWorker = kernel.portOfCaller() != 0;
        life.sleeps = true;
        if (isWorker) {
            invariants.handlerBlocks();
        }
        kernel.sleep(Duration.ofNanos(random.between(1, 30_000_000)));
        if (isWorker) {
            invariants.handlerGoesOn();
        }
        life.sleeps = false;
        lastBlock = kernel.elapsed().toNanos();
    }

    /** Until a time, or until another thread's action resumes it, or a time after the end. */
    private void pause(Session session, Life life) {
        life.paused = true;
        session.pauseInput();
        session.schedule(Duration.ofNanos(random.between(0, 200_000_000)), self -> {
            enter(self);
            resume(self, life);
            life.returned(kernel.elapsed().toNanos());
        });
    }

    private void resume(Session session, Life life) {
        life.paused = false;
        session.resumeInput();
        life.unreadAt = life.unreadAt == Long.MAX_VALUE ? life.unreadAt : kernel.elapsed().toNanos();
    }

    /** Handlers are compiled from other languages, too, where nothing is checked. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Throwable whim) throws T {
        throw (T) whim;
    }

    /** What a handler throws: neither exception nor error, and now and then nothing that could be printed. */
    private static final class Whim extends Throwable {
        private static final long serialVersionUID = 1;
        private final boolean isHostile;

        Whim(boolean isHostile) {
            super("a handler's whim");
            this.isHostile = isHostile;
        }

        @Override
        public String toString() {
            if (isHostile) {
                throw new IllegalStateException("a whim's whim");
            }
            return super.toString();
        }
    }

    // ---- the end ----

    private void checkEndWithoutPort() {
        ServerStatistics end = server.statistics();
        require(end.connections().sessions() == 0 && end.faults().strayPackets() == 0
                && end.sockets().socketsCreated() == end.sockets().socketsDiscarded(), "at the end: " + end);
        requireAllClosed();
    }

    private void requireAllClosed() {
        lives.forEach((id, life) -> require(life.closed, "session " + Long.toUnsignedString(id) + " was never closed"));
    }

    private void checkEnd() {
        ServerStatistics end = server.statistics();
        require(end.connections().sessions() == 0 && end.connections().acceptsPosted() == 0
                && end.sockets().socketsRecycling() == 0 && end.faults().strayPackets() == 0
                && end.sockets().socketsCreated() == end.sockets().socketsDiscarded(), "at the end: " + end);
        require(end.resources().lentBytes() == 0 && end.faults().lentMemoryLost() == 0, "lent memory: " + end);
        require(end.faults().workerFailures() == 0 || plan.failures().posts() > 0, "a worker failed: " + end);
        require(end.faults().handlerFailures() == thrown, "handlerFailures " + end.faults().handlerFailures()
                + ", thrown " + thrown);
        requireAllClosed();
        require(end.connections().accepts() == lives.size() + end.sessionsRefused(), "accepts "
                + end.connections().accepts() + ", opened " + lives.size() + ", refused " + end.sessionsRefused());
        Set<Long> seen = new HashSet<>();
        for (PushClient client : clients) {
            require(client.session() == 0 || seen.add(client.session()), client + ": as another");
            // However the session ended: what was taken comes before the FIN, or there is a reset in place of the FIN.
            require(faults || !client.sawTheEnd() || !lives.get(client.session()).mustReset(),
                    client + ": a FIN, though its session was aborted");
            if (!faults && client.sawTheEnd()) {
                lives.get(client.session()).taken.forEach((source, taken) -> require(client.received(source) == taken,
                        client + ": received " + client.received(source) + " of " + taken + " records of source "
                        + source));
                lives.get(client.session()).broadcasts.forEach((source, taken) -> {
                    client.requireBroadcasts(source, taken);
                    require(client.broadcasts(source) == taken.size(), client + ": received "
                            + client.broadcasts(source) + " of " + taken.size() + " broadcasts of source " + source);
                });
            }
        }
    }
}
