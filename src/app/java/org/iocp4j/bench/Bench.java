package org.iocp4j.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures servers against a baseline, load by load. In each round every server has one turn, the baseline first in the
 * first round, last in the second, and so on. A ratio compares two turns of the same round, so that a long load of the
 * machine affects both, and a trend affects each as often. {@link ForeignLoad} reports short ones.
 */
public final class Bench {
    /**
     * What is measured.
     *
     * @param servers   in each load those that offer its service; the first of them is its baseline
     * @param pairs     rounds, and so turns that a server's ratio is the median of
     * @param time      of a turn
     * @param warmUp    of a turn before those, which counts for nothing; a server has such turns until it is no faster
     * @param awaitsJit whether it has them until its JIT is through, too
     * @param client    drives them all, and can drive each load
     * @param anew      whether the wineserver is restarted before each load, if no other program uses it
     */
    public record Plan(List<Load> loads, List<ServerSpec> servers, ClientKind client, int pairs, Duration time,
            Duration warmUp, boolean awaitsJit, boolean anew) {
        /** Those that a load is measured with. */
        public List<ServerSpec> servers(Load load) {
            return servers.stream().filter(server -> server.kind().offers(load.service())).toList();
        }

        /** What a load's ratios are relative to. */
        public ServerSpec baseline(Load load) {
            return servers(load).getFirst();
        }

        /**
         * The longest that nothing moves on a connection: while others open, it idles, others work; zero if none is
         * held.
         */
        public Duration longestIdle() {
            return loads.stream().noneMatch(Load::holds) ? Duration.ZERO
                    : BenchClient.LONGEST_PHASE.plus(IDLE).plus(time).plus(BenchClient.LONGEST_PHASE);
        }
    }

    /**
     * Ctrl-C reaches the servers and what restarts the wineserver too, and may end them before {@link #stop} is called.
     */
    private static final int LONGEST_SIGNAL_SECONDS = 1;

    /**
     * Held connections are left alone for this time before the memory is read: a server may release what they do not
     * need.
     */
    private static final Duration IDLE = Duration.ofSeconds(16);

    private final Plan plan;
    private final Machine machine;
    private final String mainClass;
    private final Consumer<String> progress;
    private final ServerChild.Patience patience;
    /** Set when the run begins. */
    private ClientKind.Factory clients;
    private final CountDownLatch stop = new CountDownLatch(1);

    /**
     * @param mainClass what a Java server's process runs
     * @param progress  called with what is being done, a few times a second
     */
    public Bench(Plan plan, Machine machine, String mainClass, Consumer<String> progress) {
        this(plan, machine, mainClass, progress, ServerChild.Patience.USUAL);
    }

    Bench(Plan plan, Machine machine, String mainClass, Consumer<String> progress, ServerChild.Patience patience) {
        this.plan = plan;
        this.machine = machine;
        this.mainClass = mainClass;
        this.progress = progress;
        this.patience = patience;
    }

    /** Ends the run soon; the load under way has no results. Any thread. */
    public void stop() {
        stop.countDown();
    }

    public boolean isStopped() {
        return stop.getCount() == 0;
    }

    /**
     * @param results called after each load with all its servers, in the plan's order
     * @param leftOut called immediately with each peer that fails under a load
     * @throws IOException if the baseline or this project's own server fails, or there is no such client here
     */
    public void run(Consumer<List<BenchResult>> results, Consumer<LeftOut> leftOut) throws IOException {
        clients = plan.client().factory(machine);
        for (Load load : plan.loads()) {
            List<Turns> all = measure(load, plan.servers(load), leftOut);
            if (isStopped()) {
                return;
            }
            results.accept(all.stream().map(turns -> turns.result(plan.baseline(load))).toList());
        }
    }

    /**
     * If one is left out, all start again without it: it may leave the wineserver with sockets that it polls for ever
     * (measured: two in CLOSE_WAIT, and the others at half their speed).
     */
    private List<Turns> measure(Load load, List<ServerSpec> servers, Consumer<LeftOut> leftOut) throws IOException {
        List<Turns> all = new ArrayList<>();
        try {
            if (plan.anew() || servers.size() < plan.servers(load).size()) {
                machine.refresh();
            }
            takeTurns(load, servers, all, leftOut);
        } catch (IOException e) {
            if (!stopsNow()) {
                throw e;
            }
        } finally {
            all.forEach(turns -> turns.child.close());
        }
        return all.size() == servers.size() || isStopped() ? all
                : measure(load, all.stream().map(turns -> turns.server).toList(), leftOut);
    }

