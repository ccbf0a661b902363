package org.iocp4j.simulation;

import java.util.function.UnaryOperator;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedKernel;

/** One life of one server, from its start to the moment when nothing of it may be left. It runs once. */
public interface Simulation {
    /** Makes the simulation of a seed. */
    @FunctionalInterface
    interface Factory {
        Simulation of(long seed, FaultPlan plan);
    }

    SimulatedKernel kernel();

    /**
     * Runs it to its end.
     *
     * @throws org.iocp4j.simkernel.SimulationFailure if anything was violated
     */
    void run();

    /** Whether the server started; under a plan with faults it may fail to, and then the run ends. */
    boolean hasStarted();

    /**
     * Of odd seeds that of the echo server, of even seeds that of the library under unkind handlers and busy callers.
     */
    static Simulation of(long seed, FaultPlan plan) {
        return (seed & 1) != 0 ? new EchoSimulation(seed, plan, UnaryOperator.identity())
                : new PushSimulation(seed, plan, UnaryOperator.identity());
    }
}
