package org.iocp4j.echo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.iocp4j.port.LogLimit;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.socket.HostPort;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A login message, then every message {@code length, 8 bytes} is sent back as it came, in order. */
final class MessageEcho implements SessionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(MessageEcho.class);
    private static final int PAYLOAD_BYTES = 8;
    private static final int MESSAGE_BYTES = Short.BYTES + PAYLOAD_BYTES;
    private static final long LOGIN = 0x7FFF_FFFF_FFFF_FFFFL;

    private final MessageCounters counters;
    private final LogLimit wrongLengths = new LogLimit();
    private final ByteBuffer loginMessage = ByteBuffer.allocateDirect(MESSAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) PAYLOAD_BYTES).putLong(LOGIN).flip();

    MessageEcho(MessageCounters counters) {
        this.counters = counters;
    }

    @Override
    public void opened(Session session) {
        session.send(loginMessage.duplicate());
        counters.sent.increment();
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        int limit = data.limit();
        int messages = wholeMessages(data);
        data.limit(data.position() + messages * MESSAGE_BYTES);
        boolean queued = session.send(data); // all whole messages in one send; if refused they are passed again
        data.limit(limit);
        if (!queued) {
            return;
        }
        counters.received.add(messages);
        counters.sent.add(messages);
        if (data.remaining() >= Short.BYTES && lengthAt(data, data.position()) != PAYLOAD_BYTES) {
            counters.protocolErrors.increment();
            session.disconnect();
            String more = wrongLengths.next();
            if (more != null) {
                LOG.info("session {} from {}: a message of length {}, not {}: disconnected{}", session,
                        HostPort.text(session.remoteAddress()), lengthAt(data, data.position()), PAYLOAD_BYTES, more);
            }
        }
    }

    /** The number of whole messages before the first of a wrong length. */
    private static int wholeMessages(ByteBuffer data) {
        int messages = 0;
        int at = data.position();
        while (data.limit() - at >= MESSAGE_BYTES && lengthAt(data, at) == PAYLOAD_BYTES) {
            messages++;
            at += MESSAGE_BYTES;
        }
        return messages;
    }

    private static int lengthAt(ByteBuffer data, int at) {
        return Byte.toUnsignedInt(data.get(at)) | Byte.toUnsignedInt(data.get(at + 1)) << 8;
    }
}
