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

/** All sockets of one listener: a bounded number, some of them free to be accepted into. Any thread. */
public final class SocketPool {
    /** The operations of one socket: accept, receive, send, disconnect. */
    public static final int OPERATIONS_PER_SOCKET = 4;
    /** linger {l_onoff = 1, l_linger = 0}, as one little-endian number: closesocket sends an RST. */
    static final int LINGER_RESET = 1;
    /** linger {0, 0}: closesocket sends a FIN behind the data. */
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
     * @param local    its family is the sockets'
     * @param keepFree the most sockets kept free; one more is closed
     * @param capacity the most sockets at all
     * @param order    which of the free ones is used next
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

    /** Makes {@code count} sockets, or none: what it made is closed before it says what was refused. */
    public void prefill(int count, IoThread io) throws Win32Exception {
        for (int i = 1; i <= count; i++) {
            long handle = tcpSocket(family, io.win32());
            if (handle < 0) {
                closeAll(io);
                throw io.win32().failure("WSASocketW", (int) -handle, "socket " + i + " of the pool's " + count);
            }
            give(place(handle, io), State.ACCEPTING, io);
        }
    }

    /** A free socket, or a new one; null if there can be none now, which is counted. */
    PooledSocket take(IoThread io) {
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
            return place(handle, io);
        } catch (Win32Exception e) {
            failed("a place for a socket", e.code());
            return null;
        }
    }

    /** A client has come to an accepting socket. */
    void connected(PooledSocket socket, long localSockaddr, long remoteSockaddr) {
        socket.connected(localSockaddr, remoteSockaddr);
        if (socket.generation() > 1) {
            reused.increment();
        }
    }

    /** The caller has the socket, in the state {@code from}, and gives it to the pool, or closes it if that is full. */
    private void give(PooledSocket socket, State from, IoThread io) {
        if (!socket.moves(from, State.FREE)) {
            throw new IllegalStateException("given back from the wrong state: " + socket);
        }
        keep(socket, io);
    }

    /** Puts a socket that is marked free already where the next taker finds it. */
    void keep(PooledSocket socket, IoThread io) {
        if (!free.give(socket)) {
            discard(socket, io);
        }
    }

    /** Closes a socket that the caller has; its place is vacant as soon as its operations are home. */
    public void discard(PooledSocket socket, IoThread io) {
        socket.closing();
        close(socket, io.win32());
    }

    /** Closes with an RST a socket that the caller has. */
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
     * Closes the handle of a socket that the caller has taken to CLOSING. Only then it is closed for the others: a place
     * given back before would have the next socket's handle in it by now.
     */
    void close(PooledSocket socket, Win32 win32) {
        discarded.increment();
        int error = 0;
        try {
            error = win32.closesocket(socket.handle());
        } finally {
            socket.closed();
            vacateIfHome(socket);
        }
        if (error != 0) {
            LOG.error("closesocket: {}, {}", ErrorName.of(error), socket);
        }
    }

    /** Whoever closed it and whoever brought its last operation home both ask; one of them gives the place back. */
    void vacateIfHome(PooledSocket socket) {
        while (socket.isClosed() && socket.isHome() && socket.moves(State.CLOSED, State.VACANT)) {
            // Between the question and the move the place may have been used and closed anew: ask once more.
            if (socket.isHome()) {
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
     * @return its handle, or minus the error if the system makes none
     */
    public static long tcpSocket(int family, Win32 win32) {
        return win32.wsaSocket(family, SOCK_STREAM(), IPPROTO_TCP(),
                WSA_FLAG_OVERLAPPED() | WSA_FLAG_NO_HANDLE_INHERIT());
    }

    /** Gives a new socket a place; closes it if there is none. */
    private PooledSocket place(long handle, IoThread io) throws Win32Exception {
        try {
            // Here, and on the listener: whether an accepted socket has its own or the listener's, it is set.
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

    /** The memory first, then the place: what fails must not use a place up. */
    private PooledSocket newSlot(IoThread io) throws Win32Exception {
        int slot;
        do {
            slot = slotCount.get();
            if (slot == slots.length()) {
                throw new Win32Exception("a place for a socket", WSAEMFILE(), "capacity " + slot);
            }
            addresses.commit(io.win32(), (slot + 1L) * 2 * addressBytes);
            slab.commit(io.win32(), (slot + 1) * OPERATIONS_PER_SOCKET);
        } while (!slotCount.compareAndSet(slot, slot + 1));
        PooledSocket socket = new PooledSocket(this, slot, slab);
        slots.set(slot, socket);
        return socket;
    }

    /** Logged once in a row of failures, not a line each: the counter tells how many. */
    private void failed(String call, int error) {
        failures.increment();
        if (Long.bitCount(failures.sum()) == 1) {
            LOG.warn("{}: {}, {} sockets open, {} failures so far", call, ErrorName.of(error), open(), failures.sum());
        }
    }

    /**
     * Closes every socket, whoever has it: at the end, when no other thread is at work. One that still has a connection is reset,
     * for nobody knows what its peer has not got.
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
                } catch (Throwable e) { // the others have to be closed, too
                    failures.increment();
                    LOG.thrown(e, "closesocket, {}", socket);
                }
            }
        }
    }

    /** Gives the memory back, when no operation is out. */
    public void free(Win32 win32) {
        addresses.free(win32);
    }

    /** The socket in a place, or null if none was ever there. */
    public PooledSocket at(int slot) {
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

    /** Sockets made since the start. */
    public long created() {
        return created.sum();
    }

    /** Connections that came to a socket which had served one before. */
    public long reused() {
        return reused.sum();
    }

    /** Sockets closed since the start. */
    public long discarded() {
        return discarded.sum();
    }

    /** How often a socket could not be made. */
    public long failures() {
        return failures.sum();
    }

    /** Sockets open now. */
    public long open() {
        return created.sum() - discarded.sum();
    }

    /** Sockets free now. */
    public int free() {
        return free.size();
    }
}
