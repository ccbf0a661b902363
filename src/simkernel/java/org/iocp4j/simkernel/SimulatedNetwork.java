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

    private final SimulatedKernel kernel;
    private final List<SimulatedSocket> bound = new ArrayList<>();
    private int nextPort = FIRST_EPHEMERAL_PORT;
    private int clients;

    SimulatedNetwork(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    SimulatedClient client(SimulatedClient.Script script) {
        return new SimulatedClient(kernel, clients++, script);
    }

    // ---- addresses ----

    /** 0, or why a socket cannot be bound there. */
    int bindError(SimulatedSocket socket, InetSocketAddress address) {
        for (SimulatedSocket first : bound) {
            boolean samePort = address.getPort() != 0 && address.getPort() == first.requireLocal().getPort();
            int error = samePort ? AddressSharing.error(first, socket, address.getAddress()) : 0;
            if (error != 0) {
                return error;
            }
        }
        return 0;
    }

    void bind(SimulatedSocket socket, InetSocketAddress address) {
        int port = address.getPort() == 0 ? nextPort++ : address.getPort();
        socket.local = new InetSocketAddress(address.getAddress(), port);
        bound.add(socket);
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
                    && socket.requireLocal().getPort() == address.getPort() && hears(socket, address.getAddress());
            if (listens && (narrowest == null || AddressSharing.width(socket) < AddressSharing.width(narrowest))) {
                narrowest = socket;
            }
        }
        return narrowest;
    }

    private static boolean hears(SimulatedSocket listener, InetAddress address) {
        if (listener.requireLocal().getAddress().equals(address)) {
            return true;
        }
        boolean sameFamily = (listener.family == WinTypes.AF_INET()) == (address instanceof Inet4Address);
        return listener.requireLocal().getAddress().isAnyLocalAddress() && (sameFamily || !listener.v6Only);
    }

    // ---- connecting ----

    void connect(SimulatedClient client, InetSocketAddress server) {
        kernel.note(null, TraceEvent.CONNECTS, client.number(), server.getPort(), 0, 0);
        kernel.timeline.after(latency(), () -> arrive(client, server));
    }

    private void arrive(SimulatedClient client, InetSocketAddress server) {
        SimulatedSocket listener = listener(server);
        // A backlog that is full answers with RST on Windows [doc].
        if (listener == null || listener.backlog.size() >= listener.backlogLimit) {
            kernel.timeline.after(latency(), () -> {
                kernel.note(null, TraceEvent.REFUSED, client.number(), 0, 0, 0);
                client.turnedAway();
            });
            return;
        }
        Connection connection = new Connection(kernel, client, server, Math.max(1, listener.receiveBufferBytes),
                client.window());
        kernel.tcpTable.add(connection);
        listener.backlog.add(connection);
        client.established(connection);
        if (kernel.faults.reset()) {
            kernel.timeline.after(kernel.random.between(1, 200_000_000), connection::breakByNetwork);
        }
        kernel.accepts.progress(listener);
    }

    private long latency() {
        return 1L + kernel.random.below((int) kernel.plan().timing().latencyNanos());
    }
}
