package org.iocp4j.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.iocp4j.port.BufferPool;
import org.iocp4j.socket.DisconnectMethod;
import org.jspecify.annotations.Nullable;

/**
 * A server's options. {@link #builder()} starts from the defaults, which serve on the loopback address only.
 *
 * <p>Times are from 0 to 1 day unless stated otherwise, and are observed to within about 100 ms.
 *
 * @param address               where to listen; port 0 picks a free port; the IPv6 wildcard address accepts IPv4, too.
 *                              Default: port 0 of the loopback address
 * @param workers               threads that dequeue completions and call the handler, 1 to 1,024. Default: the number
 *                              of processors
 * @param ports                 completion ports, 1 to 128, and no more than workers. Each has its share of the workers;
 *                              a connection is dealt to one of them for life, and what its bytes touch on their way is
 *                              that port's alone, so that many processors do not wait for each other. Default: one for
 *                              every 8 workers, so one up to 8
 * @param concurrency           how many workers Windows lets run at the same time, 0 to 1,024; 0 (default): as many as
 *                              there are processors. Of several ports each lets its share run, rounded up
 * @param accepts               accepts kept posted, 1 to 10,000. Default: 200
 * @param pool                  sockets made at the start, 0 to 100,000; so many free ones are kept for ever. Above that
 *                              as many are kept as the last five minutes had in use at once, so that a burst that
 *                              comes again finds its sockets; maxSessions free ones at most. Default: 256
 * @param maxSessions           the most connections at the same time, 1 to {@link #MAX_SESSIONS}; a connection beyond
 *                              it is reset. Default: 10,000
 * @param bufferBytes           size of each receive and send buffer in bytes, 64 to 1,048,576; also the longest message
 *                              that a handler can wait for. Default: 8,192
 * @param sendQueueBytes        the most bytes queued in a session, from bufferBytes to 16,777,216. Default: 65,536
 * @param idleTime              a session in which nothing is received or sent for this long ends; 0: never. Default: 5
 *                              min
 * @param disconnectTime        how long an ending session may make no progress before its connection is reset, and how
 *                              long its disconnect may then take before its socket is closed; at least 100 ms. Progress
 *                              is the completion of a send, which is of one buffer if the peer is slow. Default: 5 s
 * @param closeTime             how long an ending session may take to send what is queued, whatever progress it makes;
 *                              at least disconnectTime. Default: 1 min, or disconnectTime if that is longer
 * @param drainTime             how long {@link IocpServer#close} lets sessions send what is queued. Default: 5 s
 * @param disconnectMethod      how connections are closed, and whether their sockets are reused; empty (default): the
 *                              best method that works on this platform
 * @param reuseLatest           whether the socket and the session that were freed last are reused first (LIFO).
 *                              Default: false, those that have been free for the longest time (FIFO), so that a
 *                              socket's late packets have time to arrive
 * @param listenerLinger        only for the study of the completion-key bug, whose original does it: sets SO_LINGER {1,
 *                              0} on the listening socket; accepted sockets have it switched off again. Default: false
 * @param socketSendBufferBytes SO_SNDBUF of the connections in bytes, 0 to 1,073,741,824; empty (default): Windows
 *                              decides
 * @param onWorkerFailure       what to do when a worker fails outside the handler. Default: go on
 */
