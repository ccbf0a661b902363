package org.iocp4j.channels.internal;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.iocp4j.channels.IocpAsynchronousChannelProvider;
import org.iocp4j.channels.seam.Settings;
import org.iocp4j.channels.seam.Surroundings;

/**
 * Makes providers on another system than Windows, and ends them. None of this is part of the public
 * {@link IocpAsynchronousChannelProvider}, whose private parts it calls.
 */
public final class ProviderFactory {
    private static final Constructor<IocpAsynchronousChannelProvider> CONSTRUCTOR;
    private static final Method END;

    static {
        try {
            CONSTRUCTOR = IocpAsynchronousChannelProvider.class.getDeclaredConstructor(Surroundings.class,
                    Settings.class);
            CONSTRUCTOR.setAccessible(true);
            END = IocpAsynchronousChannelProvider.class.getDeclaredMethod("end");
            END.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private ProviderFactory() {
    }

    /**
     * A provider.
     *
     * @throws java.io.UncheckedIOException if the system refuses what it needs
     */
    public static IocpAsynchronousChannelProvider newProvider(Surroundings surroundings, Settings settings) {
        try {
            return CONSTRUCTOR.newInstance(surroundings, settings);
        } catch (InvocationTargetException e) {
            throw thrown(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the provider has another constructor", e);
        }
    }

    /** Ends one whose groups have terminated: its thread gives everything back, and ends. */
    public static void end(IocpAsynchronousChannelProvider provider) {
        try {
            END.invoke(provider);
        } catch (InvocationTargetException e) {
            throw thrown(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the provider has no such end", e);
        }
    }

    private static RuntimeException thrown(InvocationTargetException e) {
        return switch (e.getCause()) {
            case RuntimeException failure -> failure;
            case Error error -> throw error;
            case null, default -> throw new AssertionError(e); // they declare no other
        };
    }
}
