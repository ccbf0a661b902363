package example.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;

/** HTTP/1.1: connections that stay, pipelining, bodies in chunks both ways, {@code Expect: 100-continue}. */
public final class HttpHandler implements SessionHandler {
    /** A request whose head is longer is refused. The server's {@code bufferBytes} must be larger. */
    public static final int MAX_HEAD_BYTES = 8 * 1024;

    private final Site site;
    private final long maxBodyBytes;

    /** @param maxBodyBytes a request whose body is longer is refused */
    public HttpHandler(Site site, long maxBodyBytes) {
        this.site = site;
        this.maxBodyBytes = maxBodyBytes;
    }

    @Override
    public void opened(Session session) {
        session.attach(new Connection(site, maxBodyBytes));
    }

    @Override
    public void received(Session session, ByteBuffer data) throws IOException {
        session.attachment(Connection.class).received(session, data);
    }

    @Override
    public void writable(Session session) throws IOException {
        session.attachment(Connection.class).sendOn(session);
    }

    // inputEnded: the session ends, as by default. It comes when all complete requests have been answered.

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) throws IOException {
        Connection connection = session.attachment(Connection.class);
        if (connection != null) { // there is none if opened has failed
            connection.closed();
        }
    }
}
