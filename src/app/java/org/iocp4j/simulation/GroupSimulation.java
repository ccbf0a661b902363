package org.iocp4j.simulation;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ConnectFailedException;
import org.iocp4j.server.ConnectOptions;
import org.iocp4j.server.GroupOptions;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.IocpListener;
import org.iocp4j.server.ListenOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.Census;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;

/**
 * A group whose listeners come and go, while threads and handlers connect: to these listeners, to where nobody listens,
 * nobody answers, or no way leads; and cancel some of it.
 */
final class GroupSimulation implements Simulation {
    private static final int CLIENTS = 4;
    private static final int THREADS = 2;
    private static final int MOST_ATTEMPTS = 25;
    private static final int MOST_LISTENERS = 4;
    private static final InetSocketAddress ANYWHERE = new InetSocketAddress("127.0.0.1", 0);
    /** Where the simulated kernel refuses, has no way at once or after a while, and where nobody answers. */
    private static final List<InetSocketAddress> NOBODY = List.of(new InetSocketAddress("127.0.0.1", 81),
            new InetSocketAddress("192.0.2.1", 81), new InetSocketAddress("198.51.100.1", 81),
            new InetSocketAddress("203.0.113.1", 81));
    /** A result comes so long after the time limit at most: ticks, and what a fault puts off until the next one. */
    private static final long LATE_NANOS = 500_000_000;
    private static final Duration ENOUGH = Duration.ofSeconds(40);

    private final SimulatedKernel kernel;
    private final FaultPlan plan;
    private final UnaryOperator<Win32> seam;
    private final SeededRandom random;
    private final GroupOptions options;
    private final boolean faults;
    /** With them handlers may sleep, and a session outlive its socket; null if the workers call the handlers. */
    private final CallThreads callThreads;
    private final List<IocpListener> listeners = new ArrayList<>();
    private final List<Attempt> attempts = new ArrayList<>();
    private final Set<Long> openIds = new HashSet<>();
    private int thrown;
    private int refusedAtOnce;
    private boolean closing;
    private boolean over;
    private IocpGroup group;

    GroupSimulation(long seed, FaultPlan plan, UnaryOperator<Win32> seam) {
        this.plan = plan;
        this.seam = seam;
        faults = plan.failures().calls() > 0;
        kernel = new SimulatedKernel(seed, plan).operationBytes(48).checkLocksEvery(997).forbidMisuse()
                .requireOwnPorts();
        random = new SeededRandom(seed ^ 0x3333);
        int workers = 1 + random.below(4);
        GroupOptions.Builder builder = GroupOptions.builder()
                .workers(workers).ports(Plan.ports(workers, random)).concurrency(1 + random.below(3))
                .pool(random.below(4)).maxSessions(4 + random.below(30)).maxAcceptsPosted(MOST_LISTENERS * 3)
                .bufferBytes(64).sendQueueBytes(64 * (1 + random.below(4)))
                .disconnectTime(Duration.ofMillis(200)).lingerTime(Duration.ofMillis(random.pick(0, 50, 200)))
                .drainTime(Duration.ofMillis(300))
                .disconnectMethod(DisconnectMethod.values()[random.below(4)])
                .reuseLatest(random.chance(0.5));
        callThreads = CallThreads.areOf(seed) ? new CallThreads(kernel, seed) : null;
        if (callThreads != null) {
            builder.handlerExecutor(callThreads);
        }
        options = builder.build();
        kernel.checkEachStep(this::checkBounds).checkAtRest(this::checkAtRest);
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
        return group != null;
    }

    private void require(boolean condition, String violation) {
        if (!condition) {
            kernel.require(false, violation + "; " + (group == null ? "" : group.statistics()) + "; the kernel has "
                    + kernel.openSockets() + " sockets open, " + kernel.census() + "; " + options);
        }
    }

