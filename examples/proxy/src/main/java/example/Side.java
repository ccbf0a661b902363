package example;

import java.nio.ByteBuffer;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;

/** One side of a connection through the proxy: what it receives, the other side sends. */
class Side implements SessionHandler {
    /** The other side's session; null until there is one. */
    private volatile SessionRef other;

    final void connectTo(SessionRef itsOther) {
        other = itsOther;
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        switch (other.send(data)) {
            case TAKEN -> { }
            case FULL -> session.pauseInput(); // what is unread waits here, and with it the peer
            case CLOSED -> data.position(data.limit()); // the other side is over, and ends this one
        }
    }

    /** The other side was told that the queue is full, and has paused. */
    @Override
    public void writable(Session session) {
        other.resumeInput();
    }

    /** The peer sends no more, and may still read: the other peer is told the same. */
    @Override
    public void inputEnded(Session session) {
        other.execute(Session::shutdownOutput);
    }

    @Override
    public void closed(Session session, CloseReason reason, Throwable failure) {
        SessionRef itsOther = other;
        if (itsOther == null) {
            return;
        }
        switch (reason) {
            case PEER_CLOSED, IDLE, SERVER_STOPPED -> itsOther.disconnect();
            default -> itsOther.abort(); // a reset is passed on; and what is queued for its peer may be a part only
        }
    }
}
