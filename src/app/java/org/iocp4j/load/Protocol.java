package org.iocp4j.load;

import java.util.Locale;

/** What client and server say to each other. Either way a packet is ten bytes: a length and an eight-byte value. */
public enum Protocol {
    /** The seed's: the server greets each connection with one login packet, then echoes packet by packet. */
    MESSAGES,
    /** RFC 862: no greeting, bytes come back as they were sent. */
    RAW;

    /** Bytes of a packet on the wire. */
    static final int PACKET_BYTES = 10;
    /** The payload length, which the first two bytes of every packet say (little-endian). */
    static final int PAYLOAD_BYTES = 8;
    /** The value of the login packet. No client ever sends it: see {@link Connection}. */
    static final long LOGIN_VALUE = Long.MAX_VALUE;

    boolean hasLogin() {
        return this == MESSAGES;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
