package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.WSAECONNABORTED;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A TCP connection, as one of its two ends sees it: the one that listened, or the one that connected. */
final class Connection implements Pipe.Ends {
    /** Who has this end: a socket, or a simulated client. */
    interface Owner {
        /** There are bytes more to read. */
        void arrived();

        /** The peer's FIN has come. */
        void finArrived();

        /** The peer has our FIN, and so everything before it. */
        void finDelivered();

        /** There is room again for what is sent. */
        void moved();

        /** By an RST. */
        void wasReset();
    }

    private final SimulatedKernel kernel;
    /** Of the end that connected, in the trace. */
    final int client;
    /** This is the end that listened. */
    final boolean accepted;
    final InetSocketAddress local;
    final InetSocketAddress remote;
    final Connection peer;
    /** What comes from the peer. */
    final Pipe in;
    /** Null before the accept, or before the connect has ended, and when it was let go. */
    @Nullable Owner owner;
    /** Nobody will have it any more. */
    private boolean letGo;
    private boolean reset;
    /** By an RST that answered our bytes, when the peer had closed already. */
    private boolean refused;
    private boolean silent;

    /** The end that listened; the other one is its peer. Windows are the most bytes unread at an end. */
    Connection(SimulatedKernel kernel, int client, InetSocketAddress server, InetSocketAddress clientAddress,
            int serverWindow, int clientWindow) {
        this.kernel = kernel;
        this.client = client;
        this.accepted = true;
        this.local = server;
        this.remote = clientAddress;
        this.in = new Pipe(kernel, serverWindow, this);
        this.peer = new Connection(this, clientWindow);
    }

    private Connection(Connection server, int window) {
        this.kernel = server.kernel;
        this.client = server.client;
        this.accepted = false;
        this.local = server.remote;
        this.remote = server.local;
        this.in = new Pipe(kernel, window, this);
        this.peer = server;
    }

    /** What goes to the peer. */
    Pipe out() {
        return peer.in;
    }

    boolean isReset() {
        return reset;
    }

    /** What calls fail with when it was reset: WSAECONNABORTED if we went on sending after the peer's end [wt]. */
    int resetError() {
        return refused ? WSAECONNABORTED() : WSAECONNRESET();
    }

    // ---- what comes through the pipe to this end, and what its sender hears of it ----

    @Override
    public void arrived(int bytes) {
        if (accepted) {
            kernel.note(null, TraceEvent.TO_SERVER, bytes, client, 0, 0);
        } else {
            kernel.note(null, TraceEvent.TO_CLIENT, client, bytes, 0, 0);
        }
        if (letGo) {
            in.discard();
            reset(true); // bytes for an end that is closed
        } else if (owner != null) {
            owner.arrived();
        }
        moved();
    }

    @Override
    public void finArrived() {
        kernel.note(null, accepted ? TraceEvent.CLIENT_FIN : TraceEvent.SERVER_FIN, client, 0, 0, 0);
        if (owner != null) {
            owner.finArrived();
        }
        if (peer.owner != null) {
            peer.owner.finDelivered();
        }
    }

    @Override
    public void moved() {
        if (peer.owner != null) {
            peer.owner.moved();
        }
    }

    // ---- ends ----

    /**
     * Sends an RST.
     *
     * @param answer because bytes came after the end of this side
     */
    void reset(boolean answer) {
        if (reset) {
            return;
        }
        reset = true;
        long arrival = out().nextArrival();
        out().cut(); // what the peer has received it may read until the RST comes
        in.silence();
        if (!silent) {
            kernel.timeline.at(arrival, () -> peer.resetArrived(answer));
        }
    }

    private void resetArrived(boolean answer) {
        if (!silent) {
            kernel.note(null, accepted ? TraceEvent.CLIENT_RST : TraceEvent.SERVER_RST, client, 0, 0, 0);
            refused = answer && !reset && in.finArrived();
            broken();
        }
    }

    private void broken() {
        if (!reset) {
            reset = true;
            in.destroy();
            out().destroy();
            if (owner != null) {
                owner.wasReset();
            }
        }
    }

    /** The network breaks it: both sides hear an RST. */
    void breakByNetwork() {
        if (!reset && !peer.reset && !letGo && !peer.letGo && !silent) {
            kernel.note(null, TraceEvent.NETWORK_RST, client, 0, 0, 0);
            broken();
            peer.broken();
        }
    }

    /** Its owner is done with it, and sends an RST. */
    void abort() {
        letGo = true;
        owner = null;
        reset(false);
    }

    /** Its owner is done with it: what is in its buffer still goes out, and a FIN behind. */
    void letGo() {
        letGo = true;
        owner = null;
        out().finish();
        in.discard();
    }

    /** One side has vanished: nothing goes either way, and nobody says so. */
    void silence() {
        silent = true;
        peer.silent = true;
        in.silence();
        out().silence();
    }
}
