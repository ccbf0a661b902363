package example;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.iocp4j.server.ConnectFailedException;
import org.iocp4j.server.ConnectOptions;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;

/** Whom a client has connected to: for each it connects to the target, and holds the client's bytes meanwhile. */
public final class Proxy implements SessionHandler {
    private final IocpGroup group;
    private final InetSocketAddress target;

    public Proxy(IocpGroup group, InetSocketAddress target) {
        this.group = group;
        this.target = target;
    }

    @Override
    public void opened(Session session) {
        Side client = new Side();
        session.pauseInput();
        session.upgrade(client);
        try {
            group.connect(target, new Upstream(client, session.ref()), ConnectOptions.defaults());
        } catch (ConnectFailedException e) {
            session.abort(); // no room for one more session
        }
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        throw new IllegalStateException("the client's side gets it");
    }

    /** The side of the target. */
    private static final class Upstream extends Side {
        private final Side client;
        private final SessionRef clientSession;

        Upstream(Side client, SessionRef clientSession) {
            this.client = client;
            this.clientSession = clientSession;
        }

        @Override
        public void opened(Session session) {
            connectTo(clientSession);
            client.connectTo(session.ref()); // first: if the client's session ends from now on, it ends this one
            if (!clientSession.execute(Session::resumeInput)) {
                session.abort(); // it has ended before, and not in order: its input was held
            }
        }

        @Override
        public void connectFailed(ConnectFailedException failure) {
            clientSession.abort();
        }
    }
}