public record ServerOptions(
        InetSocketAddress address, int workers, int ports, int concurrency, int accepts, int pool,
        int maxSessions, int bufferBytes, int sendQueueBytes, Duration idleTime, Duration disconnectTime,
        Duration closeTime, Duration drainTime, Optional<DisconnectMethod> disconnectMethod, boolean reuseLatest,
        boolean listenerLinger, OptionalInt socketSendBufferBytes, OnWorkerFailure onWorkerFailure) {

    /** The largest {@link #maxSessions}: 1,000,000. Memory is taken for those that there are. */
    public static final int MAX_SESSIONS = SessionId.MAX_SLOTS;
    /** The largest {@link #ports}: the default for the most workers. */
    public static final int MAX_PORTS = 128;
    private static final int MAX_WORKERS = 1024;
    private static final int WORKERS_OF_A_PORT = 8;
    private static final int MAX_BUFFERS = 1 << 24;
    private static final Duration MAX_TIME = Duration.ofDays(1);
    private static final Duration DEFAULT_CLOSE_TIME = Duration.ofMinutes(1);

    /**
     * Checks the options.
     *
     * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
     * @throws NullPointerException     if one is null; the message names it
     */
    public ServerOptions {
        Objects.requireNonNull(address, "address is null");
        Objects.requireNonNull(disconnectMethod, "disconnectMethod is null");
        Objects.requireNonNull(socketSendBufferBytes, "socketSendBufferBytes is null");
        Objects.requireNonNull(onWorkerFailure, "onWorkerFailure is null");
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("address: " + address.getHostString() + " is unknown");
        }
        range("workers", workers, 1, MAX_WORKERS);
        range("ports", ports, 1, MAX_PORTS);
        if (ports > workers) {
            throw new IllegalArgumentException("ports: " + ports + " is more than workers, " + workers
                    + ": each port needs one");
        }
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
            throw new IllegalArgumentException("closeTime: " + closeTime + " is below disconnectTime, "
                    + disconnectTime);
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

    /** The most sockets that are kept free. */
    int mostFreeSockets() {
        return Math.max(pool, maxSessions);
    }

    /**
     * The most buffers that all sessions together can have, one to receive into each and a full send queue, and those
     * that rest with the workers meanwhile.
     */
    int buffers() {
        return (int) buffers(maxSessions, sendQueueBytes, bufferBytes) + workers * BufferPool.STOCK;
    }

    private static long buffers(int sessions, int queueBytes, int bufferBytes) {
        return sessions * (queueBytes / bufferBytes + 3L);
    }

    /** A builder that has the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Sets the options that differ from the defaults; {@link ServerOptions} describes each. Not thread-safe. */
    public static final class Builder {
        private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        private int workers = Runtime.getRuntime().availableProcessors();
        /** Null: by the workers. */
        private @Nullable Integer ports;
        private int concurrency;
        private int accepts = 200;
        private int pool = 256;
        private int maxSessions = 10_000;
        private int bufferBytes = 8 * 1024;
        private int sendQueueBytes = 64 * 1024;
        private Duration idleTime = Duration.ofMinutes(5);
        private Duration disconnectTime = Duration.ofSeconds(5);
        /** Null: a minute, or the disconnect time if that is longer. */
        private @Nullable Duration closeTime;
        private Duration drainTime = Duration.ofSeconds(5);
        private Optional<DisconnectMethod> disconnectMethod = Optional.empty();
        private boolean reuseLatest;
        private boolean listenerLinger;
        private OptionalInt socketSendBufferBytes = OptionalInt.empty();
        private OnWorkerFailure onWorkerFailure = OnWorkerFailure.GO_ON;

        private Builder() {
        }

        /** See {@link ServerOptions#address}. */
        public Builder address(InetSocketAddress value) {
            address = value;
            return this;
        }

        /** Listens on this port of the loopback address. */
        public Builder port(int value) {
            return address(new InetSocketAddress(InetAddress.getLoopbackAddress(), value));
        }

        /** See {@link ServerOptions#workers}. */
        public Builder workers(int value) {
            workers = value;
            return this;
        }

        /** See {@link ServerOptions#ports}. */
        public Builder ports(int value) {
            ports = value;
            return this;
        }

        /** See {@link ServerOptions#concurrency}. */
        public Builder concurrency(int value) {
            concurrency = value;
            return this;
        }

        /** See {@link ServerOptions#accepts}. */
        public Builder accepts(int value) {
            accepts = value;
            return this;
        }

        /** See {@link ServerOptions#pool}. */
        public Builder pool(int value) {
            pool = value;
            return this;
        }

        /** See {@link ServerOptions#maxSessions}. */
        public Builder maxSessions(int value) {
            maxSessions = value;
            return this;
        }

        /** See {@link ServerOptions#bufferBytes}. */
        public Builder bufferBytes(int value) {
            bufferBytes = value;
            return this;
        }

        /** See {@link ServerOptions#sendQueueBytes}. */
        public Builder sendQueueBytes(int value) {
            sendQueueBytes = value;
            return this;
        }

        /** See {@link ServerOptions#idleTime}. */
        public Builder idleTime(Duration value) {
            idleTime = value;
            return this;
        }

        /** See {@link ServerOptions#disconnectTime}. */
        public Builder disconnectTime(Duration value) {
            disconnectTime = value;
            return this;
        }

        /** See {@link ServerOptions#closeTime}. */
        public Builder closeTime(Duration value) {
            closeTime = Objects.requireNonNull(value, "closeTime is null");
            return this;
        }

        /** See {@link ServerOptions#drainTime}. */
        public Builder drainTime(Duration value) {
            drainTime = value;
            return this;
        }

        /** Without this, the best method that works here. With it, the start fails if the method does not work here. */
        public Builder disconnectMethod(DisconnectMethod value) {
            disconnectMethod = Optional.of(Objects.requireNonNull(value, "disconnectMethod is null"));
            return this;
        }

        /** See {@link ServerOptions#reuseLatest}. */
        public Builder reuseLatest(boolean value) {
            reuseLatest = value;
            return this;
        }

        /** Only for the study of the completion-key bug. */
        public Builder listenerLinger(boolean value) {
            listenerLinger = value;
            return this;
        }

        /** See {@link ServerOptions#socketSendBufferBytes}. */
        public Builder socketSendBufferBytes(int value) {
            socketSendBufferBytes = OptionalInt.of(value);
            return this;
        }

        /** See {@link ServerOptions#onWorkerFailure}. */
        public Builder onWorkerFailure(OnWorkerFailure value) {
            onWorkerFailure = value;
            return this;
        }

        /**
         * Checks the options and makes them.
         *
         * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
         * @throws NullPointerException     if one is null; the message names it
         */
        public ServerOptions build() {
            Duration close = closeTime;
            if (close == null) {
                boolean isShort = disconnectTime == null || disconnectTime.compareTo(DEFAULT_CLOSE_TIME) < 0;
                close = isShort ? DEFAULT_CLOSE_TIME : disconnectTime;
            }
            int portCount = ports != null ? ports : Math.clamp(Math.ceilDiv(workers, WORKERS_OF_A_PORT), 1, MAX_PORTS);
            return new ServerOptions(address, workers, portCount, concurrency, accepts, pool, maxSessions, bufferBytes,
                    sendQueueBytes, idleTime, disconnectTime, close, drainTime, disconnectMethod, reuseLatest,
                    listenerLinger, socketSendBufferBytes, onWorkerFailure);
        }
    }
}
