package org.iocp4j.echo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.Supplier;
import org.iocp4j.server.IocpServer;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;

/** An echo server in this process. */
public final class EchoServer implements AutoCloseable {
    private final IocpServer server;
    private final PacketCounters packets;

    private EchoServer(IocpServer server, PacketCounters packets) {
        this.server = server;
        this.packets = packets;
    }

    /** As {@link IocpServer#start}. */
    public static EchoServer start(EchoOptions options) throws IOException {
        return start(options, WindowsWin32::attach);
    }

    /** @param system a view of the system for the calling thread */
    public static EchoServer start(EchoOptions options, Supplier<Win32> system) throws IOException {
        Objects.requireNonNull(options, "options is null");
        PacketCounters packets = new PacketCounters();
        return new EchoServer(IocpServer.start(options.server(), options.protocol().handler(packets),
                options.identity(), system), packets);
    }

    public InetSocketAddress localAddress() {
        return server.localAddress();
    }

    public int port() {
        return localAddress().getPort();
    }

    public DisconnectMethod disconnectMethod() {
        return server.disconnectMethod();
    }

    public EchoStatistics statistics() {
        return new EchoStatistics(server.statistics(), packets.received.sum(), packets.sent.sum(),
                packets.protocolErrors.sum());
    }

    /** As {@link IocpServer#close}. */
    @Override
    public void close() {
        server.close();
    }
}
