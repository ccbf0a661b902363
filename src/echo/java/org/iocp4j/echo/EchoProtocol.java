package org.iocp4j.echo;

import org.iocp4j.server.SessionHandler;

/** What is echoed. */
public enum EchoProtocol {
    /** The study's: a login packet on accept, then packets of a 2-byte little-endian length, always 8, and 8 bytes. */
    MESSAGES {
        @Override
        SessionHandler handler(PacketCounters counters) {
            return new MessageEcho(counters);
        }
    },
    /** RFC 862: every byte comes back. */
    RAW {
        @Override
        SessionHandler handler(PacketCounters counters) {
            return new RawEcho(counters);
        }
    };

    abstract SessionHandler handler(PacketCounters counters);
}
