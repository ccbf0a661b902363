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
 * A slot for a socket, and the four operations that can be posted on it. The socket outlives its connections; the slot
 * outlives the socket: when a socket had to be closed, another is made in its slot as soon as no operation is pending.
 *
 * <p>Exactly one has the socket at any time: the pool, the listener, its owner, or the disconnector. Unless a method
 * says otherwise, only the present holder may call it or post operations.
 */
public final class PooledSocket {
    /** Who has it. */
    enum State {
        /** Nobody: the slot has no socket. */
        VACANT,
        /** The pool. */
        FREE,
        /** The listener. */
        ACCEPTING,
        /** Its owner. */
        CONNECTED,
        /** The disconnector, until the packet or the time limit, whichever takes it from here. */
        DISCONNECTING,
        /** The thread that made this transition and is about to close the handle. */
        CLOSING,
        /** Nobody: closed; the slot is vacant when no operation is pending. */
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
    /** See {@link #owner()}. */
    private volatile long owner;
    /** When the disconnector gives up on it; written before the state says DISCONNECTING. */
    private long deadlineNanos;

    PooledSocket(SocketPool pool, int slot, OperationSlab slab) {
        this.pool = pool;
        this.slot = slot;
        accept = slab.add((op, key, status, bytes, on) -> {
            pool.events().accepted(this, status, on);
            vacateIfClosed();
        });
        receive = slab.add((op, key, status, bytes, on) -> {
            pool.events().received(this, key, status, bytes, on);
            vacateIfClosed();
        });
        send = slab.add((op, key, status, bytes, on) -> {
            pool.events().sent(this, key, status, bytes, on);
            vacateIfClosed();
        });
        disconnect = slab.add((op, key, status, bytes, on) -> {
            pool.events().disconnected(this, key, status, on);
            vacateIfClosed();
        });
    }

    /** After a completion: a closed socket's slot is free once nothing of it is pending. */
    private void vacateIfClosed() {
        if (isClosed()) {
            pool.vacateIfIdle(this);
        }
    }

    /** The Windows handle; valid as long as the caller has the socket. */
    public long handle() {
        return handle;
    }

    /** The number of the slot, from 0; constant. Any thread. */
    public int slot() {
        return slot;
    }

    /** How many connections the present socket has had, this one included. */
    public int generation() {
        return generation;
    }

    /** The operation for {@link IoThread#receive}; completes as {@link SocketEvents#received}. */
    public Operation receive() {
        return receive;
    }

    /** The operation for {@link IoThread#send}; completes as {@link SocketEvents#sent}. */
    public Operation send() {
        return send;
    }

    /** The number that the owner has set, to find it by the slot alone; 0 at first. Any thread. */
    public long owner() {
        return owner;
    }

    /** Sets the number of the owner. */
    public void owner(long newOwner) {
        owner = newOwner;
    }

    /** The local address of the connection; never null. Not after the pool was released. */
    public InetSocketAddress localAddress() {
        return pool.readSockaddr(localSockaddr);
    }

    /** The peer's address; never null. Not after the pool was released. */
    public InetSocketAddress remoteAddress() {
        return pool.readSockaddr(remoteSockaddr);
    }

    /**
     * Associates the socket with a port if that has not been done: Windows would refuse a second time (87), and the
     * first key stays.
     *
     * @param port     the port that its operations complete on
     * @param key      on the packets of its receives, sends and disconnects until the socket is closed
     * @param delivery how these are delivered; {@link Delivery#PACKET} in its stead if the system refuses to set the
     *                 handle so
     * @param io       the calling thread's own
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

    /** Whether none of its operations is pending. */
    boolean isIdle() {
        return !accept.isPending() && !receive.isPending() && !send.isPending() && !disconnect.isPending();
    }

    /** A new socket takes the slot. */
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

    /** Makes a transition; true for the one caller that succeeds. */
    boolean moves(State from, State to) {
        return STATE.compareAndSet(this, from, to);
    }
}