    /** Ends early when one has been left out of {@code all}, but not before each has been tried under the load. */
    private void takeTurns(Load load, List<ServerSpec> servers, List<Turns> all, Consumer<LeftOut> leftOut)
            throws IOException {
        for (ServerSpec server : servers) {
            if (isStopped()) {
                return;
            }
            progress.accept(load.name() + ": starting " + server.name());
            try {
                all.add(new Turns(load, server, new ServerChild(server, load.service(), machine, mainClass, patience)));
            } catch (IOException e) {
                leaveOut(load, server, e, leftOut);
            }
        }
        each(all, load.name() + ": warming up", leftOut, this::warmUp);
        for (int round = 1; round <= plan.pairs() && all.size() == servers.size(); round++) {
            boolean measuresMemory = load.holds() && round == plan.pairs();
            List<Turns> order = round % 2 == 1 ? all : all.reversed();
            each(order, load.name() + ": round " + round + " of " + plan.pairs(), leftOut,
                    turns -> turns.latest = turns.take(plan.time(), measuresMemory));
            if (isStopped() || all.size() < servers.size()) {
                return;
            }
            Turn baseline = all.getFirst().latest;
            all.forEach(turns -> turns.count(baseline));
        }
    }

    /** What is done with a server's turns. */
    private interface Part {
        void of(Turns turns) throws IOException;
    }

    private void each(List<Turns> all, String what, Consumer<LeftOut> leftOut, Part part) throws IOException {
        for (Turns turns : List.copyOf(all)) {
            if (isStopped()) {
                return;
            }
            progress.accept(what + ", " + turns.server.name());
            try {
                part.of(turns);
            } catch (IOException e) {
                leaveOut(turns.load, turns.server, e, leftOut);
                all.remove(turns);
                turns.child.close();
            }
        }
    }

    /** @throws IOException the failure itself, if it is not a peer's */
    private void leaveOut(Load load, ServerSpec server, IOException failure, Consumer<LeftOut> leftOut)
            throws IOException {
        if (server.equals(plan.baseline(load)) || server.kind() == ServerKind.IOCP4J || stopsNow()) {
            throw failure;
        }
        leftOut.accept(new LeftOut(load, server, failure.getMessage()));
    }

    /** Whether what has failed has done so because the run is stopped. */
    private boolean stopsNow() {
        try {
            return stop.await(LONGEST_SIGNAL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return isStopped();
        }
    }

    private void warmUp(Turns turns) throws IOException {
        WarmUp warmUp = new WarmUp(plan.awaitsJit());
        Turn turn;
        do {
            turn = turns.take(plan.warmUp(), false);
        } while (!warmUp.isOver(turn.counted().nanos(), turn.counted().perSecond(),
                turn.costs().compilationMillis()));
    }

    /** A part of a turn that is measured. */
    private interface Work {
        BenchClient.Counted done() throws IOException;
    }

    /** One server's turns of one load. */
    private final class Turns {
        private final Load load;
        private final ServerSpec server;
        private final ServerChild child;
        private final Tally tally = new Tally();
        /** This round's. */
        private Turn latest;
        /** In the last round, if connections are held. */
        private Long grownBytes;

        Turns(Load load, ServerSpec server, ServerChild child) {
            this.load = load;
            this.server = server;
            this.child = child;
        }

        Turn take(Duration time, boolean measuresMemory) throws IOException {
            try (Client client = clients.make(load, child.address(), Bench.this::isStopped)) {
                return take(client, time, measuresMemory);
            }
        }

        private Turn take(Client client, Duration time, boolean measuresMemory) throws IOException {
            try {
                Turn turn = measured(client::open);
                if (load.kind() == Load.Kind.BURST) {
                    client.leave();
                    turn = measured(client::open);
                }
                if (measuresMemory) {
                    client.idle(IDLE);
                    grownBytes = child.grownBytes();
                }
                if (load.kind() == Load.Kind.CHURN) { // what it has put off for those that have left is its work, too
                    turn = measured(() -> client.work(time).longer(child.awaitRest()));
                } else if (load.active() > 0) {
                    turn = measured(() -> client.work(time));
                }
                client.leave();
                child.awaitRest(); // or the next server's turn would pay for what this one has put off
                return turn;
            } catch (BenchClient.Failure e) { // with all connections still there, so that a shortage is seen
                String why = Stream.of(e.getMessage(), machine.shortage(), child.lastWords())
                        .filter(text -> !text.isEmpty()).collect(Collectors.joining("; "));
                throw new IOException(server.name() + ": " + why, e);
            }
        }

        private Turn measured(Work work) throws IOException {
            Costs before = child.costs();
            MachineTime start = machine.time();
            BenchClient.Counted counted = work.done();
            MachineTime end = machine.time();
            return new Turn(counted, child.costs().minus(before),
                    start == null || end == null ? null : Double.valueOf(end.foreignPercent(start)));
        }

        /** The round is over: all have had their turn. */
        void count(Turn baseline) {
            tally.count(latest, baseline);
        }

        BenchResult result(ServerSpec baseline) {
            return tally.result(load, server, baseline,
                    grownBytes == null ? null : Double.valueOf((double) grownBytes / load.connections()));
        }
    }
}
