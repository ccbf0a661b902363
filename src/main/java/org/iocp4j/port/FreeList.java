package org.iocp4j.port;

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

    private final Order order;
    private final Object[] ring;
    private int first;
    private int count;

    public FreeList(int capacity, Order order) {
        this.ring = new Object[capacity];
        this.order = order;
    }

    /** Whether there was room. */
    public synchronized boolean give(T item) {
        if (count == ring.length) {
            return false;
        }
        ring[(first + count++) % ring.length] = item;
        return true;
    }

    /** Null if there is none. */
    @SuppressWarnings("unchecked")
    public synchronized T take() {
        if (count == 0) {
            return null;
        }
        int index = order == Order.FIFO ? first : (first + count - 1) % ring.length;
        T item = (T) ring[index];
        ring[index] = null;
        if (order == Order.FIFO) {
            first = (first + 1) % ring.length;
        }
        count--;
        return item;
    }

    public synchronized int size() {
        return count;
    }
}
