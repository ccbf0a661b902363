package org.iocp4j.server.internal;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.function.Supplier;
import org.iocp4j.server.GroupOptions;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.win32.Win32;

/**
 * Starts servers and groups that find their sessions in another way, or run on another system than Windows: for the
 * study of the completion-key bug and for simulation. This package is exported to the project's own modules alone, so
 * that none of it is part of the public {@link IocpServer} and {@link IocpGroup}, whose private parts it calls.
 */
public final class ServerFactory {
    private static final Constructor<IocpServer> CONSTRUCTOR;
    private static final Method START_GROUP;

    static {
        try {
            CONSTRUCTOR = IocpServer.class.getDeclaredConstructor(SessionHandler.class, ServerOptions.class,
                    SessionIdentity.class, Supplier.class);
            CONSTRUCTOR.setAccessible(true);
            START_GROUP = IocpGroup.class.getDeclaredMethod("start", GroupOptions.class, Supplier.class);
            START_GROUP.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private ServerFactory() {
    }

    /**
     * As {@link IocpServer#start(SessionHandler, ServerOptions)}.
     *
     * @param system called on each thread that needs the system, for a view of its own
     */
    public static IocpServer start(SessionHandler handler, ServerOptions options, SessionIdentity identity,
                                   Supplier<Win32> system) throws IOException {
        try {
            return CONSTRUCTOR.newInstance(handler, options, identity, system);
        } catch (InvocationTargetException e) {
            throw thrown(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("IocpServer has another constructor", e);
        }
    }

    /**
     * As {@link IocpGroup#start(GroupOptions)}.
     *
     * @param system called on each thread that needs the system, for a view of its own
     */
    public static IocpGroup startGroup(GroupOptions options, Supplier<Win32> system) throws IOException {
        try {
            return (IocpGroup) START_GROUP.invoke(null, options, system);
        } catch (InvocationTargetException e) {
            throw thrown(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("IocpGroup has another start", e);
        }
    }

    private static IOException thrown(InvocationTargetException e) {
        return switch (e.getCause()) {
            case IOException refused -> refused;
            case RuntimeException failure -> throw failure;
            case Error error -> throw error;
            case null, default -> throw new AssertionError(e); // they declare no other
        };
    }
}
