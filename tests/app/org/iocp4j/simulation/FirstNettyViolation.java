package org.iocp4j.simulation;

import java.util.function.LongFunction;

/** As {@link FirstViolation}, of programs on the transport for Netty. */
public final class FirstNettyViolation implements LongFunction<String> {
    @Override
    public String apply(long seeds) {
        return FirstViolation.of(Simulation.Program.NETTY, seeds);
    }
}
