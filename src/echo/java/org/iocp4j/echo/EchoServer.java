package org.iocp4j.echo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.Supplier;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;

/**
 * An echo server in this process, on Windows or Wine.
 *
 * {@snippet lang=java :
 * try (var server = EchoServer.start(EchoOptions.defaults())) {
 *     new Socket("127.0.0.1", server.port()); // and what a test does with it
 * }
 * }
 *
 * <p>Its methods may be called from any thread. It has threads of its own, as many as its options say, which end with
 * {@link #close}.
 */
public final class EchoServer implements AutoCloseable {
    private final IocpServer server;
    private final MessageCounters messages;
    private final Faults faults;

    private EchoServer(IocpServer server, MessageCounters messages, Faults faults) {
        this.server = server;
        this.messages = messages;
        this.faults = faults;
    }

    /**
     * Starts a server; clients can connect when this returns.
     *
     * @throws NullPointerException          if {@code options} is null
     * @throws IOException                   if Windows refuses: {@code bind: WSAEADDRINUSE (10048), ...}
     * @throws UnsupportedOperationException if this is not Windows, the JVM denies native access, or the disconnect
     *                                       method asked for does not work here
     */
    public static EchoServer start(EchoOptions options) throws IOException {
        return start(options, WindowsWin32::attach);
    }

    /**
     * As {@link #start(EchoOptions)}, on a system of the caller's choice, such as a simulated one.
     *
     * @param system gives the calling thread's view of the system; called on each thread of the server; not null
     */
    public static EchoServer start(EchoOptions options, Supplier<Win32> system) throws IOException {
        Objects.requireNonNull(options, "options is null");
        MessageCounters messages = new MessageCounters();
        Faults faults = new Faults(options.seed(), options.protocol());
        EchoHandler handler = options.protocol().handler(messages, faults, options.events());
        IocpServer server = ServerFactory.start(handler, options.server(), options.identity(), system);
        return new EchoServer(server, messages, faults);
    }

    /** The address that it listens on, with the port that the system picked if the options had 0. Never null. */
    public InetSocketAddress localAddress() {
        return server.localAddress();
    }

    /** The port of {@link #localAddress}. */
    public int port() {
        return localAddress().getPort();
    }

    /** The method in force: the one asked for, or the best that works here. Never null. */
    public DisconnectMethod disconnectMethod() {
        return server.disconnectMethod();
    }

    /** How it is to misbehave: at first not at all. Never null. */
    public Faults faults() {
        return faults;
    }

    /** The figures now; still there after {@link #close}. */
    public EchoStatistics statistics() {
        return new EchoStatistics(server.statistics(), messages.received.sum(), messages.sent.sum(),
                messages.protocolErrors.sum());
    }

    /**
     * Stops as {@link IocpServer#close} does, which says how long that may take: what is queued is sent, then every
     * connection ends. Late replies that a fault still holds are dropped. A second call waits for the first.
     */
    @Override
    public void close() {
        faults.end();
        server.close();
    }
}
