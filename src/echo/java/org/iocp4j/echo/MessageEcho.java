package org.iocp4j.echo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.iocp4j.port.LogLimit;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.socket.HostPort;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The study's protocol: {@code length, 8 bytes} comes back as it came, in order, behind one login packet. */
final class MessageEcho implements SessionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(MessageEcho.class);
    private static final int PAYLOAD_BYTES = 8;
    private static final int PACKET_BYTES = Short.BYTES + PAYLOAD_BYTES;
    private static final long LOGIN = 0x7FFF_FFFF_FFFF_FFFFL;

    private final PacketCounters counters;
    private final LogLimit wrongLengths = new LogLimit();
    private final ByteBuffer loginPacket = ByteBuffer.allocateDirect(PACKET_BYTES).order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) PAYLOAD_BYTES).putLong(LOGIN).flip();

    MessageEcho(PacketCounters counters) {
        this.counters = counters;
    }

    @Override
    public void opened(Session session) {
        session.send(loginPacket.duplicate());
        counters.sent.increment();
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        int limit = data.limit();
        int packets = wholePackets(data);
        data.limit(data.position() + packets * PACKET_BYTES);
        boolean taken = session.send(data); // all whole packets at once; if refused they come again
        data.limit(limit);
        if (!taken) {
            return;
        }
        counters.received.add(packets);
        counters.sent.add(packets);
        if (data.remaining() >= Short.BYTES && lengthAt(data, data.position()) != PAYLOAD_BYTES) {
            counters.protocolErrors.increment();
            session.disconnect();
            String more = wrongLengths.next();
            if (more != null) {
                LOG.info("session {} from {}: a packet of length {}, not {}: disconnected{}", session,
                        HostPort.text(session.remoteAddress()), lengthAt(data, data.position()), PAYLOAD_BYTES, more);
            }
        }
    }

    /** How many packets lie there whole, up to the first of a wrong length. */
    private static int wholePackets(ByteBuffer data) {
        int packets = 0;
        int at = data.position();
        while (data.limit() - at >= PACKET_BYTES && lengthAt(data, at) == PAYLOAD_BYTES) {
            packets++;
            at += PACKET_BYTES;
        }
        return packets;
    }

    private static int lengthAt(ByteBuffer data, int at) {
        return Byte.toUnsignedInt(data.get(at)) | Byte.toUnsignedInt(data.get(at + 1)) << 8;
    }
}
