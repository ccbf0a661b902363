package org.iocp4j.server;

import java.util.function.Supplier;
import org.iocp4j.server.hooks.ConnectionHooks;
import org.iocp4j.server.hooks.FlightRecording;
import org.iocp4j.socket.HostPort;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * Who learns of a server's connections beside its handler: Java Flight Recorder, and a handler that has
 * {@link ConnectionHooks}. While nobody records, and the handler has none, each call costs a look.
 */
final class Telemetry {
    private @Nullable PoolRecording pool;

    /** The server is there. */
    void begin(String name, Supplier<ServerStatistics> statistics) {
        if (FlightRecording.IS_THERE) {
            pool = new PoolRecording(name, statistics);
            pool.begin();
        }
    }

    /** Its figures are no longer of interest. */
    void end() {
        if (pool != null) {
            pool.end();
        }
    }

    void accepted(long session, StreamSocket socket, SessionHandler handler) {
        try {
            if (FlightRecording.isOn()) {
                record(session, socket);
            }
            if (handler instanceof ConnectionHooks hooks) {
                hooks.accepted(session, socket);
            }
        } catch (Throwable e) { // the session goes on all the same
            SessionEngine.LOG.thrown(e, "the begin of session {} is told to nobody", Long.toUnsignedString(session));
        }
    }

    private static void record(long session, StreamSocket socket) {
        AcceptEvent event = new AcceptEvent();
        if (event.isEnabled()) {
            event.session = session;
            event.socket = socket.handle();
            event.generation = socket.generation();
            event.client = HostPort.text(socket.remoteAddress());
            event.commit();
        }
    }

    /**
     * The connection is about to be closed.
     *
     * @param reset whether by a reset
     */
    void disconnecting(long session, boolean reset, SessionHandler handler) {
        try {
            if (handler instanceof ConnectionHooks hooks) {
                hooks.disconnecting(session, reset);
            }
        } catch (Throwable e) { // the socket has to be closed all the same
            SessionEngine.LOG.thrown(e, "the end of session {} is told to nobody", Long.toUnsignedString(session));
        }
    }

    /** The event that {@link #gone} ends; null if it is not recorded. */
    @Nullable DisconnectEvent disconnect(long session, StreamSocket socket, CloseReason why, boolean reset) {
        try {
            return FlightRecording.isOn() ? begun(session, socket, why, reset) : null;
        } catch (Throwable e) {
            SessionEngine.LOG.thrown(e, "the end of session {} is not recorded", Long.toUnsignedString(session));
            return null;
        }
    }

    private static @Nullable DisconnectEvent begun(long session, StreamSocket socket, CloseReason why, boolean reset) {
        DisconnectEvent event = new DisconnectEvent();
        if (!event.isEnabled()) {
            return null;
        }
        event.session = session;
        event.socket = socket.handle();
        event.generation = socket.generation();
        event.reason = why.name();
        event.reset = reset;
        event.begin();
        return event;
    }

    /** The socket is free or closed. */
    void gone(@Nullable DisconnectEvent event) {
        if (event != null) {
            event.commit();
        }
    }

    /** @param port from 0 */
    void batch(int port, int completions) {
        if (completions > 0 && FlightRecording.isOn()) {
            BatchEvent event = new BatchEvent();
            if (event.isEnabled()) {
                event.port = port + 1;
                event.completions = completions;
                event.commit();
            }
        }
    }
}
