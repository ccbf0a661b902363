package org.iocp4j.channels;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.WSAEAFNOSUPPORT;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.SocketOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.channels.seam.Settings;
import org.iocp4j.channels.seam.Surroundings;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.port.SpareIoThreads;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/** What all groups of a provider share: buffers, the clock's thread, counters, settings. Any thread. */
final class Transport {
    /** The most disconnected sockets that a group keeps of each address family. */
    static final int MOST_FREE_SOCKETS = 1_000;
    /** How long a disconnect may take before its socket is closed instead. */
    private static final Duration DISCONNECT = Duration.ofSeconds(5);
    /** Of all buffers, one in so many is for reads alone: peers that do not read hold up no reads. */
    private static final int READS_SHARE = 4;
    /** One in so many is not lent to a read that only waits: reads of silent peers hold up no writes. */
    private static final int NOT_FOR_WAITING_SHARE = 2;
    /**
     * One in so many is lent for the time of a call alone. What waiting reads and stuck writes have together, nobody
     * need ever give back: but a read that finds bytes goes on, and brings them, since one buffer serves all such.
     */
    private static final int FOR_CALLS_SHARE = 8;
    /** Until one buffer in so many has been made, nothing has to be counted. */
    private static final int PLENTY_SHARE = 4;
    /** A write takes one of so many that are left as 64 writes would share all: one of 1,024, by default. */
    private static final int FAIR_SHARE = 64;

    /** With fewer buffers than this, no thread has a stock of its own. */
    private static final int FEWEST_FOR_STOCKS = 256 * BufferPool.STOCK;

    final Surroundings surroundings;
    final SpareIoThreads spareThreads;
    final BufferPool buffers;
    final Timers timers;
    final Counters counters = new Counters();
    /** Of sockets that connect: IPv6, which reaches IPv4 addresses, too; IPv4 where there is no other. */
    final int family;
    /** What channels can be asked to set. */
    final Set<SocketOption<?>> socketOptions;
    final Settings settings;
    final DisconnectMethod disconnect;
    private final Delivery delivery;
    /** How many buffers are lent to writes. */
    private final LongAdder ofWrites = new LongAdder();

    Transport(Surroundings surroundings, Settings settings) {
        this.surroundings = surroundings;
        this.settings = settings;
        spareThreads = new SpareIoThreads(surroundings::attach);
        IoThread io = spareThreads.take();
        try {
            disconnect = Capabilities.choose(Optional.of(settings.reuse() ? DisconnectMethod.DISCONNECT_EX
                    : DisconnectMethod.CLOSE), io.win32());
            delivery = Capabilities.chooseDelivery(disconnect, InetAddress.getLoopbackAddress(), io.win32());
            family = findFamily(io.win32());
            socketOptions = findOptions(io);
            buffers = new BufferPool(io.win32(), settings.bufferBytes(), settings.mostBuffers());
            timers = newTimers(io);
        } catch (Win32Exception e) {
            throw new UncheckedIOException(e);
        } finally {
            spareThreads.give(io);
        }
    }

    private Timers newTimers(IoThread io) throws Win32Exception {
        try {
            return new Timers(surroundings, spareThreads, buffers, io);
        } catch (Throwable e) {
            buffers.release(io.win32());
            throw e;
        }
    }

    private static int findFamily(Win32 win32) {
        if (Boolean.getBoolean("java.net.preferIPv4Stack")) {
            return AF_INET();
        }
        long probe = Sockaddr.tcpSocket(AF_INET6(), win32);
        if (probe >= 0) {
            win32.closesocket(probe);
        }
        return probe == -WSAEAFNOSUPPORT() ? AF_INET() : AF_INET6();
    }

