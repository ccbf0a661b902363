package org.iocp4j.simulation;

import java.util.function.LongFunction;

/** As {@link FirstViolation}, of programs on java.nio's asynchronous channels. */
public final class FirstChannelsViolation implements LongFunction<String> {
    @Override
    public String apply(long seeds) {
        return FirstViolation.of(Simulation.Program.CHANNELS, seeds);
    }
}
