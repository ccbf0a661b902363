package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.simkernel.FactScene.BOGUS;
import static org.iocp4j.simkernel.FactScene.KEY;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.Program.SERVER;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.REPORTED;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;
import org.iocp4j.simkernel.FactScene.End;

/** Of ConnectEx. */
final class ConnectFacts {
    private static final String ACCEPT_EX = "sock.c test_AcceptEx";
    private static final String PORTS = "sock.c test_connect_completion_port";
    /** Seen on Windows Server 2008 R2 and Windows 10 by its author. */
    private static final String REACTOS = "ReactOS, apitests ws2_32 connectex";
    private static final String CONNECT_EX = "ConnectEx";
    private static final InetSocketAddress NOBODY = new InetSocketAddress(SERVER.getAddress(), 6001);

    private ConnectFacts() {
    }

    static List<WindowsFact> all() {
        return List.of(
                // ---- what is refused ----
                fact("ConnectEx, no socket at all", DOCUMENTED, CONNECT_EX,
                        s -> s.refused(s.p.connectEx(BOGUS, SERVER, s.p.overlapped())), List.of(WSAENOTSOCK(), true)),
                fact("ConnectEx of a socket that is not bound", DOCUMENTED, CONNECT_EX,
                        s -> s.refused(s.p.connectEx(s.p.socket(), SERVER, s.p.overlapped())),
                        List.of(WSAEINVAL(), true)),
                fact("ConnectEx of a listener", DOCUMENTED, CONNECT_EX,
                        s -> s.refused(s.p.connectEx(s.listener, SERVER, s.p.overlapped())),
                        List.of(WSAEINVAL(), true)),
                fact("ConnectEx of a socket that an AcceptEx has", WINE_TEST, ACCEPT_EX, s -> {
                    long acceptor = s.p.socket();
                    s.pendingAccept(acceptor);
                    return s.refused(s.p.connectEx(acceptor, SERVER, s.p.overlapped()));
                }, List.of(WSAEINVAL(), true)),
                fact("ConnectEx of a socket that another one has: the first goes on", REPORTED, REACTOS, s -> {
                    long socket = bound(s);
                    long silent = s.p.overlapped();
                    int first = s.p.connectEx(socket, at(203, 0, 113, 1), silent);
                    int second = s.p.connectEx(socket, SERVER, s.p.overlapped());
                    return List.of(first, second, s.noPacket(), FactScene.status(silent));
                }, List.of(PENDING, WSAEINVAL(), true, STATUS_PENDING())),
                fact("AcceptEx into a socket that a ConnectEx has", WINE_TEST, ACCEPT_EX, s -> {
                    long socket = bound(s);
                    s.p.connectEx(socket, at(203, 0, 113, 1), s.p.overlapped());
                    return s.p.accept(s.listener, socket, s.p.overlapped());
                }, WSAEINVAL()),
                fact("ConnectEx of a connected socket, before and after SO_UPDATE_CONNECT_CONTEXT", REPORTED, REACTOS,
                        s -> {
                            long socket = connected(s);
                            int before = s.p.connectEx(socket, SERVER, s.p.overlapped());
                            s.p.updateConnectContext(socket);
                            return List.of(before, s.refused(s.p.connectEx(socket, SERVER, s.p.overlapped())));
                        }, List.of(WSAEISCONN(), List.of(WSAEISCONN(), true))),
                fact("ConnectEx to port 0", DOCUMENTED, "connect",
                        s -> s.refused(s.p.connectEx(bound(s), new InetSocketAddress(SERVER.getAddress(), 0),
                                s.p.overlapped())), List.of(WSAEADDRNOTAVAIL(), true)),
                fact("ConnectEx to any address", DOCUMENTED, "connect",
                        s -> s.refused(s.p.connectEx(bound(s), new InetSocketAddress(6000), s.p.overlapped())),
                        List.of(WSAEADDRNOTAVAIL(), true)),
                // ---- packets ----
                fact("a connect's packet has its socket's key", WINE_TEST, PORTS,
                        s -> connect(s, bound(s), SERVER), List.of(true, new End(KEY, 0, 0))),
                fact("a connect that sends: its packet has the bytes, and its peer receives them", REPORTED, REACTOS,
                        s -> {
                            long overlapped = s.p.overlapped();
                            s.p.connectEx(bound(s), SERVER, s.p.bytes((byte) 1, (byte) 2), overlapped);
                            End end = s.end(overlapped);
                            long acceptor = s.p.socket();
                            s.p.associate(acceptor, s.port, 9);
                            accept(s, acceptor);
                            s.settle();
                            long one = s.p.overlapped();
                            long two = s.p.overlapped();
                            s.p.receive(acceptor, s.p.allocate(1), one);
                            s.p.receive(acceptor, s.p.allocate(1), two);
                            return List.of(end, s.end(one), s.end(two));
                        }, List.of(new End(KEY, 0, 2), new End(9, 0, 1), new End(9, 0, 1))),
                fact("a connect where nobody listens", WINE_TEST, PORTS, s -> connect(s, bound(s), NOBODY),
                        List.of(true, new End(KEY, STATUS_CONNECTION_REFUSED(), 0))),
                fact("a connect that was refused may be tried again", REPORTED, REACTOS, s -> {
                    long socket = bound(s);
                    return List.of(connect(s, socket, NOBODY), connect(s, socket, SERVER));
                }, List.of(List.of(true, new End(KEY, STATUS_CONNECTION_REFUSED(), 0)),
                        List.of(true, new End(KEY, 0, 0)))),
                fact("a connect to a backlog that is full is refused", DOCUMENTED, "listen", s -> {
                    s.win32.closesocket(s.listener);
                    long small = s.p.socket();
                    s.p.bind(small, SERVER);
                    s.win32.listen(small, 1);
                    s.newClient();
                    s.settle();
                    return connect(s, bound(s), SERVER);
                }, List.of(true, new End(KEY, STATUS_CONNECTION_REFUSED(), 0))),
                fact("the low bit of hEvent: a connect without a packet", WINE_TEST, PORTS,
                        s -> withoutPacket(s, SERVER), List.of(true, 0)),
                fact("the low bit of hEvent: a connect that is refused, without a packet", WINE_TEST, PORTS,
                        s -> withoutPacket(s, NOBODY), List.of(true, STATUS_CONNECTION_REFUSED())),
                fact("FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: a connect that pends has its packet", WINE_TEST, PORTS,
                        s -> {
                            long socket = bound(s);
                            s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                            long overlapped = s.p.overlapped();
                            boolean over = s.p.connectEx(socket, SERVER, overlapped) == 0;
                            return over ? s.noPacket() : s.end(overlapped).equals(new End(KEY, 0, 0));
                        }, true),
                fact("FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: a connect that is refused has its packet", WINE_TEST, PORTS,
                        s -> {
                            long socket = bound(s);
                            s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                            return connect(s, socket, NOBODY);
                        }, List.of(true, new End(KEY, STATUS_CONNECTION_REFUSED(), 0))),
                fact("a connect to a network that cannot be reached", DOCUMENTED, CONNECT_EX,
                        s -> ended(s, at(192, 0, 2, 1)), new End(KEY, STATUS_NETWORK_UNREACHABLE(), 0)),
                fact("a connect to a host that cannot be reached", DOCUMENTED, CONNECT_EX,
                        s -> ended(s, at(198, 51, 100, 1)), new End(KEY, STATUS_HOST_UNREACHABLE(), 0)),
                fact("a connect that nobody answers", DOCUMENTED, CONNECT_EX,
                        s -> ended(s, at(203, 0, 113, 1)), new End(KEY, STATUS_IO_TIMEOUT(), 0)),
                // ---- cancelled, closed ----
                fact("CancelIoEx ends a connect", DOCUMENTED, "CancelIoEx", s -> {
                    long socket = bound(s);
                    long overlapped = s.p.overlapped();
                    s.p.connectEx(socket, at(203, 0, 113, 1), overlapped);
                    return List.of(s.win32.cancelIoEx(socket, overlapped), s.end(overlapped));
                }, List.of(0, new End(KEY, STATUS_CANCELLED(), 0))),
                fact("a socket whose connect was cancelled connects no more", REPORTED, "tried under Wine", s -> {
                    long socket = bound(s);
                    s.p.connectEx(socket, at(203, 0, 113, 1), s.p.overlapped());
                    s.win32.cancelIoEx(socket, 0);
                    return s.p.connectEx(socket, SERVER, s.p.overlapped());
                }, WSAEINVAL()),
                fact("closesocket ends a connect", REPORTED, REACTOS, s -> {
                    long socket = bound(s);
                    long overlapped = s.p.overlapped();
                    s.p.connectEx(socket, at(203, 0, 113, 1), overlapped);
                    s.win32.closesocket(socket);
                    return s.end(overlapped);
                }, new End(KEY, STATUS_CANCELLED(), 0)).or(WINE_TEST,
                        "sock.c iocp_async_read_closesocket (of a receive)",
                        new End(KEY, STATUS_CONNECTION_ABORTED(), 0)),
                // ---- names ----
                fact("getpeername and shutdown after a connect, before and after SO_UPDATE_CONNECT_CONTEXT",
                        DOCUMENTED, "SOL_SOCKET Socket Options", s -> {
                            long socket = connected(s);
                            int name = peer(s, socket, 16).getFirst();
                            int shut = s.win32.shutdown(socket, SD_SEND());
                            s.p.updateConnectContext(socket);
                            return List.of(name, shut, peer(s, socket, 16), s.win32.shutdown(socket, SD_SEND()));
                        }, List.of(WSAENOTCONN(), WSAENOTCONN(), List.of(0, 16), 0)),
                fact("getpeername without room", DOCUMENTED, "getpeername", s -> peer(s, s.connect(), 15),
                        List.of(WSAEFAULT(), 15)),
                fact("getpeername of a socket that is not connected", DOCUMENTED, "getpeername",
                        s -> peer(s, bound(s), 16), List.of(WSAENOTCONN(), 16)),
                fact("SO_UPDATE_CONNECT_CONTEXT of a socket that is not connected", DOCUMENTED,
                        "SOL_SOCKET Socket Options", s -> s.p.updateConnectContext(bound(s)), WSAENOTCONN()),
                fact("after DisconnectEx with TF_REUSE_SOCKET a socket connects again, bound as it is", DOCUMENTED,
                        "DisconnectEx", s -> {
                            long socket = connected(s);
                            s.p.updateConnectContext(socket);
                            long acceptor = s.p.socket();
                            accept(s, acceptor);
                            long overlapped = s.p.overlapped();
                            s.p.disconnect(socket, overlapped);
                            s.win32.closesocket(acceptor);
                            return List.of(s.end(overlapped), connect(s, socket, SERVER));
                        }, List.of(new End(KEY, 0, 0), List.of(true, new End(KEY, 0, 0)))));
    }

