package org.iocp4j.server;

/**
 * What a session's id is made of: the slot of the session table in its upper 24 bits, and below them a serial number
 * that the slot has used for no connection before. No other class knows where the one ends.
 */
final class SessionId {
    /** The most slots; so no id is negative. */
    static final int MAX_SLOTS = 1_000_000;

    /** Enough for a connection every 30 us in the same slot, for a year. */
    private static final int SERIAL_BITS = 40;
    private static final long MAX_SERIAL = (1L << SERIAL_BITS) - 1;

    private SessionId() {
    }

    /**
     * The id of a slot's next connection.
     *
     * @param serial of the one before, 0 if there was none; the last one is followed by 1, for an id of slot 0 with the
     *               serial 0 would be 0, which means none
     */
    static long next(int slot, long serial) {
        return of(slot, serial == MAX_SERIAL ? 1 : serial + 1);
    }

    /** The id of a slot's connection with this serial number. */
    static long of(int slot, long serial) {
        return (long) slot << SERIAL_BITS | serial;
    }

    static int slot(long id) {
        return (int) (id >>> SERIAL_BITS);
    }

    static long serial(long id) {
        return id & MAX_SERIAL;
    }
}
