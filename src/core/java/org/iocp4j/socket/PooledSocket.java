package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.iocp4j.port.OperationSlab;

/**
 * A place for a socket, and the four operations that can be posted on it. The socket outlives its connections; the place
 * outlives the socket: when one had to be closed, another is made in its place once every operation is home.
 */
public final class PooledSocket {
    /** Who has it. */
    enum State {
        /** Nobody: no socket here. */
        VACANT,
        /** The pool. */
        FREE,
        /** The listener. */
        ACCEPTING,
        /** Its session. */
        CONNECTED,
        /** The disconnector, until the packet or the time limit, whichever takes it from here. */
        DISCONNECTING,
        /** Whoever took it here: the handle is about to be closed. */
        CLOSING,
        /** Nobody: closed, its place vacant when the last operation is home. */
        CLOSED
    }

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(PooledSocket.class, "state", State.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SocketPool pool;
    private final int slot;
    private final Operation accept;
    private final Operation receive;
    private final Operation send;
    private final Operation disconnect;

    private volatile State state = State.VACANT;
    private long handle;
    private boolean associated;
    private int generation;
    private long localSockaddr;
    private long remoteSockaddr;
    /** The session that has it, for whoever knows it by its slot only. */
    private volatile long owner;
    /** When the disconnector gives up on it; written before the state says DISCONNECTING. */
    private long deadlineNanos;

    PooledSocket(SocketPool pool, int slot, OperationSlab slab) {
        this.pool = pool;
        this.slot = slot;
        accept = slab.add((op, key, status, bytes, on) -> {
            pool.events().accepted(this, status, on);
            pool.vacateIfHome(this);
        });
        receive = slab.add((op, key, status, bytes, on) -> {
            pool.events().received(this, key, status, bytes, on);
            pool.vacateIfHome(this);
        });
        send = slab.add((op, key, status, bytes, on) -> {
            pool.events().sent(this, key, status, bytes, on);
            pool.vacateIfHome(this);
        });
        disconnect = slab.add((op, key, status, bytes, on) -> {
            pool.events().disconnected(this, key, status, on);
            pool.vacateIfHome(this);
        });
    }

    /** The Windows handle; valid for whoever has the socket. */
    public long handle() {
        return handle;
    }

    /** Which place this is, from 0; the socket's name for as long as the pool lives. */
    public int slot() {
        return slot;
    }

    /** How many connections the present socket has had. */
    public int generation() {
        return generation;
    }

    public Operation receive() {
        return receive;
    }

    public Operation send() {
        return send;
    }

    public long owner() {
        return owner;
    }

    public void owner(long newOwner) {
        owner = newOwner;
    }

    public InetSocketAddress localAddress() {
        return pool.readSockaddr(localSockaddr);
    }

    public InetSocketAddress remoteAddress() {
        return pool.readSockaddr(remoteSockaddr);
    }

    /**
     * Associates the socket with a port the first time, and never again: Windows would refuse (87), and the first key
     * stays.
     *
     * @param delivery how its operations complete from now on; PACKET if the system refuses to set the handle so
     * @return 0, or the error
     */
    public int associateOnce(CompletionPort port, long key, Delivery delivery, IoThread io) {
        if (associated) {
            return 0;
        }
        int error = port.associate(io.win32(), handle, key);
        associated = error == 0;
        boolean skips = associated && delivery != Delivery.PACKET && io.win32().setFileCompletionNotificationModes(
                handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS()) == 0;
        Delivery granted = skips ? delivery : Delivery.PACKET;
        receive.delivery(granted);
        send.delivery(granted);
        disconnect.delivery(granted);
        return error;
    }

    @Override
    public String toString() {
        return "socket " + handle + " (slot " + slot + ", generation " + generation + ")";
    }

    Operation accept() {
        return accept;
    }

    Operation disconnect() {
        return disconnect;
    }

    boolean isDisconnectingSince(long nowNanos) {
        return state == State.DISCONNECTING && nowNanos - deadlineNanos >= 0;
    }

    boolean isConnected() {
        return state == State.CONNECTED;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    boolean isHome() {
        return !accept.isPending() && !receive.isPending() && !send.isPending() && !disconnect.isPending();
    }

    /** A new socket takes the place. */
    void occupy(long newHandle) {
        handle = newHandle;
        associated = false;
        generation = 0;
        state = State.ACCEPTING;
    }

    void accepting() {
        state = State.ACCEPTING;
    }

    void connected(long local, long remote) {
        localSockaddr = local;
        remoteSockaddr = remote;
        generation++;
        state = State.CONNECTED;
    }

    void disconnecting(long deadline) {
        deadlineNanos = deadline;
        state = State.DISCONNECTING;
    }

    void closing() {
        state = State.CLOSING;
    }

    void closed() {
        state = State.CLOSED;
    }

    /** Whether there is a handle to close. */
    boolean isOpen() {
        return state != State.VACANT && state != State.CLOSED;
    }

    /** True for the one caller that takes it from {@code from}. */
    boolean moves(State from, State to) {
        return STATE.compareAndSet(this, from, to);
    }
}
