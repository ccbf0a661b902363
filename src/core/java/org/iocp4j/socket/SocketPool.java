package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.AF_INET6;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoThread;

/**
 * Disconnected sockets of several domains, for the accepts of any of them ({@link DomainOptions#withPool}). A socket
 * stays on the port of the domain that adopted it first, so the listener's domain passes an accepted one on to that
 * one: {@link DetachedSocket#home}. If the one that has waited longest is taken first, each domain gets its turn. How
 * many are kept is as {@link DomainOptions#mostFree} says, by what all domains have in use together. Any thread.
 */
public final class SocketPool {
    private final FreeSockets<DetachedSocket> v4;
    private final FreeSockets<DetachedSocket> v6;
    private final LongAdder closed = new LongAdder();

    /**
     * An empty pool. Both numbers are of each address family.
     *
     * @param least how many sockets are kept always; one more is closed when it has not been needed for a while
     * @param most  how many are kept at most; one more is closed at once
     * @param order which of these is taken next
     */
    public SocketPool(int least, int most, FreeList.Order order) {
        if (least < 0 || most < least) {
            throw new IllegalArgumentException(least + " sockets at least, " + most + " at most");
        }
        v4 = new FreeSockets<>(least, most, order);
        v6 = new FreeSockets<>(least, most, order);
    }

    /** The same from which the socket is taken that has waited longest. */
    public SocketPool(int least, int most) {
        this(least, most, FreeList.Order.FIFO);
    }

    FreeSockets<DetachedSocket> of(int family) {
        return family == AF_INET6() ? v6 : v4;
    }

    /** A domain has ended: its port is closed. Those that are on no port go with it, or nobody might close them. */
    void closeThoseOf(IoDomain home, IoThread io) {
        for (FreeSockets<DetachedSocket> list : List.of(v4, v6)) {
            for (DetachedSocket socket : list.takeIf(each -> each.home == null || each.home == home)) {
                close(socket, io);
            }
        }
    }

    /** Closes some at most of those that have not been needed for a while; returns how many. */
    int closeUnneeded(int some, IoThread io) {
        int left = some;
        for (FreeSockets<DetachedSocket> list : List.of(v4, v6)) {
            for (DetachedSocket socket : list.takeUnneeded(left, io.nowNanos())) {
                left--;
                close(socket, io);
            }
        }
        return some - left;
    }

    private void close(DetachedSocket socket, IoThread io) {
        closed.increment();
        try {
            socket.close(io.win32());
        } catch (Throwable e) { // the others have to be closed all the same
            io.failed(e);
        }
    }

    /** Whether time will change anything. */
    boolean changesWithTime() {
        return v4.changesWithTime() || v6.changesWithTime();
    }

    /** How many sockets it has closed. */
    public long closed() {
        return closed.sum();
    }

    /** How many sockets it has now. */
    public int size() {
        return v4.size() + v6.size();
    }

    /** How many sockets it has closed since they had not been needed for a while. */
    public long givenBack() {
        return v4.givenBack() + v6.givenBack();
    }

    /**
     * The most sockets that were in use at once in the last five minutes, from the post of their accept on: the most of
     * IPv4 and the most of IPv6, added up.
     */
    public int highWater() {
        return v4.highWater() + v6.highWater();
    }
}
