package org.iocp4j.netty;

/** Bytes that tell where in a stream they belong. */
final class Pattern {
    private Pattern() {
    }

    static byte at(long position) {
        return (byte) (position * 31 + (position >>> 8) * 7 + (position >>> 16));
    }

    static byte[] of(int bytes) {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            pattern[i] = at(i);
        }
        return pattern;
    }
}
