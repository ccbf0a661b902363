package org.iocp4j.simkernel;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** What is behind a SOCKET. */
final class SimulatedSocket {
    enum State {
        FRESH, BOUND, LISTENING,
        /** An AcceptEx has it. */
        ACCEPTING,
        CONNECTED,
        /** DisconnectEx or TransmitFile is at work on it. */
        DISCONNECTING,
        /** Disconnected with TF_REUSE_SOCKET: fit for AcceptEx again [doc]. */
        REUSABLE,
        /** Fit for closesocket only: its connection was broken off, or a disconnect failed. */
        DISCONNECTED,
        CLOSED
    }

    private static final int DEFAULT_BUFFER_BYTES = 8 * 1024;

    final long handle;
    final int family;
    final boolean overlapped;
    State state = State.FRESH;
    /** What it was before the AcceptEx that has it now. */
    State beforeAccept = State.FRESH;
    int generation;
    /** Open ones; the object lives as long as there is one. */
    int handles = 1;

    @Nullable SimulatedPort port;
    long key;
    int notificationModes;

    @Nullable InetSocketAddress local;
    @Nullable InetSocketAddress remote;
    boolean exclusive;
    boolean reuseAddress;
    boolean v6Only = true; // Windows' default [doc]
    boolean noDelay;
    boolean keepAlive;
    /** l_onoff, l_linger. */
    int linger;
    int sendBufferBytes = DEFAULT_BUFFER_BYTES;
    int receiveBufferBytes = DEFAULT_BUFFER_BYTES;

    /** Of a listener. */
    int backlogLimit;
    final Deque<Connection> backlog = new ArrayDeque<>();
    final Deque<PendingOperation> accepts = new ArrayDeque<>();

    /** The AcceptEx that has given it a client, and waits for data. */
    @Nullable PendingOperation accepting;
    /** Of an accepted socket: SO_UPDATE_ACCEPT_CONTEXT was done. */
    boolean contextUpdated;
    @Nullable Connection connection;
    long connectedSince;
    boolean sendShut;
    boolean receiveShut;
    final Deque<PendingOperation> receives = new ArrayDeque<>();
    final Deque<PendingOperation> sends = new ArrayDeque<>();
    /** A send's bytes are being moved. */
    boolean moving;
    @Nullable PendingOperation disconnect;

    /** When the last packet of each kind comes: those of one kind keep their order. */
    private final long[] lastPacket = new long[PendingOperation.Kind.values().length];

    SimulatedSocket(long handle, int family, boolean overlapped) {
        this.handle = handle;
        this.family = family;
        this.overlapped = overlapped;
    }

    /** The address of a socket that is bound. */
    InetSocketAddress requireLocal() {
        assert local != null : "socket " + handle + " is not bound";
        return local;
    }

    /** The connection of a socket that has one. */
    Connection requireConnection() {
        assert connection != null : "socket " + handle + " has no connection";
        return connection;
    }

    /** linger {on, 0}: what ends the connection is an RST. */
    boolean lingersReset() {
        return (linger & 0xFFFF) != 0 && linger >>> 16 == 0;
    }

    boolean isReset() {
        return connection != null && connection.isReset();
    }

    /** A disconnect with TF_REUSE_SOCKET is at work on it. */
    boolean isBeingReused() {
        return disconnect != null && disconnect.reuse;
    }

    boolean isInOrder(PendingOperation.Kind kind, long time) {
        return kind == PendingOperation.Kind.ACCEPT || lastPacket[kind.ordinal()] <= time;
    }

    /** The time at which a packet comes that could come at {@code time}. */
    long inOrder(PendingOperation.Kind kind, long time) {
        if (kind == PendingOperation.Kind.ACCEPT) {
            return time; // accepts are different connections: any order
        }
        long later = Math.max(time, lastPacket[kind.ordinal()]);
        lastPacket[kind.ordinal()] = later;
        return later;
    }

    /** The operation waits no longer, whyever. */
    void unlink(PendingOperation operation) {
        switch (operation.kind) {
            case ACCEPT -> unlinkAccept(operation);
            case RECEIVE -> receives.remove(operation);
            case SEND -> sends.remove(operation);
            case DISCONNECT, TRANSMIT -> {
                if (disconnect == operation) {
                    disconnect = null;
                    if (state == State.DISCONNECTING) {
                        state = State.DISCONNECTED; // cancelled half-way: neither connected nor fit for reuse [inf]
                    }
                }
            }
            default -> throw new IllegalStateException();
        }
    }

    private void unlinkAccept(PendingOperation operation) {
        accepts.remove(operation);
        SimulatedSocket socket = operation.requireAcceptSocket();
        Connection client = operation.connection;
        if (socket.state == State.ACCEPTING) {
            socket.state = client == null ? socket.beforeAccept : State.DISCONNECTED;
        }
        if (socket.accepting == operation) { // had its client, but waited for data
            socket.accepting = null;
            socket.connection = null;
            assert client != null : operation + " waits for data of nobody";
            client.abort();
        }
    }
}