    /** A socket on the port, bound. */
    private static long bound(FactScene s) {
        long socket = s.p.boundSocket();
        assertThat(s.p.associate(socket, s.port, KEY)).isZero();
        return socket;
    }

    /** The same, connected to the listener, without its context's update. */
    private static long connected(FactScene s) {
        long socket = bound(s);
        assertThat(connect(s, socket, SERVER)).isEqualTo(List.of(true, new End(KEY, 0, 0)));
        return socket;
    }

    /** Whether the call succeeds or pends, and its packet. */
    private static List<Object> connect(FactScene s, long socket, InetSocketAddress to) {
        long overlapped = s.p.overlapped();
        int error = s.p.connectEx(socket, to, overlapped);
        s.p.sleep(5_000); // Windows asks somebody who refuses again
        return List.of(error == 0 || error == PENDING, s.end(overlapped));
    }

    private static End ended(FactScene s, InetSocketAddress to) {
        long overlapped = s.p.overlapped();
        assertThat(s.p.connectEx(bound(s), to, overlapped)).isEqualTo(PENDING);
        s.p.sleep(30_000);
        return s.end(overlapped);
    }

    /** Whether no packet came, and what the OVERLAPPED says. */
    private static List<Object> withoutPacket(FactScene s, InetSocketAddress to) {
        long overlapped = FactScene.withEvent(s.p.overlapped(), 1);
        s.p.connectEx(bound(s), to, overlapped);
        s.p.sleep(5_000);
        return List.of(s.noPacket(), FactScene.status(overlapped));
    }

    /** Takes the client that waits. */
    private static void accept(FactScene s, long acceptor) {
        long overlapped = s.p.overlapped();
        s.p.accept(s.listener, acceptor, overlapped);
        s.end(overlapped);
        assertThat(s.p.updateAcceptContext(acceptor, s.listener)).isZero();
    }

    /** The error of getpeername, and the length after it. */
    private static List<Integer> peer(FactScene s, long socket, int room) {
        MemorySegment length = s.p.allocate(4);
        length.set(JAVA_INT, 0, room);
        int error = s.win32.getpeername(socket, s.p.allocate(32).address(), length.address());
        return List.of(error, length.get(JAVA_INT, 0));
    }

    private static InetSocketAddress at(int a, int b, int c, int d) {
        return new InetSocketAddress(a + "." + b + "." + c + "." + d, 80);
    }
}
