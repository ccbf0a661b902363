package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.TCP_NODELAY;
import static org.iocp4j.win32.generated.WinTypes.WSAEMFILE;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.GrowingTable;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.Region;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * The slots of a domain, memory for addresses, and the open sockets among the slots that wait for the next accept.
 * Any thread; nothing here blocks, and no lock is held across a call to Windows.
 */
final class SocketSlots {
    /** How often a domain looks whether sockets have not been needed for long enough. */
    private static final long LOOK_NANOS = TimeUnit.MINUTES.toNanos(1);
    /** The most that it closes then; if there are more, the rest follows by as many in each {@link #REST_NANOS}. */
    static final int GIVEN_BACK_AT_ONCE = 64;
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final IoDomain domain;
    private final OperationSlab slab;
    private final Region addresses;
    private final AtomicInteger blockCount = new AtomicInteger();
    private final FreeList<AddressBlock> blocks;
    private final GrowingTable<SocketSlot> slots;
    /** Counted before a slot is made. */
    private final AtomicInteger slotCount = new AtomicInteger();
    private final FreeList<SocketSlot> vacant;
    /** Open sockets for the next accepts, by family. */
    private final FreeSockets<SocketSlot> freeV4;
    private final FreeSockets<SocketSlot> freeV6;
    private final @Nullable SocketPool pool;
    /** Armed while time has something to change: the high-water mark, and how many are kept. */
    private final Deadline giveBack;
    private final LongAdder created = new LongAdder();
    private final LongAdder reused = new LongAdder();
    private final LongAdder closed = new LongAdder();
    /** Open handles that came from elsewhere, and that went elsewhere. */
    private final LongAdder arrived = new LongAdder();
    private final LongAdder departed = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /** Reserves addresses; there are no sockets yet. */
    SocketSlots(IoDomain domain, DomainOptions options, OperationSlab slab, IoThread io) throws Win32Exception {
        int most = options.mostSockets();
        this.domain = domain;
        this.slab = slab;
        addresses = new Region(io.win32(), "socket addresses", (long) AddressBlock.BYTES * most);
        blocks = new FreeList<>(most, FreeList.Order.LIFO);
        slots = new GrowingTable<>(most);
        pool = options.sharedPool();
        vacant = new FreeList<>(most, FreeList.Order.FIFO);
        freeV4 = new FreeSockets<>(options.keepFree(), options.mostFree(), options.order());
        freeV6 = new FreeSockets<>(options.keepFree(), options.mostFree(), options.order());
        giveBack = new Deadline(domain.timers()) {
            @Override
            protected void expired(IoThread on) {
                giveBack(on);
            }
        };
    }

    /** A socket to accept into. It counts as in use until {@link SocketSlot#endUse}. */
    SocketSlot take(int family, IoThread io) throws Win32Exception {
        if (pool != null) {
            FreeSockets<DetachedSocket> shared = pool.of(family);
            return inUse(shared, shared.take(io.nowNanos()), family, io);
        }
        FreeSockets<SocketSlot> own = free(family);
        SocketSlot free = own.take(io.nowNanos());
        if (free != null) {
            free.beginUse(own);
            return free;
        }
        return inUse(own, null, family, io);
    }

    private SocketSlot inUse(FreeSockets<?> of, @Nullable DetachedSocket pooled, int family, IoThread io)
            throws Win32Exception {
        SocketSlot slot;
        try {
            slot = pooled == null ? newHandle(family, io) : occupied(pooled, io);
        } catch (Throwable e) {
            of.endUse(io.nowNanos());
            throw e;
        }
        slot.beginUse(of);
        return slot;
    }

    /** Has the handle in a slot of this domain; if there is none, it is closed. */
    private SocketSlot occupied(DetachedSocket pooled, IoThread io) throws Win32Exception {
        arrived.increment();
        SocketSlot slot;
        try {
            slot = vacantSlot(io);
        } catch (Throwable e) {
            closeSocket(pooled.handle, pooled, io);
            throw e;
        }
        slot.occupy(pooled);
        return slot;
    }

