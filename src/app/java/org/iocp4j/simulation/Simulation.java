package org.iocp4j.simulation;

import java.util.Locale;
import java.util.function.UnaryOperator;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedKernel;

/** One life of one program, from its start to the moment when nothing of it may be left. It runs once. */
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

    /** Whether the program started; under a plan with faults it may fail to, and then the run ends. */
    boolean hasStarted();

    /** What lives. */
    enum Program {
        /** Whole servers. */
        SERVER(Simulation::of),
        /** A program straight on the layer of sockets. */
        LAYER(LayerSimulation::new),
        /** A program on the transport for Netty. */
        NETTY(NettySimulation::new),
        /** A program on java.nio's asynchronous channels. */
        CHANNELS(ChannelsSimulation::new),
        /** A server inside of TLS. */
        TLS(TlsSimulation::new);

        private final Factory factory;

        Program(Factory factory) {
            this.factory = factory;
        }

        public Factory factory() {
            return factory;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Of odd seeds that of the echo server; of half of the even ones that of the library under unkind handlers and busy
     * callers, of the others that of a group that listens and connects: by a bit that {@link Plan#of} does not look at.
     */
    static Simulation of(long seed, FaultPlan plan) {
        if ((seed & 1) != 0) {
            return new EchoSimulation(seed, plan, UnaryOperator.identity());
        }
        return (seed & 16) != 0 ? new GroupSimulation(seed, plan, UnaryOperator.identity())
                : new PushSimulation(seed, plan, UnaryOperator.identity());
    }
}
