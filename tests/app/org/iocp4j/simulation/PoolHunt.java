package org.iocp4j.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;

/** A burst of connections, one with some more than the server takes, whose sockets it closes, and then a night. */
public final class PoolHunt implements LongFunction<String> {
    private static final int POOL = 2;
    private static final int ACCEPTS = 3;
    private static final int BURST = 40;
    private static final int REFUSED = 5;
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    private static final class Silent implements SimulatedClient.Script {
    }

    private final List<SimulatedClient> clients = new ArrayList<>();

    /** With so many seeds, from 1 on: what is wrong with the first, or null. */
    @Override
    public String apply(long seeds) {
        for (long seed = 1; seed <= seeds; seed++) {
            String wrong = run(seed);
            if (wrong != null) {
                return "seed " + seed + ": " + wrong;
            }
        }
        return null;
    }

    private String run(long seed) {
        SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.CALM);
        String[] wrong = {null};
        kernel.run(() -> {
            IocpServer server = start(kernel);
            wrong[0] = wrong(kernel, server);
            server.close();
        });
        return wrong[0];
    }

    private String wrong(SimulatedKernel kernel, IocpServer server) {
        burst(kernel, server, 0);
        ServerStatistics.Sockets first = server.statistics().sockets();
        if (first.socketsFree() != BURST || first.socketsHighWater() < BURST) {
            return "the burst's sockets are not kept: " + first;
        }
        kernel.sleep(Duration.ofMinutes(4));
        burst(kernel, server, REFUSED);
        ServerStatistics.Sockets second = server.statistics().sockets();
        if (second.socketsCreated() - first.socketsCreated() > REFUSED) {
            return "the second burst does not find them: " + second;
        }
        kernel.sleep(Duration.ofMinutes(8));
        ServerStatistics.Sockets night = server.statistics().sockets();
        long open = night.socketsCreated() - night.socketsDiscarded();
        if (night.socketsFree() != POOL || open != POOL + ACCEPTS) {
            return "the night does not give them back: " + night;
        }
        if (night.socketsHighWater() != ACCEPTS || night.socketsGivenBack() == 0) {
            return "the counts are wrong: " + night;
        }
        return null;
    }

    private void burst(SimulatedKernel kernel, IocpServer server, int refused) {
        long accepts = server.statistics().connections().accepts();
        for (int i = 0; i < BURST + refused; i++) {
            clients.add(kernel.client(new Silent()).connect(server.localAddress()));
        }
        kernel.until(() -> server.statistics().connections().accepts() == accepts + BURST + refused
                && server.statistics().connections().acceptsPosted() == ACCEPTS, ENOUGH);
        clients.forEach(SimulatedClient::close);
        clients.clear();
        kernel.until(() -> server.statistics().connections().sessions() == 0
                && server.statistics().sockets().socketsRecycling() == 0, ENOUGH);
    }

    private static IocpServer start(SimulatedKernel kernel) {
        ServerOptions options = ServerOptions.builder().workers(3).acceptsPosted(ACCEPTS).pool(POOL).maxSessions(BURST)
                .idleTime(Duration.ZERO).disconnectMethod(DisconnectMethod.DISCONNECT_EX).build();
        try {
            return ServerFactory.start((session, data) -> session.send(data), options, SessionIdentity.OVERLAPPED,
                    kernel::attach);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
