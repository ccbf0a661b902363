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
    MESSAGE_ERRORS,
    SENT_MESSAGES,
    RECEIVED_MESSAGES,
    CLOSED_BY_FIN,
    CLOSED_BY_RESET
}
