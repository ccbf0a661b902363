package org.iocp4j.echo;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.iocp4j.echo.EchoEvent.How;
import org.iocp4j.echo.EchoEvent.Side;
import org.iocp4j.port.LogLimit;
import org.iocp4j.server.CloseReason;
import org.iocp4j.socket.StreamSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes events of what a server does with its connections, and gives them to whoever wants them. On workers. */
final class EventSource {
    private static final Logger LOG = LoggerFactory.getLogger(EventSource.class);

    private final Consumer<? super EchoEvent> target;
    private final LogLimit failures = new LogLimit();
    private final Map<Long, Open> open = new ConcurrentHashMap<>();

    /** A connection. Written and read in the calls for its session, which come one after another. */
    private static final class Open {
        final long socket;
        final int generation;
        final InetSocketAddress client;
        long messages;
        CloseReason reason = CloseReason.SERVER_STOPPED;
        Side by = Side.SERVER;

        Open(long socket, int generation, InetSocketAddress client) {
            this.socket = socket;
            this.generation = generation;
            this.client = client;
        }
    }

    EventSource(Consumer<? super EchoEvent> target) {
        this.target = target;
    }

    void accepted(long session, StreamSocket socket) {
        Open made = new Open(socket.handle(), socket.generation(), socket.remoteAddress());
        open.put(session, made);
        tell(new EchoEvent.Accepted(Instant.now(), session, made.socket, made.generation, made.client));
    }

    void messages(long session, long count) {
        Open known = open.get(session);
        if (known != null) {
            known.messages += count;
            tell(new EchoEvent.Messages(Instant.now(), session, count, known.messages));
        }
    }

    /**
     * Its connection is closed next, which {@link #disconnecting} tells.
     *
     * @param serverWasFirst whether the server had ended its output before anything else ended
     */
    void closed(long session, CloseReason reason, boolean serverWasFirst) {
        Open known = open.get(session);
        if (known != null) {
            known.reason = reason;
            boolean isOfPeer = reason == CloseReason.PEER_CLOSED || reason == CloseReason.PEER_RESET;
            known.by = isOfPeer && !serverWasFirst ? Side.CLIENT : Side.SERVER;
        }
    }

    /** @param reset whether the server closes the connection by a reset */
    void disconnecting(long session, boolean reset) {
        Open known = open.remove(session);
        if (known == null) {
            return;
        }
        boolean isReset = known.by == Side.CLIENT ? known.reason == CloseReason.PEER_RESET : reset;
        tell(new EchoEvent.Disconnected(Instant.now(), session, known.socket, known.generation, known.client, known.by,
                isReset ? How.RST : How.FIN, known.reason, known.messages));
    }

    /** Whatever it throws is its fault and no session's. */
    private void tell(EchoEvent event) {
        try {
            target.accept(event);
        } catch (Throwable e) {
            String more = failures.next();
            if (more != null) {
                LOG.error("an event is lost: {}{}", event, more, e);
            }
        }
    }
}
