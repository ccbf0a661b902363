package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.TF_DISCONNECT;
import static org.iocp4j.win32.generated.WinTypes.TF_REUSE_SOCKET;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.socket.PooledSocket.State;
import org.iocp4j.win32.ErrorName;

/**
 * Disconnects connected sockets, then gives each to the pool or closes it, and calls back once, whichever way it went.
 * A disconnect that Windows delays (TIME_WAIT, a silent peer [doc]) is given up after a time, and its socket closed.
 * Any thread; nothing here blocks.
 */
public final class Disconnector {
    /** What to do when a connection has ended. */
    @FunctionalInterface
    public interface Disconnected {
        /**
         * Called once for each {@link #disconnect} or {@link #reset}, perhaps inside of it. The socket is no longer the
         * owner's.
         *
         * @param owner as given there
         * @param io    the calling thread's own
         */
        void disconnected(long owner, IoThread io);
    }

    private static final Log LOG = Log.of(Disconnector.class);

    private final DisconnectMethod method;
    private final long boundNanos;
    private final SocketPool pool;
    private final Disconnected whenDone;
    private final AtomicInteger disconnecting = new AtomicInteger();
    private final LongAdder failures = new LongAdder();
    private final LongAdder timeouts = new LongAdder();
    private final LongAdder latePackets = new LongAdder();
    private final LogLimit overdue = new LogLimit();

    /**
     * For the sockets of one pool.
     *
     * @param method   how {@link #disconnect} does it
     * @param bound    the longest that a disconnect may take before its socket is closed instead
     * @param pool     whose sockets these are
     * @param whenDone called after each
     */
    public Disconnector(DisconnectMethod method, Duration bound, SocketPool pool, Disconnected whenDone) {
        this.method = method;
        this.boundNanos = bound.toNanos();
        this.pool = pool;
        this.whenDone = whenDone;
    }

    /**
     * Ends a connection by the method that was chosen.
     *
     * @param socket connected, the caller's, and with no operation pending; from now on it is the disconnector's
     * @param owner  the caller's number, for {@link Disconnected#disconnected}
     * @param io     the calling thread's own
     */
    public void disconnect(PooledSocket socket, long owner, IoThread io) {
        disconnecting.incrementAndGet();
        if (!method.reuses()) {
            socket.closing();
            close(socket, owner, io);
            return;
        }
        socket.disconnecting(io.nowNanos() + boundNanos);
        int error = method == DisconnectMethod.DISCONNECT_EX
                ? io.disconnect(socket.disconnect(), owner, socket.handle(), TF_REUSE_SOCKET())
                : io.transmitNothing(socket.disconnect(), owner, socket.handle(), TF_DISCONNECT() | TF_REUSE_SOCKET());
        if (error != 0 && socket.moves(State.DISCONNECTING, State.CLOSING)) {
            failed(error, socket);
            close(socket, owner, io);
        }
    }

    /**
     * Ends a connection by an RST, whatever the method, and closes its socket; parameters as for {@link #disconnect}.
     */
    public void reset(PooledSocket socket, long owner, IoThread io) {
        try {
            pool.reset(socket, io);
        } finally {
            whenDone.disconnected(owner, io);
        }
    }

    /** To be called by {@link SocketEvents#disconnected}. */
    public void completed(PooledSocket socket, int status, IoThread io) {
        long owner = socket.disconnect().owner();
        if (status >= 0) {
            if (socket.moves(State.DISCONNECTING, State.FREE)) {
                disconnecting.decrementAndGet();
                whenDone.disconnected(owner, io);
                pool.keep(socket, io);
                return;
            }
        } else if (socket.moves(State.DISCONNECTING, State.CLOSING)) {
            int error = 0;
            try {
                error = io.win32().rtlNtStatusToDosError(status);
            } finally {
                close(socket, owner, io); // before it is logged: nobody else closes it
            }
            failed(error, socket);
            return;
        }
        latePackets.increment(); // given up before
    }

    /**
     * Closes the sockets whose disconnect has taken too long; their packets come late and find a closed socket. To be
     * called now and then, by a clock. Looks at every socket of the pool if any is disconnecting.
     */
    public void giveUpOverdue(IoThread io) {
        if (disconnecting.get() == 0) {
            return;
        }
        for (int i = 0; i < pool.slotCount(); i++) {
            PooledSocket socket = pool.at(i);
            if (socket != null && socket.isDisconnectingSince(io.nowNanos())
                    && socket.moves(State.DISCONNECTING, State.CLOSING)) {
                timeouts.increment();
                long owner = socket.owner();
                try {
                    // Under Wine closesocket alone leaves the operation pending until the peer acts [wine].
                    io.win32().cancelIoEx(socket.handle(), socket.disconnect().address());
                } catch (Throwable e) {
                    io.failed(e); // the other overdue sockets need closing, too
                } finally {
                    close(socket, owner, io);
                }
                String more = overdue.next();
                if (more != null) {
                    LOG.warn("{} took over {} ms to disconnect {}: closed{}", method, boundNanos / 1_000_000, socket,
                            more);
                }
            }
        }
    }

    private void close(PooledSocket socket, long owner, IoThread io) {
        disconnecting.decrementAndGet();
        try {
            pool.close(socket, io.win32());
        } finally {
            whenDone.disconnected(owner, io);
        }
    }

    /** Expected now and then (TransmitFile after a client's RST fails with 10057 [wine]), so no warning each time. */
    private void failed(int error, PooledSocket socket) {
        failures.increment();
        LOG.debug("{}: {}, {}: closed", method, ErrorName.of(error), socket);
    }

    /** How {@link #disconnect} does it. */
    public DisconnectMethod method() {
        return method;
    }

    /** How many disconnects are under way now. */
    public int disconnecting() {
        return disconnecting.get();
    }

    /** How many disconnects Windows has refused or ended with an error. */
    public long failures() {
        return failures.sum();
    }

    /** How many disconnects were given up after the bound. */
    public long timeouts() {
        return timeouts.sum();
    }

    /** How many packets came for disconnects that had been given up. */
    public long latePackets() {
        return latePackets.sum();
    }
}
