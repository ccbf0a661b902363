package org.iocp4j.junit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.echo.EchoStatistics;
import org.iocp4j.echo.Fault;
import org.iocp4j.echo.Faults;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/**
 * An echo server for tests of clients, which misbehaves on demand:
 *
 * {@snippet lang=java :
 * @RegisterExtension
 * static final IocpEcho echo = IocpEcho.builder().build();
 *
 * @Test
 * void doesNotWaitForEver() throws IOException {
 *     try (MyClient client = new MyClient(echo.address());
 *             var late = echo.faults().add(Fault.latency(Duration.ofMinutes(1)))) {
 *         assertThrows(SocketTimeoutException.class, () -> client.ask(42));
 *     }
 * }
 * }
 *
 * <p>In a static field, and with {@code @ExtendWith} at a class, there is one server for all tests of the class and of
 * its nested classes; in an instance's field, one for each test, or for all tests of the instance if its class is
 * {@code PER_CLASS}. It listens on a free port of the loopback address. Tests may run in parallel; not so, if the
 * extension is registered at a method, that method's repetitions.
 *
 * <p>When its last test is over, no session, socket or operation may be left, and the server must have counted no fault
 * of its own. Otherwise the test, or for a static field the class, fails, and the failure names what is left; a session
 * with its client, so clients are to be closed.
 *
 * <p>Where there are no completion ports, the tests are skipped with the reason, or fail, as
 * {@link Builder#failWhereUnsupported} says.
 *
 * <p>A test, or a constructor or method of its class, may have a parameter of the types {@code IocpEcho},
 * {@link EchoServer}, {@link EchoEvents} or {@link Faults}, and gets this server's.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IocpEcho implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback,
        TestInstancePreConstructCallback, ExecutionCondition, ParameterResolver {
    private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(IocpEcho.class);

    private final Builder settings;

    // Guarded by this: classes that run in parallel may share the field of a superclass.
    /** The contexts of those for which the server is there, by their unique ids. */
    private final Set<String> classes = new HashSet<>();
    /** The unique id of the context of the one test for which it is there, if it is there for no class. */
    private @Nullable String test;
    private @Nullable Running running;

    /** A server in its time. */
    private record Running(EchoServer server, EchoEvents events) {
    }

    /** With the defaults, for {@code @ExtendWith}. */
    public IocpEcho() {
        this(builder());
    }

    private IocpEcho(Builder settings) {
        this.settings = settings;
    }

    /** A builder that has the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    // ---- for tests ----

    /**
     * Where the server listens. Never null.
     *
     * @throws IllegalStateException outside of its tests, as the methods below
     */
    public InetSocketAddress address() {
        return server().localAddress();
    }

    /** The port of {@link #address}. */
    public int port() {
        return server().port();
    }

    /** The server itself. Its close is not a test's. Never null. */
    public EchoServer server() {
        return now().server;
    }

    /**
     * How it is to misbehave: at first as the builder says. What a test adds is in force until it is removed, for other
     * tests too. Never null.
     */
    public Faults faults() {
        return server().faults();
    }

    /** What it has done with its connections. Never null. */
    public EchoEvents events() {
        return now().events;
    }

    /** Its figures now. Never null. */
    public EchoStatistics statistics() {
        return server().statistics();
    }

    private synchronized Running now() {
        if (running == null) {
            throw new IllegalStateException("the echo server runs only during the tests that it is registered for:"
                    + " is its field annotated with @RegisterExtension?");
        }
        return running;
    }

    // ---- for JUnit ----

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Optional<String> reason = unsupported();
        return reason.isEmpty() || settings.failWhereUnsupported
                ? ConditionEvaluationResult.enabled("completion ports are there, or their lack is a failure")
                : ConditionEvaluationResult.disabled(reason.get());
    }

    private static Optional<String> unsupported() {
        return IocpServer.unsupportedReason();
    }

    /** An instance that is there for all tests of its class is made before {@link #beforeAll}, and may ask for it. */
    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
        if (context.getTestInstanceLifecycle().equals(Optional.of(TestInstance.Lifecycle.PER_CLASS))) {
            beforeAll(context);
            // JUnit does not call afterAll if the constructor throws.
            context.getStore(STORE).put(this, (AutoCloseable) () -> afterAll(context));
        }
    }

    @Override
    public synchronized void beforeAll(ExtensionContext context) {
        if (classes.isEmpty()) {
            start();
        }
        classes.add(context.getUniqueId());
    }

    @Override
    public synchronized void beforeEach(ExtensionContext context) {
        if (!classes.isEmpty()) {
            return;
        }
        if (running != null) {
            throw new IllegalStateException("the echo server of one test cannot be that of " + context.getDisplayName()
                    + ", which runs at the same time: register it in a static field, or at the class");
        }
        start();
        test = context.getUniqueId();
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        Running over = null;
        synchronized (this) {
            if (context.getUniqueId().equals(test)) { // or it is called for a test whose beforeEach has thrown
                over = running;
                running = null;
                test = null;
            }
        }
        end(over);
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        Running over = null;
        synchronized (this) {
            // JUnit also calls this for a class whose beforeAll has thrown, perhaps while another has the server.
            if (classes.remove(context.getUniqueId()) && classes.isEmpty()) {
                over = running;
                running = null;
            }
        }
        end(over);
    }

    private void start() {
        Optional<String> reason = unsupported();
        if (reason.isPresent()) {
            if (settings.failWhereUnsupported) {
                throw new AssertionError(reason.get());
            }
            Assumptions.abort(reason.get()); // for a field of an instance, which no condition of JUnit's precedes
        }
        EchoEvents events = new EchoEvents(settings.longestWait);
        ServerOptions.Builder options = ServerOptions.builder().acceptsPosted(Builder.ACCEPTS).pool(Builder.POOL);
        settings.options.accept(options);
        EchoOptions echo = new EchoOptions(options.build(), settings.protocol).withSeed(settings.seed)
                .withEvents(events::add);
        try {
            EchoServer server = EchoServer.start(echo);
            begin(server);
            running = new Running(server, events);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private void begin(EchoServer server) {
        try {
            settings.faults.forEach(server.faults()::add);
        } catch (Throwable e) { // a fault that the protocol cannot have: nobody else knows of the server yet
            server.close();
            throw e;
        }
    }

    private void end(@Nullable Running over) throws InterruptedException {
        if (over == null) {
            return;
        }
        List<String> left = new ArrayList<>();
        try {
            over.server.faults().clear();
            if (!settings.allowOpenSessions) {
                left.addAll(over.events.awaitNobody());
            }
        } finally {
            over.server.close();
        }
        left.addAll(remains(over.server.statistics().server()));
        if (!left.isEmpty()) {
            throw new AssertionError("left of the echo server (faults' seed " + settings.seed + "):\n  "
                    + String.join("\n  ", left));
        }
    }

    /** What there is after a close, and should not be. */
    private static List<String> remains(ServerStatistics end) {
        List<String> left = new ArrayList<>();
        name(left, "sessions", end.connections().sessions());
        name(left, "operations pending", end.resources().operationsPending());
        name(left, "sockets open", end.sockets().socketsCreated() - end.sockets().socketsDiscarded());
        name(left, "buffers lent", end.resources().buffersLent());
        ServerStatistics.Faults faults = end.faults();
        name(left, "handlerFailures", faults.handlerFailures());
        name(left, "workerFailures", faults.workerFailures());
        name(left, "callFailures", faults.callFailures());
        name(left, "memoryRefusals", faults.memoryRefusals());
        name(left, "socketFailures", faults.socketFailures());
        name(left, "acceptsRefused", faults.acceptsRefused());
        name(left, "strayPackets", faults.strayPackets());
        return left;
    }

    private static void name(List<String> left, String what, long count) {
        if (count != 0) {
            left.add(what + ": " + count);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == IocpEcho.class || type == EchoServer.class || type == EchoEvents.class || type == Faults.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == EchoServer.class) {
            return server();
        }
        if (type == EchoEvents.class) {
            return events();
        }
        return type == Faults.class ? faults() : this;
    }

    /** Says what the server of a test is like. Not thread-safe. */
    public static final class Builder {
        /** A test has few connections at a time, and a server with fewer accepts starts sooner. */
        private static final int ACCEPTS = 16;
        private static final int POOL = 16;

        private EchoProtocol protocol = EchoProtocol.MESSAGES;
        private Consumer<ServerOptions.Builder> options = defaults -> { };
        private final List<Fault> faults = new ArrayList<>();
        private long seed = EchoOptions.defaults().seed();
        private Duration longestWait = Duration.ofSeconds(10);
        private boolean failWhereUnsupported;
        private boolean allowOpenSessions;

        private Builder() {
        }

        private Builder(Builder from) {
            protocol = from.protocol;
            options = from.options;
            faults.addAll(from.faults);
            seed = from.seed;
            longestWait = from.longestWait;
            failWhereUnsupported = from.failWhereUnsupported;
            allowOpenSessions = from.allowOpenSessions;
        }

        /** What is sent back. Default: {@link EchoProtocol#MESSAGES}. */
        public Builder protocol(EchoProtocol value) {
            protocol = Objects.requireNonNull(value, "protocol is null");
            return this;
        }

        /**
         * Address, limits, times: {@code options(server -> server.idleTime(Duration.ofSeconds(2)))}. Default: those of
         * {@link ServerOptions}, but with 16 accepts and a pool of 16. Called at each start.
         */
        public Builder options(Consumer<ServerOptions.Builder> value) {
            options = Objects.requireNonNull(value, "options is null");
            return this;
        }

        /** A fault that is in force from the start; several may be. Default: none. */
        public Builder fault(Fault value) {
            faults.add(Objects.requireNonNull(value, "fault is null"));
            return this;
        }

        /** What faults leave to chance comes from it. Default: 1. */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * How long {@link EchoEvents#await} waits, and how long, at the end, clients may take to close their
         * connections. Default: 10 s.
         *
         * @throws IllegalArgumentException if it is negative or longer than a day
         */
        public Builder longestWait(Duration value) {
            if (value.isNegative() || value.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("longestWait: '" + value + "' is not allowed, must be 0 to 1 day");
            }
            longestWait = value;
            return this;
        }

        /** Where there are no completion ports, the tests fail. Default: they are skipped. */
        public Builder failWhereUnsupported() {
            failWhereUnsupported = true;
            return this;
        }

        /**
         * Sessions may be left when the last test is over, for a client, say, that keeps its connections. Default: they
         * are a failure.
         */
        public Builder allowOpenSessions() {
            allowOpenSessions = true;
            return this;
        }

        /** The extension; later calls of the builder do not change it. */
        public IocpEcho build() {
            return new IocpEcho(new Builder(this));
        }
    }
}
