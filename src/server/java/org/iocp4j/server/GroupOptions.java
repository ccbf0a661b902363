package org.iocp4j.server;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import org.iocp4j.port.BufferPool;
import org.iocp4j.socket.DisconnectMethod;
import org.jspecify.annotations.Nullable;

/**
 * The options of an {@link IocpGroup}: what all its listeners and connects share. {@link #builder()} starts from the
 * defaults.
 *
 * <p>Times are from 0 to 1 day unless stated otherwise, and are observed to within about 100 ms.
 *
 * @param workers          threads that dequeue completions and call handlers, 1 to 1,024. Default: the number of
 *                         processors
 * @param ports            completion ports, as {@link ServerOptions#ports}. Each listener's accepts are on one of them
 * @param concurrency      how many workers Windows lets run at the same time, 0 to 1,024; 0 (default): as many as there
 *                         are processors. Of several ports each lets its share run, rounded up
 * @param pool             sockets for accepts that are made with the first listener, 0 to 100,000; so many free ones
 *                         are kept for ever, and more as {@link ServerOptions#pool} says. Default: 256
 * @param maxSessions      the most connections at the same time, 1 to {@link ServerOptions#MAX_SESSIONS}: those of all
 *                         listeners, and those of all connects from their call on. All of them together may need
 *                         maxSessions x (sendQueueBytes / bufferBytes + 3) buffers, which must not be more than
 *                         16,777,216. Default: 10,000
 * @param maxAcceptsPosted the most accepts that all listeners together may keep posted, 1 to 1,000,000. Default: 10,000
 * @param bufferBytes      size of each receive and send buffer in bytes, 64 to 1,048,576; also the longest message that
 *                         a handler can wait for. Default: 8,192
 * @param sendQueueBytes   the most bytes queued in a session, from bufferBytes to 16,777,216. A listener or a connect
 *                         may say less for its own. Default: 65,536
 * @param sendQueueFiles   the most files and parts of lent memory queued in a session, 1 to 1,024. Their bytes do not
 *                         count as sendQueueBytes. Default: 16
 * @param maxActions       the most actions that wait in a session at a time ({@link IocpGroup#execute}), 1 to
 *                         1,000,000; those of {@link Session#schedule} and {@link Session#waker} are taken in any case.
 *                         Default: 1,000
 * @param lendBytes        the most memory that is lent at a time ({@link IocpGroup#lend}), in bytes, 0 to
 *                         1,099,511,627,776. Default: 67,108,864
 * @param disconnectTime   how long an ending session may make no progress before its connection is reset, and how long
 *                         its disconnect may then take before its socket is closed; at least 100 ms. Default: 5 s
 * @param lingerTime       as {@link ServerOptions#lingerTime}, also for sessions of connects. Default: 2 s
 * @param drainTime        how long {@link IocpGroup#close} lets sessions send what is queued. Default: 5 s
 * @param disconnectMethod how connections are closed, and whether sockets are accepted into again; empty (default): the
 *                         best method that works on this platform
 * @param reuseLatest      whether the socket and the session that were freed last are reused first. Default: false
 * @param onWorkerFailure  what to do when a worker fails outside the handlers. Default: go on
 * @param handlerExecutor  where handlers are called, for those that block: {@link ServerOptions#handlerExecutor}, also
 *                         for {@link SessionHandler#connectFailed}. An accept filter is asked on a worker all the same.
 *                         Empty (default): on the workers
 */
