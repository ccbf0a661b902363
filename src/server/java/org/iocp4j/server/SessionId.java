package org.iocp4j.server;

/**
 * What a session's id is made of: the slot of the session table in its upper 16 bits, and below them a serial number
 * that the slot has used for no connection before.
 */
final class SessionId {
    /** How many slots 16 bits can name; the last value stays unused, so that no id is -1. */
    static final int MAX_SLOTS = 65_535;

    private static final int SERIAL_BITS = 48;
    private static final long MAX_SERIAL = (1L << SERIAL_BITS) - 1;

    private SessionId() {
    }

    /** The id of a slot's next connection; its serial follows that of the one before, 0 if there was none. */
    static long next(int slot, long serial) {
        return ((long) slot << SERIAL_BITS) | ((serial + 1) & MAX_SERIAL);
    }

    static int slot(long id) {
        return (int) (id >>> SERIAL_BITS);
    }

    static long serial(long id) {
        return id & MAX_SERIAL;
    }
}
