package example.redis;

import java.nio.ByteBuffer;
import java.util.List;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** A server that Redis' clients can talk to, by RESP2. */
public final class RedisHandler implements SessionHandler {
    private final Commands commands;

    /** @param maxBytes of all keys and values that are stored */
    public RedisHandler(long maxBytes) {
        commands = new Commands(new Store(maxBytes));
    }

    /** A client's connection. */
    private static final class Connection {
        private final CommandReader reader = new CommandReader();
        private final Reply reply = new Reply();
        /** Whether the connection ends behind the reply. */
        private boolean isLast;

        /** Whether all of the reply is sent, and another command may be read. */
        boolean send(Session session) {
            if (!reply.send(session)) {
                return false;
            }
            if (isLast) {
                session.disconnect();
            }
            return !isLast;
        }
    }

    @Override
    public void opened(Session session) {
        session.attach(new Connection());
        commands.clientCame();
    }

    /** A command is not read before the last reply has been taken: so replies do not pile up. */
    @Override
    public void received(Session session, ByteBuffer data) {
        Connection connection = session.attachment(Connection.class);
        while (connection.send(session)) {
            try {
                List<byte[]> command = connection.reader.read(data);
                if (command == null) {
                    return;
                }
                commands.run(command, connection.reply);
            } catch (ProtocolException e) {
                connection.reply.error("ERR " + e.getMessage());
                connection.isLast = true;
            }
        }
    }

    @Override
    public void writable(Session session) {
        session.attachment(Connection.class).send(session);
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        if (session.attachment(Connection.class) != null) { // there is none if opened has failed
            commands.clientLeft();
        }
    }
}
