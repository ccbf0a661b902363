package org.iocp4j.simulated;

/** Runs a range of seeds from the command line: {@code FROM COUNT PLAN}; one seed alone with all there is to know. */
final class SeedRange {
    private static final int MOST_FAILURES = Boolean.getBoolean("first") ? 1 : 20;

    record Run(SimulatedKernel kernel, Runnable run) {
    }

    interface Simulation {
        Run of(long seed, FaultPlan plan);
    }

    private SeedRange() {
    }

    static void main(String[] arguments, Simulation simulation) {
        long from = Long.parseLong(arguments[0]);
        long count = Long.parseLong(arguments[1]);
        FaultPlan plan = switch (arguments[2]) {
            case "calm" -> FaultPlan.CALM;
            case "unruly" -> FaultPlan.UNRULY;
            case "harsh" -> FaultPlan.FAULTS.with(new FaultPlan.Failures(0.1, 0.05, 0.05, 0.05, 0.005, 0.05, 0, 0, 0.3, 0.3))
                    .with(new FaultPlan.Disconnects(0.3, 0.2, 0.2, 500_000_000));
            case "late" -> FaultPlan.FAULTS.with(new FaultPlan.Timing(0.2, 0.4, 0.3, 90_000_000, 0.2, 0.3, 20_000_000));
            case "posts" -> FaultPlan.FAULTS.with(
                    new FaultPlan.Failures(0.02, 0.02, 0.01, 0.01, 0.005, 0.01, 0, 0.02, 0.1, 0.1));
            case "cancels" -> FaultPlan.FAULTS.with(
                    new FaultPlan.Failures(0.02, 0.02, 0.01, 0.01, 0.005, 0.01, 0.1, 0, 0.1, 0.1));
            default -> FaultPlan.FAULTS;
        };
        long steps = 0;
        int failures = 0;
        long start = System.nanoTime();
        long seed = from;
        for (; seed < from + count && failures < MOST_FAILURES; seed++) {
            Run run = simulation.of(seed, plan);
            try {
                run.run().run();
            } catch (SimulationFailure e) {
                failures++;
                System.out.println("seed " + seed + ": " + (count == 1 ? e.getMessage() : e.violation()));
                if (count == 1 && e.getCause() != null) {
                    e.getCause().printStackTrace(System.out);
                }
            }
            steps += run.kernel().steps();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%d seeds, %d failures, %.1f s, %.0f seeds/s, %d steps%n", seed - from, failures, seconds,
                (seed - from) / seconds, steps);
    }
}
