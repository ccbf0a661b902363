package org.iocp4j.load;

import java.util.Arrays;

/**
 * The deadlines of a thread's connections: a binary heap of at most one entry a connection. A deadline that moves later
 * leaves its entry where it is (each echo moves one); the entry is put right when it comes up. Nothing is allocated
 * once the heap has its size. One thread.
 */
final class Timers {
    /** The deadline of a connection that waits for nothing. */
    static final long NONE = Long.MAX_VALUE;

    private Connection[] heap = new Connection[64];
    private int size;

    /** Sees to it that the connection comes up at its deadline or before. */
    void arm(Connection connection) {
        long deadline = connection.deadline;
        if (deadline == NONE || (connection.heapIndex >= 0 && connection.armedAt <= deadline)) {
            return;
        }
        connection.armedAt = deadline;
        if (connection.heapIndex < 0) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            place(connection, size++);
        }
        siftUp(connection.heapIndex);
    }

    /** Takes out one connection whose deadline has come, or null. */
    Connection expired(long now) {
        while (size > 0 && heap[0].armedAt <= now) {
            Connection first = removeFirst();
            if (first.deadline <= now) {
                first.deadline = NONE;
                return first;
            }
            arm(first);
        }
        return null;
    }

    /** When to look again, or {@link #NONE}. */
    long next() {
        return size == 0 ? NONE : heap[0].armedAt;
    }

    private Connection removeFirst() {
        Connection first = heap[0];
        first.heapIndex = -1;
        Connection last = heap[--size];
        heap[size] = null;
        if (size > 0) {
            place(last, 0);
            siftDown(0);
        }
        return first;
    }

    private void siftUp(int from) {
        int i = from;
        Connection moving = heap[i];
        while (i > 0 && heap[(i - 1) / 2].armedAt > moving.armedAt) {
            place(heap[(i - 1) / 2], i);
            i = (i - 1) / 2;
        }
        place(moving, i);
    }

    private void siftDown(int from) {
        int i = from;
        Connection moving = heap[i];
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1].armedAt < heap[child].armedAt) {
                child++;
            }
            if (heap[child].armedAt >= moving.armedAt) {
                break;
            }
            place(heap[child], i);
            i = child;
        }
        place(moving, i);
    }

    private void place(Connection connection, int index) {
        heap[index] = connection;
        connection.heapIndex = index;
    }
}
