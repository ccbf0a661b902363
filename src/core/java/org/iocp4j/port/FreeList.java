package org.iocp4j.port;

import java.util.ArrayDeque;

/**
 * A bounded list of things to be used again, under one lock that is held for a few instructions and never across a call
 * to Windows.
 */
public final class FreeList<T> {
    /** Which of the free ones is taken next. */
    public enum Order {
        /** The one given back last: its memory is warmest. */
        LIFO,
        /** The one that has rested longest. */
        FIFO
    }

    private final int capacity;
    private final Order order;
    private final ArrayDeque<T> items = new ArrayDeque<>();

    public FreeList(int capacity, Order order) {
        this.capacity = capacity;
        this.order = order;
    }

    /** Whether there was room. */
    public synchronized boolean give(T item) {
        if (items.size() == capacity) {
            return false;
        }
        items.addLast(item);
        return true;
    }

    /** Null if there is none. */
    public synchronized T take() {
        return order == Order.FIFO ? items.pollFirst() : items.pollLast();
    }

    public synchronized void clear() {
        items.clear();
    }

    public synchronized int size() {
        return items.size();
    }
}
