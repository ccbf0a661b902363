package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.simkernel.FactScene.BOGUS;
import static org.iocp4j.simkernel.FactScene.LISTENER_KEY;
import static org.iocp4j.simkernel.Program.ADDRESS_BYTES;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST_NOT_WINE;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;
import org.iocp4j.simkernel.FactScene.End;

/** Of AcceptEx. */
final class AcceptFacts {
    private static final String ACCEPT_EX = "sock.c test_AcceptEx";
    private static final String PORTS = "sock.c test_completion_port";
    /** What GetAcceptExSockaddrs leaves alone. */
    private static final long UNTOUCHED = 0x5555;

    private AcceptFacts() {
    }

    static List<WindowsFact> all() {
        return List.of(
                // ---- what is refused ----
                fact("AcceptEx, no listener at all", WINE_TEST, ACCEPT_EX,
                        s -> s.refused(s.p.accept(BOGUS, s.p.socket(), s.p.overlapped())),
                        List.of(WSAENOTSOCK(), true)),
                fact("AcceptEx, no acceptor at all", WINE_TEST, ACCEPT_EX,
                        s -> s.refused(s.p.accept(s.listener, BOGUS, s.p.overlapped())), List.of(WSAENOTSOCK(), true)),
                fact("AcceptEx, a socket that does not listen", WINE_TEST_NOT_WINE, ACCEPT_EX,
                        s -> s.refused(s.p.accept(s.p.socket(), s.p.socket(), s.p.overlapped())),
                        List.of(WSAEINVAL(), true)),
                fact("AcceptEx into a bound socket", WINE_TEST_NOT_WINE, ACCEPT_EX,
                        s -> s.p.accept(s.listener, bound(s), s.p.overlapped()), WSAEINVAL()),
                fact("AcceptEx into a connected socket", WINE_TEST_NOT_WINE, ACCEPT_EX,
                        s -> s.p.accept(s.listener, s.connect(), s.p.overlapped()), WSAEINVAL()),
                fact("AcceptEx into a socket that another one has", WINE_TEST, ACCEPT_EX, s -> {
                    long acceptor = s.p.socket();
                    s.pendingAccept(acceptor);
                    return s.p.accept(s.listener, acceptor, s.p.overlapped());
                }, WSAEINVAL()),
                fact("AcceptEx without a buffer", WINE_TEST_NOT_WINE, ACCEPT_EX,
                        s -> s.p.accept(s.listener, s.p.socket(), 0, ADDRESS_BYTES, s.p.overlapped(), 0), WSAEFAULT()),
                fact("AcceptEx without room for the remote address", WINE_TEST, ACCEPT_EX,
                        s -> accept(s, s.p.socket(), ADDRESS_BYTES, 0, s.p.overlapped()), WSAEFAULT()),
                fact("AcceptEx without an OVERLAPPED", WINE_TEST, ACCEPT_EX,
                        s -> accept(s, s.p.socket(), ADDRESS_BYTES, ADDRESS_BYTES, 0), ERROR_INVALID_PARAMETER()),
                fact("AcceptEx without an OVERLAPPED, nor room for any address", WINE_TEST, ACCEPT_EX,
                        s -> accept(s, s.p.socket(), 0, 0, 0), ERROR_INVALID_PARAMETER()),
                fact("AcceptEx refused, its OVERLAPPED says pending: no listener", WINE_TEST, ACCEPT_EX,
                        s -> afterRefusal(s, BOGUS, s.p.socket(), ADDRESS_BYTES), STATUS_PENDING()),
                fact("AcceptEx refused, its OVERLAPPED says pending: no acceptor", WINE_TEST, ACCEPT_EX,
                        s -> afterRefusal(s, s.listener, BOGUS, ADDRESS_BYTES), STATUS_PENDING()),
                fact("AcceptEx refused, its OVERLAPPED says pending: not listening", WINE_TEST, ACCEPT_EX,
                        s -> afterRefusal(s, s.p.socket(), s.p.socket(), ADDRESS_BYTES), STATUS_PENDING()),
                fact("AcceptEx refused, its OVERLAPPED says pending: no room for the remote address", WINE_TEST,
                        ACCEPT_EX,
                        s -> afterRefusal(s, s.listener, s.p.socket(), 0), STATUS_PENDING()),
                fact("AcceptEx refused, its OVERLAPPED says pending: bound", WINE_TEST, ACCEPT_EX,
                        s -> afterRefusal(s, s.listener, bound(s), ADDRESS_BYTES), STATUS_PENDING()),
                // ---- lengths ----
                fact("AcceptEx, local length 0: it pends, and then succeeds", WINE_TEST, ACCEPT_EX,
                        s -> accepted(s, s.p.socket(), 0), List.of(PENDING, new End(LISTENER_KEY, 0, 0))),
                fact("AcceptEx, local length 0: GetAcceptExSockaddrs says nothing of the local address",
                        WINE_TEST_NOT_WINE, ACCEPT_EX, AcceptFacts::sockaddrsWithoutLocal,
                        List.of(UNTOUCHED, (int) UNTOUCHED, 16)),
                fact("AcceptEx, local length 3: it pends, and fails when the client comes", WINE_TEST, ACCEPT_EX,
                        s -> accepted(s, s.p.socket(), 3), tooShort()),
                fact("AcceptEx, local length 4 more than the sockaddr: the same", WINE_TEST_NOT_WINE, ACCEPT_EX,
                        s -> accepted(s, s.p.socket(), 20), tooShort()),
                fact("AcceptEx that had too little room leaves its client to the next", WINE_TEST_NOT_WINE,
                        ACCEPT_EX, s -> {
                    long acceptor = s.p.socket();
                    accepted(s, acceptor, 3);
                    long overlapped = s.p.overlapped();
                    int error = s.p.accept(s.listener, acceptor, overlapped);
                    return List.of(error == 0 || error == PENDING, s.end(overlapped));
                }, List.of(true, new End(LISTENER_KEY, 0, 0))),
                fact("AcceptEx, local length 15 more than the sockaddr: it pends", WINE_TEST, ACCEPT_EX,
                        s -> accept(s, s.p.socket(), ADDRESS_BYTES - 1, ADDRESS_BYTES, s.p.overlapped()), PENDING),
                fact("AcceptEx, remote length 15 more than the sockaddr: it pends", WINE_TEST, ACCEPT_EX,
                        s -> accept(s, s.p.socket(), ADDRESS_BYTES, ADDRESS_BYTES - 1, s.p.overlapped()), PENDING),
                // ---- packets ----
                fact("an accept's packet has the listener's key, whatever the acceptor's", WINE_TEST, PORTS, s -> {
                    long acceptor = s.p.socket();
                    s.p.associate(acceptor, s.port, 9);
                    return accepted(s, acceptor, ADDRESS_BYTES);
                }, List.of(PENDING, new End(LISTENER_KEY, 0, 0))),
                fact("an accept's packet comes to the port that its listener was given later", WINE_TEST, PORTS, s -> {
                    s.win32.closesocket(s.listener);
                    long later = s.p.listener();
                    long overlapped = s.p.overlapped();
                    s.p.accept(later, s.p.socket(), overlapped);
                    s.p.associate(later, s.port, 8);
                    s.win32.closesocket(later);
                    return s.end(overlapped);
                }, new End(8, STATUS_CANCELLED(), 0)),
                fact("an accept through a duplicated handle has the listener's key", WINE_TEST, PORTS, s -> {
                    long overlapped = s.p.overlapped();
                    s.p.accept(s.win32.duplicateHandle(s.listener), s.p.socket(), overlapped);
                    s.newClient();
                    return s.end(overlapped);
                }, new End(LISTENER_KEY, 0, 0)),
                fact("with a receive length, a client that says nothing holds the accept", WINE_TEST, ACCEPT_EX,
                        s -> {
                            receiving(s);
                            s.newClient();
                            return s.noPacket();
                        }, true),
                fact("with a receive length, one byte ends the accept", WINE_TEST, ACCEPT_EX, s -> {
                    long overlapped = receiving(s);
                    SimulatedClient client = s.newClient();
                    s.settle();
                    client.send(new byte[] {7});
                    return s.end(overlapped);
                }, new End(LISTENER_KEY, 0, 1)),
                fact("with a receive length, a FIN ends the accept", WINE_TEST, ACCEPT_EX, s -> {
                    long overlapped = receiving(s);
                    SimulatedClient client = s.newClient();
                    s.settle();
                    client.close();
                    return s.end(overlapped);
                }, new End(LISTENER_KEY, 0, 0)),
                fact("getsockname of what was accepted, before and after SO_UPDATE_ACCEPT_CONTEXT", WINE_TEST_NOT_WINE,
                        ACCEPT_EX + " (a comment)", s -> {
                            long acceptor = s.p.socket();
                            accepted(s, acceptor, ADDRESS_BYTES);
                            boolean before = s.name(acceptor, 16).getFirst() == 0;
                            s.p.updateAcceptContext(acceptor, s.listener);
                            return List.of(before, s.name(acceptor, 16).getFirst() == 0);
                        }, List.of(false, true)),
                fact("shutdown of what was accepted, before and after SO_UPDATE_ACCEPT_CONTEXT", DOCUMENTED, "AcceptEx",
                        s -> {
                            long acceptor = s.p.socket();
                            accepted(s, acceptor, ADDRESS_BYTES);
                            int before = s.win32.shutdown(acceptor, SD_SEND());
                            s.p.updateAcceptContext(acceptor, s.listener);
                            return List.of(before, s.win32.shutdown(acceptor, SD_SEND()));
                        }, List.of(WSAENOTCONN(), 0)),
                // ---- cancelled, closed ----
                fact("cancelling on the acceptor leaves the accept alone", WINE_TEST, ACCEPT_EX, s -> {
                    long acceptor = s.p.socket();
                    s.pendingAccept(acceptor);
                    s.win32.cancelIoEx(acceptor, 0);
                    return s.noPacket();
                }, true),
                fact("closing one of two handles of a listener leaves its accepts alone", WINE_TEST, PORTS, s -> {
                    long duplicate = s.win32.duplicateHandle(s.listener);
                    s.pendingAccept(s.p.socket());
                    s.win32.closesocket(duplicate);
                    return s.noPacket();
                }, true),
                fact("closing the handle that a listener had first leaves accepts through another alone",
                        WINE_TEST, PORTS, s -> {
                            s.p.accept(s.win32.duplicateHandle(s.listener), s.p.socket(), s.p.overlapped());
                            s.win32.closesocket(s.listener);
                            return s.noPacket();
                        }, true),
                fact("closing the last of two handles of a listener cancels its accepts", WINE_TEST, PORTS, s -> {
                    long duplicate = s.win32.duplicateHandle(s.listener);
                    long overlapped = s.pendingAccept(s.p.socket());
                    s.win32.closesocket(duplicate);
                    s.win32.closesocket(s.listener);
                    return s.end(overlapped);
                }, cancelled()),
                fact("closing the listener cancels its accepts", WINE_TEST, ACCEPT_EX, s -> {
                    long overlapped = s.pendingAccept(s.p.socket());
                    s.win32.closesocket(s.listener);
                    return s.end(overlapped);
                }, cancelled()),
                fact("closing the listener cancels an accept that has its client, who says nothing",
                        DOCUMENTED, "closesocket", s -> {
                    long overlapped = receiving(s);
                    s.newClient();
                    s.settle();
                    s.win32.closesocket(s.listener);
                    return s.end(overlapped);
                }, cancelled()),
                fact("closing the acceptor cancels its accept", WINE_TEST, ACCEPT_EX, s -> {
                    long acceptor = s.p.socket();
                    long overlapped = s.pendingAccept(acceptor);
                    s.win32.closesocket(acceptor);
                    return s.end(overlapped);
                }, cancelled()),
                fact("closing the acceptor when its accept has ended, though its packet was not dequeued",
                        WINE_TEST, PORTS, s -> {
                            long acceptor = s.p.socket();
                            long overlapped = s.p.overlapped();
                            s.p.accept(s.listener, acceptor, 4, ADDRESS_BYTES, overlapped, s.p.allocate(128).address());
                            SimulatedClient client = s.newClient();
                            s.settle();
                            client.send(new byte[] {7});
                            s.settle();
                            s.win32.closesocket(acceptor);
                            return s.end(overlapped);
                        }, new End(LISTENER_KEY, 0, 1)),
                fact("closing the acceptor when its client is there, and says nothing", WINE_TEST, PORTS, s -> {
                    long acceptor = s.p.socket();
                    long overlapped = s.p.overlapped();
                    s.p.accept(s.listener, acceptor, 4, ADDRESS_BYTES, overlapped, s.p.allocate(128).address());
                    s.newClient();
                    s.settle();
                    s.win32.closesocket(acceptor);
                    return s.end(overlapped);
                }, cancelled()).or(WINE_TEST, PORTS, new End(LISTENER_KEY, STATUS_CONNECTION_ABORTED(), 0)),
                fact("a backlog that is full answers with RST", DOCUMENTED, "listen", s -> {
                    s.win32.closesocket(s.listener);
                    long small = s.p.socket();
                    s.p.bind(small, Program.SERVER);
                    s.win32.listen(small, 1);
                    s.newClient();
                    s.settle();
                    SimulatedClient second = s.newClient();
                    s.settle();
                    return second.isRefused();
                }, true));
    }

