package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.WSAECONNABORTED;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A TCP connection of a client with the simulated system. */
final class Connection {
    private final SimulatedKernel kernel;
    final SimulatedClient client;
    final InetSocketAddress local;
    final InetSocketAddress remote;
    final Pipe toServer;
    final Pipe toClient;
    /** The socket that has it; null before the accept, and when it was let go. */
    @Nullable SimulatedSocket socket;
    /** No socket will have it any more. */
    private boolean letGo;
    private boolean reset;
    /** By an RST that answered our bytes, when the client had closed already. */
    private boolean refused;
    private boolean silent;

    Connection(SimulatedKernel kernel, SimulatedClient client, InetSocketAddress local, int serverWindow,
            int clientWindow) {
        this.kernel = kernel;
        this.client = client;
        this.local = local;
        this.remote = client.localAddress();
        this.toServer = new Pipe(kernel, serverWindow, new ServerEnd());
        this.toClient = new Pipe(kernel, clientWindow, new ClientEnd());
    }

    private final class ServerEnd implements Pipe.Ends {
        @Override
        public void arrived(int bytes) {
            kernel.note(null, TraceEvent.TO_SERVER, bytes, client.number(), 0, 0);
            if (letGo) {
                toServer.discard();
                abort(); // bytes for a socket that is closed: RST
            } else if (socket != null) {
                kernel.connections.arrived(socket);
            }
        }

        @Override
        public void finArrived() {
            kernel.note(null, TraceEvent.CLIENT_FIN, client.number(), 0, 0, 0);
            if (socket != null) {
                kernel.connections.arrived(socket);
            }
        }

        @Override
        public void moved() {
            // The client's queue has no limit.
        }
    }

    private final class ClientEnd implements Pipe.Ends {
        @Override
        public void arrived(int bytes) {
            kernel.note(null, TraceEvent.TO_CLIENT, client.number(), bytes, 0, 0);
            client.arrived();
            moved();
        }

        @Override
        public void finArrived() {
            kernel.note(null, TraceEvent.SERVER_FIN, client.number(), 0, 0, 0);
            client.finArrived();
            if (socket != null) {
                kernel.connections.finDelivered(socket);
            }
        }

        @Override
        public void moved() {
            if (socket != null) {
                kernel.transfers.continueSends(socket);
            }
        }
    }

    boolean isReset() {
        return reset;
    }

    /** What calls fail with when it was reset: WSAECONNABORTED if we went on sending after the peer's end [wt]. */
    int resetError() {
        return refused ? WSAECONNABORTED() : WSAECONNRESET();
    }

    boolean isSilent() {
        return silent;
    }

    /**
     * The client sends an RST.
     *
     * @param answer because bytes came after its close
     */
    void resetByClient(boolean answer) {
        long arrival = toServer.nextArrival();
        toServer.destroy();
        toClient.silence();
        if (!silent) {
            kernel.timeline.at(arrival, () -> {
                kernel.note(null, TraceEvent.CLIENT_RST, client.number(), 0, 0, 0);
                refused = answer && !reset && toServer.finArrived();
                broken();
            });
        }
    }

    /** The network breaks it: both sides hear an RST. */
    void breakByNetwork() {
        if (!reset && !letGo && !silent) {
            kernel.note(null, TraceEvent.NETWORK_RST, client.number(), 0, 0, 0);
            toServer.destroy();
            broken();
            client.resetArrived();
        }
    }

    private void broken() {
        if (reset) {
            return;
        }
        reset = true;
        toServer.destroy();
        toClient.destroy();
        if (socket != null) {
            kernel.connections.wasReset(socket);
        }
    }

    /** The server's side sends an RST. */
    void abort() {
        letGo = true;
        socket = null;
        if (!reset) {
            reset = true;
            long arrival = toClient.nextArrival();
            toServer.destroy();
            toClient.destroy();
            kernel.timeline.at(arrival, () -> {
                if (!silent) {
                    kernel.note(null, TraceEvent.SERVER_RST, client.number(), 0, 0, 0);
                    client.resetArrived();
                }
            });
        }
    }

    /** The server's side is done with it: what is in its buffer still goes out, and a FIN behind. */
    void letGo() {
        letGo = true;
        socket = null;
        toClient.finish();
        toServer.discard();
    }

    /** The client has vanished: nothing goes either way, and nobody says so. */
    void silence() {
        silent = true;
        toServer.silence();
        toClient.silence();
    }
}
