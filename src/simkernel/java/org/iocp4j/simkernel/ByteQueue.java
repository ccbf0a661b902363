package org.iocp4j.simkernel;

import java.util.Arrays;

/** Bytes, first in, first out. */
final class ByteQueue {
    private byte[] bytes = new byte[64];
    private int first;
    private int size;

    int size() {
        return size;
    }

    void add(byte[] source, int offset, int count) {
        if (first + size + count > bytes.length) {
            boolean small = size + count > bytes.length / 2;
            byte[] target = small ? new byte[Math.max(2 * bytes.length, 2 * (size + count))] : bytes;
            System.arraycopy(bytes, first, target, 0, size);
            bytes = target;
            first = 0;
        }
        System.arraycopy(source, offset, bytes, first + size, count);
        size += count;
    }

    byte[] take(int count) {
        byte[] taken = peek(count);
        first += count;
        size -= count;
        return taken;
    }

    byte[] peek(int count) {
        return Arrays.copyOfRange(bytes, first, first + count);
    }

    void clear() {
        size = 0;
        first = 0;
    }
}
