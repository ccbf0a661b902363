package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.iocp4j.simkernel.FactScene.BOGUS;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST_NOT_WINE;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.simkernel.WindowsFact.Observation;

/** Of names, options, and who may be bound where. */
final class AddressFacts {
    private static final String REUSE = "sock.c test_reuseaddr";
    private static final String SHARING = "Sharing Transport Addresses";
    private static final int PORT = 6001;

    /** An address to bind to; those of IPv6 with IPV6_V6ONLY off. */
    private enum Where {
        ANY(AF_INET(), 0, 0, 0, 0),
        LOOPBACK(AF_INET(), 127, 0, 0, 1),
        ANOTHER(AF_INET(), 127, 0, 0, 2),
        ANY6(AF_INET6(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        LOOPBACK6(AF_INET6(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        MAPPED_ANY(AF_INET6(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0),
        MAPPED_LOOPBACK(AF_INET6(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1);

        private final int family;
        private final int[] address;

        Where(int family, int... address) {
            this.family = family;
            this.address = address;
        }
    }

    /** What was set before bind. */
    private enum How {
        PLAIN, REUSE, EXCLUSIVE
    }

    private AddressFacts() {
    }

    static List<WindowsFact> all() {
        List<WindowsFact> facts = new ArrayList<>(List.of(
                // ---- names ----
                fact("getsockname of a socket that is not bound", WINE_TEST, "sock.c test_getsockname",
                        s -> s.name(s.p.socket(), 16).getFirst(), WSAEINVAL()),
                fact("getsockname with too little room keeps the length", WINE_TEST, "sock.c test_getsockname",
                        s -> s.name(s.listener, 15), List.of(WSAEFAULT(), 15)),
                fact("listen on a socket that is not bound", WINE_TEST, "sock.c test_listen",
                        s -> s.win32.listen(s.p.socket(), 1), WSAEINVAL()),
                fact("listen on no socket", WINE_TEST, "sock.c test_listen",
                        s -> s.win32.listen(BOGUS, 1), WSAENOTSOCK()),
                fact("listen twice", WINE_TEST, "sock.c test_listen", s -> s.win32.listen(s.listener, 1), 0),
                fact("bind a second time", DOCUMENTED, "bind",
                        s -> s.p.bind(s.listener, new InetSocketAddress(Program.SERVER.getAddress(), 0)), WSAEINVAL()),
                // ---- options ----
                fact("SO_CONNECT_TIME without a connection, and with a young one", WINE_TEST,
                        "sock.c test_connect_time",
                        s -> List.of(s.option(s.p.socket(), SOL_SOCKET(), SO_CONNECT_TIME()),
                                s.option(s.connect(), SOL_SOCKET(), SO_CONNECT_TIME())), List.of(-1, 0)),
                fact("IPV6_V6ONLY is on by default", WINE_TEST, "sock.c test_ipv6only", s -> s.option(
                        s.win32.wsaSocket(AF_INET6(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED()),
                        IPPROTO_IPV6(), IPV6_V6ONLY()), 1),
                fact("SO_EXCLUSIVEADDRUSE after SO_REUSEADDR, and when that was taken back", WINE_TEST, REUSE, s -> {
                    long socket = s.p.socket();
                    s.p.setOption(socket, SOL_SOCKET(), SO_REUSEADDR(), 1, 4);
                    int error = s.p.setOption(socket, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1, 4);
                    s.p.setOption(socket, SOL_SOCKET(), SO_REUSEADDR(), 0, 4);
                    return List.of(error, s.p.setOption(socket, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1, 4));
                }, List.of(WSAEINVAL(), 0)),
                fact("SO_REUSEADDR after SO_EXCLUSIVEADDRUSE", WINE_TEST, REUSE, s -> {
                    long socket = s.p.socket();
                    s.p.setOption(socket, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1, 4);
                    return s.p.setOption(socket, SOL_SOCKET(), SO_REUSEADDR(), 1, 4);
                }, WSAEINVAL()),
                // ---- who gets the clients ----
                fact("clients of 127.0.0.1 come to who is bound there, though another has any", WINE_TEST_NOT_WINE,
                        REUSE, reached(Where.ANY, Where.LOOPBACK), 1),
                fact("the same when any was second", WINE_TEST_NOT_WINE, REUSE, reached(Where.LOOPBACK, Where.ANY), 0),
                fact("of two that share an address the first has the clients", WINE_TEST, REUSE,
                        reached(Where.LOOPBACK, Where.LOOPBACK), 0)));
        facts.addAll(binds());
        return facts;
    }

    private static List<WindowsFact> binds() {
        return List.of(
                bind(Where.ANY, How.PLAIN, Where.ANY, How.PLAIN, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.ANY, How.PLAIN, Where.ANY, How.EXCLUSIVE, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.ANY, How.PLAIN, Where.ANY, How.REUSE, DOCUMENTED, SHARING, WSAEACCES()),
                bind(Where.ANY, How.PLAIN, Where.LOOPBACK, How.PLAIN, WINE_TEST_NOT_WINE, REUSE, 0),
                bind(Where.ANY, How.PLAIN, Where.LOOPBACK, How.EXCLUSIVE, WINE_TEST_NOT_WINE, REUSE, 0),
                bind(Where.ANY, How.PLAIN, Where.LOOPBACK, How.REUSE, DOCUMENTED, SHARING, 0),
                bind(Where.ANY, How.REUSE, Where.ANY, How.PLAIN, DOCUMENTED, SHARING, WSAEADDRINUSE()),
                bind(Where.ANY, How.REUSE, Where.ANY, How.REUSE, DOCUMENTED, SHARING, 0),
                bind(Where.ANY, How.REUSE, Where.ANY, How.EXCLUSIVE, DOCUMENTED, SHARING, WSAEADDRINUSE()),
                bind(Where.ANY, How.REUSE, Where.LOOPBACK, How.PLAIN, DOCUMENTED, SHARING, 0),
                bind(Where.ANY, How.REUSE, Where.LOOPBACK, How.EXCLUSIVE, DOCUMENTED, SHARING, 0),
                bind(Where.ANY, How.EXCLUSIVE, Where.ANY, How.PLAIN, DOCUMENTED, SHARING, WSAEADDRINUSE()),
                bind(Where.ANY, How.EXCLUSIVE, Where.ANY, How.REUSE, DOCUMENTED, SHARING, WSAEACCES()),
                bind(Where.ANY, How.EXCLUSIVE, Where.LOOPBACK, How.PLAIN, WINE_TEST_NOT_WINE, REUSE, WSAEACCES()),
                bind(Where.ANY, How.EXCLUSIVE, Where.LOOPBACK, How.EXCLUSIVE, WINE_TEST_NOT_WINE, REUSE, WSAEACCES()),
                bind(Where.ANY, How.EXCLUSIVE, Where.LOOPBACK, How.REUSE, DOCUMENTED, SHARING, WSAEACCES()),
                bind(Where.LOOPBACK, How.PLAIN, Where.ANY, How.PLAIN, WINE_TEST_NOT_WINE, REUSE, 0),
                bind(Where.LOOPBACK, How.PLAIN, Where.ANY, How.EXCLUSIVE, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.PLAIN, Where.LOOPBACK, How.PLAIN, DOCUMENTED, SHARING, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.PLAIN, Where.LOOPBACK, How.EXCLUSIVE, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.PLAIN, Where.LOOPBACK, How.REUSE, WINE_TEST, REUSE, WSAEACCES()),
                bind(Where.LOOPBACK, How.PLAIN, Where.ANOTHER, How.EXCLUSIVE, DOCUMENTED, "bind", 0),
                bind(Where.LOOPBACK, How.REUSE, Where.LOOPBACK, How.REUSE, WINE_TEST, REUSE, 0),
                bind(Where.LOOPBACK, How.REUSE, Where.LOOPBACK, How.EXCLUSIVE, DOCUMENTED, SHARING, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.EXCLUSIVE, Where.ANY, How.PLAIN, WINE_TEST_NOT_WINE, REUSE, 0),
                bind(Where.LOOPBACK, How.EXCLUSIVE, Where.ANY, How.REUSE, DOCUMENTED, SHARING, 0),
                bind(Where.LOOPBACK, How.EXCLUSIVE, Where.ANY, How.EXCLUSIVE, DOCUMENTED, SHARING, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.EXCLUSIVE, Where.LOOPBACK, How.PLAIN, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.EXCLUSIVE, Where.LOOPBACK, How.REUSE, DOCUMENTED, SHARING, WSAEACCES()),
                bind(Where.LOOPBACK, How.EXCLUSIVE, Where.LOOPBACK, How.EXCLUSIVE, DOCUMENTED, SHARING,
                        WSAEADDRINUSE()),
                bind(Where.ANY6, How.EXCLUSIVE, Where.LOOPBACK, How.PLAIN, WINE_TEST, REUSE, WSAEACCES()),
                bind(Where.ANY6, How.EXCLUSIVE, Where.ANY, How.PLAIN, WINE_TEST, REUSE, WSAEACCES()),
                bind(Where.ANY6, How.PLAIN, Where.ANY, How.EXCLUSIVE, WINE_TEST, REUSE, 0),
                bind(Where.ANY6, How.PLAIN, Where.ANY, How.PLAIN, WINE_TEST, REUSE, 0),
                bind(Where.LOOPBACK, How.PLAIN, Where.ANY6, How.EXCLUSIVE, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.LOOPBACK6, How.PLAIN, Where.ANY, How.EXCLUSIVE, WINE_TEST, REUSE, 0),
                bind(Where.LOOPBACK6, How.EXCLUSIVE, Where.LOOPBACK, How.EXCLUSIVE, WINE_TEST, REUSE, 0),
                bind(Where.MAPPED_LOOPBACK, How.PLAIN, Where.ANY, How.EXCLUSIVE, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.MAPPED_LOOPBACK, How.PLAIN, Where.LOOPBACK, How.PLAIN, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.LOOPBACK, How.PLAIN, Where.MAPPED_LOOPBACK, How.PLAIN, WINE_TEST, REUSE, WSAEADDRINUSE()),
                bind(Where.MAPPED_ANY, How.PLAIN, Where.ANY, How.PLAIN, WINE_TEST, REUSE, WSAEADDRINUSE()));
    }

    private static WindowsFact bind(Where first, How firstHow, Where second, How secondHow, WindowsFact.Known known,
                                    String source, int error) {
        return fact("bind to " + first + " " + firstHow + ", then to " + second + " " + secondHow, known, source, s -> {
            bind(s, first, firstHow);
            return error(s, socket(s, second, secondHow), second);
        }, error);
    }

    private static long bind(FactScene s, Where where, How how) {
        long socket = socket(s, where, how);
        s.kernel.require(error(s, socket, where) == 0, "the first is bound");
        return socket;
    }

    private static long socket(FactScene s, Where where, How how) {
        long socket = s.win32.wsaSocket(where.family, SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
        if (how != How.PLAIN) {
            s.p.setOption(socket, SOL_SOCKET(), how == How.REUSE ? SO_REUSEADDR() : SO_EXCLUSIVEADDRUSE(), 1, 4);
        }
        if (where.family == AF_INET6()) {
            s.p.setOption(socket, IPPROTO_IPV6(), IPV6_V6ONLY(), 0, 4);
        }
        return socket;
    }

    private static int error(FactScene s, long socket, Where where) {
        MemorySegment sockaddr = s.p.allocate(28);
        sockaddr.set(JAVA_SHORT, 0, (short) where.family);
        sockaddr.set(JAVA_BYTE, 2, (byte) (PORT >> 8));
        sockaddr.set(JAVA_BYTE, 3, (byte) PORT);
        int at = where.family == AF_INET6() ? 8 : 4;
        for (int i = 0; i < where.address.length; i++) {
            sockaddr.set(JAVA_BYTE, at + i, (byte) where.address[i]);
        }
        return s.win32.bind(socket, sockaddr.address(), where.family == AF_INET6() ? 28 : 16);
    }

    /** Which of two listeners, 0 or 1, a client of the loopback address comes to. */
    private static Observation reached(Where first, Where second) {
        return s -> {
            How how = first == second ? How.REUSE : How.PLAIN;
            long[] overlapped = new long[2];
            long[] listeners = {bind(s, first, how), bind(s, second, how)};
            for (int i = 0; i < 2; i++) {
                s.win32.listen(listeners[i], 5);
                s.p.associate(listeners[i], s.port, i);
                overlapped[i] = s.p.overlapped();
                s.p.accept(listeners[i], s.p.socket(), overlapped[i]);
            }
            s.kernel.client(new SimulatedClient.Script() { })
                    .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT));
            return (int) s.p.packet(s.port).key();
        };
    }
}
