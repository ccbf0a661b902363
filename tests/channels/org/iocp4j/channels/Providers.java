package org.iocp4j.channels;

import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.condition.OS;

/** What a test of the contract runs on: the JDK's provider everywhere, ours where completion ports are. */
final class Providers {
    static final AsynchronousChannelProvider JDK = AsynchronousChannelProvider.provider();

    private Providers() {
    }

    /** One for all tests, as a program has it. */
    private static final class Ours {
        static final IocpAsynchronousChannelProvider PROVIDER = new IocpAsynchronousChannelProvider();
    }

    static IocpAsynchronousChannelProvider ours() {
        return Ours.PROVIDER;
    }

    static boolean isOurs(AsynchronousChannelProvider provider) {
        return provider instanceof IocpAsynchronousChannelProvider;
    }

    /** Whose ways are another's than those of the JDK's other providers. */
    static boolean isJdkOnWindows(AsynchronousChannelProvider provider) {
        return isWindows() && !isOurs(provider);
    }

    static boolean isWindows() {
        return OS.WINDOWS.isCurrentOs();
    }

    static Stream<Named<AsynchronousChannelProvider>> all() {
        Stream<Named<AsynchronousChannelProvider>> jdk = Stream.of(Named.of("the JDK's", JDK));
        return isWindows() ? Stream.concat(jdk, Stream.of(Named.of("ours", ours()))) : jdk;
    }
}
