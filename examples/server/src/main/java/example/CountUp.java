package example;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** Answers a byte N with the numbers up to N millions, one in a line: far more than a queue holds. */
final class CountUp implements SessionHandler {
    /** What a client is still to get. */
    private static final class Answer {
        private int next = 1;
        private int last;
    }

    @Override
    public void opened(Session session) {
        session.attach(new Answer());
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        Answer answer = session.attachment(Answer.class);
        while (sendOn(session, answer) && data.hasRemaining()) {
            answer.next = 1;
            answer.last = Byte.toUnsignedInt(data.get()) * 1_000_000;
        }
    }

    /** There is room again. If input was left unread, received is called behind this. */
    @Override
    public void writable(Session session) {
        sendOn(session, session.attachment(Answer.class));
    }

    /** Whether all has been taken; if not, writable will be called. */
    private static boolean sendOn(Session session, Answer answer) {
        while (answer.next <= answer.last) {
            ByteBuffer line = ByteBuffer.wrap((answer.next + "\n").getBytes(US_ASCII));
            if (session.send(line) != SendResult.TAKEN) {
                return false;
            }
            answer.next++;
        }
        return true;
    }
}
