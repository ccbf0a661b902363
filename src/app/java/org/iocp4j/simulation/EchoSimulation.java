package org.iocp4j.simulation;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;

/** One life of an echo server with ten clients or so: options, clients, schedule and faults by the seed. */
final class EchoSimulation implements Simulation {
    private static final int CLIENTS = 10;
    private static final int OPERATION_BYTES = 48;
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    private static final Duration RECOVERY = Duration.ofSeconds(1);
    /** Long enough for sockets to be given back that nobody needs; it takes fifty times the steps of all else. */
    private static final Duration NIGHT = Duration.ofMinutes(9);
    private static final double NIGHTS = 0.004;

    private final SimulatedKernel kernel;
    private final FaultPlan plan;
    private final UnaryOperator<Win32> seam;
    private final SeededRandom random;
    private final ServerOptions options;
    private final boolean faults;
    private final List<EchoClient> clients = new ArrayList<>();
    private final Invariants invariants;
    private EchoServer server;
    private ServerStatistics atEnd;

    EchoSimulation(long seed, FaultPlan plan, UnaryOperator<Win32> seam) {
        this.plan = plan;
        this.seam = seam;
        faults = plan.failures().calls() > 0;
        kernel = new SimulatedKernel(seed, plan).operationBytes(OPERATION_BYTES)
                .checkLocksEvery(997).forbidMisuse().requireOwnPorts();
        random = new SeededRandom(~seed);
        if (faults && random.chance(0.2)) {
            kernel.socketLimit(3 + random.below(12));
        }
        int bufferBytes = 64 << random.below(4);
        int workers = 1 + random.below(4);
        options = ServerOptions.builder()
                .workers(workers).ports(Plan.ports(workers, random)).concurrency(1 + random.below(3))
                .acceptsPosted(1 + random.below(4)).pool(random.below(5)).maxSessions(3 + random.below(14))
                .bufferBytes(bufferBytes).sendQueueBytes(bufferBytes * (1 + random.below(4)))
                .idleTime(random.chance(0.5) ? Duration.ofSeconds(1) : Duration.ZERO)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300))
                .lingerTime(Duration.ofMillis(random.pick(0, 50, 200)))
                .disconnectMethod(DisconnectMethod.values()[random.below(4)])
                .reuseLatest(random.chance(0.5)).listenerLinger(random.chance(0.3))
                .socketSendBufferBytes(Plan.socketSendBufferBytes(random)).build();
        invariants = new Invariants(kernel, options, faults, () -> server == null ? null : server.statistics().server(),
                () -> { }, () -> 0);
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

    private void scenario() {
        try {
            server = EchoServer.start(new EchoOptions(options, EchoProtocol.MESSAGES, SessionIdentity.OVERLAPPED),
                    () -> seam.apply(kernel.attach()));
        } catch (IOException e) {
            kernel.require(faults, "the server does not start: " + e);
            kernel.requireNothingLeft();
            return;
        }
        serve();
        invariants.close(server::close);
        atEnd = server.statistics().server();
        kernel.requireNothingLeft();
        clients.forEach(client -> kernel.require(client.isComplete() || mayFallShort(client), client + "; " + options));
        checkStatistics();
    }

    private boolean mayFallShort(EchoClient client) {
        boolean cutShort = atEnd.sessionsRefused() > 0 || atEnd.incidents().idleTimeouts() > 0
                || atEnd.incidents().closeTimeouts() > 0;
        DisconnectMethod method = server.disconnectMethod();
        boolean closesAtOnce = method == DisconnectMethod.CLOSE // with input unread, which makes it a reset
                || method == DisconnectMethod.GRACEFUL && options.lingerTime().isZero();
        boolean byReset = cutShort || closesAtOnce;
        return faults || !client.mayExpectAll() || client.client.isReset() && byReset;
    }

    private void serve() {
        for (int i = 0; i < CLIENTS; i++) {
            var behaviours = EchoClient.Behaviour.values();
            EchoClient client = new EchoClient(kernel, random, behaviours[random.below(behaviours.length)],
                    1 + random.below(40));
            clients.add(client);
            client.client.after(random.between(0, 200_000_000), () -> client.connect(server.localAddress()));
        }
        if (random.chance(0.8)) {
            kernel.until(() -> clients.stream().allMatch(EchoClient::isOver), ENOUGH);
            requireRecovery();
            if (random.chance(NIGHTS)) {
                kernel.sleep(NIGHT);
            }
        } else {
            kernel.sleep(Duration.ofMillis(random.below(200)));
            clients.clear(); // closed in the middle of it all: nobody can expect anything
        }
    }

    private ServerStatistics.Connections connections() {
        return server.statistics().server().connections();
    }

    /** When nothing fails any more: all accepts are posted again, and one more client is served like the first. */
    private void requireRecovery() {
        kernel.plan(FaultPlan.UNRULY);
        kernel.socketLimit(Integer.MAX_VALUE);
        boolean all = kernel.until(() -> connections().acceptsPosted() == options.acceptsPosted(), RECOVERY);
        kernel.require(all, "accepts do not recover: " + server.statistics() + "; " + options);
        kernel.sleep(RECOVERY);
        if (connections().sessions() < options.maxSessions()) {
            EchoClient last = new EchoClient(kernel, random, EchoClient.Behaviour.POLITE, 10);
            last.connect(server.localAddress());
            boolean served = kernel.until(last::isComplete, RECOVERY);
            boolean byReset = last.client.isReset() && server.disconnectMethod() == DisconnectMethod.CLOSE;
            kernel.require(served || byReset, "one more client is not served: " + last + "; " + options);
        }
        kernel.plan(plan);
    }

    private void checkStatistics() {
        kernel.require(atEnd.connections().sessions() == 0, "sessions: " + atEnd.connections().sessions());
        kernel.require(atEnd.connections().acceptsPosted() == 0,
                "acceptsPosted: " + atEnd.connections().acceptsPosted());
        kernel.require(atEnd.sockets().socketsRecycling() == 0,
                "socketsRecycling: " + atEnd.sockets().socketsRecycling());
        kernel.require(atEnd.faults().strayPackets() == 0, "strayPackets: " + atEnd.faults().strayPackets());
        kernel.require(atEnd.faults().keyMismatches() == 0, "keyMismatches: " + atEnd.faults().keyMismatches());
        kernel.require(atEnd.faults().workerFailures() == 0 || plan.failures().posts() > 0,
                "workerFailures: " + atEnd.faults().workerFailures());
        kernel.require(atEnd.faults().handlerFailures() == 0, "handlerFailures: " + atEnd.faults().handlerFailures());
        kernel.require(atEnd.sockets().socketsCreated() == atEnd.sockets().socketsDiscarded(),
                "sockets made and closed: " + atEnd);
    }
}
