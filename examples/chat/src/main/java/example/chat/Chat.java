package example.chat;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Set;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/**
 * What one says, all get, in the same order. A message is a frame: two bytes that tell the length of the rest, and a
 * text in UTF-8. The first one of a client is its name.
 *
 * <p>Who reads so slowly that his queue is full is dropped: what the others say waits for nobody, and a gap that he
 * does not know of would be worse.
 */
final class Chat implements SessionHandler {
    private static final int LENGTH_BYTES = 2;
    /** Of a text that a client sends. A buffer is longer, so that a whole frame can be waited for. */
    private static final int MAX_TEXT_BYTES = 1_000;

    /** The ids of the sessions that have a name. Guarded by this object, and with it the order of what is said. */
    private final Set<Long> members = new LinkedHashSet<>();

    @Override
    public void received(Session session, ByteBuffer data) {
        while (data.remaining() >= LENGTH_BYTES) {
            int length = Short.toUnsignedInt(data.getShort(data.position()));
            if (length == 0 || length > MAX_TEXT_BYTES) {
                session.disconnect();
                return;
            }
            if (data.remaining() < LENGTH_BYTES + length) {
                return; // what is left comes again, with more behind it
            }
            byte[] text = new byte[length];
            data.position(data.position() + LENGTH_BYTES).get(text);
            said(session, new String(text, UTF_8));
        }
    }

    private void said(Session session, String text) {
        String name = session.attachment(String.class);
        if (name == null) {
            session.attach(text);
            join(session.id());
            tell(session.group(), text + " has come");
        } else {
            tell(session.group(), name + ": " + text);
        }
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        String name = session.attachment(String.class);
        if (name != null) {
            leave(session.id());
            tell(session.group(), name + " has left");
        }
    }

    private synchronized void join(long id) {
        members.add(id);
    }

    private synchronized void leave(long id) {
        members.remove(id);
    }

    /** One call for all of them: it copies the frame for each, blocks nowhere, and wakes the workers once. */
    private synchronized void tell(IocpGroup group, String text) {
        long[] ids = members.stream().mapToLong(Long::longValue).toArray();
        for (long slow : group.broadcast(ids, frame(text)).full()) { // those that have ended leave by their closed()
            members.remove(slow);
            group.abort(slow); // its closed() tells the others
        }
    }

    private static ByteBuffer frame(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocate(LENGTH_BYTES + bytes.length).putShort((short) bytes.length).put(bytes).flip();
    }
}
