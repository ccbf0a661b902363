package org.iocp4j.server.identity;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.util.function.Supplier;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.win32.Win32;

/**
 * Starts servers that find their sessions in another way, or run on another system than Windows: for the study of the
 * completion-key bug and for simulation. This package is exported to the project's own modules alone, so that none of
 * it is part of the public {@link IocpServer}.
 */
public final class ServerFactory {
    /** IocpServer's private constructor, which it hands over itself. */
    @FunctionalInterface
    public interface Constructor {
        IocpServer start(ServerOptions options, SessionHandler handler, SessionIdentity identity,
                Supplier<Win32> system) throws IOException;
    }

    private static volatile Constructor constructor;

    private ServerFactory() {
    }

    /** Called by IocpServer's class initializer. */
    public static void register(Constructor newConstructor) {
        constructor = newConstructor;
    }

    /**
     * As {@link IocpServer#start(ServerOptions, SessionHandler)}.
     *
     * @param system called on each thread that needs the system, for a view of its own
     */
    public static IocpServer start(ServerOptions options, SessionHandler handler, SessionIdentity identity,
                                   Supplier<Win32> system) throws IOException {
        try {
            MethodHandles.lookup().ensureInitialized(IocpServer.class);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e); // it is public
        }
        return constructor.start(options, handler, identity, system);
    }
}
