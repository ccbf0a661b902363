package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.RefCount;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/**
 * A listening socket that keeps a number of accepts pending, whatever fails: a socket on which an accept failed is
 * discarded and replaced, and what cannot be posted now is posted at the next {@link #tick}. Nothing here blocks.
 *
 * <p>An accept, as any operation, may be cancelled when the thread that posted it ends: the methods that post are for
 * threads that live as long as the listener.
 */
public final class Listener {
    /** What to do with a new connection. */
    @FunctionalInterface
    public interface Accepted {
        /**
         * Called once for each connection, on the thread that dequeued the accept's packet. The socket is the
         * receiver's now, to be associated ({@link PooledSocket#associateOnce}), used, and given to a
         * {@link Disconnector}.
         *
         * @param socket connected
         * @param io     the calling thread's own
         */
        void accepted(PooledSocket socket, IoThread io);
    }

    /** The key on the packets of accepts: they carry the listener's key, not their socket's [wine]. */
    public static final long KEY = 0;

    private static final Log LOG = Log.of(Listener.class);
    /** How many sockets in a row AcceptEx may refuse before the rest waits for the next tick. */
    private static final int TRIES = 3;

    private final ListenerOptions options;
    private final SocketPool pool;
    private final Accepted receiver;
    private final long handle;
    private final InetSocketAddress localAddress;
    /** Accepts pending or being posted. */
    private final AtomicInteger acceptsPosted = new AtomicInteger();
    /**
     * One reference until close(), one for each pending accept and each thread that posts. The last closes the handle.
     */
    private final RefCount references = new RefCount();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final LongAdder accepts = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /**
     * Binds and listens. Accepts are posted by {@link #replenish}.
     *
     * @param io       the calling thread's own; not kept
     * @param port     the port that the accepts complete on
     * @param pool     of sockets of the address's family
     * @param receiver gets the connections
     * @throws Win32Exception if Windows refuses: {@code bind: WSAEADDRINUSE (10048), ...}
     */
    public Listener(IoThread io, ListenerOptions options, CompletionPort port, SocketPool pool, Accepted receiver)
            throws Win32Exception {
        this.options = options;
        this.pool = pool;
        this.receiver = receiver;
        int family = Sockaddr.family(options.address().getAddress());
        handle = SocketPool.tcpSocket(family, io.win32());
        check(io, "WSASocketW", handle < 0 ? (int) -handle : 0);
        try {
            setOptions(io, family);
            localAddress = bind(io);
            check(io, "listen", io.win32().listen(handle, SOMAXCONN()));
            check(io, "CreateIoCompletionPort", port.associate(io.win32(), handle, KEY));
        } catch (Throwable e) {
            io.win32().closesocket(handle);
            throw e;
        }
    }

    private void setOptions(IoThread io, int family) throws Win32Exception {
        // SO_REUSEADDR would let another process take the port on Windows; this forbids it [doc].
        check(io, "SO_EXCLUSIVEADDRUSE", io.setOption(handle, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1));
        check(io, "TCP_NODELAY", io.setOption(handle, IPPROTO_TCP(), TCP_NODELAY(), 1));
        if (family == AF_INET6()) {
            boolean both = options.address().getAddress().isAnyLocalAddress();
            check(io, "IPV6_V6ONLY", io.setOption(handle, IPPROTO_IPV6(), IPV6_V6ONLY(), both ? 0 : 1));
        }
        if (options.lingerReset()) {
            check(io, "SO_LINGER", io.setOption(handle, SOL_SOCKET(), SO_LINGER(), SocketPool.LINGER_RESET));
        }
        if (options.sendBufferBytes().isPresent()) {
            int bytes = options.sendBufferBytes().getAsInt();
            check(io, "SO_SNDBUF", io.setOption(handle, SOL_SOCKET(), SO_SNDBUF(), bytes));
        }
    }

