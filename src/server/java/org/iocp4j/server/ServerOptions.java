package org.iocp4j.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import org.iocp4j.socket.DisconnectMethod;
import org.jspecify.annotations.Nullable;

/**
 * A server's options. {@link #builder()} starts from the defaults, which serve on the loopback address only.
 *
 * <p>Times are from 0 to 1 day unless stated otherwise, and are observed to within about 100 ms.
 *
 * @param address               where to listen; port 0 picks a free port. For other machines:
 *                              {@code new InetSocketAddress("::", port)}, the IPv6 wildcard address, which accepts
 *                              IPv4, too; {@code new InetSocketAddress(port)} is by default the IPv4 one, for IPv4
 *                              only. Default: port 0 of the loopback address, for this machine only
 * @param workers               threads that dequeue completions and call the handler, 1 to 1,024. Default: the number
 *                              of processors
 * @param ports                 completion ports (not TCP ports: {@link Builder#port}), 1 to 128, and no more than
 *                              workers. Each has its share of the workers; a connection is dealt to one of them for
 *                              life, and what its bytes touch on their way is that port's alone, so that many
 *                              processors do not wait for each other. Default: one for every 8 workers, so one up to 8
 * @param concurrency           how many workers Windows lets run at the same time, 0 to 1,024; 0 (default): as many as
 *                              there are processors. Of several ports each lets its share run, rounded up
 * @param acceptsPosted         accepts kept posted, 1 to 10,000. Default: 200
 * @param pool                  sockets made at the start, 0 to 100,000; so many free ones are kept for ever. Above that
 *                              as many are kept as the last five minutes had in use at once, so that a burst that
 *                              comes again finds its sockets; maxSessions free ones at most. Default: 256
 * @param maxSessions           the most connections at the same time, 1 to {@link #MAX_SESSIONS}; a connection beyond
 *                              it is reset. All of them together may need maxSessions x (sendQueueBytes / bufferBytes +
 *                              3) buffers, which must not be more than 16,777,216. Default: 10,000
 * @param bufferBytes           size of each receive and send buffer in bytes, 64 to 1,048,576; also the longest message
 *                              that a handler can wait for. Default: 8,192
 * @param sendQueueBytes        the most bytes queued in a session, from bufferBytes to 16,777,216. Default: 65,536
 * @param sendQueueFiles        the most files and parts of lent memory queued in a session, 1 to 1,024. Their bytes do
 *                              not count as sendQueueBytes. Default: 16
 * @param maxActions            the most actions that wait in a session at a time ({@link IocpServer#execute}), 1 to
 *                              1,000,000; those of {@link Session#schedule} and {@link Session#waker} are taken in any
 *                              case. Default: 1,000
 * @param lendBytes             the most memory that is lent at a time ({@link IocpGroup#lend}), in bytes, 0 to
 *                              1,099,511,627,776. Default: 67,108,864
 * @param idleTime              a session in which nothing is received, sent or called for this long is idle,
 *                              which ends it unless its handler does otherwise ({@link SessionHandler#idle}); 0: never.
 *                              Default: 5 min
 * @param disconnectTime        how long an ending session may make no progress before its connection is reset, and how
 *                              long its disconnect may then take before its socket is closed; at least 100 ms. Progress
 *                              is the completion of a send, which is of one buffer if the peer is slow. Default: 5 s
 * @param closeTime             how long an ending session may take to send what is queued, whatever progress it makes;
 *                              at least disconnectTime. With each piece of a file ({@link Session#sendFile}) or of lent
 *                              memory that goes it begins anew. Default: 1 min, or disconnectTime if that is longer
 * @param lingerTime            when the server ends a session whose client may still be sending: how long it then
 *                              receives and drops what comes, until the client's FIN. Without that, Windows resets the
 *                              connection when it is closed with bytes unread, and the reset may overtake what was sent
 *                              last; and a client that only writes would not notice the end. For DISCONNECT_EX and
 *                              GRACEFUL; 0: not at all. Default: 2 s
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
 * @param handlerExecutor       where the handler is called, if its calls may block: all of them, and the actions of
 *                              {@link IocpServer#execute}, {@link Session#schedule} and {@link Session#waker}, run as
 *                              tasks of this executor, such as one of virtual threads. A call that blocks holds up its
 *                              own session and nothing else. The calls of one session still come one after another;
 *                              what they send goes out while they go on. While a call waits or is under way, its
 *                              session receives no more than a buffer, and is not idle. If the session is ended
 *                              meanwhile, its connection is closed at once, and {@link SessionHandler#closed} comes
 *                              when the call has returned; a call that has not begun by then is not made, but for
 *                              opened. At the group's end opened is not made either, and closed does not follow; that
 *                              of a connect the closing thread makes. As nothing is received before a call returns,
 *                              the client's FIN is not seen, and a connection ended in order is closed after
 *                              {@link #lingerTime}. The server interrupts no call, and does not end the executor:
 *                              {@link IocpServer#close} waits for calls as long as for sessions, and what is still
 *                              under way then is logged and counted ({@link ServerStatistics.Faults#callsLeft}). So
 *                              end the executor behind the server. A call that it refuses ends its session
 *                              ({@link CloseReason#HANDLER_FAILED}, counted in
 *                              {@link ServerStatistics.Incidents#callsRefused}), and a worker then calls closed,
 *                              unless the refused call was opened. If {@code execute} runs the call itself, or
 *                              blocks, it holds up a worker. Empty (default): on the workers, which costs least
 */
