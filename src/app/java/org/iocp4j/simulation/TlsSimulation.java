package org.iocp4j.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.tls.TlsException;
import org.iocp4j.tls.TlsFailure;
import org.iocp4j.tls.TlsHandler;
import org.iocp4j.tls.TlsStatistics;

/**
 * TLS around a handler that does whatever a handler may, with threads that send to its sessions and end them from
 * elsewhere, and clients that speak TLS well, badly, or not at all. The engines are {@link FramingEngine}s; their
 * tasks, and in some lives the handler's calls, run on threads of their own.
 *
 * <p>Who sees a close_notify has got all that was taken for him.
 */
final class TlsSimulation implements Simulation, SessionHandler {
    private static final int CLIENTS = 8;
    private static final int PUSHERS = 2;
    private static final int FILE_MESSAGES = 1_000;
    private static final Duration ENOUGH = Duration.ofSeconds(200);
    /** More than ten ticks, or any client's pause. */
    private static final long OVERDUE_NANOS = 1_500_000_000;
    /** A quiet end, and the connection's. */
    private static final Duration END = Duration.ofSeconds(8);

    /** One session of the handler's. */
    private static final class Life {
        SessionRef ref;
        TlsClient client;
        boolean inside;
        boolean closed;
        boolean paused;
        boolean outputEnded;
        boolean endTold;
        /** Of the client's bytes, read, and seen at last without being read. */
        int read;
        int unread;
        long takenAt;
        /** By source: what was taken, and what was tried. */
        final Map<Integer, Integer> taken = new HashMap<>();
        final Map<Integer, Integer> tried = new HashMap<>();
    }

    private static final class FileOfMessages {
        /** Mapped by the JDK, which knows nothing of the simulated kernel. */
        static final Path PATH = make();

