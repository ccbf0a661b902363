package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** What is behind a SOCKET. */
final class SimulatedSocket extends FileObject {
    enum State {
        FRESH, BOUND, LISTENING,
        /** An AcceptEx has it. */
        ACCEPTING,
        /** A ConnectEx has it. */
        CONNECTING,
        CONNECTED,
        /** DisconnectEx or TransmitFile is at work on it. */
        DISCONNECTING,
        /** Disconnected with TF_REUSE_SOCKET: fit for AcceptEx or ConnectEx again [doc]. */
        REUSABLE,
        /** Fit for closesocket only: its connection was broken off, or a disconnect failed. */
        DISCONNECTED,
        CLOSED
    }

    static final int DEFAULT_BUFFER_BYTES = 8 * 1024;

    final int family;
    State state = State.FRESH;
    /** What it was before the AcceptEx or ConnectEx that has it now. */
    State before = State.FRESH;
    int generation;

    /** By bind; null for one that was accepted. */
    @Nullable InetSocketAddress boundTo;
    @Nullable InetSocketAddress local;
    @Nullable InetSocketAddress remote;
    boolean exclusive;
    boolean reuseAddress;
    boolean v6Only = true; // Windows' default [doc]
    boolean noDelay;
    boolean keepAlive;
    /** FIONBIO. */
    boolean nonBlocking;
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
    /** Of a connected socket: SO_UPDATE_ACCEPT_CONTEXT or SO_UPDATE_CONNECT_CONTEXT was done. */
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

    SimulatedSocket(long handle, int family, boolean overlapped) {
        super(handle, overlapped);
        this.family = family;
    }

    /** The address of a socket that is bound. */
    InetSocketAddress requireBound() {
        assert boundTo != null : "socket " + handle + " is not bound";
        return boundTo;
    }

    /** The connection of a socket that has one. */
    Connection requireConnection() {
        assert connection != null : "socket " + handle + " has no connection";
        return connection;
    }

    /** linger {on, seconds}: closesocket waits until what was sent has arrived. */
    boolean lingersForATime() {
        return (linger & 0xFFFF) != 0 && linger >>> 16 != 0;
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

    /** By AcceptEx or ConnectEx: it is in its default state until its context is updated [doc]. */
    void connected(Connection with, long now) {
        connection = with;
        state = State.CONNECTED;
        contextUpdated = false;
        sendShut = false;
        receiveShut = false;
        generation++;
        connectedSince = now;
    }

    /** Its context is updated: it has its connection's addresses. */
    void updateContext(Connection of) {
        contextUpdated = true;
        local = of.local;
        remote = of.remote;
    }

    @Override
    void unlink(PendingOperation operation) {
        switch (operation.kind) {
            case ACCEPT -> unlinkAccept(operation);
            case CONNECT -> unlinkConnect(operation);
            case RECEIVE -> receives.remove(operation);
            case SEND -> sends.remove(operation);
            case DISCONNECT, TRANSMIT -> {
                sends.remove(operation);
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
            socket.state = client == null ? socket.before : State.DISCONNECTED;
        }
        if (socket.accepting == operation) { // had its client, but waited for data
            socket.accepting = null;
            socket.connection = null;
            assert client != null : operation + " waits for data of nobody";
            client.abort();
        }
    }

    /** A connect that failed may be tried again [rep]; not one that was cancelled [wine], or had its peer [inf]. */
    private void unlinkConnect(PendingOperation operation) {
        if (state == State.CONNECTED) {
            return;
        }
        Connection half = operation.connection;
        if (half != null) {
            half.abort();
        }
        if (state == State.CONNECTING) {
            state = half == null && operation.status != STATUS_CANCELLED() ? before : State.DISCONNECTED;
        }
    }
}