public record ServerOptions(
        InetSocketAddress address, int workers, int ports, int concurrency, int acceptsPosted, int pool,
        int maxSessions, int bufferBytes, int sendQueueBytes, int sendQueueFiles, int maxActions, long lendBytes,
        Duration idleTime, Duration disconnectTime, Duration closeTime, Duration lingerTime, Duration drainTime,
        Optional<DisconnectMethod> disconnectMethod, boolean reuseLatest, boolean listenerLinger,
        OptionalInt socketSendBufferBytes, OnWorkerFailure onWorkerFailure, Optional<Executor> handlerExecutor) {

    /** The largest {@link #maxSessions}: 1,000,000. Memory is taken for those that there are. */
    public static final int MAX_SESSIONS = SessionId.MAX_SLOTS;
    /** The largest {@link #ports}: the default for the most workers. */
    public static final int MAX_PORTS = 128;

    /**
     * Checks the options.
     *
     * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
     * @throws NullPointerException     if one is null; the message names it
     */
    public ServerOptions {
        SessionSettings.requireResolved("address", address);
        Objects.requireNonNull(closeTime, "closeTime is null");
        GroupOptions group = group(workers, ports, concurrency, acceptsPosted, pool, maxSessions, bufferBytes,
                sendQueueBytes, sendQueueFiles, maxActions, lendBytes, disconnectTime, lingerTime, drainTime,
                disconnectMethod, reuseLatest, onWorkerFailure, handlerExecutor);
        ListenOptions listen = listen(acceptsPosted, idleTime, closeTime, sendQueueBytes, socketSendBufferBytes);
        SessionSettings.accepted((session, data) -> { }, listen, group, DisconnectMethod.CLOSE); // they go together
    }

    /** What of them is the group's that a server is. */
    GroupOptions group() {
        return group(workers, ports, concurrency, acceptsPosted, pool, maxSessions, bufferBytes, sendQueueBytes,
                sendQueueFiles, maxActions, lendBytes, disconnectTime, lingerTime, drainTime, disconnectMethod,
                reuseLatest, onWorkerFailure, handlerExecutor);
    }

    private static GroupOptions group(int workers, int ports, int concurrency, int acceptsPosted, int pool,
            int maxSessions, int bufferBytes, int sendQueueBytes, int sendQueueFiles, int maxActions,
            long lendBytes, Duration disconnectTime, Duration lingerTime, Duration drainTime,
            Optional<DisconnectMethod> disconnectMethod, boolean reuseLatest, OnWorkerFailure onWorkerFailure,
            Optional<Executor> handlerExecutor) {
        GroupOptions.requireRange("acceptsPosted", acceptsPosted, 1, ListenOptions.MAX_ACCEPTS_POSTED);
        int most = acceptsPosted + GroupOptions.DEFAULT_MAX_ACCEPTS_POSTED; // so there is room for further listeners
        return new GroupOptions(workers, ports, concurrency, pool, maxSessions, most, bufferBytes, sendQueueBytes,
                sendQueueFiles, maxActions, lendBytes, disconnectTime, lingerTime, drainTime, disconnectMethod,
                reuseLatest, onWorkerFailure, handlerExecutor);
    }

    /** What of them is its listener's. */
    ListenOptions listen() {
        return listen(acceptsPosted, idleTime, closeTime, sendQueueBytes, socketSendBufferBytes);
    }

    private static ListenOptions listen(int acceptsPosted, Duration idleTime, Duration closeTime, int sendQueueBytes,
            OptionalInt socketSendBufferBytes) {
        return new ListenOptions(acceptsPosted, idleTime, Optional.of(closeTime), OptionalInt.of(sendQueueBytes),
                socketSendBufferBytes, Optional.empty());
    }

    /** All as it is by default. */
    public static ServerOptions defaults() {
        return builder().build();
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
        private int acceptsPosted = 200;
        private int pool = 256;
        private int maxSessions = 10_000;
        private int bufferBytes = 8 * 1024;
        private int sendQueueBytes = 64 * 1024;
        private int sendQueueFiles = GroupOptions.DEFAULT_SEND_QUEUE_FILES;
        private int maxActions = GroupOptions.DEFAULT_MAX_ACTIONS;
        private long lendBytes = GroupOptions.DEFAULT_LEND_BYTES;
        private Duration idleTime = SessionSettings.DEFAULT_IDLE_TIME;
        private Duration disconnectTime = Duration.ofSeconds(5);
        /** Null: a minute, or the disconnect time if that is longer. */
        private @Nullable Duration closeTime;
        private Duration lingerTime = Duration.ofSeconds(2);
        private Duration drainTime = Duration.ofSeconds(5);
        private Optional<DisconnectMethod> disconnectMethod = Optional.empty();
        private boolean reuseLatest;
        private boolean listenerLinger;
        private OptionalInt socketSendBufferBytes = OptionalInt.empty();
        private OnWorkerFailure onWorkerFailure = OnWorkerFailure.GO_ON;
        private Optional<Executor> handlerExecutor = Optional.empty();

        private Builder() {
        }

        /** See {@link ServerOptions#address}. */
        public Builder address(InetSocketAddress value) {
            address = value;
            return this;
        }

        /**
         * Listens on this TCP port of the loopback address, in place of any address set before. Other machines cannot
         * connect to that: see {@link ServerOptions#address}.
         *
         * @param value 0 to 65,535; 0 picks a free one
         * @throws IllegalArgumentException if it is out of this range
         */
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

        /** See {@link ServerOptions#acceptsPosted}. */
        public Builder acceptsPosted(int value) {
            acceptsPosted = value;
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

        /** See {@link ServerOptions#sendQueueFiles}. */
        public Builder sendQueueFiles(int value) {
            sendQueueFiles = value;
            return this;
        }

        /** See {@link ServerOptions#maxActions}. */
        public Builder maxActions(int value) {
            maxActions = value;
            return this;
        }

        /** See {@link ServerOptions#lendBytes}. */
        public Builder lendBytes(long value) {
            lendBytes = value;
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

        /** See {@link ServerOptions#lingerTime}. */
        public Builder lingerTime(Duration value) {
            lingerTime = value;
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

        /** See {@link ServerOptions#handlerExecutor}. */
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
        public ServerOptions build() {
            Duration close = closeTime != null ? closeTime : GroupOptions.defaultCloseTime(disconnectTime);
            int portCount = ports != null ? ports : GroupOptions.defaultPorts(workers);
            return new ServerOptions(address, workers, portCount, concurrency, acceptsPosted, pool, maxSessions,
                    bufferBytes, sendQueueBytes, sendQueueFiles, maxActions, lendBytes, idleTime, disconnectTime, close,
                    lingerTime, drainTime, disconnectMethod, reuseLatest, listenerLinger, socketSendBufferBytes,
                    onWorkerFailure, handlerExecutor);
        }
    }
}