    private Set<SocketOption<?>> findOptions(IoThread io) {
        long probe = Sockaddr.tcpSocket(family, io.win32());
        if (probe < 0) {
            return ChannelOptions.ofSockets(_ -> false);
        }
        try {
            return ChannelOptions.ofSockets(code -> io.getOption(probe, code.level(), code.name()) >= 0);
        } finally {
            io.win32().closesocket(probe);
        }
    }

    /** @param concurrency how many threads Windows lets run on the group's packets at the same time */
    DomainOptions options(int concurrency) {
        int most = disconnect.reuses() ? MOST_FREE_SOCKETS : 0;
        return new DomainOptions(DomainOptions.Threads.POOL, concurrency, DomainOptions.MOST_SOCKETS, delivery, true,
                disconnect, 0, most, FreeList.Order.LIFO, DISCONNECT, null);
    }

    /** For the calling thread until {@link #give}: its own, if it dequeues for a group. */
    IoThread take() {
        IoThread own = HandlerThread.ownIo();
        return own != null ? own : spareThreads.take();
    }

    void give(IoThread io) {
        if (HandlerThread.ownIo() != io) {
            spareThreads.give(io);
        }
    }

    // ---- buffers ----

    /**
     * Whose stock of free buffers the calling thread has; null if it has none. A spare IoThread that rests would keep
     * buffers from the others, and so would any thread that waits, if all buffers were not many times what it keeps.
     */
    private @Nullable IoThread stockOwner() {
        return settings.mostBuffers() >= FEWEST_FOR_STOCKS ? HandlerThread.ownIo() : null;
    }

    /** For a read that waits, or holds what did not fit; null if there are too many, or no memory for one more. */
    @Nullable PooledBuffer takeToWait(IoThread io) {
        return isPlenty() || mayWait(buffers.lent()) ? takeBuffer(io) : null;
    }

    private boolean mayWait(int lent) {
        int all = settings.mostBuffers();
        return lent < all - all / FOR_CALLS_SHARE && lent - ofWrites.sum() < all - all / NOT_FOR_WAITING_SHARE;
    }

    /** For a write, as long as the {@link #share} allows; null if there is no memory for one more. */
    @Nullable PooledBuffer takeToWrite(IoThread io) {
        PooledBuffer buffer = takeBuffer(io);
        if (buffer != null) {
            ofWrites.increment();
        }
        return buffer;
    }

    /** Lends an empty buffer, for the time of a call; null if there is none, or no memory for one more. */
    @Nullable PooledBuffer takeBuffer(IoThread io) {
        IoThread own = stockOwner();
        PooledBuffer buffer = buffers.take(own);
        while (buffer == null && buffers.grow(io.win32())) {
            buffer = buffers.take(own);
        }
        return buffer;
    }

    /**
     * How many buffers a write may take now. The fewer are left, the fewer, so that peers which do not read share them
     * with many others: with 65,536 buffers some 4,800 writes that never end leave one for one more, where no reads
     * wait.
     *
     * @param most how many it takes at most
     */
    int share(int most) {
        int all = settings.mostBuffers();
        int part = Math.max(1, all / FAIR_SHARE);
        int bound = Math.min(most, part);
        if (isPlenty()) {
            return bound;
        }
        long left = Math.min(all - all / READS_SHARE - ofWrites.sum(), all - all / FOR_CALLS_SHARE - buffers.lent());
        return left <= 0 ? 0 : Math.clamp(left / part, 1, bound);
    }

    /** Whether there is no need to count. */
    private boolean isPlenty() {
        return buffers.committedBytes() <= (long) settings.mostBuffers() / PLENTY_SHARE * settings.bufferBytes();
    }

    void giveBuffer(PooledBuffer buffer) {
        buffers.give(buffer, stockOwner());
    }

    /** Gives back a chain of a write's. */
    void giveWritten(@Nullable PooledBuffer first) {
        for (PooledBuffer buffer = first; buffer != null;) {
            PooledBuffer next = buffer.next();
            giveBuffer(buffer);
            ofWrites.decrement();
            buffer = next;
        }
    }
}
