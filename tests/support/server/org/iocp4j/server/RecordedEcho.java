package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Echoes, and keeps who came and how each ended; for a simulated kernel, where one thread runs at a time. */
public final class RecordedEcho implements SessionHandler {
    public final List<Long> ids = new ArrayList<>();
    public final List<CloseReason> ends = new ArrayList<>();

    @Override
    public void opened(Session session) {
        ids.add(session.id());
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        session.send(data);
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        ends.add(reason);
    }
}
