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
 * Takes a connected socket on which nothing is pending, disconnects it, and passes it to the pool or closes it; then
 * tells whoever had it, once, whichever way it went. A disconnect that Windows delays (TIME_WAIT, a silent peer [doc])
 * is waited for so long and no longer.
 */
public final class Disconnector {
    /** Told on the thread that found the end; may be called inside {@link #disconnect}. */
    @FunctionalInterface
    public interface Disconnected {
        void disconnected(long owner, IoThread io);
    }

    private static final Log LOG = Log.of(Disconnector.class);

    private final DisconnectMethod method;
    private final long boundNanos;
    private final SocketPool pool;
    private final Disconnected listener;
    private final AtomicInteger disconnecting = new AtomicInteger();
    private final LongAdder failures = new LongAdder();
    private final LongAdder timeouts = new LongAdder();
    private final LongAdder latePackets = new LongAdder();
    private final LogLimit overdue = new LogLimit();

    /** @param bound the longest that a disconnect may take before its socket is closed instead */
    public Disconnector(DisconnectMethod method, Duration bound, SocketPool pool, Disconnected listener) {
        this.method = method;
        this.boundNanos = bound.toNanos();
        this.pool = pool;
        this.listener = listener;
    }

    /** @param owner rides in the operation, and comes back with {@link Disconnected#disconnected} */
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

    /** Ends the connection by an RST, whatever the method; its socket is closed. */
    public void reset(PooledSocket socket, long owner, IoThread io) {
        try {
            pool.reset(socket, io);
        } finally {
            listener.disconnected(owner, io);
        }
    }

    /** The disconnect's packet. */
    public void completed(PooledSocket socket, int status, IoThread io) {
        long owner = socket.disconnect().owner();
        if (status >= 0) {
            if (socket.moves(State.DISCONNECTING, State.FREE)) {
                disconnecting.decrementAndGet();
                listener.disconnected(owner, io);
                pool.keep(socket, io);
                return;
            }
        } else if (socket.moves(State.DISCONNECTING, State.CLOSING)) {
            int error = 0;
            try {
                error = io.win32().rtlNtStatusToDosError(status);
            } finally {
                close(socket, owner, io); // the words only then: nobody else closes it
            }
            failed(error, socket);
            return;
        }
        latePackets.increment(); // given up before
    }

    /** Closes the sockets whose time is up; their packets come late, and find a closed socket. */
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
                    io.failed(e); // the others are overdue, too
                } finally {
                    close(socket, owner, io);
                }
                String more = overdue.next();
                if (more != null) {
                    LOG.warn("{} took over {} ms to disconnect {}: closed{}", method, boundNanos / 1_000_000, socket, more);
                }
            }
        }
    }

    private void close(PooledSocket socket, long owner, IoThread io) {
        disconnecting.decrementAndGet();
        try {
            pool.close(socket, io.win32());
        } finally {
            listener.disconnected(owner, io);
        }
    }

    /** Expected now and then (TransmitFile after a client's RST fails with 10057 [wine]), so no warning each time. */
    private void failed(int error, PooledSocket socket) {
        failures.increment();
        LOG.debug("{}: {}, {}: closed", method, ErrorName.of(error), socket);
    }

    public DisconnectMethod method() {
        return method;
    }

    /** Disconnects under way now. */
    public int disconnecting() {
        return disconnecting.get();
    }

    /** Disconnects that Windows refused or ended with an error. */
    public long failures() {
        return failures.sum();
    }

    /** Disconnects given up after the bound. */
    public long timeouts() {
        return timeouts.sum();
    }

    /** Packets of disconnects that were given up before. */
    public long latePackets() {
        return latePackets.sum();
    }
}
