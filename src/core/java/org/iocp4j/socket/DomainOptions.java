package org.iocp4j.socket;

import java.time.Duration;
import java.util.Objects;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link IoDomain} works. No component but
 * {@code sharedPool} is null.
 *
 * @param threads        who dequeues and posts
 * @param concurrency    how many threads Windows lets run on the port's packets at the same time; 0 = as many as there
 *                       are processors. Wine ignores it [wine]
 * @param mostSockets    the most sockets there can be, those included that are closed and have operations pending;
 *                       their addresses are reserved, memory is committed by need
 * @param delivery       how completions are delivered: {@link Delivery#RETURN} saves packets where that works
 * @param returnsDone    whether posts return what has completed synchronously without a packet; only for a pool, whose
 *                       other threads post and do not dequeue
 * @param reuse          how {@link Closing#REUSE} disconnects
 * @param keepFree       how many disconnected sockets of each address family are always kept for the next connections
 * @param mostFree       how many are kept at most, at least {@code keepFree}. Between the two as many are kept as the
 *                       last five minutes have needed: as bring those in use, from the post of their accept on, back to
 *                       the most that were in use at once. What is above that is closed, 64 sockets in 100 ms at most
 * @param order          which of these is used next
 * @param disconnectTime the longest that such a disconnect may take before its socket is closed instead; a day at most
 * @param sharedPool     has the disconnected sockets of this and other domains; null if the domain keeps its own
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public record DomainOptions(Threads threads, int concurrency, int mostSockets, Delivery delivery,
        boolean returnsDone, DisconnectMethod reuse, int keepFree, int mostFree, FreeList.Order order,
        Duration disconnectTime,
        @Nullable SocketPool sharedPool) {
    /** Who makes the calls of a domain. */
    public enum Threads {
        /** One thread makes them all, but for {@link IoDomain#wake} and the closes. No post returns that it is done. */
        LOOP,
        /** Any thread makes any call, and several dequeue. */
        POOL
    }

    /**
     * The default for {@link #mostSockets}. It reserves 232 MiB of the address space, and no memory.
     */
    public static final int MOST_SOCKETS = 1 << 20;

    private static final Duration MOST_DISCONNECT_TIME = Duration.ofDays(1);

    /** Checks what would only show later. */
    public DomainOptions {
        if (threads == Threads.LOOP && returnsDone) {
            throw new IllegalArgumentException("a loop is told what is done by its next dequeue, not by the post");
        }
        if (mostSockets < 1 || mostSockets > (Integer.MAX_VALUE - OverlappedFile.MOST_FILES) / SocketSlot.OPERATIONS) {
            throw new IllegalArgumentException(mostSockets + " sockets at most");
        }
        if (keepFree < 0 || mostFree < keepFree || concurrency < 0) {
            throw new IllegalArgumentException(keepFree + " to " + mostFree + " free sockets, concurrency "
                    + concurrency);
        }
        if (disconnectTime.isNegative() || disconnectTime.compareTo(MOST_DISCONNECT_TIME) > 0) {
            throw new IllegalArgumentException("disconnectTime is " + disconnectTime + "; it can be 0 to "
                    + MOST_DISCONNECT_TIME.toHours() + " h");
        }
        Objects.requireNonNull(delivery, "delivery is null");
        Objects.requireNonNull(reuse, "reuse is null");
        Objects.requireNonNull(order, "order is null");
    }

    /** For one thread; its sockets are not used again. */
    public static DomainOptions loop() {
        return new DomainOptions(Threads.LOOP, 1, MOST_SOCKETS, Delivery.PACKET, false, DisconnectMethod.CLOSE, 0, 0,
                FreeList.Order.LIFO, Duration.ofSeconds(5), null);
    }

    /** For any number of threads; its sockets are not used again. */
    public static DomainOptions pool() {
        return new DomainOptions(Threads.POOL, 0, MOST_SOCKETS, Delivery.PACKET, false, DisconnectMethod.CLOSE, 0, 0,
                FreeList.Order.LIFO, Duration.ofSeconds(5), null);
    }

    /** The same with another delivery. */
    public DomainOptions withDelivery(Delivery other) {
        return new DomainOptions(threads, concurrency, mostSockets, other, returnsDone, reuse, keepFree, mostFree,
                order, disconnectTime, sharedPool);
    }

    /** The same with another most number of sockets. */
    public DomainOptions withMostSockets(int other) {
        return new DomainOptions(threads, concurrency, other, delivery, returnsDone, reuse, keepFree, mostFree,
                order, disconnectTime, sharedPool);
    }

    /** The same with posts that return what is done, or without. */
    public DomainOptions withReturnsDone(boolean other) {
        return new DomainOptions(threads, concurrency, mostSockets, delivery, other, reuse, keepFree, mostFree,
                order, disconnectTime, sharedPool);
    }

    /** The same with sockets that are used again, {@code most} of them kept free, whatever was needed. */
    public DomainOptions withReuse(DisconnectMethod method, int most) {
        return withReuse(method, most, most);
    }

    /** The same with sockets that are used again, and other numbers of them kept free. */
    public DomainOptions withReuse(DisconnectMethod method, int least, int most) {
        return new DomainOptions(threads, concurrency, mostSockets, delivery, returnsDone, method, least, most, order,
                disconnectTime, sharedPool);
    }

    /** The same with sockets that are used again by any domain with this pool. */
    public DomainOptions withPool(DisconnectMethod method, SocketPool shared) {
        return new DomainOptions(threads, concurrency, mostSockets, delivery, returnsDone, method, keepFree, mostFree,
                order, disconnectTime, shared);
    }
}
