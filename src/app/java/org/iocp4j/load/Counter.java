package org.iocp4j.load;

/** What a {@link LoadThread} counts; {@link LoadStatistics} says what each means. */
enum Counter {
    SESSIONS,
    CONNECTS,
    CONNECT_FAILURES,
    DISCONNECTS_FROM_SERVER,
    LOGIN_DUPLICATES,
    LOGIN_MISSING,
    ECHO_MISSING,
    PACKET_ERRORS,
    SENT_PACKETS,
    RECEIVED_PACKETS,
    CLOSED_BY_FIN,
    CLOSED_BY_RESET
}
