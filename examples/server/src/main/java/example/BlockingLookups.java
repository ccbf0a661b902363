package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** As {@link Lookups}, for a server whose handlers may block, since it has a {@code handlerExecutor}. */
final class BlockingLookups implements SessionHandler {
    @Override
    public void received(Session session, ByteBuffer data) {
        int unread = data.position();
        for (String name = Lookups.line(data); name != null; name = Lookups.line(data)) {
            String answer = Lookups.addresses(name); // may take seconds: this session waits, and no other
            if (session.send(ByteBuffer.wrap(answer.getBytes(UTF_8))) != SendResult.TAKEN) {
                data.position(unread); // the line comes again
                return;
            }
            unread = data.position();
        }
    }
}
