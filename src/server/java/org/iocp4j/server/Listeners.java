package org.iocp4j.server;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The listeners of a group, until they are gone, and the figures of those that are. Any thread; no call to Windows is
 * made under the lock.
 */
final class Listeners {
    private final int maxAcceptsPosted;
    private final List<IocpListener> present = new ArrayList<>();
    private int acceptsReserved;
    private long acceptsOfGone;
    private long failuresOfGone;
    private long refusalsOfGone;

    /** @param maxAcceptsPosted {@link GroupOptions#maxAcceptsPosted} */
    Listeners(int maxAcceptsPosted) {
        this.maxAcceptsPosted = maxAcceptsPosted;
    }

    /**
     * For one more listener that keeps so many accepts posted.
     *
     * @throws IllegalArgumentException if all together would be too many
     */
    synchronized void reserve(int accepts) {
        if (accepts > maxAcceptsPosted - acceptsReserved) {
            throw new IllegalArgumentException("acceptsPosted: " + accepts + " and the " + acceptsReserved
                    + " of other listeners are more than maxAcceptsPosted, " + maxAcceptsPosted);
        }
        acceptsReserved += accepts;
    }

    /** There is no such listener, or it is gone. */
    synchronized void giveBack(int accepts) {
        acceptsReserved -= accepts;
    }

    synchronized void add(IocpListener listener) {
        present.add(listener);
    }

    /** It accepts no more, and none of its accepts is pending. */
    synchronized void gone(IocpListener listener) {
        if (present.remove(listener)) {
            giveBack(listener.acceptsWanted());
            acceptsOfGone += listener.accepts();
            failuresOfGone += listener.failures();
            refusalsOfGone += listener.refusals();
        }
    }

    /** Those that are not gone, as they are now. */
    synchronized List<IocpListener> present() {
        return List.copyOf(present);
    }

    synchronized long accepts() {
        return acceptsOfGone + sum(IocpListener::accepts);
    }

    synchronized long failures() {
        return failuresOfGone + sum(IocpListener::failures);
    }

    synchronized long refusals() {
        return refusalsOfGone + sum(IocpListener::refusals);
    }

    synchronized int acceptsPosted() {
        return (int) sum(IocpListener::acceptsPosted);
    }

    private long sum(ToLongFunction<IocpListener> figure) {
        return present.stream().mapToLong(figure).sum();
    }
}