    private static long bound(FactScene s) {
        long socket = s.p.socket();
        s.p.bind(socket, new InetSocketAddress(Program.SERVER.getAddress(), 0));
        return socket;
    }

    private static End cancelled() {
        return new End(LISTENER_KEY, STATUS_CANCELLED(), 0);
    }

    private static List<Object> tooShort() {
        return List.of(PENDING, new End(LISTENER_KEY, STATUS_BUFFER_TOO_SMALL(), 0));
    }

    private static int accept(FactScene s, long acceptor, int localBytes, int remoteBytes, long overlapped) {
        return s.win32.acceptEx(s.listener, acceptor, s.p.allocate(128).address(), 0, localBytes, remoteBytes,
                s.p.allocate(4).address(), overlapped);
    }

    /** The call's answer, and its packet when a client has come. */
    private static List<Object> accepted(FactScene s, long acceptor, int localBytes) {
        long overlapped = s.p.overlapped();
        int error = accept(s, acceptor, localBytes, ADDRESS_BYTES, overlapped);
        s.newClient();
        return List.of(error, s.end(overlapped));
    }

    private static long receiving(FactScene s) {
        long overlapped = s.p.overlapped();
        s.p.accept(s.listener, s.p.socket(), 4, ADDRESS_BYTES, overlapped, s.p.allocate(128).address());
        return overlapped;
    }