        private static Path make() {
            try {
                Path file = Files.createTempFile("iocp4j-simulation", null);
                file.toFile().deleteOnExit();
                ByteBuffer all = ByteBuffer.allocate(FILE_MESSAGES * TlsMessage.FILE_BYTES);
                for (int i = 0; i < FILE_MESSAGES; i++) {
                    all.put(new TlsMessage(0, TlsMessage.FILE, i).bytes());
                }
                return Files.write(file, all.array());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final SimulatedKernel kernel;
    private final SeededRandom random;
    private final ServerOptions options;
    private final boolean faults;
    private final boolean endsTogether;
    private final int messageBytes;
    private final CallThreads taskThreads;
    /** Null if the workers call the handler. */
    private final CallThreads callThreads;
    private final Map<Long, Life> lives = new HashMap<>();
    private final List<Life> open = new ArrayList<>();
    private final List<TlsClient> clients = new ArrayList<>();
    private final Invariants invariants;
    private final TlsHandler tls;
    private int thrown;
    private int failedHandshakes;
    private boolean over;
    private IocpServer server;

    TlsSimulation(long seed, FaultPlan plan) {
        faults = plan.failures().calls() > 0;
        kernel = new SimulatedKernel(seed, plan).operationBytes(48).checkLocksEvery(997).forbidMisuse()
                .requireOwnPorts();
        random = new SeededRandom(seed ^ 0x9999);
        int workers = 1 + random.below(4);
        messageBytes = 64 + random.below(150);
        ServerOptions.Builder builder = ServerOptions.builder()
                .workers(workers).ports(Plan.ports(workers, random)).concurrency(1 + random.below(3))
                .acceptsPosted(1 + random.below(3)).pool(random.below(4)).maxSessions(2 + random.below(8))
                .bufferBytes(64).sendQueueBytes(64 * (1 + random.below(6)))
                .idleTime(random.chance(0.5) ? Duration.ofMillis(50 + random.below(400)) : Duration.ZERO)
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
        endsTogether = random.chance(0.3);
        taskThreads = new CallThreads(kernel, seed ^ 0x1234);
        tls = TlsHandler.server(FramingEngine.context(endsTogether)).messageBytes(messageBytes)
                .handshakeTime(Duration.ofMillis(300)).taskExecutor(taskThreads)
                .handshakeFailed((peer, failure) -> handshakeFailed(peer.getPort(), failure)).build(this);
        invariants = new Invariants(kernel, options, faults, () -> server == null ? null : server.statistics(),
                this::checkAtRest, () -> Integer.MAX_VALUE);
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

    boolean endsWhoIsIdle() {
        return !options.idleTime().isZero();
    }

    void require(boolean condition, String violation) {
        kernel.require(condition, violation + "; " + tls.statistics() + "; " + options);
    }

    private void scenario() {
        try {
            server = ServerFactory.start(tls, options, SessionIdentity.OVERLAPPED, kernel::attach);
        } catch (IOException e) {
            require(faults, "the server does not start: " + e);
            kernel.requireNothingLeft();
            return;
        }
        List<Thread> pushers = new ArrayList<>();
        for (int i = 1; i <= PUSHERS; i++) {
            int source = i;
            pushers.add(kernel.start("pusher " + i, () -> push(source)));
        }
        for (int i = 0; i < CLIENTS; i++) {
            TlsClient client = new TlsClient(this, kernel, random, endsTogether);
            clients.add(client);
            client.client.after(random.between(0, 300_000_000), () -> client.client.connect(server.localAddress()));
        }
        if (random.chance(0.7)) {
            boolean isOver = kernel.until(() -> clients.stream().allMatch(TlsClient::isOver) && open.isEmpty(), ENOUGH);
            require(isOver, "does not end: " + clients.stream().filter(client -> !client.isOver()).toList() + ", open "
                    + open.stream().map(life -> life.client).toList());
        } else {
            kernel.sleep(Duration.ofMillis(random.below(400)));
        }
        invariants.close(server::close);
        over = true;
        require(kernel.until(() -> pushers.stream().noneMatch(Thread::isAlive), END), "a pusher hangs");
        taskThreads.requireEnd(END);
        if (callThreads != null) {
            callThreads.requireEnd(END);
        }
        kernel.requireNothingLeft();
        checkEnd();
    }

    // ---- other threads ----

    private void push(int source) {
        while (!over) {
            kernel.sleep(Duration.ofNanos(random.between(1, 20_000_000)));
            for (int burst = random.below(6); burst > 0 && !open.isEmpty(); burst--) {
                act(random.pick(open), source);
            }
        }
    }

    private void act(Life life, int source) {
        if (random.chance(0.8)) {
            send(life, source, message -> life.ref.send(ByteBuffer.wrap(message)));
        } else if (random.chance(0.8)) {
            life.ref.execute(session -> {
                enter(session);
                answer(session, life);
                whim(session, life);
                life.inside = false;
            });
        } else if (random.chance(0.7)) {
            life.ref.disconnect();
        } else {
            life.ref.abort();
        }
    }

    /** A way to send a message. */
    private interface Sender {
        SendResult send(byte[] message);
    }

    private SendResult send(Life life, int source, Sender sender) {
        int number = life.taken.getOrDefault(source, 0);
        life.tried.put(source, number + 1); // it may arrive before the call returns
        SendResult result = sender.send(new TlsMessage(life.ref.id(), source, number).bytes());
        if (result == SendResult.TAKEN) {
            life.taken.put(source, number + 1);
            life.takenAt = kernel.elapsed().toNanos();
        }
        return result;
    }

    // ---- the handler ----

    @Override
    public void opened(Session session) {
        Life life = new Life();
        life.ref = session.ref();
        life.client = client(session.remoteAddress().getPort());
        require(lives.put(session.id(), life) == null, "session " + session + " opens twice");
        enter(session);
        answer(session, life);
        open.add(life); // after the first message, so that nobody's comes before it
        whim(session, life);
        life.inside = false;
    }

    private TlsClient client(int port) {
        return clients.stream().filter(each -> each.client.localAddress().getPort() == port).findFirst().orElseThrow();
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        Life life = enter(session);
        require(!life.paused, "input of session " + session + ", which holds it");
        require(!life.endTold || data.remaining() <= life.unread,
                "new input of session " + session + " behind its end");
        int number = life.client.client.number();
        for (int i = 0; i < data.remaining(); i++) {
            require(data.get(data.position() + i) == TlsClient.pattern(number, life.read + i),
                    "byte " + (life.read + i) + " of " + life.client + " is wrong");
        }
        int count = random.chance(0.8) || data.remaining() > messageBytes / 2 ? data.remaining()
                : random.below(data.remaining() + 1);
        data.position(data.position() + count);
        life.read += count;
        life.unread = data.remaining();
        require(life.read + life.unread <= life.client.encrypted(), "more has come than was sent");
        answer(session, life);
        whim(session, life);
        life.inside = false;
    }

    @Override
    public void writable(Session session) {
        Life life = enter(session);
        require(session.sendRoomBytes() > 0, "no room");
        answer(session, life);
        whim(session, life);
        life.inside = false;
    }

    @Override
    public void inputEnded(Session session) {
        Life life = enter(session);
        require(!life.paused && !life.endTold, "the end of the input of session " + session + ", again or too early");
        require(life.read + life.unread == life.client.encrypted(), "the end of the input of session " + session
                + " after " + life.read + " and " + life.unread + " bytes of " + life.client.encrypted());
        life.endTold = true;
        if (random.chance(0.5)) {
            session.disconnect();
        } else {
            session.schedule(Duration.ofNanos(random.between(0, 100_000_000)), self -> {
                enter(self);
                answer(self, life);
                if (random.chance(0.5)) {
                    self.disconnect();
                } else {
                    self.shutdownOutput();
                    life.outputEnded = true;
                }
                life.inside = false;
            });
        }
        life.inside = false;
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        Life life = enter(session);
        require(session.send(ByteBuffer.allocate(1)) == SendResult.CLOSED, "taken after the end");
        life.closed = true;
        open.remove(life);
        if (reason == CloseReason.TLS_FAILED) {
            require(failure instanceof TlsException, "failed without a TlsException: " + failure);
            TlsFailure kind = ((TlsException) failure).failure();
            boolean isPlausible = switch (kind) {
                case BROKEN -> !life.client.isHonest();
                case TRUNCATED -> true;
                default -> false;
            };
            require(isPlausible, life.client + " failed: " + failure);
        }
        require(reason != CloseReason.HANDLER_FAILED || failure instanceof Whim, "closed for " + failure);
        life.inside = false;
    }

    private void handshakeFailed(int port, TlsException failure) {
        failedHandshakes++;
        require(failure.failure() != TlsFailure.HANDSHAKE_FAILED || !client(port).isHonest(),
                client(port) + " failed: " + failure);
    }

    private Life enter(Session session) {
        Life life = lives.get(session.id());
        require(life != null && !life.closed, "a call for session " + session + ", which is over");
        require(!life.inside, "two calls at the same time for session " + session);
        life.inside = true;
        return life;
    }

    private void answer(Session session, Life life) {
        SendResult result = SendResult.TAKEN;
        for (int burst = random.below(4); burst >= 0 && result == SendResult.TAKEN; burst--) {
            if (life.taken.isEmpty() || random.chance(0.8)) {
                result = send(life, 0, message -> session.send(ByteBuffer.wrap(message)));
            } else if (random.chance(0.3)) {
                result = send(life, 0, message -> lend(session, message));
            } else {
                result = sendFile(session, life);
            }
            require(result != SendResult.TAKEN || !life.outputEnded, "taken after the end of the output");
        }
    }

    private static SendResult lend(Session session, byte[] message) {
        LentMemory memory = session.group().lend(message.length);
        if (memory == null) {
            return SendResult.FULL;
        }
        try (memory) {
            memory.bytes().put(message);
            return session.send(memory, 0, message.length);
        }
    }

    private SendResult sendFile(Session session, Life life) {
        int first = life.taken.getOrDefault(TlsMessage.FILE, 0);
        int count = Math.min(1 + random.below(30), FILE_MESSAGES - first);
        SendResult result;
        try {
            result = session.sendFile(FileOfMessages.PATH, (long) first * TlsMessage.FILE_BYTES,
                    (long) count * TlsMessage.FILE_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (result == SendResult.TAKEN) {
            life.taken.put(TlsMessage.FILE, first + count);
            life.takenAt = kernel.elapsed().toNanos();
            life.tried.put(TlsMessage.FILE, first + count);
        }
        return result;
    }

    private void whim(Session session, Life life) {
        if (callThreads != null && kernel.portOfCaller() == 0 && random.chance(0.1)) {
            kernel.sleep(Duration.ofNanos(random.between(1, 30_000_000)));
        }
        if (random.chance(0.05)) {
            life.paused = true;
            session.pauseInput();
            session.schedule(Duration.ofNanos(random.between(0, 100_000_000)), self -> {
                enter(self);
                life.paused = false;
                self.resumeInput();
                life.inside = false;
            });
        } else if (random.chance(0.02)) {
            life.outputEnded = true;
            session.shutdownOutput();
        } else if (random.chance(0.03)) {
            session.disconnect();
        } else if (random.chance(0.02)) {
            session.abort();
        } else if (random.chance(0.02)) {
            life.endTold = false; // it is told again
            session.upgrade(this);
        } else if (random.chance(0.02)) {
            life.inside = false;
            thrown++;
            throw new Whim();
        }
    }

    /** What the handler throws. */
    private static final class Whim extends RuntimeException {
        private static final long serialVersionUID = 1;

        Whim() {
            super("a handler's whim");
        }
    }

    // ---- what must hold ----

    /** Whoever reads gets something, as long as anything is on its way to him, or his session ends. */
    private void checkAtRest() {
        for (Life life : open) {
            TlsClient client = life.client;
            boolean isDue = !faults && !client.isOver() && life.taken.entrySet().stream()
                    .anyMatch(each -> client.received(each.getKey()) < each.getValue());
            long movedAt = Math.max(life.takenAt, client.movedAt());
            require(!isDue || kernel.elapsed().toNanos() - movedAt < OVERDUE_NANOS, client + ": what is for it does not"
                    + " come: " + life.taken);
        }
    }

    private void checkEnd() {
        ServerStatistics end = server.statistics();
        require(end.connections().sessions() == 0 && end.connections().acceptsPosted() == 0
                && end.sockets().socketsRecycling() == 0 && end.faults().strayPackets() == 0
                && end.sockets().socketsCreated() == end.sockets().socketsDiscarded()
                && end.resources().lentBytes() == 0, "at the end: " + end);
        require(end.faults().handlerFailures() == thrown, "handlerFailures " + end.faults().handlerFailures()
                + ", thrown " + thrown);
        lives.forEach((id, life) -> require(life.closed, "session " + Long.toUnsignedString(id) + " was never closed"));
        TlsStatistics figures = tls.statistics();
        require(figures.handshakesFailed() + figures.handshakeTimeouts() + figures.closedInHandshake()
                <= failedHandshakes + end.connections().accepts() - lives.size(), "handshakes that failed: "
                + failedHandshakes);
        Set<Long> seen = new HashSet<>();
        for (TlsClient client : clients) {
            if (client.session() != 0) {
                require(seen.add(client.session()), client + ": as another");
                check(client, lives.get(client.session()));
            }
        }
    }

    private void check(TlsClient client, Life life) {
        require(client.failure() == null || !client.isHonest() || client.failure().getMessage().contains("alert"),
                client + " has found " + client.failure());
        life.tried.forEach((source, tried) -> require(client.received(source) <= tried, client + ": received "
                + client.received(source) + " messages of source " + source + ", of " + tried + " that were tried"));
        if (client.sawCloseNotify()) {
            require(!client.hasPart(), client + ": a close_notify behind a part of a message");
            life.taken.forEach((source, taken) -> require(client.received(source) >= taken, client
                    + ": a close_notify after " + client.received(source) + " of " + taken + " messages of source "
                    + source));
        }
    }
}
