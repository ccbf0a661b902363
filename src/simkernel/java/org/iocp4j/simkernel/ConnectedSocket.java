package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_RESET;

/** A socket as the owner of its connection: whom there concerns what comes through the network. */
record ConnectedSocket(SimulatedKernel kernel, SimulatedSocket socket) implements Connection.Owner {
    /** Bytes, or a FIN. */
    @Override
    public void arrived() {
        if (socket.accepting != null) {
            kernel.accepts.dataArrived(socket);
            return;
        }
        if (socket.isBeingReused() && socket.receives.isEmpty()) {
            socket.requireConnection().in.discard(); // nobody will read it
        }
        kernel.transfers.satisfy(socket);
        kernel.disconnects.progress(socket);
    }

    @Override
    public void finArrived() {
        arrived();
    }

    @Override
    public void finDelivered() {
        kernel.disconnects.progress(socket);
    }

    @Override
    public void moved() {
        kernel.transfers.continueSends(socket);
    }

    /** What is pending ends with STATUS_CONNECTION_RESET [wt]. */
    @Override
    public void wasReset() {
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
