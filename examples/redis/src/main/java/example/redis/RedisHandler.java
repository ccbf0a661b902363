package example.redis;

import java.nio.ByteBuffer;
import java.util.List;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** A server that Redis' clients can talk to, by RESP2. */
public final class RedisHandler implements SessionHandler {
    private final Store store;
    private final Commands commands;

    /** @param maxBytes of all keys and values: those that are stored, that are coming, and that are being sent */
    public RedisHandler(long maxBytes) {
        store = new Store(maxBytes);
        commands = new Commands(store);
    }

    /** A client's connection. */
    private static final class Connection {
        private final CommandReader reader;
        private final Reply reply;
        /** Whether the connection ends behind the reply. */
        private boolean isLast;

        Connection(Store store) {
            reader = new CommandReader(store);
            reply = new Reply(store);
        }

        /** Replies with an error that is the last: what follows of the command cannot be read. */
        void end(String message) {
            reader.release();
            reply.error(message);
            isLast = true;
        }

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
        session.attach(new Connection(store));
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
                connection.reader.uncount();
                commands.run(command, connection.reply);
                connection.reader.release();
            } catch (ProtocolException e) {
                connection.end("ERR " + e.getMessage());
            } catch (CommandException e) { // of the reader: there is no memory for the command
                connection.end(e.getMessage());
            }
        }
    }

    @Override
    public void writable(Session session) {
        session.attachment(Connection.class).send(session);
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        Connection connection = session.attachment(Connection.class);
        if (connection != null) { // there is none if opened has failed
            connection.reader.release();
            connection.reply.release();
            commands.clientLeft();
        }
    }
}