    private FreeSockets<SocketSlot> free(int family) {
        return family == AF_INET6() ? freeV6 : freeV4;
    }

    SocketSlot newHandle(int family, IoThread io) throws Win32Exception {
        domain.requireNoEnd("WSASocketW");
        long handle = Sockaddr.tcpSocket(family, io.win32());
        if (handle < 0) {
            throw io.win32().failure("WSASocketW", (int) -handle, open() + " sockets open");
        }
        try {
            // Set here and on listeners: so it does not matter whose an accepted socket ends up with.
            io.setOption(handle, IPPROTO_TCP(), TCP_NODELAY(), 1);
            SocketSlot slot = vacantSlot(io);
            slot.occupy(handle, family);
            created.increment();
            return slot;
        } catch (Throwable e) {
            io.win32().closesocket(handle);
            throw e;
        }
    }

    /** The memory first, then the slot: a failure must cost no slot. */
    SocketSlot vacantSlot(IoThread io) throws Win32Exception {
        SocketSlot slot = vacant.take();
        if (slot != null) {
            return slot;
        }
        int now;
        do {
            now = slotCount.get();
            if (now == slots.capacity()) {
                throw new Win32Exception("a slot for a socket", WSAEMFILE(), "there are " + now + ", the most");
            }
        } while (!slotCount.compareAndSet(now, now + 1));
        try {
            slab.commitMore(io.win32(), SocketSlot.OPERATIONS);
            SocketSlot made = slots.add(index -> new SocketSlot(domain, index, slab));
            assert made != null : "as many slots as were counted";
            return made;
        } catch (Throwable e) {
            slotCount.decrementAndGet();
            throw e;
        }
    }

    /** Memory for two addresses, for as long as an accept or a connect is pending. */
    AddressBlock takeBlock(IoThread io) throws Win32Exception {
        AddressBlock free = blocks.take();
        if (free != null) {
            return free;
        }
        int now;
        AddressBlock made;
        do { // memory of both kinds first: a refusal must cost no block
            now = blockCount.get();
            if (now == slots.capacity()) {
                throw new Win32Exception("memory for addresses", WSAENOBUFS(), "there are " + now + ", the most");
            }
            addresses.commit(io.win32(), (now + 1L) * AddressBlock.BYTES);
            made = new AddressBlock(addresses.memory().asSlice((long) now * AddressBlock.BYTES, AddressBlock.BYTES));
        } while (!blockCount.compareAndSet(now, now + 1));
        return made;
    }

    void giveBlock(AddressBlock block) {
        blocks.give(block);
    }

    /** A client has connected to an accepting socket. */
    void connected(StreamSocket socket) {
        if (socket.generation() > 1) {
            reused.increment();
        }
    }

    /** Makes a socket that nobody uses available to the next accept, or closes it if there are enough. */
    void keep(SocketSlot slot, IoThread io) {
        boolean isKept = false;
        try {
            slot.endUse(io);
            isKept = !domain.isEnding() && (pool == null ? free(slot.family).give(slot, io.nowNanos())
                    : pool.of(slot.family).give(DetachedSocket.from(slot, null, false), io.nowNanos()));
        } finally {
            if (!isKept) { // or there was no memory for it: nobody else knows the handle
                closeUnused(slot, io);
            }
        }
        if (isKept && pool != null) { // the handle is the pool's from now on, whatever throws here
            slot.vacate();
            detached();
        }
        lookLater(io);
    }

    /** To be called when a socket is in use no more: in a minute the domain looks at what time has changed. */
    void lookLater(IoThread io) {
        if (!giveBack.isArmed() && !domain.isEnding() && changesWithTime()) {
            domain.arm(giveBack, io.nowNanos() + LOOK_NANOS, io);
        }
    }