    private static int afterRefusal(FactScene s, long listener, long acceptor, int remoteBytes) {
        long overlapped = s.p.overlapped();
        s.win32.acceptEx(listener, acceptor, s.p.allocate(128).address(), 0, ADDRESS_BYTES, remoteBytes,
                s.p.allocate(4).address(), overlapped);
        return FactScene.status(overlapped);
    }

    /** Pointer and length of the local address, and the remote one's length. */
    private static List<Object> sockaddrsWithoutLocal(FactScene s) {
        MemorySegment output = s.p.allocate(128);
        long overlapped = s.p.overlapped();
        s.win32.acceptEx(s.listener, s.p.socket(), output.address(), 0, 0, ADDRESS_BYTES, s.p.allocate(4).address(),
                overlapped);
        s.newClient();
        s.end(overlapped);
        MemorySegment found = s.p.allocate(32);
        found.set(JAVA_LONG, 0, UNTOUCHED);
        found.set(JAVA_INT, 8, (int) UNTOUCHED);
        long at = found.address();
        s.win32.getAcceptExSockaddrs(output.address(), 0, 0, ADDRESS_BYTES, at, at + 8, at + 16, at + 24);
        return List.of(found.get(JAVA_LONG, 0), found.get(JAVA_INT, 8), found.get(JAVA_INT, 24));
    }
}
