package org.iocp4j.echo;

import java.net.InetSocketAddress;
import java.time.Instant;
import org.iocp4j.server.CloseReason;

/** What has happened to a connection of an echo server. Those of one session come in their order. */
public sealed interface EchoEvent {
    /** When it was noticed. */
    Instant time();

    /** The session's id, which no other of the same server has. Unsigned. */
    long session();

    /**
     * A client has connected.
     *
     * @param socket     the Windows handle, which serves one connection after another
     * @param generation how many it has served, this one included
     * @param client     its address
     */
    record Accepted(Instant time, long session, long socket, int generation, InetSocketAddress client)
            implements EchoEvent {
    }

    /**
     * A receive has brought whole messages.
     *
     * @param count how many
     * @param total of the session, these included
     */
    record Messages(Instant time, long session, long count, long total) implements EchoEvent {
    }

    /**
     * The session has ended, and its connection is being closed.
     *
     * @param socket     as in {@link Accepted}
     * @param generation as in {@link Accepted}
     * @param client     as in {@link Accepted}
     * @param by         whose doing it is
     * @param how        what that side has sent
     * @param reason     what the server knows of it
     * @param messages   received in the session
     */
    record Disconnected(Instant time, long session, long socket, int generation, InetSocketAddress client, Side by,
            How how, CloseReason reason, long messages) implements EchoEvent {
    }

    /** Who ended a connection. */
    enum Side {
        /** It has sent a FIN or a reset, or is silent. */
        CLIENT,
        /** For whatever reason. */
        SERVER
    }

    /** How a connection was ended. */
    enum How {
        /** In order. */
        FIN,
        /** By a reset; of a client also by its silence. */
        RST
    }
}
