package org.iocp4j.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** As {@link FirstViolation}, of programs on the transport for Netty. */
public final class FirstNettyViolation implements LongFunction<String> {
    @Override
    public String apply(long seeds) {
        List<String> found = new ArrayList<>();
        Hunt[] hunt = new Hunt[1];
        hunt[0] = new Hunt(1, seeds, Plan.ALL, 0, NettySimulation::new);
        hunt[0].run(violation -> {
            found.add("seed " + violation.seed() + ", plan " + violation.plan() + ": " + violation.what());
            hunt[0].stop();
        });
        return found.isEmpty() ? null : found.getFirst();
    }
}
