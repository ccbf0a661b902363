package org.iocp4j.echo;

import java.nio.ByteBuffer;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** RFC 862. What one receive brought counts as one message. */
final class RawEcho implements SessionHandler {
    private final MessageCounters counters;

    RawEcho(MessageCounters counters) {
        this.counters = counters;
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        if (session.send(data)) { // if refused, the data stays unread and is passed again
            counters.received.increment();
            counters.sent.increment();
        }
    }
}
