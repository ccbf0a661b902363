package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.AF_INET6;

import java.util.List;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;
import org.jspecify.annotations.Nullable;

/**
 * Disconnected sockets of several domains, for the accepts of any of them ({@link DomainOptions#withPool}). A socket
 * stays on the port of the domain that adopted it first, so the listener's domain passes an accepted one on to that
 * one: {@link DetachedSocket#home}. The one that has waited longest is taken first, so each domain gets its turn. Any
 * thread.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class SocketPool {
    private final FreeList<DetachedSocket> v4;
    private final FreeList<DetachedSocket> v6;

    /** @param most how many sockets are kept of each address family; one more is closed */
    public SocketPool(int most) {
        if (most < 0) {
            throw new IllegalArgumentException(most + " sockets at most");
        }
        v4 = new FreeList<>(most, FreeList.Order.FIFO);
        v6 = new FreeList<>(most, FreeList.Order.FIFO);
    }

    private FreeList<DetachedSocket> of(int family) {
        return family == AF_INET6() ? v6 : v4;
    }

    boolean give(DetachedSocket socket) {
        return of(socket.family).give(socket);
    }

    @Nullable DetachedSocket take(int family) {
        return of(family).take();
    }

    /** A domain has ended: its port is closed. */
    void closeThoseOf(IoDomain home, IoThread io) {
        for (FreeList<DetachedSocket> list : List.of(v4, v6)) {
            for (DetachedSocket socket : list.takeIf(each -> home.equals(each.home))) {
                IoDomain.attempt(() -> socket.close(io.win32()), io);
            }
        }
    }

    /** How many sockets it has now. */
    public int size() {
        return v4.size() + v6.size();
    }
}