    private void scenario() {
        try {
            group = ServerFactory.startGroup(options, () -> seam.apply(kernel.attach()));
        } catch (IOException e) {
            require(faults, "the group does not start: " + e);
            kernel.requireNothingLeft();
            return;
        }
        listen();
        for (int i = 0; i < CLIENTS; i++) {
            Visitor visitor = new Visitor();
            SimulatedClient client = kernel.client(visitor);
            client.after(random.between(0, 300_000_000), () -> visitor.connect(client));
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 1; i <= THREADS; i++) {
            threads.add(kernel.start("caller " + i, this::act));
        }
        if (random.chance(0.7)) {
            kernel.until(() -> threads.stream().noneMatch(Thread::isAlive)
                    && attempts.stream().allMatch(Attempt::isOver), ENOUGH);
            attempts.forEach(attempt -> require(attempt.hasResult(), attempt + " has no result"));
        } else {
            kernel.sleep(Duration.ofMillis(random.below(300)));
        }
        over = random.chance(0.5);
        closing = true;
        Duration start = kernel.elapsed();
        group.close();
        Duration bound = options.drainTime().plus(options.disconnectTime().multipliedBy(4)).plusSeconds(5);
        require(kernel.elapsed().minus(start).compareTo(bound) < 0, "close() took too long");
        over = true;
        require(kernel.until(() -> threads.stream().noneMatch(Thread::isAlive), ENOUGH), "a caller hangs");
        if (callThreads != null) {
            callThreads.requireEnd(ENOUGH);
        }
        kernel.requireNothingLeft();
        checkEnd();
    }

    // ---- other threads ----

    private void act() {
        for (int i = 0; i < MOST_ATTEMPTS && !over; i++) {
            kernel.sleep(Duration.ofNanos(random.between(1, 30_000_000)));
            if (random.chance(0.15)) {
                listen();
            } else if (random.chance(0.1) && !listeners.isEmpty()) {
                random.pick(listeners).close();
            } else if (random.chance(0.2) && !attempts.isEmpty()) {
                random.pick(attempts).cancel();
            } else {
                connect();
            }
        }
    }

    private void listen() {
        if (listeners.stream().filter(IocpListener::isOpen).count() >= MOST_LISTENERS) {
            return;
        }
        ListenOptions.Builder its = ListenOptions.builder().acceptsPosted(1 + random.below(3))
                .idleTime(random.chance(0.3) ? Duration.ofMillis(500) : Duration.ZERO)
                .sendQueueBytes(64 + random.below(options.sendQueueBytes() - 63));
        if (random.chance(0.3)) {
            its.filter((remote, local) -> {
                if (random.chance(0.1)) {
                    thrown++;
                    throw new IllegalStateException("a filter's whim");
                }
                return random.chance(0.8);
            });
        }
        try {
            listeners.add(group.listen(ANYWHERE, new Echo(), its.build()));
        } catch (IOException e) {
            require(faults, "no listener: " + e);
        } catch (IllegalArgumentException e) {
            // Those that are on their way out count.
            require(String.valueOf(e.getMessage()).startsWith("acceptsPosted: "), "no listener: " + e);
        } catch (IllegalStateException e) {
            require(closing, "no listener: " + e);
        }
    }

    private void connect() {
        boolean toUs = !listeners.isEmpty() && random.chance(0.7);
        InetSocketAddress remote = toUs ? random.pick(listeners).localAddress() : random.pick(NOBODY);
        ConnectOptions.Builder its = ConnectOptions.builder().idleTime(Duration.ofSeconds(2))
                .connectTime(Duration.ofMillis(random.chance(0.1) ? 30_000 : 1 + random.below(1_000)));
        if (random.chance(0.2)) {
            its.localAddress(new InetSocketAddress("127.0.0." + (1 + random.below(9)), 0));
        }
        Attempt attempt = new Attempt(remote, its.build());
        attempts.add(attempt);
        attempt.begin();
    }

    // ---- handlers ----

    /** In a call that holds up no worker. */
    private void sleep() {
        if (callThreads != null && kernel.portOfCaller() == 0 && random.chance(0.2)) {
            kernel.sleep(Duration.ofNanos(random.between(1, 30_000_000)));
        }
    }

    /** Sends what has come back, and now and then does something else. */
    private final class Echo implements SessionHandler {
        @Override
        public void opened(Session session) {
            require(openIds.add(session.id()), "session " + session + " opens twice");
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
            sleep();
            if (random.chance(0.05)) {
                session.disconnect();
            } else if (random.chance(0.03)) {
                session.abort();
            } else if (random.chance(0.03)) {
                thrown++;
                throw new IllegalStateException("a handler's whim");
            } else if (random.chance(0.05) && attempts.size() < 3 * MOST_ATTEMPTS) {
                connect();
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            require(openIds.remove(session.id()), "session " + session + " was not open");
        }
    }

