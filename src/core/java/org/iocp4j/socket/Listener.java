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
 * A listening socket that keeps the same number of accepts posted, whatever fails: a socket that an accept failed on is
 * discarded and replaced, and what cannot be posted now is posted at the next {@link #replenish}.
 */
public final class Listener {
    /** Takes an accepted socket over: associate it, read and write. */
    @FunctionalInterface
    public interface Accepted {
        void accepted(PooledSocket socket, IoThread io);
    }

    /** The key on packets of accepts: they ride on the listener's key, not on their socket's [wine]. */
    public static final long KEY = 0;

    private static final Log LOG = Log.of(Listener.class);
    /** A socket refused by AcceptEx is replaced this often before the rest waits for the next replenish. */
    private static final int TRIES = 3;

    private final ListenerOptions options;
    private final SocketPool pool;
    private final Accepted receiver;
    private final long handle;
    private final InetSocketAddress localAddress;
    /** Accepts posted or being posted. */
    private final AtomicInteger posted = new AtomicInteger();
    /** Who may use the handle: 1 until close(), each posted accept, each thread that posts. At 0 it is closed. */
    private final RefCount references = new RefCount();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final LongAdder accepts = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /** Binds and listens; no accept is posted before the first {@link #replenish}. */
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
            check(io, "SO_SNDBUF", io.setOption(handle, SOL_SOCKET(), SO_SNDBUF(), options.sendBufferBytes().getAsInt()));
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
            // An exclusive bind waits for the end of connections that an earlier listener accepted [doc].
            throw new Win32Exception(call, error, subject,
                    "another socket listens there, or connections of a server that did are not over yet");
        }
        if (error == WSAEACCES()) {
            // So for each address, where the one for all addresses came first; else it is 10048 [wt].
            throw new Win32Exception(call, error, subject, "another socket has the port on all addresses, exclusively,"
                    + " or the system keeps it (netsh interface ipv4 show excludedportrange protocol=tcp)");
        }
        if (options.address().getAddress() instanceof Inet6Address v6 && v6.isLinkLocalAddress() && v6.getScopeId() == 0) {
            throw new Win32Exception(call, error, subject, "a link-local address needs its interface, as in fe80::1%3");
        }
        throw io.win32().failure(call, error, subject);
    }

    /** Posts what is missing of the accepts. Worker threads only. */
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

    /** What could not be done before is tried again: accepts that could not be posted, or, when closing, not cancelled. */
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

    /** Counts one accept more, if one may be posted. */
    private boolean reserve() {
        int now;
        do {
            now = posted.get();
            if (now >= options.accepts() || closing.get()) {
                return false;
            }
        } while (!posted.compareAndSet(now, now + 1));
        return true;
    }

    private boolean postReserved(IoThread io) {
        boolean isPosted = false;
        try {
            isPosted = postAccept(io);
        } finally {
            if (!isPosted) {
                posted.decrementAndGet();
            }
        }
        if (isPosted && closing.get()) {
            // close() may have cancelled before this accept was there to be cancelled. Whatever that throws, the accept counts.
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

    /** An accept's packet. */
    public void completed(PooledSocket socket, int status, IoThread io) {
        try {
            boolean connected = false;
            try {
                connected = isConnected(socket, status, io);
            } finally {
                posted.decrementAndGet();
                if (!connected) {
                    pool.discard(socket, io);
                }
            }
            try {
                replenish(io); // before the connection is served, so that the depth is back as soon as it can be
            } finally {
                if (connected) {
                    accepts.increment();
                    receiver.accepted(socket, io);
                }
            }
        } finally {
            drop(io); // last: once the listener is closed, no connection is on its way to its session any more
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

    /** Without SO_UPDATE_ACCEPT_CONTEXT shutdown and getpeername fail on Windows; anew for each connection [doc]. */
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

    /** Accepts no more; the handle is closed as soon as the last posted accept is home. Worker threads only. */
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

    /** Closes the handle even if accepts are still out. No other thread is at work any more. */
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

    public InetSocketAddress localAddress() {
        return localAddress;
    }

    public boolean isClosed() {
        return references.isGone();
    }

    /** Accepts posted now. */
    public int posted() {
        return posted.get();
    }

    /** Connections accepted since the start. */
    public long accepts() {
        return accepts.sum();
    }

    /** Accepts that failed, at once or by their packet; each cost its socket. */
    public long failures() {
        return failures.sum();
    }
}
