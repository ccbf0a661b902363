package org.iocp4j.server;

import java.util.function.Supplier;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/** An engine with one listener, as a server's, for a test that has no workers but its own thread. */
final class TestEngine {
    private TestEngine() {
    }

    /** Listens, but accepts nothing before {@link #accept}. */
    static SessionEngine of(ServerOptions options, Delivery delivery, SessionHandler handler, Supplier<Win32> system,
            IoThread io) throws Win32Exception {
        SessionEngine engine = new SessionEngine(options.group(), DisconnectMethod.DISCONNECT_EX, delivery,
                SessionIdentity.OVERLAPPED, system, io);
        engine.listen(options.address(), handler, options.listen(), options.listenerLinger(), io);
        return engine;
    }

    /** Posts the accepts, as a worker would. */
    static void accept(SessionEngine engine, IoThread io) {
        engine.listeners.present().getFirst().accept(io);
    }
}