    /** One connect, and the session that may come of it: sends some bytes, and ends when they are back. */
    private final class Attempt implements SessionHandler {
        private final InetSocketAddress remote;
        private final ConnectOptions its;
        private Future<SessionRef> future;
        private boolean begun;
        private boolean refused;
        private boolean cancelled;
        private long beganAt;
        private int opened;
        private int failed;
        private int closed;
        private int toSend = 1 + random.below(200);
        private int back;
        private int sent;
        private ConnectFailure why;

        Attempt(InetSocketAddress remote, ConnectOptions its) {
            this.remote = remote;
            this.its = its;
        }

        void begin() {
            beganAt = kernel.elapsed().toNanos();
            try {
                future = group.connect(remote, this, its);
                begun = true;
            } catch (ConnectFailedException e) {
                refused = true;
                refusedAtOnce += e.failure() == ConnectFailure.NO_ROOM ? 1 : 0;
                require(e.failure() == ConnectFailure.NO_ROOM
                        || e.failure() == ConnectFailure.CANCELLED && closing, this + " is refused: " + e);
            }
        }

        void cancel() {
            if (!begun) {
                return;
            }
            boolean before = future.isDone();
            if (future.cancel(true)) {
                require(!before || cancelled, this + " is cancelled, and was done");
                require(future.isDone() && future.isCancelled() && opened == 0, this + " is cancelled, and is not");
                cancelled = true;
            }
        }

        @Override
        public void opened(Session session) {
            opened++;
            requireOneResult();
            require(!cancelled, this + " is opened, and was cancelled");
            require(openIds.add(session.id()), "session " + session + " opens twice");
            require(session.remoteAddress().equals(remote), this + " is connected to " + session.remoteAddress());
            its.localAddress().ifPresent(local -> require(
                    session.localAddress().getAddress().equals(local.getAddress()), this + " comes from elsewhere"));
            sendSome(session);
        }

        private void sendSome(Session session) {
            int count = Math.min(toSend - sent, 64);
            byte[] bytes = new byte[count];
            for (int i = 0; i < count; i++) {
                bytes[i] = (byte) (sent + i);
            }
            if (session.send(ByteBuffer.wrap(bytes)) == SendResult.TAKEN) {
                sent += count;
                if (sent == toSend && random.chance(0.3)) {
                    session.shutdownOutput();
                }
            }
        }

        @Override
        public void writable(Session session) {
            if (sent < toSend) {
                sendSome(session);
            }
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            while (data.hasRemaining()) {
                require(data.get() == (byte) back && back < sent, this + " gets what it has not sent");
                back++;
            }
            if (sent < toSend) {
                sendSome(session);
            } else if (back == toSend) {
                session.disconnect();
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            closed++;
            require(opened == 1 && closed == 1, this + " is closed");
            require(openIds.remove(session.id()), "session " + session + " was not open");
        }

        @Override
        public void connectFailed(ConnectFailedException failure) {
            sleep();
            failed++;
            why = failure.failure();
            requireOneResult();
            long took = kernel.elapsed().toNanos() - beganAt;
            require(took <= its.connectTime().toNanos() + LATE_NANOS + 3 * plan.timing().delayNanos() || closing,
                    this + " took " + took + " ns");
            require(why == ConnectFailure.CANCELLED || !cancelled, this + " was cancelled");
            require(isPlausible(failure), this + " fails: " + failure);
            if (random.chance(0.1)) {
                thrown++;
                throw new IllegalStateException("a handler's whim");
            }
        }

        private void requireOneResult() {
            require(opened + failed == 1 && !refused, this + " has two results");
        }

        private boolean isPlausible(ConnectFailedException failure) {
            return faults || switch (failure.failure()) {
                case CANCELLED -> closing || future != null && future.isCancelled();
                case TIMED_OUT -> true;
                case REFUSED -> remote.getAddress().isLoopbackAddress();
                case UNREACHABLE -> !remote.getAddress().isLoopbackAddress();
                case OTHER -> remote.getAddress().isLoopbackAddress(); // reset before its context was updated
                case NO_ROOM -> false;
            };
        }

        boolean hasResult() {
            return refused || opened + failed == 1;
        }

        boolean isOver() {
            return refused || failed == 1 || closed == 1;
        }

        @Override
        public String toString() {
            return "the connect to " + remote + ", opened " + opened + ", failed " + failed + " (" + why + "), closed "
                    + closed;
        }
    }

