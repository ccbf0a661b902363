package org.iocp4j.echo;

import org.iocp4j.server.SessionHandler;

/** What an echo server sends back. */
public enum EchoProtocol {
    /**
     * Messages of ten bytes, each with a 2-byte little-endian length, which is always 8, and 8 bytes. A login message
     * greets each connection; its 8 bytes are {@link Long#MAX_VALUE}. Each whole message is sent back as it came, in
     * order. A message of another length ends the connection.
     */
    MESSAGES {
        @Override
        SessionHandler handler(MessageCounters counters) {
            return new MessageEcho(counters);
        }
    },
    /** RFC 862: every byte is sent back, whatever it is. */
    RAW {
        @Override
        SessionHandler handler(MessageCounters counters) {
            return new RawEcho(counters);
        }
    };

    abstract SessionHandler handler(MessageCounters counters);
}
