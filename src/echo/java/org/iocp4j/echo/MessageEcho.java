package org.iocp4j.echo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.iocp4j.port.LogLimit;
import org.iocp4j.server.Session;
import org.iocp4j.socket.HostPort;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A login message, then every message {@code length, 8 bytes} is sent back as it came, in order. */
final class MessageEcho extends EchoHandler {
    private static final Logger LOG = LoggerFactory.getLogger(MessageEcho.class);
    private static final int PAYLOAD_BYTES = 8;
    private static final int MESSAGE_BYTES = Short.BYTES + PAYLOAD_BYTES;
    private static final long LOGIN = 0x7FFF_FFFF_FFFF_FFFFL;

    private final LogLimit wrongLengths = new LogLimit();
    private final ByteBuffer loginMessage = ByteBuffer.allocateDirect(MESSAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) PAYLOAD_BYTES).putLong(LOGIN).flip();

    MessageEcho(MessageCounters counters, Faults faults, @Nullable Consumer<? super EchoEvent> events) {
        super(counters, faults, events);
    }

    @Override
    ByteBuffer login() {
        return loginMessage.duplicate();
    }

    @Override
    int messageBytes() {
        return MESSAGE_BYTES;
    }

    @Override
    int wholeMessages(ByteBuffer data) {
        int at = data.position();
        while (data.limit() - at >= MESSAGE_BYTES && lengthAt(data, at) == PAYLOAD_BYTES) {
            at += MESSAGE_BYTES;
        }
        return at - data.position();
    }

    @Override
    boolean isWrong(ByteBuffer data) {
        return data.remaining() >= Short.BYTES && lengthAt(data, data.position()) != PAYLOAD_BYTES;
    }

    @Override
    void tellWrong(Session session, ByteBuffer data) {
        String more = wrongLengths.next();
        if (more != null) {
            LOG.info("session {} from {}: a message of length {}, not {}: disconnected{}", session,
                    HostPort.text(session.remoteAddress()), lengthAt(data, data.position()), PAYLOAD_BYTES, more);
        }
    }

    private static int lengthAt(ByteBuffer data, int at) {
        return Byte.toUnsignedInt(data.get(at)) | Byte.toUnsignedInt(data.get(at + 1)) << 8;
    }
}
