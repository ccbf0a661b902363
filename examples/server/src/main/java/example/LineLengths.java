package example;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** Answers each line with its length. */
final class LineLengths implements SessionHandler {
    @Override
    public void received(Session session, ByteBuffer data) {
        for (int i = data.position(); i < data.limit(); i++) {
            if (data.get(i) == '\n') {
                int length = i - data.position();
                if (session.send(ByteBuffer.wrap((length + "\n").getBytes(US_ASCII))) != SendResult.TAKEN) {
                    return; // the queue is full: received is called again when there is room
                }
                data.position(i + 1); // this line has been read; what is left comes again
            }
        }
    }
}
