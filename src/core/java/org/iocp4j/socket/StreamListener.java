package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_IPV6;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.IPV6_V6ONLY;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_EXCLUSIVEADDRUSE;
import static org.iocp4j.win32.generated.WinTypes.SO_LINGER;
import static org.iocp4j.win32.generated.WinTypes.SO_RCVBUF;
import static org.iocp4j.win32.generated.WinTypes.SO_SNDBUF;
import static org.iocp4j.win32.generated.WinTypes.SO_UPDATE_ACCEPT_CONTEXT;
import static org.iocp4j.win32.generated.WinTypes.TCP_NODELAY;
import static org.iocp4j.win32.generated.WinTypes.WSAEACCES;
import static org.iocp4j.win32.generated.WinTypes.WSAEADDRINUSE;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket. It accepts one connection for each {@link #accept}, or keeps a number of accepts pending
 * ({@link #depth(int, IoThread)}), whatever fails: a socket on which an accept failed is closed and replaced, and what
 * cannot be posted now is tried again some time later. {@link IoDomain#listen} makes it.
 *
 * <p>In a domain of one thread, that thread makes all calls but {@link #close}; in a pool any thread does. Nothing here
 * blocks. {@code io} is always the calling thread's own.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class StreamListener extends IoHandle {
    /** Gets what a listener tells, on a thread that dequeues. What it throws, {@link IoDomain#dequeue} throws later. */
    public interface Accepted {
        /**
         * A connection has come. The receiver attaches it ({@link StreamSocket#attach}), detaches it or closes it
         * before it returns; one that does none of these has it reset.
         */
        void accepted(StreamSocket socket, IoThread io);

        /**
         * An {@link StreamListener#accept} has ended without a connection. Unless it is overridden this throws, but for
         * the accepts that end with their listener.
         *
         * @param error a Win32 code; WSAENOTSOCK (10038) if the listener was closed
         */
        default void acceptFailed(StreamListener listener, int error, IoThread io) {
            if (listener.isOpen()) {
                throw new IllegalStateException("an accept failed: " + ErrorName.of(error) + ", " + listener);
            }
        }

        /** The last event after {@link StreamListener#close}: no accept is pending. */
        default void gone(StreamListener listener, IoThread io) {
        }
    }

    /** The key on the packets of accepts: they carry the listener's key, not their socket's [wine]. */
    public static final long KEY = 0;

    /** How many sockets in a row AcceptEx may refuse before the rest waits. */
    private static final int TRIES = 3;
    /** How long what could not be posted waits. */
    private static final long RETRY_NANOS = 100_000_000;

    private final ListenerOptions options;
    private final Accepted receiver;
    private final int family;
    private final long handle;
    private final InetSocketAddress localAddress;
    private final Deadline retry;
    /** How many accepts are to be pending. */
    private volatile int depth;
    /** How many of these are pending or being posted. */
    private final AtomicInteger posted = new AtomicInteger();
    /** A thread has {@link #replenish} among its deferred tasks. */
    private final AtomicBoolean replenishDue = new AtomicBoolean();
    private final IoTask replenishLater = this::replenishNow;
    private final LongAdder accepts = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder refusals = new LongAdder();

    StreamListener(IoDomain domain, ListenerOptions options, Accepted receiver, IoThread io) throws Win32Exception {
        super(domain);
        this.options = options;
        this.receiver = receiver;
        family = Sockaddr.family(options.address().getAddress());
        handle = Sockaddr.tcpSocket(family, io.win32());
        check(io, "WSASocketW", handle < 0 ? (int) -handle : 0);
        try {
            setOptions(io);
            localAddress = bind(io);
            check(io, "listen", io.win32().listen(handle, options.backlog()));
            check(io, "CreateIoCompletionPort", domain.port().associate(io.win32(), handle, KEY));
        } catch (Throwable e) {
            io.win32().closesocket(handle);
            throw e;
        }
        retry = new Deadline(domain.timers()) {
            @Override
            protected void expired(IoThread on) {
                replenish(on);
            }
        };
        opened();
    }

    private void setOptions(IoThread io) throws Win32Exception {
        // SO_REUSEADDR would let another process take the port on Windows; this forbids it [doc].
        check(io, "SO_EXCLUSIVEADDRUSE", io.setOption(handle, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1));
        check(io, "TCP_NODELAY", io.setOption(handle, IPPROTO_TCP(), TCP_NODELAY(), 1));
        if (family == AF_INET6()) {
            boolean both = options.address().getAddress().isAnyLocalAddress();
            check(io, "IPV6_V6ONLY", io.setOption(handle, IPPROTO_IPV6(), IPV6_V6ONLY(), both ? 0 : 1));
        }
        if (options.lingerReset()) {
            check(io, "SO_LINGER", io.setOption(handle, SOL_SOCKET(), SO_LINGER(), SocketSlot.LINGER_RESET));
        }
        setBufferBytes("SO_SNDBUF", SO_SNDBUF(), options.sendBufferBytes(), io);
        setBufferBytes("SO_RCVBUF", SO_RCVBUF(), options.receiveBufferBytes(), io);
    }

    private void setBufferBytes(String call, int name, OptionalInt bytes, IoThread io) throws Win32Exception {
        if (bytes.isPresent()) {
            check(io, call, io.setOption(handle, SOL_SOCKET(), name, bytes.getAsInt()));
        }
    }

    private InetSocketAddress bind(IoThread io) throws Win32Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(Sockaddr.MAX_BYTES, Long.BYTES);
            check(io, "bind", io.win32().bind(handle, address.address(), Sockaddr.write(options.address(), address)));
            check(io, "getsockname", io.socketName(handle, address.address(), Sockaddr.MAX_BYTES));
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

    /**
     * setsockopt with a value of 4 bytes; those that are accepted from now on inherit it.
     *
     * @return 0, or minus the error
     */
    public int setOption(int level, int name, int value, IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            return -io.setOption(handle, level, name, value);
        } finally {
            leave(io);
        }
    }

    /**
     * getsockopt of a value of 4 bytes.
     *
     * @return the value as an unsigned number, or minus the error
     */
    public long getOption(int level, int name, IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            return io.getOption(handle, level, name);
        } finally {
            leave(io);
        }
    }

    // ---- accepting ----

    /**
     * Keeps so many accepts pending from now on. 0 is a pause: no more are posted; the clients of those that are
     * pending already still come. After {@link #close} it does nothing.
     *
     * @param accepts 0 or more
     */
    public void depth(int accepts, IoThread io) {
        if (accepts < 0) {
            throw new IllegalArgumentException(accepts + " accepts");
        }
        depth = accepts;
        replenish(io);
    }

    /**
     * Posts one accept, beside those of {@link #depth(int, IoThread)}. Exactly one event comes of it:
     * {@link Accepted#accepted} or {@link Accepted#acceptFailed}.
     *
     * @return 0; or minus the error, and then no event comes
     */
    public int accept(IoThread io) {
        return -post(true, io);
    }

    /** Posts as many accepts as are missing. */
    private void replenish(IoThread io) {
        for (int tries = TRIES; reserve();) {
            int error;
            try {
                error = post(false, io);
            } catch (Throwable e) {
                posted.decrementAndGet();
                retryLater(io); // no packet may be left that would bring the next try
                throw e;
            }
            if (error != 0) {
                posted.decrementAndGet();
                if (!isOpen()) { // the error does not tell: the socket to be accepted into may be dead, too
                    return;
                }
                if (--tries == 0) {
                    retryLater(io);
                    return;
                }
            }
        }
    }

    /**
     * Makes the number of accepts complete again: when this thread has its batch behind it, or, if none is pending any
     * more, at once. In a burst an accept is over as soon as it is posted, so a batch that replaced each one would not
     * end. And Wine's server polls the listener in vain from an accept's completion until the accept's thread has taken
     * note of it: while that one posts, and makes no other calls in between, it does so soonest [wine].
     */
    private void replenishSoon(IoThread io) {
        if (posted.get() == 0 || domain.options().threads() == DomainOptions.Threads.LOOP
                || !domain.port().isDequeuedBy(io)) {
            replenish(io);
        } else if (replenishDue.compareAndSet(false, true)) {
            boolean isDeferred = false;
            try {
                io.defer(replenishLater);
                isDeferred = true;
            } finally {
                if (!isDeferred) { // for want of memory: or nobody would defer it again
                    replenishDue.set(false);
                }
            }
        }
    }

    private void replenishNow(IoThread io) {
        replenishDue.set(false); // first: who finds more to post from now on defers it anew
        replenish(io);
    }

    private void retryLater(IoThread io) {
        domain.arm(retry, io.win32().nanoTime() + RETRY_NANOS, io);
    }

    /** Counts one more accept, if one may be posted. */
    private boolean reserve() {
        int now;
        do {
            now = posted.get();
            if (now >= depth || !isOpen()) {
                return false;
            }
        } while (!posted.compareAndSet(now, now + 1));
        return true;
    }

    private int post(boolean onDemand, IoThread io) {
        if (!enterPost(io)) {
            return WSAENOTSOCK();
        }
        int error;
        try {
            error = postEntered(onDemand, io);
        } catch (Throwable e) {
            refused(io);
            throw e;
        }
        if (error == 0) {
            leave(io);
        } else {
            refused(io);
        }
        return error;
    }

    private int postEntered(boolean onDemand, IoThread io) {
        SocketSlot slot;
        try {
            slot = domain.slots().take(family, io);
        } catch (Win32Exception e) {
            domain.slots().failed(e);
            return e.code();
        }
        slot.onDemand = onDemand;
        int error;
        try {
            error = slot.postAccept(this, handle, io);
        } catch (Throwable e) {
            discard(slot, io); // its memory was not to be had: nothing is posted
            throw e;
        }
        if (error != 0) {
            failed("AcceptEx", error, slot);
            discard(slot, io);
        }
        return error;
    }

    /** What it throws is reported later: somebody waits for the outcome. */
    private static void discard(SocketSlot slot, IoThread io) {
        try {
            slot.close(false, io);
        } catch (Throwable e) {
            io.failed(e);
        } finally {
            slot.vacate();
        }
    }

    /**
     * An accept has completed.
     *
     * @param output the addresses; to be given back here
     */
    void completed(SocketSlot slot, AddressBlock output, int status, IoThread io) {
        boolean onDemand = slot.onDemand; // before the slot is another's
        try {
            int error;
            StreamSocket socket = null;
            try {
                error = takeOver(slot, output, status, io);
                socket = error == 0 ? slot.newConnection() : null;
            } catch (Throwable e) {
                io.failed(e); // a connection less, and its accept is told all the same
                error = WSASYSCALLFAILURE();
            }
            if (!onDemand) {
                posted.decrementAndGet();
            }
            if (socket == null) {
                domain.slots().giveBlock(output); // first: the accept in its place may find no other
                discard(slot, io);
            }
            try {
                replenishSoon(io); // before the connection is served, which may take long
            } finally {
                if (socket != null) {
                    tell(socket, onDemand, output, io);
                } else if (onDemand) {
                    receiver.acceptFailed(this, error, io);
                }
            }
        } finally {
            told(io); // last: after gone, no connection is on its way to its receiver any more
        }
    }

    private void tell(StreamSocket socket, boolean onDemand, AddressBlock output, IoThread io) {
        accepts.increment();
        socket.begin(true, false);
        socket.operationBegun(); // its first event: if it were gone before this has ended, it could be another's below
        try {
            boolean isReady = false;
            try {
                socket.addresses(output, io.localSockaddr(), io.remoteSockaddr());
                domain.slots().connected(socket);
                isReady = true;
            } finally {
                domain.slots().giveBlock(output);
                if (!isReady && onDemand) {
                    receiver.acceptFailed(this, WSASYSCALLFAILURE(), io);
                }
            }
            receiver.accepted(socket, io);
        } finally {
            if (!socket.isAttached()) {
                socket.close(Closing.RST, io); // or it would never end; if it was closed or detached, this does nothing
            }
            socket.told(io);
        }
    }

    /** 0 if a client has connected; else a Win32 error. */
    private int takeOver(SocketSlot slot, AddressBlock output, int status, IoThread io) {
        if (!enter(io)) {
            return WSAENOTSOCK();
        }
        try {
            if (status < 0) {
                int error = io.win32().rtlNtStatusToDosError(status);
                failed("AcceptEx", error, slot);
                return error;
            }
            // Without this shutdown and getpeername fail; it is needed for each connection [doc].
            int error = io.setOption(slot.handle, SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), handle);
            if (error == 0 && options.lingerReset() && !options.acceptedReset()) {
                error = io.setOption(slot.handle, SOL_SOCKET(), SO_LINGER(), SocketSlot.LINGER_OFF);
            }
            if (error != 0) {
                failed("SO_UPDATE_ACCEPT_CONTEXT", error, slot);
                return error;
            }
            io.findAcceptAddresses(output.local(), AddressBlock.ADDRESS_BYTES);
            return 0;
        } finally {
            leave(io);
        }
    }

    private void failed(String call, int error, SocketSlot slot) {
        FailureCause cause = FailureCause.of(error);
        if (cause == FailureCause.PEER || cause == FailureCause.NETWORK) {
            failures.increment();
            IoDomain.LOG.debug("{}: {}, {}: replaced", call, ErrorName.of(error), slot);
        } else { // no client brings this about
            refusals.increment();
            domain.refused(call, error, slot);
        }
    }

    // ---- the end ----

    /**
     * Accepts no more: cancels the accepts and closes the handle. {@link Accepted#gone} is told when the last of them
     * has completed. Any thread; the first call counts.
     *
     * @return whether this call was the first
     */
    public boolean close(IoThread io) {
        return beginClose(Closing.FIN, io);
    }

    @Override
    void release(@Nullable Closing how, IoThread io) {
        retry.retire();
        try {
            if (operations() > 0) {
                int error = io.win32().cancelIoEx(handle, 0);
                if (error != 0 && error != ERROR_NOT_FOUND()) {
                    domain.refused("CancelIoEx", error, this);
                }
            }
        } finally {
            int error = io.win32().closesocket(handle);
            if (error != 0) {
                IoDomain.LOG.error("closesocket: {}, {}", ErrorName.of(error), this);
            }
        }
    }

    @Override
    void gone(IoThread io) {
        domain.forget(this);
        receiver.gone(this, io);
    }

    // ---- questions ----

    /** Where it listens, with the port that was picked. */
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /** How many accepts {@link #depth(int, IoThread)} has pending now. Any thread. */
    public int acceptsPosted() {
        return posted.get();
    }

    /** How many connections were accepted. Any thread. */
    public long accepts() {
        return accepts.sum();
    }

    /** How many accepts have failed by a client or the network, as by a reset; each cost its socket. Any thread. */
    public long failures() {
        return failures.sum();
    }

    /** How many have failed for another reason, such as for want of memory; each cost its socket. Any thread. */
    public long refusals() {
        return refusals.sum();
    }

    @Override
    public String toString() {
        return "listener " + handle + " on " + HostPort.text(localAddress);
    }
}
