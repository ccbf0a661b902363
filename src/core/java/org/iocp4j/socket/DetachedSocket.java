package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_LINGER;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.win32.Win32;
import org.jspecify.annotations.Nullable;

/**
 * A connected socket that is on its way to a domain: {@link StreamSocket#detach} lets go of it, or it comes from
 * elsewhere ({@link #of}), and {@link IoDomain#adopt} takes it over. Until then whoever has this object owns the
 * handle. Immutable; any thread.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class DetachedSocket {
    final long handle;
    final int family;
    final int generation;
    /** On whose port the handle is, as long as it is open; null if on none. */
    final @Nullable IoDomain home;
    final Delivery delivery;
    final boolean nonBlocking;
    final boolean accepted;
    /** It has options of its own, which must not go on to another connection. */
    final boolean changed;
    /** Where it counts as in use until it is closed; null if nowhere. */
    final @Nullable FreeSockets<?> inUseOf;
    /** Its sockaddrs, the local one and the peer's; null if they are not known. Never written. */
    final byte @Nullable [] addresses;

    private DetachedSocket(long handle, int family, @Nullable SocketSlot from, byte @Nullable [] addresses,
            boolean changed) {
        this.handle = handle;
        this.family = family;
        this.addresses = addresses;
        this.changed = changed;
        generation = from == null ? 1 : from.generation;
        home = from == null ? null : from.home();
        delivery = from == null ? Delivery.PACKET : from.delivery();
        nonBlocking = from != null && from.isNonBlocking();
        accepted = from != null;
        inUseOf = from == null ? null : from.inUseOf();
    }

    /** An accepted one, or one that was disconnected: then without addresses. */
    static DetachedSocket from(SocketSlot slot, byte @Nullable [] addresses, boolean changed) {
        return new DetachedSocket(slot.handle, slot.family, slot, addresses, changed);
    }

    /**
     * A socket of other code's.
     *
     * @param handle for overlapped I/O, connected, its context updated, and not associated with a port
     * @param family AF_INET or AF_INET6
     */
    public static DetachedSocket of(long handle, int family) {
        return new DetachedSocket(handle, family, null, null, false);
    }

    /** The Windows handle. */
    public long handle() {
        return handle;
    }

    /** Its own address; null if it is of other code's. */
    public @Nullable InetSocketAddress localAddress() {
        return addresses == null ? null : Sockaddr.read(MemorySegment.ofArray(addresses), 0);
    }

    /** The peer's address; null if it is of other code's. */
    public @Nullable InetSocketAddress remoteAddress() {
        return addresses == null ? null : Sockaddr.read(MemorySegment.ofArray(addresses), addresses.length / 2);
    }

    /**
     * The only domain that can adopt it, since the handle is on that one's port: it was used there before. Null if any
     * can.
     */
    public @Nullable IoDomain home() {
        return home;
    }

    /**
     * Closes the handle, for an owner who has no use for it.
     *
     * @param win32 the calling thread's view of Windows
     * @return 0, or the error
     */
    public int close(Win32 win32) {
        if (inUseOf != null) {
            inUseOf.endUse(win32.nanoTime());
        }
        return win32.closesocket(handle);
    }

    /**
     * Closes the handle by a reset, for an owner who has no use for the connection and whose peer is to know.
     *
     * @param io the calling thread's own
     * @return 0, or the error
     */
    public int reset(IoThread io) {
        int error = 0;
        try {
            error = io.setOption(handle, SOL_SOCKET(), SO_LINGER(), SocketSlot.LINGER_RESET);
        } finally {
            int closeError = close(io.win32());
            error = closeError != 0 ? closeError : error;
        }
        return error;
    }

    @Override
    public String toString() {
        return "socket " + handle + " of no domain (generation " + generation + ")";
    }
}
