package org.iocp4j.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.iocp4j.server.identity.SessionId;
import org.iocp4j.socket.DisconnectMethod;

/**
 * How a server is made; {@link #builder()} has the defaults.
 *
 * @param address               where to listen; port 0 picks a free one; the IPv6 wildcard takes IPv4 too
 * @param workers               threads that dequeue packets and call the handler
 * @param concurrency           how many of them the system lets run at once; 0 = as many as processors
 * @param accepts               accepts kept posted
 * @param pool                  sockets made at the start, and the most kept free
 * @param maxSessions           the most connections at once; one more is reset
 * @param bufferBytes           the size of each receive buffer and send block, and so the longest frame
 * @param sendQueueBytes        the most bytes queued in a session
 * @param idleTime              a session with nothing received or sent for so long ends; zero = never
 * @param disconnectTime        how long a session that ends may go without progress: its last sends, and then its disconnect.
 *                              Progress is the end of a send; to a slow peer those are of one buffer each
 * @param closeTime             the longest a session's last sends may take in all, however steadily its peer reads
 * @param drainTime             the longest {@link IocpServer#close} lets sessions finish by themselves
 * @param disconnectMethod      empty = the best that works here
 * @param reuseLatest           whether the socket and session freed last are used next (LIFO), not those that rested
 *                              longest
 * @param listenerLinger        linger {1, 0} on the listener, as the seed has it; accepted sockets get it off again
 * @param socketSendBufferBytes SO_SNDBUF of the sockets, if it is to be set
 * @param onWorkerFailure       what follows an error in a worker, outside the handler
 */
