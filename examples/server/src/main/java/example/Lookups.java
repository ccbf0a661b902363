package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.Executor;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;

/** Answers each line, a host's name, with its addresses. To look them up may take seconds: other threads do it. */
final class Lookups implements SessionHandler {
    private final Executor lookups;

    /** @param lookups such as one of virtual threads */
    Lookups(Executor lookups) {
        this.lookups = lookups;
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        String name = line(data);
        if (name != null) {
            session.pauseInput(); // one at a time: the answers stay in order, and the client waits
            SessionRef client = session.ref(); // a Session is for this call alone
            lookups.execute(() -> answer(client, addresses(name)));
        }
    }

    /** On another thread. What runs on the session is a call of its handler, and has a Session again. */
    private static void answer(SessionRef client, String text) {
        client.execute(session -> {
            session.send(ByteBuffer.wrap(text.getBytes(UTF_8))); // taken: received is called with half the queue free
            session.resumeInput(); // and the next line, if it has come, is passed to received
        });
    }

    static String addresses(String name) {
        try {
            return Arrays.toString(InetAddress.getAllByName(name)) + "\n";
        } catch (UnknownHostException e) {
            return "unknown\n";
        }
    }

    /** The next line without its end; null if it has not come. */
    static String line(ByteBuffer data) {
        for (int i = data.position(); i < data.limit(); i++) {
            if (data.get(i) == '\n') {
                byte[] line = new byte[i - data.position()];
                data.get(line).get();
                return new String(line, UTF_8).strip();
            }
        }
        return null;
    }
}
