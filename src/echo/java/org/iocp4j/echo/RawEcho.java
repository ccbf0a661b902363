package org.iocp4j.echo;

import java.nio.ByteBuffer;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** RFC 862. What one receive brought counts as one packet. */
final class RawEcho implements SessionHandler {
    private final PacketCounters counters;

    RawEcho(PacketCounters counters) {
        this.counters = counters;
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        if (session.send(data)) { // if not, it stays unread and comes again
            counters.received.increment();
            counters.sent.increment();
        }
    }
}