public record GroupOptions(int workers, int ports, int concurrency, int pool, int maxSessions, int maxAcceptsPosted,
        int bufferBytes, int sendQueueBytes, int sendQueueFiles, int maxActions, long lendBytes,
        Duration disconnectTime, Duration lingerTime, Duration drainTime, Optional<DisconnectMethod> disconnectMethod,
        boolean reuseLatest, OnWorkerFailure onWorkerFailure, Optional<Executor> handlerExecutor) {
    private static final int MAX_WORKERS = 1024;
    private static final int WORKERS_OF_A_PORT = 8;
    private static final int MAX_BUFFERS = 1 << 24;
    static final int DEFAULT_MAX_ACCEPTS_POSTED = 10_000;
    static final int DEFAULT_SEND_QUEUE_FILES = 16;
    static final int DEFAULT_MAX_ACTIONS = 1_000;
    static final long DEFAULT_LEND_BYTES = 64L << 20;
    static final Duration MAX_TIME = Duration.ofDays(1);
    private static final Duration DEFAULT_CLOSE_TIME = Duration.ofMinutes(1);

    /**
     * Checks the options.
     *
     * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
     * @throws NullPointerException     if one is null; the message names it
     */
    public GroupOptions {
        Objects.requireNonNull(disconnectMethod, "disconnectMethod is null");
        Objects.requireNonNull(onWorkerFailure, "onWorkerFailure is null");
        Objects.requireNonNull(handlerExecutor, "handlerExecutor is null");
        requireRange("workers", workers, 1, MAX_WORKERS);
        requireRange("ports", ports, 1, ServerOptions.MAX_PORTS);
        if (ports > workers) {
            throw new IllegalArgumentException("ports: " + ports + " is more than workers, " + workers
                    + ": each port needs one");
        }
        requireRange("concurrency", concurrency, 0, 1024);
        requireRange("pool", pool, 0, 100_000);
        requireRange("maxSessions", maxSessions, 1, ServerOptions.MAX_SESSIONS);
        requireRange("maxAcceptsPosted", maxAcceptsPosted, 1, 1_000_000);
        requireRange("bufferBytes", bufferBytes, 64, 1 << 20);
        requireRange("sendQueueBytes", sendQueueBytes, 64, 1 << 24);
        if (bufferBytes > sendQueueBytes) { // either may be the one that was set
            throw new IllegalArgumentException("bufferBytes: " + bufferBytes + " is more than sendQueueBytes, "
                    + sendQueueBytes + ": a send queue holds one buffer at least");
        }
        requireRange("sendQueueFiles", sendQueueFiles, 1, 1024);
        requireRange("maxActions", maxActions, 1, 1_000_000);
        requireRange("lendBytes", lendBytes, 0, 1L << 40);
        requireTime("disconnectTime", disconnectTime, Duration.ofMillis(100));
        requireTime("lingerTime", lingerTime, Duration.ZERO);
        requireTime("drainTime", drainTime, Duration.ZERO);
        if (buffers(maxSessions, sendQueueBytes, bufferBytes) > MAX_BUFFERS) {
            throw new IllegalArgumentException("maxSessions: " + maxSessions + " with sendQueueBytes " + sendQueueBytes
                    + " and bufferBytes " + bufferBytes + " takes more than " + MAX_BUFFERS
                    + " buffers: maxSessions x (sendQueueBytes / bufferBytes + 3)");
        }
    }

    static void requireRange(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + ": " + value + " is not from " + least + " to " + most);
        }
    }

    static void requireTime(String name, Duration value, Duration least) {
        Objects.requireNonNull(value, () -> name + " is null");
        if (value.compareTo(least) < 0 || value.compareTo(MAX_TIME) > 0) {
            throw new IllegalArgumentException(name + ": " + value + " is not from " + least + " to " + MAX_TIME);
        }
    }

    /** SO_SNDBUF of connections. */
    static void requireSocketSendBuffer(OptionalInt bytes) {
        Objects.requireNonNull(bytes, "socketSendBufferBytes is null");
        requireRange("socketSendBufferBytes", bytes.orElse(0), 0, 1 << 30);
    }

    /** What is taken where no close time is given. */
    static Duration defaultCloseTime(@Nullable Duration disconnectTime) {
        return disconnectTime == null || disconnectTime.compareTo(DEFAULT_CLOSE_TIME) < 0 ? DEFAULT_CLOSE_TIME
                : disconnectTime;
    }

    /** What is taken where no number of ports is given. */
    static int defaultPorts(int workers) {
        return Math.clamp(Math.ceilDiv(workers, WORKERS_OF_A_PORT), 1, ServerOptions.MAX_PORTS);
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

    /** All as it is by default. */
    public static GroupOptions defaults() {
        return builder().build();
    }

    /** A builder that has the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Sets the options that differ from the defaults; {@link GroupOptions} describes each. Not thread-safe. */
    public static final class Builder {
        private int workers = Runtime.getRuntime().availableProcessors();
        /** Null: by the workers. */
        private @Nullable Integer ports;
        private int concurrency;
        private int pool = 256;
        private int maxSessions = 10_000;
        private int maxAcceptsPosted = DEFAULT_MAX_ACCEPTS_POSTED;
        private int bufferBytes = 8 * 1024;
        private int sendQueueBytes = 64 * 1024;
        private int sendQueueFiles = DEFAULT_SEND_QUEUE_FILES;
        private int maxActions = DEFAULT_MAX_ACTIONS;
        private long lendBytes = DEFAULT_LEND_BYTES;
        private Duration disconnectTime = Duration.ofSeconds(5);
        private Duration lingerTime = Duration.ofSeconds(2);
        private Duration drainTime = Duration.ofSeconds(5);
        private Optional<DisconnectMethod> disconnectMethod = Optional.empty();
        private boolean reuseLatest;
        private OnWorkerFailure onWorkerFailure = OnWorkerFailure.GO_ON;
        private Optional<Executor> handlerExecutor = Optional.empty();

        private Builder() {
        }

        /** See {@link GroupOptions#workers}. */
        public Builder workers(int value) {
            workers = value;
            return this;
        }

        /** See {@link GroupOptions#ports}. */
        public Builder ports(int value) {
            ports = value;
            return this;
        }

        /** See {@link GroupOptions#concurrency}. */
        public Builder concurrency(int value) {
            concurrency = value;
            return this;
        }

        /** See {@link GroupOptions#pool}. */
        public Builder pool(int value) {
            pool = value;
            return this;
        }

        /** See {@link GroupOptions#maxSessions}. */
        public Builder maxSessions(int value) {
            maxSessions = value;
            return this;
        }

        /** See {@link GroupOptions#maxAcceptsPosted}. */
        public Builder maxAcceptsPosted(int value) {
            maxAcceptsPosted = value;
            return this;
        }

        /** See {@link GroupOptions#bufferBytes}. */
        public Builder bufferBytes(int value) {
            bufferBytes = value;
            return this;
        }

        /** See {@link GroupOptions#sendQueueBytes}. */
        public Builder sendQueueBytes(int value) {
            sendQueueBytes = value;
            return this;
        }

        /** See {@link GroupOptions#sendQueueFiles}. */
        public Builder sendQueueFiles(int value) {
            sendQueueFiles = value;
            return this;
        }

        /** See {@link GroupOptions#maxActions}. */
        public Builder maxActions(int value) {
            maxActions = value;
            return this;
        }

        /** See {@link GroupOptions#lendBytes}. */
        public Builder lendBytes(long value) {
            lendBytes = value;
            return this;
        }

        /** See {@link GroupOptions#disconnectTime}. */
        public Builder disconnectTime(Duration value) {
            disconnectTime = value;
            return this;
        }

        /** See {@link GroupOptions#lingerTime}. */
        public Builder lingerTime(Duration value) {
            lingerTime = value;
            return this;
        }

        /** See {@link GroupOptions#drainTime}. */
        public Builder drainTime(Duration value) {
            drainTime = value;
            return this;
        }

        /** Without this, the best method that works here. With it, the start fails if the method does not work here. */
        public Builder disconnectMethod(DisconnectMethod value) {
            disconnectMethod = Optional.of(Objects.requireNonNull(value, "disconnectMethod is null"));
            return this;
        }

        /** See {@link GroupOptions#reuseLatest}. */
        public Builder reuseLatest(boolean value) {
            reuseLatest = value;
            return this;
        }

        /** See {@link GroupOptions#onWorkerFailure}. */
        public Builder onWorkerFailure(OnWorkerFailure value) {
            onWorkerFailure = value;
            return this;
        }

        /** See {@link GroupOptions#handlerExecutor}. */
        public Builder handlerExecutor(Executor value) {
            handlerExecutor = Optional.of(Objects.requireNonNull(value, "handlerExecutor is null"));
            return this;
        }

        /**
         * Checks the options and makes them.
         *
         * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
         * @throws NullPointerException     if one is null; the message names it
         */
        public GroupOptions build() {
            return new GroupOptions(workers, ports != null ? ports : defaultPorts(workers), concurrency, pool,
                    maxSessions, maxAcceptsPosted, bufferBytes, sendQueueBytes, sendQueueFiles, maxActions, lendBytes,
                    disconnectTime, lingerTime, drainTime, disconnectMethod, reuseLatest, onWorkerFailure,
                    handlerExecutor);
        }
    }
}
