package org.iocp4j.server;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DisconnectMethod;

/**
 * What is not the group's but a listener's or a connect's, for each of its sessions. A session object has it from the
 * start of a connection on, and another one for its next connection.
 *
 * @param handler        whom its first call is for
 * @param idleNanos      {@link ListenOptions#idleTime}; 0: no limit
 * @param closeNanos     {@link ListenOptions#closeTime}
 * @param sendQueueBytes {@link ListenOptions#sendQueueBytes}
 * @param closing        what becomes of a socket whose session has ended in order
 */
record SessionSettings(SessionHandler handler, long idleNanos, long closeNanos, int sendQueueBytes, Closing closing) {
    static final Duration DEFAULT_IDLE_TIME = Duration.ofMinutes(5);
    /** Of a session object that has no connection. */
    static final SessionSettings NONE = new SessionSettings((_, _) -> { }, 0, 0, 0, Closing.FIN);

    /** For the connections of a listener. A method that resets is inherited from the listener's socket. */
    static SessionSettings accepted(SessionHandler handler, ListenOptions options, GroupOptions group,
            DisconnectMethod method) {
        return of(handler, options.idleTime(), options.closeTime(), options.sendQueueBytes(), group,
                method.reuses() ? Closing.REUSE : Closing.FIN);
    }

    /** For a connect. Its socket serves no other: it could be connected again only, and from the same address [doc]. */
    static SessionSettings connected(SessionHandler handler, ConnectOptions options, GroupOptions group,
            DisconnectMethod method) {
        return of(handler, options.idleTime(), options.closeTime(), options.sendQueueBytes(), group,
                method == DisconnectMethod.CLOSE ? Closing.RST : Closing.FIN);
    }

    private static SessionSettings of(SessionHandler handler, Duration idleTime, Optional<Duration> closeTime,
            OptionalInt sendQueueBytes, GroupOptions group, Closing closing) {
        Duration close = closeTime.orElseGet(() -> GroupOptions.defaultCloseTime(group.disconnectTime()));
        if (close.compareTo(group.disconnectTime()) < 0) {
            throw new IllegalArgumentException("closeTime: " + close + " is below disconnectTime, "
                    + group.disconnectTime());
        }
        int queueBytes = sendQueueBytes.orElse(group.sendQueueBytes());
        if (queueBytes < group.bufferBytes() || queueBytes > group.sendQueueBytes()) {
            throw new IllegalArgumentException("sendQueueBytes: " + queueBytes + " is not from the group's bufferBytes"
                    + ", " + group.bufferBytes() + ", to its sendQueueBytes, " + group.sendQueueBytes());
        }
        return new SessionSettings(handler, idleTime.toNanos(), close.toNanos(), queueBytes, closing);
    }

    /** Checks what can be checked without the group. */
    static void requireValid(Duration idleTime, Optional<Duration> closeTime, OptionalInt sendQueueBytes) {
        GroupOptions.requireTime("idleTime", idleTime, Duration.ZERO);
        Objects.requireNonNull(closeTime, "closeTime is null");
        closeTime.ifPresent(time -> GroupOptions.requireTime("closeTime", time, Duration.ZERO));
        Objects.requireNonNull(sendQueueBytes, "sendQueueBytes is null");
    }

    static void requireResolved(String name, InetSocketAddress address) {
        Objects.requireNonNull(address, () -> name + " is null");
        if (address.isUnresolved()) {
            throw new IllegalArgumentException(name + ": the host name " + address.getHostString()
                    + " was not resolved to an address");
        }
    }
}
