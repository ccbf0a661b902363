package org.iocp4j.simulation;

import java.util.function.Consumer;
import org.iocp4j.simkernel.SimulationFailure;

/** Simulates one seed after another, whether it passes or not, and counts. */
public final class Hunt {
    /**
     * The result so far.
     *
     * @param seeds            that were simulated to their end, or to their violation
     * @param started          those of them whose server did not fail to start
     * @param steps            entries to system calls and returns from them
     * @param violations       seeds in which something was violated
     * @param firstFailingSeed the first of those, or null
     */
    public record Result(long seeds, long started, long steps, long violations, Long firstFailingSeed, double seconds) {
        private static final Result NOTHING = new Result(0, 0, 0, 0, null, 0);

        private Result plus(Simulation simulation, Violation violation, double secondsNow) {
            long failures = violation == null ? violations : violations + 1;
            Long first = firstFailingSeed == null && violation != null ? (Long) violation.seed() : firstFailingSeed;
            return new Result(seeds + 1, simulation.hasStarted() ? started + 1 : started,
                    steps + simulation.kernel().steps(), failures, first, secondsNow);
        }

        /** Null while there is nothing to divide. */
        public Double seedsPerSecond() {
            return seeds == 0 || seconds <= 0 ? null : (Double) (seeds / seconds);
        }
    }

    private final long from;
    private final long seeds;
    private final Plan plan;
    private final int traceLines;
    private final Simulation.Factory simulations;
    private volatile Result result = Result.NOTHING;
    private volatile boolean stopped;

    /**
     * @param seeds      how many, from {@code from} on
     * @param traceLines the most that a violation's trace has
     */
    public Hunt(long from, long seeds, Plan plan, int traceLines, Simulation.Factory simulations) {
        this.from = from;
        this.seeds = seeds;
        this.plan = plan;
        this.traceLines = traceLines;
        this.simulations = simulations;
    }

    /** Simulates them all, and reports each violation immediately. */
    public Result run(Consumer<Violation> listener) {
        long start = System.nanoTime();
        for (long seed = from; seed < from + seeds && !stopped; seed++) {
            Simulation simulation = simulations.of(seed, plan.of(seed).faults());
            Violation violation = run(seed, simulation);
            result = result.plus(simulation, violation, (System.nanoTime() - start) / 1e9);
            if (violation != null) {
                listener.accept(violation);
            }
        }
        return result;
    }

    private Violation run(long seed, Simulation simulation) {
        try {
            simulation.run();
            return null;
        } catch (SimulationFailure e) {
            return new Violation(seed, plan.of(seed), e.violation(), simulation.kernel().traceTail(traceLines),
                    e.getCause());
        }
    }

    /** The result so far; from any thread. */
    public Result soFar() {
        return result;
    }

    /** Ends it after the present seed; from any thread. */
    public void stop() {
        stopped = true;
    }
}
