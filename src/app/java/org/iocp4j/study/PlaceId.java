package org.iocp4j.study;

/**
 * The study's session ids: a place of the session array in the upper 16 bits, and below them a serial number, as in the
 * original.
 */
final class PlaceId {
    private static final int PLACE_SHIFT = 48;

    private PlaceId() {
    }

    static long of(int place, long serial) {
        return (long) place << PLACE_SHIFT | serial;
    }

    static int place(long id) {
        return (int) (id >>> PLACE_SHIFT);
    }

    static long serial(long id) {
        return id & (1L << PLACE_SHIFT) - 1;
    }
}
