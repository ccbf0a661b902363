package org.iocp4j.simulation;

import java.util.HashMap;
import java.util.Map;
import org.iocp4j.simkernel.SimulatedKernel;

/** What goes through all connections of a life, by the port of the side that connected. */
final class Streams {
    private final SimulatedKernel kernel;
    private final Map<String, CheckedStream> streams = new HashMap<>();

    Streams(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    CheckedStream of(int clientPort, boolean toClient) {
        String name = (toClient ? "to " : "from ") + clientPort;
        return streams.computeIfAbsent(name, key -> new CheckedStream(kernel, key));
    }
}
