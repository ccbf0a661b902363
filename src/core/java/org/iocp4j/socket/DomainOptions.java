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
 * @param keepFree       the most disconnected sockets that are kept for the next connections; one more is closed
 * @param order          which of these is used next
 * @param disconnectTime the longest that such a disconnect may take before its socket is closed instead
 * @param sharedPool     has the disconnected sockets of this and other domains; null if the domain keeps its own
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public record DomainOptions(Threads threads, int concurrency, int mostSockets, Delivery delivery,
        boolean returnsDone, DisconnectMethod reuse, int keepFree, FreeList.Order order, Duration disconnectTime,
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

    /** Checks what would only show later. */
    public DomainOptions {
        if (threads == Threads.LOOP && returnsDone) {
            throw new IllegalArgumentException("a loop is told what is done by its next dequeue, not by the post");
        }
        if (mostSockets < 1 || mostSockets > (Integer.MAX_VALUE - OverlappedFile.MOST_FILES) / SocketSlot.OPERATIONS) {
            throw new IllegalArgumentException(mostSockets + " sockets at most");
        }
        if (keepFree < 0 || concurrency < 0 || disconnectTime.isNegative()) {
            throw new IllegalArgumentException(keepFree + " free sockets at most, concurrency " + concurrency + ", "
                    + disconnectTime + " for a disconnect");
        }
        Objects.requireNonNull(delivery, "delivery is null");
        Objects.requireNonNull(reuse, "reuse is null");
        Objects.requireNonNull(order, "order is null");
    }

    /** For one thread; its sockets are not used again. */
    public static DomainOptions loop() {
        return new DomainOptions(Threads.LOOP, 1, MOST_SOCKETS, Delivery.PACKET, false, DisconnectMethod.CLOSE, 0,
                FreeList.Order.LIFO, Duration.ofSeconds(5), null);
    }

    /** For any number of threads; its sockets are not used again. */
    public static DomainOptions pool() {
        return new DomainOptions(Threads.POOL, 0, MOST_SOCKETS, Delivery.PACKET, false, DisconnectMethod.CLOSE, 0,
                FreeList.Order.LIFO, Duration.ofSeconds(5), null);
    }

    /** The same with another delivery. */
    public DomainOptions withDelivery(Delivery other) {
        return new DomainOptions(threads, concurrency, mostSockets, other, returnsDone, reuse, keepFree, order,
                disconnectTime, sharedPool);
    }

    /** The same with another most number of sockets. */
    public DomainOptions withMostSockets(int other) {
        return new DomainOptions(threads, concurrency, other, delivery, returnsDone, reuse, keepFree, order,
                disconnectTime, sharedPool);
    }

    /** The same with posts that return what is done, or without. */
    public DomainOptions withReturnsDone(boolean other) {
        return new DomainOptions(threads, concurrency, mostSockets, delivery, other, reuse, keepFree, order,
                disconnectTime, sharedPool);
    }

    /** The same with sockets that are used again. */
    public DomainOptions withReuse(DisconnectMethod method, int most) {
        return new DomainOptions(threads, concurrency, mostSockets, delivery, returnsDone, method, most, order,
                disconnectTime, sharedPool);
    }

    /** The same with sockets that are used again by any domain with this pool. */
    public DomainOptions withPool(DisconnectMethod method, SocketPool shared) {
        return new DomainOptions(threads, concurrency, mostSockets, delivery, returnsDone, method, keepFree, order,
                disconnectTime, shared);
    }
}
