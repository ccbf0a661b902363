package org.iocp4j.simulation;

import java.util.function.LongFunction;

/** As {@link FirstViolation}, of programs straight on the layer of sockets. */
public final class FirstLayerViolation implements LongFunction<String> {
    @Override
    public String apply(long seeds) {
        return FirstViolation.of(Simulation.Program.LAYER, seeds);
    }
}
