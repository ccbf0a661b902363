package org.iocp4j.simulation;

import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;

/** One life of a program on the layer of sockets, or on channels that stand on it: what these have alike. */
abstract class TransportSimulation implements Simulation {
    private static final int OPERATION_BYTES = 48;
    /** What a packet of {@link org.iocp4j.socket.IoDomain#wake} says. */
    private static final int WAKE = -1;
    private static final int MOST_WAKES = 4;

    final SimulatedKernel kernel;
    final FaultPlan plan;
    final SeededRandom random;
    final Streams streams;
    private boolean started;

    /** @param salt so that the program does not do as the kernel does, which has the same seed */
    TransportSimulation(long seed, int salt, FaultPlan plan) {
        this.plan = plan;
        kernel = new SimulatedKernel(seed, plan).operationBytes(OPERATION_BYTES).forbidMisuse();
        random = new SeededRandom(seed ^ salt);
        streams = new Streams(kernel);
    }

    @Override
    public final SimulatedKernel kernel() {
        return kernel;
    }

    @Override
    public final void run() {
        kernel.run(this::scenario);
    }

    /** The whole life. */
    abstract void scenario() throws Exception;

    final void started() {
        started = true;
    }

    @Override
    public final boolean hasStarted() {
        return started;
    }

    final long now() {
        return kernel.elapsed().toNanos();
    }

    /**
     * One packet at most is on its way to wake a domain, or a few where threads wake it at the same time. For a check
     * of each step.
     */
    final void checkWakes() {
        int most = kernel.mostPosted(WAKE);
        if (most > (plan.timing().switches() == 0 ? 1 : MOST_WAKES)) {
            kernel.require(false, most + " packets of wake are on their way to one domain");
        }
    }

    // ---- what may fail under its plan ----

    /** Calls that receive, send or make something. */
    final boolean callsFail() {
        return plan.failures().calls() > 0 || plan.failures().shortages() > 0;
    }

    final boolean optionsFail() {
        return plan.failures().options() > 0;
    }

    final boolean packetsFail() {
        return plan.failures().packets() > 0;
    }

    final boolean cancelsFail() {
        return plan.failures().cancels() > 0;
    }

    final boolean postsFail() {
        return plan.failures().posts() > 0;
    }
}
