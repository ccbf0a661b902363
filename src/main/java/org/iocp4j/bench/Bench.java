package org.iocp4j.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Measures servers against a baseline, load by load. In each round every server has one turn, the baseline first; a ratio
 * compares two turns of the same round, so that what else the machine does meanwhile falls on both.
 */
public final class Bench {
    /**
     * What is measured.
     *
     * @param servers  the baseline among them, first
     * @param pairs    rounds, and so turns that a server's ratio is the median of
     * @param time     of a turn
     * @param warmUp   of a turn before those, which counts for nothing
     * @param anew     whether the wineserver is started anew before each load, where nobody else uses it
     */
    public record Plan(List<Load> loads, List<ServerSpec> servers, int pairs, Duration time, Duration warmUp,
            boolean anew) {
        ServerSpec baseline() {
            return servers.getFirst();
        }
    }

    private final Plan plan;
    private final Machine machine;
    private final String mainClass;
    private final Consumer<String> progress;
    private volatile boolean stopped;

    /**
     * @param mainClass what a Java server's process runs
     * @param progress  hears what is being done, a few times a second
     */
    public Bench(Plan plan, Machine machine, String mainClass, Consumer<String> progress) {
        this.plan = plan;
        this.machine = machine;
        this.mainClass = mainClass;
        this.progress = progress;
    }

    /** Ends the run after the present turn; the load under way has no results. Any thread. */
    public void stop() {
        stopped = true;
    }

    public boolean isStopped() {
        return stopped;
    }

    /** @param results hears of each server, load by load, in the plan's order */
    public void run(Consumer<BenchResult> results) throws IOException {
        for (Load load : plan.loads()) {
            if (plan.anew()) {
                machine.refresh();
            }
            List<Turns> all = new ArrayList<>();
            try {
                measure(load, all);
            } catch (IOException e) {
                if (!stopped) { // Ctrl-C reaches the servers too
                    throw e;
                }
            } finally {
                end(all);
            }
            if (stopped) {
                return;
            }
            Turns baseline = all.getFirst();
            all.forEach(turns -> results.accept(turns.result(baseline)));
        }
    }

    private void measure(Load load, List<Turns> all) throws IOException {
        for (ServerSpec server : plan.servers()) {
            progress.accept(load.name() + ": starting " + server.name());
            all.add(new Turns(load, server, new ServerChild(server, machine, mainClass)));
        }
        for (int round = 0; round <= plan.pairs(); round++) {
            for (Turns turns : all) {
                if (stopped) {
                    return;
                }
                progress.accept(load.name() + ": " + (round == 0 ? "warming up" : "round " + round + " of " + plan.pairs())
                        + ", " + turns.server.name());
                turns.take(round == 0 ? plan.warmUp() : plan.time(), round > 0);
            }
        }
    }

    private static void end(List<Turns> all) throws IOException {
        IOException failure = null;
        for (Turns turns : all) {
            try {
                turns.child.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** One server's turns of one load. */
    private final class Turns {
        private final Load load;
        private final ServerSpec server;
        private final ServerChild child;
        private final List<Double> perSecond = new ArrayList<>();
        private final List<Double> grownBytes = new ArrayList<>();
        private final Histogram micros = BenchClient.newHistogram();
        private Costs costs = Costs.NONE;
        private long operations;

        Turns(Load load, ServerSpec server, ServerChild child) {
            this.load = load;
            this.server = server;
            this.child = child;
        }

        void take(Duration time, boolean counts) throws IOException {
            try (BenchClient client = new BenchClient(load, child.address())) {
                boolean holds = load.kind() == Load.Kind.HOLD;
                Costs before = child.costs();
                BenchClient.Counted counted = client.open();
                Long grown = child.grownBytes();
                if (!holds) {
                    before = child.costs();
                    counted = client.work(time);
                }
                Costs after = child.costs();
                client.leave();
                if (!counts) {
                    return;
                }
                perSecond.add(counted.perSecond());
                micros.add(counted.micros());
                operations += counted.all();
                costs = costs.plus(after.minus(before));
                if (load.holds() && grown != null) {
                    grownBytes.add((double) grown / load.connections());
                }
            }
        }

        BenchResult result(Turns baseline) {
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < perSecond.size(); round++) {
                ratios.add(perSecond.get(round) / baseline.perSecond.get(round));
            }
            return new BenchResult(load, server, baseline.server, Spread.of(ratios), Spread.of(perSecond), costs,
                    operations, micros, grownBytes.isEmpty() ? null : Spread.of(grownBytes).median());
        }
    }
}
