package org.iocp4j.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** A hunt, of so many seeds from 1 on, that ends with its first violation; null if there is none. */
public final class FirstViolation implements LongFunction<String> {
    @Override
    public String apply(long seeds) {
        return of(Simulation.Program.SERVER, seeds);
    }

    /** The same of any program. */
    static String of(Simulation.Program program, long seeds) {
        List<String> found = new ArrayList<>();
        Hunt[] hunt = new Hunt[1];
        hunt[0] = new Hunt(1, seeds, Plan.ALL, 0, program.factory());
        hunt[0].run(violation -> {
            found.add("seed " + violation.seed() + ", plan " + violation.plan() + ": " + violation.what());
            hunt[0].stop();
        });
        return found.isEmpty() ? null : found.getFirst();
    }
}
