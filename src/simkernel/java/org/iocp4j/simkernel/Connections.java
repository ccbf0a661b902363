package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_RESET;

/** What comes through the network to a socket that has a connection, and whom it concerns there. */
final class Connections {
    private final SimulatedKernel kernel;

    Connections(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    /** Bytes, or a FIN. */
    void arrived(SimulatedSocket socket) {
        if (socket.accepting != null) {
            kernel.accepts.dataArrived(socket);
            return;
        }
        if (socket.isBeingReused() && socket.receives.isEmpty()) {
            socket.requireConnection().toServer.discard(); // nobody will read it
        }
        kernel.transfers.satisfy(socket);
        kernel.disconnects.progress(socket);
    }

    /** The client has our FIN, and so everything before it. */
    void finDelivered(SimulatedSocket socket) {
        kernel.disconnects.progress(socket);
    }

    /** RST: what is pending ends with STATUS_CONNECTION_RESET [wt]. */
    void wasReset(SimulatedSocket socket) {
        if (socket.accepting != null) {
            kernel.accepts.dataArrived(socket);
            return;
        }
        kernel.transfers.satisfy(socket);
        while (!socket.sends.isEmpty()) {
            kernel.operations.end(socket.sends.peek(), STATUS_CONNECTION_RESET(), 0);
        }
        kernel.disconnects.progress(socket);
    }
}
