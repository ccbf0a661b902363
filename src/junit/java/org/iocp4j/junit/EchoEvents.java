package org.iocp4j.junit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.iocp4j.echo.EchoEvent;

/**
 * The events of an {@link IocpEcho}, all of them, in memory: what a test waits for and looks at. Those of one session
 * are in their order; those of several may be in another than they came about in. Any thread.
 */
public final class EchoEvents {
    private final Duration longestWait;

    // Guarded by this.
    private final List<EchoEvent> all = new ArrayList<>();
    /** How often they were forgotten: who waits begins anew then. */
    private int clears;
    /** The sessions that are there, each with its first event. */
    private final Map<Long, EchoEvent.Accepted> open = new LinkedHashMap<>();
    private final Map<Long, Long> messages = new LinkedHashMap<>();

    EchoEvents(Duration longestWait) {
        this.longestWait = longestWait;
    }

    synchronized void add(EchoEvent event) {
        switch (event) {
            case EchoEvent.Accepted accepted -> open.put(accepted.session(), accepted);
            case EchoEvent.Messages more -> messages.put(more.session(), more.total());
            case EchoEvent.Disconnected gone -> {
                open.remove(gone.session());
                messages.remove(gone.session());
            }
        }
        all.add(event);
        notifyAll();
    }

    /** Those since the server's start, or since {@link #clear}. An unmodifiable copy. */
    public synchronized List<EchoEvent> all() {
        return List.copyOf(all);
    }

    /** Those of one type. An unmodifiable copy. */
    public <E extends EchoEvent> List<E> all(Class<E> type) {
        Objects.requireNonNull(type, "type is null");
        return all().stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** Forgets them: {@link #await} looks at those that come. A test with millions of messages does this. */
    public synchronized void clear() {
        all.clear();
        clears++;
    }

    /** {@link #await(Class, Predicate)}, whatever the event is like. */
    public <E extends EchoEvent> E await(Class<E> type) throws InterruptedException {
        return await(type, event -> true);
    }

    /**
     * Waits until there is such an event, and returns the first.
     *
     * @param condition called for each event of the type, under a lock; it must not wait
     * @throws AssertionError if there is none within {@link IocpEcho.Builder#longestWait}; it tells which there are
     */
    public <E extends EchoEvent> E await(Class<E> type, Predicate<? super E> condition) throws InterruptedException {
        return await(type, condition, 1).getFirst();
    }

    /**
     * Waits until there are so many such events, and returns them: those that there are then, in the order in which
     * they came.
     *
     * @param count 1 or more
     * @throws AssertionError as above
     */
    public synchronized <E extends EchoEvent> List<E> await(Class<E> type, Predicate<? super E> condition, int count)
            throws InterruptedException {
        Objects.requireNonNull(type, "type is null");
        Objects.requireNonNull(condition, "condition is null");
        if (count < 1) {
            throw new IllegalArgumentException("count: " + count + " is below 1");
        }
        long deadline = System.nanoTime() + longestWait.toNanos();
        int clearsSeen = clears;
        int looked = 0;
        List<E> found = new ArrayList<>();
        while (true) {
            if (clearsSeen != clears) {
                clearsSeen = clears;
                looked = 0;
                found.clear();
            }
            for (; looked < all.size(); looked++) { // each once: there may be many
                EchoEvent event = all.get(looked);
                if (type.isInstance(event) && condition.test(type.cast(event))) {
                    found.add(type.cast(event));
                }
            }
            if (found.size() >= count) {
                return List.copyOf(found);
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError(found.size() + " of " + count + " such " + type.getSimpleName()
                        + " events within " + longestWait.toMillis() + " ms; there are: " + latest());
            }
            wait(left / 1_000_000 + 1);
        }
    }

    private String latest() {
        int from = Math.max(0, all.size() - 20);
        return (from > 0 ? "[" + from + " before, " : "[")
                + String.join(", ", all.subList(from, all.size()).stream().map(EchoEvent::toString).toList()) + "]";
    }

    /** Waits until no session is left; the lines that name those that are, if that takes too long. */
    synchronized List<String> awaitNobody() throws InterruptedException {
        long deadline = System.nanoTime() + longestWait.toNanos();
        for (long left = longestWait.toNanos(); !open.isEmpty() && left > 0; left = deadline - System.nanoTime()) {
            wait(left / 1_000_000 + 1);
        }
        return open.values().stream().map(session -> "session " + Long.toUnsignedString(session.session()) + " of "
                + session.client() + " on socket " + session.socket() + ", generation " + session.generation()
                + ", open since " + session.time() + ", " + messages.getOrDefault(session.session(), 0L)
                + " messages: its client has not closed the connection").toList();
    }
}
