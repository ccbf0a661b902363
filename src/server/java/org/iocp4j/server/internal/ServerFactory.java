package org.iocp4j.server.internal;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.function.Supplier;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.win32.Win32;

/**
 * Starts servers that find their sessions in another way, or run on another system than Windows: for the study of the
 * completion-key bug and for simulation. This package is exported to the project's own modules alone, so that none of
 * it is part of the public {@link IocpServer}, whose private constructor it calls.
 */
public final class ServerFactory {
    private static final Constructor<IocpServer> CONSTRUCTOR;

    static {
        try {
            CONSTRUCTOR = IocpServer.class.getDeclaredConstructor(ServerOptions.class, SessionHandler.class,
                    SessionIdentity.class, Supplier.class);
            CONSTRUCTOR.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private ServerFactory() {
    }

    /**
     * As {@link IocpServer#start(ServerOptions, SessionHandler)}.
     *
     * @param system called on each thread that needs the system, for a view of its own
     */
    public static IocpServer start(ServerOptions options, SessionHandler handler, SessionIdentity identity,
                                   Supplier<Win32> system) throws IOException {
        try {
            return CONSTRUCTOR.newInstance(options, handler, identity, system);
        } catch (InvocationTargetException e) {
            switch (e.getCause()) {
                case IOException refused -> throw refused;
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                case null, default -> throw new AssertionError(e); // it declares no other
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("IocpServer has another constructor", e);
        }
    }
}