    private boolean changesWithTime() {
        return freeV4.changesWithTime() || freeV6.changesWithTime() || (pool != null && pool.changesWithTime());
    }

    /** Closes some of the sockets that have not been needed for a while. */
    private void giveBack(IoThread io) {
        int left = GIVEN_BACK_AT_ONCE;
        for (FreeSockets<SocketSlot> list : List.of(freeV4, freeV6)) {
            for (SocketSlot slot : list.takeUnneeded(left, io.nowNanos())) {
                left--;
                attemptToClose(slot, io);
            }
        }
        if (pool != null) {
            left -= pool.closeUnneeded(left, io);
        }
        if (!domain.isEnding() && changesWithTime()) {
            domain.arm(giveBack, io.nowNanos() + (left == 0 ? REST_NANOS : LOOK_NANOS), io);
        }
    }

    /** No lambda, whose object might find no memory: the others of the list have to be closed all the same. */
    private static void attemptToClose(SocketSlot slot, IoThread io) {
        try {
            closeUnused(slot, io);
        } catch (Throwable e) {
            io.failed(e);
        }
    }

    /** Closes a handle that serves no connection, and its slot is vacant. */
    static void closeUnused(SocketSlot slot, IoThread io) {
        try {
            slot.close(false, io);
        } finally {
            slot.vacate();
        }
    }

    /** No handle is in the slot, and no packet is to come. */
    void vacant(SocketSlot slot) {
        vacant.give(slot);
    }

    /** An open handle came from elsewhere. */
    void adopted() {
        arrived.increment();
    }

    /** An open handle is somebody else's now. */
    void detached() {
        departed.increment();
    }

    void closeSocket(long handle, Object what, IoThread io) {
        closed.increment();
        int error = io.win32().closesocket(handle);
        if (error == WSAEWOULDBLOCK()) { // non-blocking, with a SO_LINGER that has to wait: it is still open [doc]
            io.setBlocking(handle);
            error = io.win32().closesocket(handle);
        }
        if (error != 0) {
            IoDomain.LOG.error("closesocket: {}, {}", ErrorName.of(error), what);
        }
    }

    /** Logs the 1st, 2nd, 4th, 8th ... failure: the counter has them all. */
    void failed(Win32Exception e) {
        failures.increment();
        if (Long.bitCount(failures.sum()) == 1) {
            IoDomain.LOG.warn("{}, {} sockets open, {} failures so far", e.getMessage(),
                    open(), failures.sum());
        }
    }

    /** Closes the sockets that wait for an accept. */
    void closeFree(IoThread io) {
        giveBack.disarm();
        if (pool != null) {
            pool.closeThoseOf(domain, io);
        }
        for (FreeSockets<SocketSlot> list : List.of(freeV4, freeV6)) {
            for (SocketSlot unused : list.takeIf(each -> true)) {
                attemptToClose(unused, io);
            }
        }
    }

    /** Does something for each slot; what it throws is reported later. */
    void forEach(Consumer<SocketSlot> action, IoThread io) {
        for (int i = 0; i < slots.size(); i++) {
            SocketSlot slot = slots.at(i);
            if (slot != null) {
                IoDomain.attempt(() -> action.accept(slot), io);
            }
        }
    }

    /** The slot of a number; null if there is none. */
    @Nullable SocketSlot at(int index) {
        return slots.at(index);
    }

    /** When no operation is pending. */
    void release(Win32 win32) {
        addresses.release(win32);
    }

    long created() {
        return created.sum();
    }

    long reused() {
        return reused.sum();
    }

    long closed() {
        return closed.sum();
    }

    long open() {
        return created.sum() + arrived.sum() - closed.sum() - departed.sum();
    }

    long failures() {
        return failures.sum();
    }

    int freeCount() {
        return freeV4.size() + freeV6.size();
    }

    int highWater() {
        return freeV4.highWater() + freeV6.highWater();
    }

    long givenBack() {
        return freeV4.givenBack() + freeV6.givenBack();
    }
}
