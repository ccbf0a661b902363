package org.iocp4j.simkernel;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.win32.generated.WinTypes;
import org.jspecify.annotations.Nullable;

/** Who listens where, and the way of a client to a listener. */
final class SimulatedNetwork {
    private static final int FIRST_EPHEMERAL_PORT = 49_152;
    private static final int LAST_EPHEMERAL_PORT = 65_535;

    private final SimulatedKernel kernel;
    private final List<SimulatedSocket> bound = new ArrayList<>();
    private int nextPort = FIRST_EPHEMERAL_PORT;
    private int clients;

    SimulatedNetwork(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    SimulatedClient client(SimulatedClient.Script script) {
        return new SimulatedClient(kernel, nextClient(), script);
    }

    /** In the trace: simulated clients, and sockets that connect. */
    int nextClient() {
        return clients++;
    }

    // ---- addresses ----

    /** 0, or why a socket cannot be bound there. */
    int bindError(SimulatedSocket socket, InetSocketAddress address) {
        for (SimulatedSocket first : bound) {
            boolean samePort = address.getPort() != 0 && address.getPort() == first.requireBound().getPort();
            int error = samePort ? AddressSharing.error(first, socket, address.getAddress()) : 0;
            if (error != 0) {
                return error;
            }
        }
        return 0;
    }

    void bind(SimulatedSocket socket, InetSocketAddress address) {
        int port = address.getPort() == 0 ? freePort() : address.getPort();
        socket.boundTo = new InetSocketAddress(address.getAddress(), port);
        socket.local = socket.boundTo;
        bound.add(socket);
    }

    private int freePort() {
        while (true) {
            int port = nextPort;
            nextPort = port == LAST_EPHEMERAL_PORT ? FIRST_EPHEMERAL_PORT : port + 1;
            if (bound.stream().noneMatch(socket -> socket.requireBound().getPort() == port)) {
                return port;
            }
        }
    }

    void unbind(SimulatedSocket socket) {
        bound.remove(socket);
    }

    List<SimulatedSocket> bound() {
        return bound;
    }

    /** Who listens there: of those that do, the one that is bound to least; null if nobody does. */
    private @Nullable SimulatedSocket listener(InetSocketAddress address) {
        SimulatedSocket narrowest = null;
        for (SimulatedSocket socket : bound) {
            boolean listens = socket.state == SimulatedSocket.State.LISTENING
                    && socket.requireBound().getPort() == address.getPort() && hears(socket, address.getAddress());
            if (listens && (narrowest == null || AddressSharing.width(socket) < AddressSharing.width(narrowest))) {
                narrowest = socket;
            }
        }
        return narrowest;
    }

    private static boolean hears(SimulatedSocket listener, InetAddress address) {
        if (listener.requireBound().getAddress().equals(address)) {
            return true;
        }
        boolean sameFamily = (listener.family == WinTypes.AF_INET()) == (address instanceof Inet4Address);
        return listener.requireBound().getAddress().isAnyLocalAddress() && (sameFamily || !listener.v6Only);
    }

    // ---- connecting ----

    void connect(SimulatedClient client, InetSocketAddress server) {
        kernel.note(null, TraceEvent.CONNECTS, client.number(), server.getPort(), 0, 0);
        kernel.timeline.after(latency(), () -> arrive(client, server));
    }

    private void arrive(SimulatedClient client, InetSocketAddress server) {
        Connection connection = syn(client.number(), client.localAddress(), server, client.window());
        if (connection == null) {
            kernel.timeline.after(latency(), () -> {
                kernel.note(null, TraceEvent.REFUSED, client.number(), 0, 0, 0);
                client.turnedAway();
            });
            return;
        }
        client.established(connection);
    }

    /**
     * A SYN comes to a server.
     *
     * @return the end that connects; null if the answer is an RST: nobody listens there, or the backlog is full [doc]
     */
    @Nullable Connection syn(int client, InetSocketAddress from, InetSocketAddress server, int window) {
        SimulatedSocket listener = listener(server);
        if (listener == null || listener.backlog.size() >= listener.backlogLimit) {
            return null;
        }
        Connection connection = new Connection(kernel, client, server, from, Math.max(1, listener.receiveBufferBytes),
                window);
        kernel.tcpTable.add(connection);
        listener.backlog.add(connection);
        if (kernel.faults.reset()) {
            kernel.timeline.after(kernel.random.between(1, 200_000_000), connection::breakByNetwork);
        }
        kernel.accepts.progress(listener);
        return connection.peer;
    }

    long latency() {
        return 1L + kernel.random.below((int) kernel.plan().timing().latencyNanos());
    }
}
