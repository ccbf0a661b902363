package org.iocp4j.tls;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ConnectFailedException;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.socket.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * TLS around another handler, for the sessions of listeners and of connects:
 *
 * {@snippet lang=java :
 * IocpServer.start(TlsHandler.server(context).build(new LineLengths()), options);
 * }
 *
 * <p>The inner handler's sessions are {@link TlsSession}s. It gets {@link SessionHandler#opened} when the handshake is
 * done; where there is none, because it failed, it gets no call at all, and {@link Builder#handshakeFailed} is told.
 * Then all is as without TLS, with these additions:
 *
 * <ul>
 * <li>{@link SessionHandler#inputEnded} is the peer's close_notify. A FIN without one ends the session
 * ({@link CloseReason#TLS_FAILED}), and {@link SessionHandler#closed} gets a {@link TlsException}, as with all that can
 * fail in TLS. Up to TLS 1.2 the peer's close_notify ends both directions.
 * <li>{@link Session#shutdownOutput} and {@link Session#disconnect} send a close_notify, and then the FIN. An abort
 * sends none.
 * <li>A message may be as long as {@link Builder#messageBytes}, whatever the connection's buffers hold.
 * <li>{@link Session#ref}, the methods of a group or server that take an id, and the future of a connect all reach the
 * inner handler's session. What they send before the handshake is done waits for it.
 * </ul>
 *
 * <p>A session begins TLS when it is opened; or by {@link Session#upgrade}, as STARTTLS does. Then the inner handler
 * has the attachment that the session had, what the handler before has left unread is taken for TLS, never for
 * plaintext, and the handler before must send nothing more. A TlsHandler may serve any number of listeners and
 * sessions.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class TlsHandler implements SessionHandler {
    /**
     * The most records in a row that bring no data, once the handshake is done: empty ones, and those for new keys. No
     * client of good will sends more than a few.
     */
    public static final int MOST_WITHOUT_DATA = 32;
    /** The most files that wait in a session to be encrypted; one more is {@link SendResult#FULL}. */
    public static final int MOST_FILES = 16;
    /**
     * The most actions that other threads can have for a session before its handshake is done
     * ({@link org.iocp4j.server.SessionRef#execute}), beside what {@link org.iocp4j.server.GroupOptions#maxActions}
     * allows: one more is refused ({@link java.util.concurrent.RejectedExecutionException}).
     */
    public static final int MOST_EARLY_ACTIONS = 1_000;
    /** The largest {@link Builder#messageBytes}. */
    public static final int MAX_MESSAGE_BYTES = 1_048_576;

    private static final int MIN_MESSAGE_BYTES = 64;
    private static final Duration MAX_TIME = Duration.ofDays(1);
    private static final Log LOG = Log.of(TlsHandler.class);
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    final SessionHandler inner;
    final Executor taskExecutor;
    final Duration handshakeTime;
    final int messageBytes;
    /** For records, and for what is to become one. */
    final HeapBuffers packets;
    final Plaintext.Pool plaintexts;
    final LongAdder handshakes = new LongAdder();
    final LongAdder messagesTooLong = new LongAdder();
    final LongAdder closeTimeouts = new LongAdder();
    final LongAdder actionsRefused = new LongAdder();
    final LongAdder sendsRefused = new LongAdder();
    private final Supplier<SSLEngine> engines;
    private final BiConsumer<InetSocketAddress, TlsException> handshakeFailed;
    private final Map<TlsFailure, LongAdder> failures = new EnumMap<>(TlsFailure.class);
    private final LogLimit listenerLines = new LogLimit();
    private final Map<TlsFailure, LogLimit> lines = new EnumMap<>(TlsFailure.class);

    private TlsHandler(Builder builder, SessionHandler inner) {
        this.inner = inner;
        this.engines = builder.engines;
        this.taskExecutor = builder.taskExecutor;
        this.handshakeTime = builder.handshakeTime;
        this.messageBytes = builder.messageBytes;
        this.handshakeFailed = builder.handshakeFailed;
        SSLSession sizes = builder.engines.get().getSession();
        packets = new HeapBuffers(sizes.getPacketBufferSize());
        plaintexts = new Plaintext.Pool(builder.messageBytes + sizes.getApplicationBufferSize());
        for (TlsFailure failure : TlsFailure.values()) {
            failures.put(failure, new LongAdder());
            lines.put(failure, new LogLimit());
        }
    }

    /** The server's side, with the certificates of a context. */
    public static Builder server(SSLContext context) {
        Objects.requireNonNull(context, "context is null");
        return new Builder(() -> {
            SSLEngine engine = context.createSSLEngine();
            engine.setUseClientMode(false);
            return engine;
        });
    }

    /**
     * The client's side. The server's certificate has to name the host, as for HTTPS, unless {@link Builder#engine}
     * sets another endpoint identification algorithm.
     *
     * @param host the server's name, which it is told too (SNI), or its address
     * @param port the server's; sessions are resumed by host and port
     */
    public static Builder client(SSLContext context, String host, int port) {
        Objects.requireNonNull(context, "context is null");
        Objects.requireNonNull(host, "host is null");
        return new Builder(() -> {
            SSLEngine engine = context.createSSLEngine(host, port);
            engine.setUseClientMode(true);
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
            return engine;
        });
    }

    /** Sets what differs from the defaults. Not thread-safe. */
    public static final class Builder {
        private final Supplier<SSLEngine> plainEngines;
        private Supplier<SSLEngine> engines;
        private Duration handshakeTime = Duration.ofSeconds(10);
        private int messageBytes = 16 * 1024;
        /**
         * Their number is bounded by the sessions', they may block (a trust manager that asks the network), few of them
         * run at a time, as many as there are processors, and nobody has to end them.
         */
        private Executor taskExecutor = task -> Thread.ofVirtual().name("iocp4j-tls").start(task);
        private BiConsumer<InetSocketAddress, TlsException> handshakeFailed = (_, _) -> { };

        private Builder(Supplier<SSLEngine> plainEngines) {
            this.plainEngines = plainEngines;
            this.engines = plainEngines;
        }

        /**
         * Each engine is given to this before its handshake: for protocols, cipher suites, ALPN, SNI, client
         * certificates. The default changes nothing. Called during a call for the session: on a worker, which it
         * must not block, or on the server's handlerExecutor; what it throws ends the session. {@link #build} calls it
         * once, too.
         */
        public Builder engine(Consumer<SSLEngine> value) {
            Objects.requireNonNull(value, "engine is null");
            engines = () -> {
                SSLEngine engine = plainEngines.get();
                value.accept(engine);
                return engine;
            };
            return this;
        }

        /**
         * How long a handshake may take, 1 ms to 1 day, to within about 100 ms; counted in
         * {@link TlsStatistics#handshakeTimeouts}. Default: 10 s. Until then the session's idle time ends nothing.
         *
         * @throws IllegalArgumentException if it is out of this range
         */
        public Builder handshakeTime(Duration value) {
            if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(MAX_TIME) > 0) {
                throw new IllegalArgumentException("handshakeTime: " + value + " is not from PT0.001S to " + MAX_TIME);
            }
            handshakeTime = value;
            return this;
        }

        /**
         * The longest message that the inner handler can wait for, 64 to {@value #MAX_MESSAGE_BYTES}: what
         * {@link org.iocp4j.server.ServerOptions#bufferBytes} is without TLS. Default: 16,384.
         *
         * @throws IllegalArgumentException if it is out of this range
         */
        public Builder messageBytes(int value) {
            if (value < MIN_MESSAGE_BYTES || value > MAX_MESSAGE_BYTES) {
                throw new IllegalArgumentException("messageBytes: " + value + " is not from " + MIN_MESSAGE_BYTES
                        + " to " + MAX_MESSAGE_BYTES);
            }
            messageBytes = value;
            return this;
        }

        /**
         * What runs the long calculations of handshakes, at most one for each session at a time; the session's input
         * waits meanwhile. The default starts a virtual thread for each. What it throws ends the session.
         */
        public Builder taskExecutor(Executor value) {
            taskExecutor = Objects.requireNonNull(value, "taskExecutor is null");
            return this;
        }

        /**
         * Is told of each session that the inner handler never had, since its handshake failed, with the peer's
         * address. Called during a call for the session: on a worker, which it must not block, or on the server's
         * handlerExecutor. The default does nothing; failures are counted and logged anyway.
         */
        public Builder handshakeFailed(BiConsumer<InetSocketAddress, TlsException> value) {
            handshakeFailed = Objects.requireNonNull(value, "handshakeFailed is null");
            return this;
        }

        /**
         * Makes the handler, and an engine, to see that there can be one.
         *
         * @param inner what the sessions do, inside of TLS
         * @throws RuntimeException whatever the context or {@link #engine} throws for that first engine
         */
        public TlsHandler build(SessionHandler inner) {
            return new TlsHandler(this, Objects.requireNonNull(inner, "inner is null"));
        }
    }

    /** The figures so far. Any thread. */
    public TlsStatistics statistics() {
        return new TlsStatistics(handshakes.sum(), count(TlsFailure.HANDSHAKE_FAILED),
                count(TlsFailure.HANDSHAKE_TIMED_OUT), count(TlsFailure.CLOSED_IN_HANDSHAKE),
                count(TlsFailure.TRUNCATED), count(TlsFailure.BROKEN), count(TlsFailure.RENEGOTIATION),
                count(TlsFailure.WITHOUT_DATA), messagesTooLong.sum(), closeTimeouts.sum(),
                actionsRefused.sum(), sendsRefused.sum());
    }

    private long count(TlsFailure failure) {
        return adder(failure).sum();
    }

    private LongAdder adder(TlsFailure failure) {
        return Objects.requireNonNull(failures.get(failure));
    }

    SSLEngine newEngine() {
        return engines.get();
    }

    /** Counts it, and logs it, if it is not what clients do every day. */
    void failed(TlsException failure, InetSocketAddress peer) {
        TlsFailure kind = failure.failure();
        adder(kind).increment();
        boolean isUsual = kind == TlsFailure.TRUNCATED || kind == TlsFailure.CLOSED_IN_HANDSHAKE;
        String more = isUsual ? null : Objects.requireNonNull(lines.get(kind)).next();
        if (isUsual) {
            LOG.debug("TLS with {}: {}: {}", HostPort.text(peer), kind, failure.getMessage());
        } else if (more != null) {
            LOG.warn("TLS with {}: {}: {}{}", HostPort.text(peer), kind, // a certificate may have any text in it
                    CONTROL.matcher(String.valueOf(failure.getMessage())).replaceAll("?"), more);
        }
    }

    /** The inner handler has no call for the session. */
    void tellHandshakeFailed(TlsException failure, InetSocketAddress peer) {
        try {
            handshakeFailed.accept(peer, failure);
        } catch (Throwable e) { // the user's: the session is ending as it is
            String more = listenerLines.next();
            if (more != null) {
                LOG.thrown(e, "handshakeFailed has failed{}", more);
            }
        }
    }

    // ---- the connection's calls ----

    private static TlsConnection of(Session session) {
        TlsConnection connection = session.attachment(TlsConnection.class);
        if (connection == null) {
            throw new IllegalStateException("session " + session + " has not begun here");
        }
        return connection;
    }

    @Override
    public void opened(Session session) throws Exception {
        TlsConnection.begin(this, session);
    }

    @Override
    public void upgraded(Session session) throws Exception {
        TlsConnection.begin(this, session);
    }

    @Override
    public void received(Session session, ByteBuffer data) throws Exception {
        of(session).received(data);
    }

    @Override
    public void writable(Session session) throws Exception {
        of(session).move();
    }

    @Override
    public void inputEnded(Session session) throws Exception {
        of(session).inputEnded();
    }

    @Override
    public void idle(Session session) throws Exception {
        of(session).idle();
    }

    @Override
    public void closed(Session session, CloseReason reason, @Nullable Throwable failure) throws Exception {
        if (session.attachment(Object.class) instanceof TlsConnection connection) { // else it never began
            connection.closed(reason, failure);
        }
    }

    @Override
    public void connectFailed(ConnectFailedException failure) throws Exception {
        inner.connectFailed(failure);
    }
}
