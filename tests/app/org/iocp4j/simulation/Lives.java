package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** Hunts in which nothing may be found. */
final class Lives {
    static final String SAME =
            "the same computation in every JVM: the host's runs it, and a few seeds here are enough";
    private static final int TRACE_LINES = 120;

    private Lives() {
    }

    /** Of the seeds from {@code from} on; half of the programs have to start. */
    static void requireNoViolation(Simulation.Program program, long from, long seeds, Plan plan) {
        requireNoViolation(program, from, seeds, plan, seeds / 2);
    }

    /**
     * The same with another number that have to start.
     *
     * @param least how many have to start
     */
    static void requireNoViolation(Simulation.Program program, long from, long seeds, Plan plan, long least) {
        List<String> violations = new ArrayList<>();
        Hunt.Result result = new Hunt(from, seeds, plan, TRACE_LINES, program.factory()).run(violation ->
                violations.add("./iocp4j simulate --program " + program + " --from " + violation.seed()
                        + " --seeds 1 --plan " + violation.plan() + "\n" + violation.what() + "\n"
                        + violation.trace()));
        assertThat(violations).isEmpty();
        assertThat(result.seeds()).isEqualTo(seeds);
        assertThat(result.started()).as("programs that started").isGreaterThanOrEqualTo(least);
    }
}