public record ServerOptions(
        InetSocketAddress address, int workers, int concurrency, int accepts, int pool, int maxSessions,
        int bufferBytes, int sendQueueBytes, Duration idleTime, Duration disconnectTime, Duration closeTime, Duration drainTime,
        Optional<DisconnectMethod> disconnectMethod, boolean reuseLatest, boolean listenerLinger,
        OptionalInt socketSendBufferBytes, OnWorkerFailure onWorkerFailure) {

    /** The most that an id has room for. */
    public static final int MAX_SESSIONS = SessionId.MAX_SLOTS;
    private static final int MAX_BUFFERS = 1 << 24;
    private static final Duration MAX_TIME = Duration.ofDays(1);
    private static final Duration DEFAULT_CLOSE_TIME = Duration.ofMinutes(1);

    /** @throws IllegalArgumentException naming the option, its value and what is allowed */
    public ServerOptions {
        Objects.requireNonNull(address, "address is null");
        Objects.requireNonNull(disconnectMethod, "disconnectMethod is null");
        Objects.requireNonNull(socketSendBufferBytes, "socketSendBufferBytes is null");
        Objects.requireNonNull(onWorkerFailure, "onWorkerFailure is null");
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("address: " + address.getHostString() + " is unknown");
        }
        range("workers", workers, 1, 1024);
        range("concurrency", concurrency, 0, 1024);
        range("accepts", accepts, 1, 10_000);
        range("pool", pool, 0, 100_000);
        range("maxSessions", maxSessions, 1, MAX_SESSIONS);
        range("bufferBytes", bufferBytes, 64, 1 << 20);
        range("sendQueueBytes", sendQueueBytes, bufferBytes, 1 << 24);
        range("socketSendBufferBytes", socketSendBufferBytes.orElse(0), 0, 1 << 30);
        atLeast("idleTime", idleTime, Duration.ZERO);
        atLeast("disconnectTime", disconnectTime, Duration.ofMillis(100));
        atLeast("closeTime", closeTime, Duration.ZERO);
        if (closeTime.compareTo(disconnectTime) < 0) {
            throw new IllegalArgumentException("closeTime: " + closeTime + " is below disconnectTime, " + disconnectTime);
        }
        atLeast("drainTime", drainTime, Duration.ZERO);
        if (buffers(maxSessions, sendQueueBytes, bufferBytes) > MAX_BUFFERS) {
            throw new IllegalArgumentException("maxSessions: " + maxSessions + " with sendQueueBytes " + sendQueueBytes
                    + " and bufferBytes " + bufferBytes + " takes more than " + MAX_BUFFERS + " buffers");
        }
    }

    private static void range(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + ": " + value + " is not from " + least + " to " + most);
        }
    }

    private static void atLeast(String name, Duration value, Duration least) {
        Objects.requireNonNull(value, () -> name + " is null");
        if (value.compareTo(least) < 0 || value.compareTo(MAX_TIME) > 0) {
            throw new IllegalArgumentException(name + ": " + value + " is not from " + least + " to " + MAX_TIME);
        }
    }

    /** The most buffers that all sessions together can have: one to receive into each, and a full send queue. */
    int buffers() {
        return (int) buffers(maxSessions, sendQueueBytes, bufferBytes);
    }

    private static long buffers(int sessions, int queueBytes, int bufferBytes) {
        return sessions * (queueBytes / bufferBytes + 3L);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Sets what differs from the defaults. */
    public static final class Builder {
        private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        private int workers = Runtime.getRuntime().availableProcessors();
        private int concurrency;
        private int accepts = 200;
        private int pool = 256;
        private int maxSessions = 10_000;
        private int bufferBytes = 8 * 1024;
        private int sendQueueBytes = 64 * 1024;
        private Duration idleTime = Duration.ofMinutes(5);
        private Duration disconnectTime = Duration.ofSeconds(5);
        /** Null: a minute, or the disconnect time if that is longer. */
        private Duration closeTime;
        private Duration drainTime = Duration.ofSeconds(5);
        private Optional<DisconnectMethod> disconnectMethod = Optional.empty();
        private boolean reuseLatest;
        private boolean listenerLinger;
        private OptionalInt socketSendBufferBytes = OptionalInt.empty();
        private OnWorkerFailure onWorkerFailure = OnWorkerFailure.GO_ON;

        private Builder() {
        }

        public Builder address(InetSocketAddress value) {
            address = value;
            return this;
        }

        /** On the loopback address. */
        public Builder port(int value) {
            return address(new InetSocketAddress(InetAddress.getLoopbackAddress(), value));
        }

        public Builder workers(int value) {
            workers = value;
            return this;
        }

        public Builder concurrency(int value) {
            concurrency = value;
            return this;
        }

        public Builder accepts(int value) {
            accepts = value;
            return this;
        }

        public Builder pool(int value) {
            pool = value;
            return this;
        }

        public Builder maxSessions(int value) {
            maxSessions = value;
            return this;
        }

        public Builder bufferBytes(int value) {
            bufferBytes = value;
            return this;
        }

        public Builder sendQueueBytes(int value) {
            sendQueueBytes = value;
            return this;
        }

        public Builder idleTime(Duration value) {
            idleTime = value;
            return this;
        }

        public Builder disconnectTime(Duration value) {
            disconnectTime = value;
            return this;
        }

        /** By default a minute, or the disconnect time if that is longer. */
        public Builder closeTime(Duration value) {
            closeTime = Objects.requireNonNull(value, "closeTime is null");
            return this;
        }

        public Builder drainTime(Duration value) {
            drainTime = value;
            return this;
        }

        /** If this platform cannot do it, the start fails. */
        public Builder disconnectMethod(DisconnectMethod value) {
            disconnectMethod = Optional.of(Objects.requireNonNull(value, "disconnectMethod is null"));
            return this;
        }

        public Builder reuseLatest(boolean value) {
            reuseLatest = value;
            return this;
        }

        public Builder listenerLinger(boolean value) {
            listenerLinger = value;
            return this;
        }

        public Builder socketSendBufferBytes(int value) {
            socketSendBufferBytes = OptionalInt.of(value);
            return this;
        }

        public Builder onWorkerFailure(OnWorkerFailure value) {
            onWorkerFailure = value;
            return this;
        }

        public ServerOptions build() {
            Duration close = closeTime;
            if (close == null) {
                boolean isShort = disconnectTime == null || disconnectTime.compareTo(DEFAULT_CLOSE_TIME) < 0;
                close = isShort ? DEFAULT_CLOSE_TIME : disconnectTime;
            }
            return new ServerOptions(address, workers, concurrency, accepts, pool, maxSessions, bufferBytes,
                    sendQueueBytes, idleTime, disconnectTime, close, drainTime, disconnectMethod, reuseLatest, listenerLinger,
                    socketSendBufferBytes, onWorkerFailure);
        }
    }
}
