package org.iocp4j.port;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A bounded list of objects that are free to be used again. Any thread; one lock, held for a few instructions and never
 * across a call to Windows.
 *
 * @param <T> the objects, never null
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class FreeList<T> {
    /** Which of the free objects is taken next. */
    public enum Order {
        /** The one that was given last: its memory is most likely still in the processor's caches. */
        LIFO,
        /** The one that has been free longest. */
        FIFO
    }

    private static final int FIRST_ROOM = 16;

    private final int capacity;
    private final Order order;
    /** The one that has been free longest is the first. */
    private ArrayDeque<T> items = new ArrayDeque<>(FIRST_ROOM);
    /** How many fit in without its growing. */
    private int room = FIRST_ROOM;

    /**
     * An empty list.
     *
     * @param capacity the most objects that it keeps
     */
    public FreeList(int capacity, Order order) {
        this.capacity = capacity;
        this.order = order;
    }

    /** Adds an object; false if the list is full, and then it stays the caller's. */
    public synchronized boolean give(T item) {
        if (items.size() == capacity) {
            return false;
        }
        if (items.size() == room) {
            grow();
        }
        items.addLast(item);
        return true;
    }

    /** Not left to addLast: without memory to grow, an ArrayDeque is empty afterwards, and all that it had is lost. */
    private void grow() {
        ArrayDeque<T> larger = new ArrayDeque<>(2 * room);
        larger.addAll(items);
        items = larger;
        room *= 2;
    }

    /** Removes an object in the list's order and returns it; null if there is none. */
    public synchronized @Nullable T take() {
        return order == Order.FIFO ? items.pollFirst() : items.pollLast();
    }

    /** Removes the object that has been free longest and returns it; null if there is none. */
    public synchronized @Nullable T takeOldest() {
        return items.pollFirst();
    }

    /** Removes those that a condition holds for, and returns them. */
    public synchronized List<T> takeIf(Predicate<? super T> condition) {
        List<T> taken = items.stream().filter(condition).toList();
        items.removeIf(condition);
        return taken;
    }

    /** Removes all objects. */
    public synchronized void clear() {
        items.clear();
    }

    /** How many objects are free. */
    public synchronized int size() {
        return items.size();
    }
}
