package org.iocp4j.load;

import java.util.Locale;

/** What client and server say to each other. In both a message is ten bytes: a length and an eight-byte value. */
public enum Protocol {
    /** The server greets each connection with one login message, then echoes message by message. */
    MESSAGES,
    /** RFC 862: no greeting, bytes come back as they were sent. */
    RAW;

    /** Bytes of a message on the wire. */
    public static final int MESSAGE_BYTES = 10;
    /** The payload length, which the first two bytes of every message say (little-endian). */
    public static final int PAYLOAD_BYTES = 8;
    /** The value of the login message. No client ever sends it: see {@link Connection}. */
    public static final long LOGIN_VALUE = Long.MAX_VALUE;

    boolean hasLogin() {
        return this == MESSAGES;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