    private InetSocketAddress bind(IoThread io) throws Win32Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(Sockaddr.MAX_BYTES, Long.BYTES);
            MemorySegment length = arena.allocate(JAVA_INT);
            check(io, "bind", io.win32().bind(handle, address.address(), Sockaddr.write(options.address(), address)));
            length.set(JAVA_INT, 0, Sockaddr.MAX_BYTES);
            check(io, "getsockname", io.win32().getsockname(handle, address.address(), length.address()));
            return Sockaddr.read(address, 0);
        }
    }

    private void check(IoThread io, String call, int error) throws Win32Exception {
        if (error == 0) {
            return;
        }
        String subject = HostPort.text(options.address());
        if (error == WSAEADDRINUSE()) {
            // An exclusive bind is refused while connections exist that an earlier listener accepted [doc].
            throw new Win32Exception(call, error, subject,
                    "another socket listens there, or connections of a server that did are not over yet");
        }
        if (error == WSAEACCES()) {
            // For one address, after a bind to all addresses; otherwise it is 10048 [wt].
            throw new Win32Exception(call, error, subject, "another socket has the port on all addresses, exclusively,"
                    + " or the system keeps it (netsh interface ipv4 show excludedportrange protocol=tcp)");
        }
        if (options.address().getAddress() instanceof Inet6Address v6 && v6.isLinkLocalAddress()
                && v6.getScopeId() == 0) {
            throw new Win32Exception(call, error, subject, "a link-local address needs its interface, as in fe80::1%3");
        }
        throw io.win32().failure(call, error, subject);
    }

    /** Posts as many accepts as are missing. For long-lived threads. */
    public void replenish(IoThread io) {
        if (!references.tryAcquire()) {
            return;
        }
        try {
            int tries = TRIES;
            while (tries > 0 && reserve()) {
                if (!postReserved(io)) {
                    tries--;
                }
            }
        } finally {
            drop(io);
        }
    }

    /**
     * Tries again what failed: posts missing accepts, or, after {@link #close}, cancels those that are left. To be
     * called now and then, by a clock. For long-lived threads.
     */
    public void tick(IoThread io) {
        if (!closing.get()) {
            replenish(io);
        } else if (references.tryAcquire()) {
            try {
                cancelAccepts(io);
            } finally {
                drop(io);
            }
        }
    }

    /** Counts one more accept, if one may be posted. */
    private boolean reserve() {
        int now;
        do {
            now = acceptsPosted.get();
            if (now >= options.accepts() || closing.get()) {
                return false;
            }
        } while (!acceptsPosted.compareAndSet(now, now + 1));
        return true;
    }

    private boolean postReserved(IoThread io) {
        boolean isPosted = false;
        try {
            isPosted = postAccept(io);
        } finally {
            if (!isPosted) {
                acceptsPosted.decrementAndGet();
            }
        }
        if (isPosted && closing.get()) {
            // close() may have cancelled before this accept was there. Whatever this throws, the accept counts.
            cancelAccepts(io);
        }
        return isPosted;
    }

    private boolean postAccept(IoThread io) {
        PooledSocket socket = pool.take(io);
        if (socket == null) {
            return false;
        }
        references.acquire(); // the accept's own
        long owner = 0;
        int error = io.accept(socket.accept(), owner, handle, socket.handle(), pool.acceptOutput(socket),
                pool.addressBytes());
        if (error != 0) {
            try {
                pool.discard(socket, io);
            } finally {
                drop(io);
            }
            failed("AcceptEx", error, socket);
            return false;
        }
        return true;
    }

    /** To be called by {@link SocketEvents#accepted}. */
    public void completed(PooledSocket socket, int status, IoThread io) {
        try {
            boolean connected = false;
            try {
                connected = isConnected(socket, status, io);
            } finally {
                acceptsPosted.decrementAndGet();
                if (!connected) {
                    pool.discard(socket, io);
                }
            }
            try {
                replenish(io); // before the connection is served, so that the number of accepts is soon complete again
            } finally {
                if (connected) {
                    accepts.increment();
                    receiver.accepted(socket, io);
                }
            }
        } finally {
            drop(io); // last: once the listener is closed, no connection is on its way to its receiver any more
        }
    }

    private boolean isConnected(PooledSocket socket, int status, IoThread io) {
        if (closing.get()) {
            return false;
        }
        if (status < 0) {
            failed("AcceptEx", io.win32().rtlNtStatusToDosError(status), socket);
            return false;
        }
        return takeOver(socket, io);
    }

    /** Without SO_UPDATE_ACCEPT_CONTEXT, shutdown and getpeername fail; it is needed for each connection [doc]. */
    private boolean takeOver(PooledSocket socket, IoThread io) {
        int error = io.setOption(socket.handle(), SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), handle);
        if (error == 0 && options.lingerReset() && !options.acceptedReset()) {
            error = io.setOption(socket.handle(), SOL_SOCKET(), SO_LINGER(), SocketPool.LINGER_OFF);
        }
        if (error != 0) {
            failed("SO_UPDATE_ACCEPT_CONTEXT", error, socket);
            return false;
        }
        io.findAcceptAddresses(pool.acceptOutput(socket), pool.addressBytes());
        pool.connected(socket, io.localSockaddr(), io.remoteSockaddr());
        return true;
    }

    private void failed(String call, int error, PooledSocket socket) {
        failures.increment();
        LOG.debug("{}: {}, {}: replaced", call, ErrorName.of(error), socket);
    }

    /**
     * Accepts no more: cancels the accepts. The handle is closed when the last of them has completed
     * ({@link #isClosed}). A second call does nothing.
     */
    public void close(IoThread io) {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        try {
            cancelAccepts(io);
        } finally {
            drop(io);
        }
    }

    private void cancelAccepts(IoThread io) {
        int error = io.win32().cancelIoEx(handle, 0);
        if (error != 0 && error != ERROR_NOT_FOUND()) {
            LOG.error("CancelIoEx: {}, listener {}", ErrorName.of(error), handle);
        }
    }

    /** Closes the handle even if accepts are pending: at the end, when no other thread uses this any more. */
    public void closeNow(IoThread io) {
        closing.set(true);
        while (!references.isGone()) {
            drop(io);
        }
    }

    private void drop(IoThread io) {
        if (references.drop()) {
            int error = io.win32().closesocket(handle);
            if (error != 0) {
                LOG.error("closesocket: {}, listener {}", ErrorName.of(error), handle);
            }
        }
    }

    /** Where it listens, with the port that was picked. */
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /** Whether the handle is closed: {@link #close} was called and no accept is pending any more. */
    public boolean isClosed() {
        return references.isGone();
    }

    /** How many accepts are pending now. */
    public int acceptsPosted() {
        return acceptsPosted.get();
    }

    /** How many connections were accepted. */
    public long accepts() {
        return accepts.sum();
    }

    /** How many accepts have failed, synchronously or by their packet; each cost its socket. */
    public long failures() {
        return failures.sum();
    }
}
