package org.iocp4j.echo;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.iocp4j.server.Session;
import org.jspecify.annotations.Nullable;

/** RFC 862. What one receive brought counts as one message. */
final class RawEcho extends EchoHandler {
    RawEcho(MessageCounters counters, Faults faults, @Nullable Consumer<? super EchoEvent> events) {
        super(counters, faults, events);
    }

    @Override
    @Nullable ByteBuffer login() {
        return null;
    }

    @Override
    int messageBytes() {
        return 0;
    }

    @Override
    int wholeMessages(ByteBuffer data) {
        return data.remaining();
    }

    @Override
    boolean isWrong(ByteBuffer data) {
        return false;
    }

    @Override
    void tellWrong(Session session, ByteBuffer data) {
        throw new IllegalStateException("nothing is wrong in this protocol");
    }
}
