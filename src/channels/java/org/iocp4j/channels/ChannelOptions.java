package org.iocp4j.channels;

import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;
import static org.iocp4j.win32.generated.WinTypes.SO_RCVBUF;
import static org.iocp4j.win32.generated.WinTypes.SO_SNDBUF;
import static org.iocp4j.win32.generated.WinTypes.TCP_NODELAY;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.iocp4j.win32.ErrorName;
import org.jspecify.annotations.Nullable;

/** What java.nio calls socket options and addresses, as Windows has them. */
final class ChannelOptions {
    /** What setsockopt calls an option. */
    record Code(int level, int name) {
    }

    private static final Map<SocketOption<?>, Code> STANDARD = Map.of(
            StandardSocketOptions.SO_RCVBUF, new Code(SOL_SOCKET(), SO_RCVBUF()),
            StandardSocketOptions.SO_SNDBUF, new Code(SOL_SOCKET(), SO_SNDBUF()),
            StandardSocketOptions.SO_KEEPALIVE, new Code(SOL_SOCKET(), SO_KEEPALIVE()),
            StandardSocketOptions.TCP_NODELAY, new Code(IPPROTO_TCP(), TCP_NODELAY()));
    /** Windows 10 has them from its version 1709 on, and Wine 8.0 has not [doc, wine]. */
    private static final Map<SocketOption<?>, Code> OF_JDK_NET = ofJdkNet();
    static final Set<SocketOption<?>> OF_SERVERS =
            Set.of(StandardSocketOptions.SO_RCVBUF, StandardSocketOptions.SO_REUSEADDR);

    private ChannelOptions() {
    }

    private static Map<SocketOption<?>, Code> ofJdkNet() {
        Map<SocketOption<?>, Code> all = new HashMap<>();
        // Not in the generated bindings' headers; the numbers are ws2ipdef.h's [doc].
        addOfJdkNet(all, "TCP_KEEPIDLE", 3);
        addOfJdkNet(all, "TCP_KEEPCOUNT", 16);
        addOfJdkNet(all, "TCP_KEEPINTERVAL", 17);
        return all;
    }

    /** The module jdk.net need not be there. */
    private static void addOfJdkNet(Map<SocketOption<?>, Code> all, String name, int number) {
        try {
            Class<?> options = Class.forName("jdk.net.ExtendedSocketOptions");
            all.put((SocketOption<?>) options.getField(name).get(null), new Code(IPPROTO_TCP(), number));
        } catch (ReflectiveOperationException e) {
            // then nobody can name the option
        }
    }

    /**
     * What a socket can be asked to set.
     *
     * @param isTaken whether this system has an option; asked of those that only some versions of Windows have
     */
    static Set<SocketOption<?>> ofSockets(Predicate<Code> isTaken) {
        Set<SocketOption<?>> all = new HashSet<>(STANDARD.keySet());
        all.add(StandardSocketOptions.SO_REUSEADDR);
        OF_JDK_NET.forEach((option, code) -> {
            if (isTaken.test(code)) {
                all.add(option);
            }
        });
        return Set.copyOf(all);
    }

    static Code code(SocketOption<?> option) {
        Code standard = STANDARD.get(option);
        return standard != null ? standard : Objects.requireNonNull(OF_JDK_NET.get(option), "an option without a code");
    }

    static void require(SocketOption<?> option, Set<SocketOption<?>> supported) {
        if (!supported.contains(Objects.requireNonNull(option, "name is null"))) {
            throw new UnsupportedOperationException("'" + option + "' not supported");
        }
    }

    /** A value for setsockopt. */
    static int encode(SocketOption<?> option, @Nullable Object value) {
        if (value == null) {
            throw new IllegalArgumentException("no value for " + option);
        }
        if (value instanceof Boolean on) {
            return on ? 1 : 0;
        }
        int number = (Integer) value;
        if (number < 0) {
            throw new IllegalArgumentException(option + " = " + number);
        }
        return number;
    }

    /** A value of getsockopt. */
    @SuppressWarnings("unchecked") // the option's own type
    static <T> T decode(SocketOption<T> option, long value) throws SocketException {
        check(option, value);
        return (T) (option.type().equals(Boolean.class) ? (Object) (value != 0) : (Object) (int) value);
    }

    /** @param outcome of a call with the option: negative for an error */
    static void check(SocketOption<?> option, long outcome) throws SocketException {
        if (outcome < 0) {
            throw new SocketException(option + ": " + ErrorName.of((int) -outcome));
        }
    }

    /** An address to connect to or to bind to. */
    static InetSocketAddress address(SocketAddress address) {
        if (!(Objects.requireNonNull(address, "the address is null") instanceof InetSocketAddress inet)) {
            throw new UnsupportedAddressTypeException();
        }
        if (inet.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        return inet;
    }
}