    /** A client from outside: sends something, and goes. */
    private final class Visitor implements SimulatedClient.Script {
        void connect(SimulatedClient self) {
            if (!listeners.isEmpty()) {
                self.connect(random.pick(listeners).localAddress());
            }
        }

        @Override
        public void connected(SimulatedClient self) {
            self.send(new byte[1 + random.below(100)]);
            self.after(random.between(1, 400_000_000), random.chance(0.5) ? self::close : self::reset);
        }

        @Override
        public void ended(SimulatedClient self) {
            self.close();
        }
    }

    // ---- what must hold ----

    private void checkBounds() {
        if (group == null) {
            return;
        }
        ServerStatistics now = group.statistics();
        require(now.connections().sessions() >= 0 && now.connections().sessions() <= options.maxSessions(), "sessions");
        int posted = now.connections().acceptsPosted();
        require(posted >= 0 && posted <= options.maxAcceptsPosted(),
                "acceptsPosted");
        require(now.faults().strayPackets() == 0 && now.faults().callFailures() == 0,
                "a packet or a failure is nobody's");
    }

    private void checkAtRest() {
        if (group == null || closing) {
            return;
        }
        ServerStatistics now = group.statistics();
        Census sockets = kernel.census();
        int pending = now.connects().connectsPending();
        require(now.sockets().socketsFree() == sockets.free(), "free sockets");
        require(now.connections().acceptsPosted() == sockets.accepting(), "accepting sockets");
        require(now.sockets().socketsRecycling() == sockets.disconnecting(), "sockets being disconnected");
        // A connect that is about to be told of as failed has a socket that is good for nothing, or none any more.
        int withSession = sockets.connected() + sockets.disconnecting() + sockets.unfit();
        require(sockets.unfit() <= pending && withSession <= now.connections().sessions()
                && (now.connections().sessions() <= withSession + pending || callThreads != null), "connected sockets");
        require(now.sockets().socketsCreated() - now.sockets().socketsDiscarded()
                + listeners.stream().filter(IocpListener::isOpen).count() == kernel.openSockets(), "open sockets");
        require(sockets.forsaken() == 0 || plan.failures() != FaultPlan.Failures.NONE || callThreads != null,
                "a session has nothing posted");
    }

    private void checkEnd() {
        ServerStatistics end = group.statistics();
        require(end.connections().sessions() == 0 && end.connections().acceptsPosted() == 0
                && end.sockets().socketsRecycling() == 0 && end.connects().connectsPending() == 0
                && end.sockets().socketsCreated() == end.sockets().socketsDiscarded(), "at the end");
        require(end.faults().workerFailures() == 0 || plan.failures().posts() > 0, "a worker failed");
        require(end.faults().handlerFailures() == thrown, "thrown " + thrown);
        require(openIds.isEmpty(), "never closed: " + openIds);
        long opened = 0;
        for (Attempt attempt : attempts) {
            require(attempt.hasResult(), attempt + " has no result");
            require(attempt.refused || attempt.future.isDone(), attempt + " is not done");
            require(!attempt.begun || attempt.future.isCancelled() == attempt.cancelled, attempt + " is cancelled?");
            require(attempt.opened == attempt.closed, attempt + " is not closed");
            opened += attempt.opened;
        }
        ServerStatistics.Connects connects = end.connects();
        require(connects.connects() == opened, "connects, of which " + opened + " were opened");
        long results = opened + connects.connectsRefused() + connects.connectsUnreachable()
                + connects.connectsTimedOut() + connects.connectsCancelled() + connects.connectsWithoutRoom()
                + connects.connectsFailed() - refusedAtOnce;
        require(results == attempts.stream().filter(attempt -> attempt.begun).count(), "results: " + results);
    }
}
