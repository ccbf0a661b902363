package org.iocp4j.simulation;

import java.util.function.LongFunction;

/** As {@link FirstViolation}, of servers inside of TLS. */
public final class FirstTlsViolation implements LongFunction<String> {
    @Override
    public String apply(long seeds) {
        return FirstViolation.of(Simulation.Program.TLS, seeds);
    }
}
