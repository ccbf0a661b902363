package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOCK_STREAM;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_LINGER;
import static org.iocp4j.win32.generated.WinTypes.TCP_NODELAY;
import static org.iocp4j.win32.generated.WinTypes.WSAEMFILE;
import static org.iocp4j.win32.generated.WinTypes.WSA_FLAG_NO_HANDLE_INHERIT;
import static org.iocp4j.win32.generated.WinTypes.WSA_FLAG_OVERLAPPED;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.Region;
import org.iocp4j.socket.PooledSocket.State;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * All sockets of one listener: a bounded number, some of them free to be accepted into. Any thread; nothing here
 * blocks.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class SocketPool {
    /** The operations of one socket: accept, receive, send, disconnect. */
    public static final int OPERATIONS_PER_SOCKET = 4;
    /** linger {l_onoff = 1, l_linger = 0} as one little-endian number: closesocket sends an RST. */
    static final int LINGER_RESET = 1;
    /** linger {0, 0}: closesocket sends the data and then a FIN. */
    static final int LINGER_OFF = 0;

    private static final Log LOG = Log.of(SocketPool.class);

    private final int family;
    /** Room for one address in an accept's output. */
    private final int addressBytes;
    private final OperationSlab slab;
    private final SocketEvents events;
    private final Region addresses;
    private final AtomicReferenceArray<PooledSocket> slots;
    private final AtomicInteger slotCount = new AtomicInteger();
    private final FreeList<PooledSocket> vacant;
    private final FreeList<PooledSocket> free;
    private final LongAdder created = new LongAdder();
    private final LongAdder reused = new LongAdder();
    private final LongAdder discarded = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /**
     * Reserves addresses; there are no sockets yet.
     *
     * @param io       the calling thread's own; not kept
     * @param local    its family is the sockets'
     * @param keepFree the most sockets kept free; one more is closed
     * @param capacity the most sockets, those included that are closed and have operations pending
     * @param order    which of the free ones is used next
     * @param slab     with a capacity of {@link #OPERATIONS_PER_SOCKET} for each socket
     * @param events   gets the completions of all sockets
     * @throws Win32Exception if Windows refuses
     */
    public SocketPool(IoThread io, InetAddress local, int keepFree, int capacity, FreeList.Order order,
                      OperationSlab slab, SocketEvents events) throws Win32Exception {
        this.family = Sockaddr.family(local);
        this.addressBytes = Sockaddr.bytes(family) + 16;
        this.slab = slab;
        this.events = events;
        this.addresses = new Region(io.win32(), "accept addresses", 2L * addressBytes * capacity);
        this.slots = new AtomicReferenceArray<>(capacity);
        this.vacant = new FreeList<>(capacity, FreeList.Order.FIFO);
        this.free = new FreeList<>(keepFree, order);
    }

    /**
     * Makes {@code count} free sockets, or none: if one is refused, those made before are closed.
     *
     * @throws Win32Exception if Windows refuses
     */
    public void prefill(int count, IoThread io) throws Win32Exception {
        for (int i = 1; i <= count; i++) {
            long handle = tcpSocket(family, io.win32());
            if (handle < 0) {
                closeAll(io);
                throw io.win32().failure("WSASocketW", (int) -handle, "socket " + i + " of the pool's " + count);
            }
            give(assignSlot(handle, io), State.ACCEPTING, io);
        }
    }

    /** A free socket, or a new one; null if there can be none now, which is counted. */
    @Nullable PooledSocket take(IoThread io) {
        PooledSocket socket = free.take();
        if (socket != null) {
            socket.accepting();
            return socket;
        }
        long handle = tcpSocket(family, io.win32());
        if (handle < 0) {
            failed("WSASocketW", (int) -handle);
            return null;
        }
        try {
            return assignSlot(handle, io);
        } catch (Win32Exception e) {
            failed("a slot for a socket", e.code());
            return null;
        }
    }

    /** A client has connected to an accepting socket. */
    void connected(PooledSocket socket, long localSockaddr, long remoteSockaddr) {
        socket.connected(localSockaddr, remoteSockaddr);
        if (socket.generation() > 1) {
            reused.increment();
        }
    }

    /** Gives a socket that the caller has, in the state {@code from}, to the pool, or closes it if that is full. */
    private void give(PooledSocket socket, State from, IoThread io) {
        if (!socket.moves(from, State.FREE)) {
            throw new IllegalStateException("given back from the wrong state: " + socket);
        }
        keep(socket, io);
    }

    /** Makes a socket that is marked FREE already available to the next taker. */
    void keep(PooledSocket socket, IoThread io) {
        if (!free.give(socket)) {
            discard(socket, io);
        }
    }

    /**
     * Closes a socket that the caller has; its slot is vacant as soon as no operation is pending. A failure is logged.
     */
    public void discard(PooledSocket socket, IoThread io) {
        socket.closing();
        close(socket, io.win32());
    }

    /** Closes a socket that the caller has by an RST. A failure is logged. */
    public void reset(PooledSocket socket, IoThread io) {
        socket.closing();
        int error = 0;
        try {
            error = io.setOption(socket.handle(), SOL_SOCKET(), SO_LINGER(), LINGER_RESET);
        } finally {
            close(socket, io.win32());
        }
        if (error != 0) {
            LOG.error("SO_LINGER: {}, {}: its peer sees a FIN in place of an RST", ErrorName.of(error), socket);
        }
    }

    /**
     * Closes the handle of a socket that the caller has moved to CLOSING, and marks it CLOSED only after that: a slot
     * given back before could hold the next socket's handle by now.
     */
    void close(PooledSocket socket, Win32 win32) {
        discarded.increment();
        int error = 0;
        try {
            error = win32.closesocket(socket.handle());
        } finally {
            socket.closed();
            vacateIfIdle(socket);
        }
        if (error != 0) {
            LOG.error("closesocket: {}, {}", ErrorName.of(error), socket);
        }
    }

    /** Called after the close and after each completion; one of the callers gives the slot back. */
    void vacateIfIdle(PooledSocket socket) {
        while (socket.isClosed() && socket.isIdle() && socket.moves(State.CLOSED, State.VACANT)) {
            // Between the check and the move the slot may have been used and closed again: check once more.
            if (socket.isIdle()) {
                vacant.give(socket);
                return;
            }
            socket.closed();
        }
    }

    /**
     * A TCP socket for overlapped I/O that child processes do not inherit. Any thread.
     *
     * @param family AF_INET or AF_INET6: {@link Sockaddr#family}
     * @param win32  the calling thread's view of Windows
     * @return its handle, or minus the error
     */
    public static long tcpSocket(int family, Win32 win32) {
        return win32.wsaSocket(family, SOCK_STREAM(), IPPROTO_TCP(),
                WSA_FLAG_OVERLAPPED() | WSA_FLAG_NO_HANDLE_INHERIT());
    }

    /** Gives a new socket a slot; closes it if there is none. */
    private PooledSocket assignSlot(long handle, IoThread io) throws Win32Exception {
        try {
            // Set here and on the listener: so it does not matter whose an accepted socket ends up with.
            io.setOption(handle, IPPROTO_TCP(), TCP_NODELAY(), 1);
            PooledSocket socket = vacant.take();
            if (socket == null) {
                socket = newSlot(io);
            }
            socket.occupy(handle);
            created.increment();
            return socket;
        } catch (Throwable e) {
            io.win32().closesocket(handle);
            throw e;
        }
    }

    /** The memory first, then the slot: a failure must cost no slot. */
    private PooledSocket newSlot(IoThread io) throws Win32Exception {
        int slot;
        do {
            slot = slotCount.get();
            if (slot == slots.length()) {
                throw new Win32Exception("a slot for a socket", WSAEMFILE(), "capacity " + slot);
            }
            addresses.commit(io.win32(), (slot + 1L) * 2 * addressBytes);
            slab.commit(io.win32(), (slot + 1) * OPERATIONS_PER_SOCKET);
        } while (!slotCount.compareAndSet(slot, slot + 1));
        PooledSocket socket = new PooledSocket(this, slot, slab);
        slots.set(slot, socket);
        return socket;
    }

    /** Logs the 1st, 2nd, 4th, 8th ... failure: the counter has them all. */
    private void failed(String call, int error) {
        failures.increment();
        if (Long.bitCount(failures.sum()) == 1) {
            LOG.warn("{}: {}, {} sockets open, {} failures so far", call, ErrorName.of(error), open(), failures.sum());
        }
    }

    /**
     * Closes every socket, whoever has it: at the end, when the listener is closed and no other thread uses the pool.
     * One that still has a connection is reset, since nobody knows what its peer has not received.
     */
    public void closeAll(IoThread io) {
        free.clear();
        for (int i = 0; i < slotCount.get(); i++) {
            PooledSocket socket = slots.get(i);
            if (socket != null && socket.isOpen()) {
                try {
                    if (socket.isConnected()) {
                        reset(socket, io);
                    } else {
                        discard(socket, io);
                    }
                } catch (Throwable e) { // the other sockets have to be closed, too
                    failures.increment();
                    LOG.thrown(e, "closesocket, {}", socket);
                }
            }
        }
    }

    /**
     * Releases the memory for addresses: when no accept is pending.
     *
     * @param win32 the calling thread's view of Windows
     */
    public void release(Win32 win32) {
        addresses.release(win32);
    }

    /** The slot of a number; null if it has not been used yet or the number is out of range. */
    public @Nullable PooledSocket at(int slot) {
        return slot >= 0 && slot < slots.length() ? slots.get(slot) : null;
    }

    int slotCount() {
        return slotCount.get();
    }

    int addressBytes() {
        return addressBytes;
    }

    SocketEvents events() {
        return events;
    }

    long acceptOutput(PooledSocket socket) {
        return addresses.address() + (long) socket.slot() * 2 * addressBytes;
    }

    InetSocketAddress readSockaddr(long address) {
        return Sockaddr.read(addresses.memory(), address - addresses.address());
    }

    /** How many sockets were made. */
    public long created() {
        return created.sum();
    }

    /** How many connections came to a socket that had served another before. */
    public long reused() {
        return reused.sum();
    }

    /** How many sockets were closed. */
    public long discarded() {
        return discarded.sum();
    }

    /** How often a socket could not be made, or not be closed in {@link #closeAll}. */
    public long failures() {
        return failures.sum();
    }

    /** How many sockets are open now. */
    public long open() {
        return created.sum() - discarded.sum();
    }

    /** How many sockets are free now. */
    public int freeCount() {
        return free.size();
    }
}
