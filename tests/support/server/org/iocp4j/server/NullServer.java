package org.iocp4j.server;

import java.util.concurrent.TimeUnit;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32Exception;

/**
 * A raw echo server on a {@link NullWin32}, whose one worker is the calling thread: for what a test or a benchmark
 * counts.
 */
public final class NullServer {
    private static final int TICK_MILLIS = 100;

    private final NullWin32 kernel = new NullWin32();
    private final IoThread io = new IoThread(kernel);
    private final SessionEngine engine;

    public NullServer() throws Win32Exception {
        this(ServerOptions.builder().accepts(8).pool(16).maxSessions(64).build());
    }

    /** Listens, with its accepts posted. */
    NullServer(ServerOptions options) throws Win32Exception {
        engine = new SessionEngine(options, DisconnectMethod.DISCONNECT_EX, Delivery.RETURN, SessionIdentity.OVERLAPPED,
                (session, data) -> session.send(data), () -> kernel, io);
        engine.accept(io);
        run();
    }

    /** A client connects; its socket, with a receive posted. */
    public long connect() {
        long socket = kernel.connect();
        run();
        return socket;
    }

    /** The client sends, and its bytes go back. */
    public void echo(long socket, int bytes) {
        kernel.arrive(socket, bytes);
        run();
    }

    /** The client goes, and the socket is free again, or posted to another accept. */
    public void leave(long socket) {
        kernel.arrive(socket, 0);
        run();
    }

    /** Time passes, tick by tick. */
    void idle(int millis) {
        for (int i = 0; i < millis; i += TICK_MILLIS) {
            kernel.pass(TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS));
            engine.dequeue(io);
            run();
        }
    }

    /** Memory that the server has beside the Java heap. */
    long committedBytes() {
        return kernel.committedBytes() + statistics().resources().bufferBytes();
    }

    SessionEngine engine() {
        return engine;
    }

    public ServerStatistics statistics() {
        return engine.statistics(0);
    }

    /** Dequeues and dispatches what there is. */
    private void run() {
        while (kernel.waitingPackets() > 0 || io.hasWork()) {
            engine.dequeue(io);
        }
    }
}
