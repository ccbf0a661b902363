package org.iocp4j.simkernel;

import static org.iocp4j.simkernel.FactScene.BOGUS;
import static org.iocp4j.simkernel.FactScene.KEY;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.REPORTED;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST_NOT_WINE;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.List;
import org.iocp4j.simkernel.FactScene.End;
import org.iocp4j.simkernel.WindowsFact.Observation;

/** Of DisconnectEx, TransmitFile, closesocket, CancelIoEx, and of threads that end. */
final class EndFacts {
    private static final String DISCONNECT_EX = "sock.c test_DisconnectEx";
    private static final String TRANSMIT_FILE = "sock.c test_TransmitFile";
    private static final String SHUTDOWN_PORTS = "sock.c test_shutdown_completion_port";
    private static final String THREADS = "afd.c test_async_thread_termination";
    private static final long EVENT = 0x1000;

    private EndFacts() {
    }

    static List<WindowsFact> all() {
        return List.of(
                // ---- DisconnectEx ----
                fact("DisconnectEx of no socket", WINE_TEST, DISCONNECT_EX,
                        s -> s.disconnect(BOGUS, s.p.overlapped(), 0), WSAENOTSOCK()),
                fact("DisconnectEx of a socket that is not connected", WINE_TEST, DISCONNECT_EX,
                        s -> s.disconnect(s.p.socket(), s.p.overlapped(), 0), WSAENOTCONN()),
                fact("DisconnectEx with a flag that there is not", DOCUMENTED, "DisconnectEx",
                        s -> s.disconnect(s.connect(), s.p.overlapped(), 1), WSAEINVAL()),
                fact("DisconnectEx with something in what is reserved", DOCUMENTED, "DisconnectEx",
                        s -> s.win32.disconnectEx(s.connect(), s.p.overlapped(), TF_REUSE_SOCKET(), 1), WSAEINVAL()),
                fact("DisconnectEx pends, its packet comes, and the peer hears FIN", WINE_TEST, DISCONNECT_EX, s -> {
                    long overlapped = s.p.overlapped();
                    int error = s.disconnect(s.connect(), overlapped, 0);
                    return List.of(error, s.end(overlapped), s.client.hasEnded());
                }, List.of(PENDING, new End(KEY, 0, 0), true)),
                fact("DisconnectEx that pends has its packet on a handle that skips them on success, too",
                        WINE_TEST_NOT_WINE, SHUTDOWN_PORTS, s -> {
                            long socket = s.connect();
                            s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                            long overlapped = s.p.overlapped();
                            return List.of(s.disconnect(socket, overlapped, 0), s.end(overlapped));
                        }, List.of(PENDING, new End(KEY, 0, 0))),
                fact("the low bit of hEvent: a DisconnectEx without a packet", WINE_TEST, SHUTDOWN_PORTS, s -> {
                    long overlapped = FactScene.withEvent(s.p.overlapped(), 1);
                    int error = s.disconnect(s.connect(), overlapped, 0);
                    return List.of(error, s.noPacket(), FactScene.status(overlapped));
                }, List.of(PENDING, true, 0)),
                fact("after DisconnectEx without reuse we may not send", WINE_TEST, DISCONNECT_EX,
                        s -> s.send(disconnected(s), s.p.overlapped()), WSAESHUTDOWN()),
                fact("after DisconnectEx without reuse we receive what the peer goes on to send, and do not reset it",
                        WINE_TEST, DISCONNECT_EX, s -> {
                            long socket = disconnected(s);
                            s.client.send(new byte[] {1});
                            long overlapped = s.p.overlapped();
                            s.receive(socket, overlapped);
                            End end = s.end(overlapped);
                            s.client.send(new byte[] {2});
                            s.settle();
                            return List.of(end, s.client.isReset());
                        }, List.of(new End(KEY, 0, 1), false)),
                fact("DisconnectEx without reuse, twice", WINE_TEST, DISCONNECT_EX, s -> {
                    long overlapped = s.p.overlapped();
                    s.disconnect(disconnected(s), overlapped, 0);
                    return s.end(overlapped);
                }, new End(KEY, 0, 0)),
                fact("DisconnectEx without an OVERLAPPED returns when it is over, twice, without a packet", WINE_TEST,
                        DISCONNECT_EX, s -> {
                            long socket = s.connect();
                            int first = s.disconnect(socket, 0, 0);
                            boolean heard = s.client.hasEnded();
                            return List.of(first, heard, s.disconnect(socket, 0, 0), s.noPacket());
                        }, List.of(0, true, 0, true)),
                fact("after DisconnectEx without reuse the socket is not accepted into", DOCUMENTED, "DisconnectEx",
                        s -> s.p.accept(s.listener, disconnected(s), s.p.overlapped()), WSAEINVAL()),
                fact("after DisconnectEx with reuse the socket is accepted into, and has its port and key still",
                        DOCUMENTED, "DisconnectEx; CreateIoCompletionPort", s -> {
                            long socket = s.connect();
                            long overlapped = s.p.overlapped();
                            s.disconnect(socket, overlapped, TF_REUSE_SOCKET());
                            s.end(overlapped);
                            s.client = s.p.connect(s.listener, socket, s.port);
                            long receive = s.pendingReceive(socket);
                            s.client.send(new byte[] {1});
                            return List.of(s.end(receive), s.p.associate(socket, s.port, KEY + 1));
                        }, List.of(new End(KEY, 0, 1), ERROR_INVALID_PARAMETER())),
                // ---- TransmitFile ----
                fact("TransmitFile on no socket", WINE_TEST, TRANSMIT_FILE,
                        s -> s.transmit(BOGUS, s.p.overlapped(), 0), WSAENOTSOCK()),
                fact("TransmitFile(TF_REUSE_SOCKET) on a socket that is not connected", WINE_TEST, TRANSMIT_FILE,
                        s -> s.transmit(s.p.socket(), s.p.overlapped(), TF_REUSE_SOCKET()), WSAENOTCONN()),
                fact("TransmitFile(TF_REUSE_SOCKET), without TF_DISCONNECT", DOCUMENTED, "TransmitFile",
                        s -> s.transmit(s.connect(), s.p.overlapped(), TF_REUSE_SOCKET()), WSAEINVAL()),
                fact("TransmitFile of nothing, without an OVERLAPPED", WINE_TEST, TRANSMIT_FILE,
                        s -> s.refused(s.transmit(s.connect(), 0, 0)), List.of(0, true)),
                // ---- closesocket ----
                fact("closesocket with a receive pending", WINE_TEST_NOT_WINE,
                        "sock.c iocp_async_read_closesocket", s -> {
                    long socket = s.connect();
                    long overlapped = s.pendingReceive(socket);
                    s.win32.closesocket(socket);
                    return s.end(overlapped);
                }, new End(KEY, STATUS_CONNECTION_ABORTED(), 0))
                        .or(DOCUMENTED, "closesocket", new End(KEY, STATUS_CANCELLED(), 0))
                        .or(REPORTED, "sock.c iocp_async_read_closesocket, of older versions",
                                new End(KEY, STATUS_LOCAL_DISCONNECT(), 0)),
                fact("closesocket with nothing pending: no packet", WINE_TEST, "sock.c iocp_async_closesocket",
                        s -> s.refused(s.win32.closesocket(s.connect())), List.of(0, true)),
                fact("closesocket twice", DOCUMENTED, "closesocket", s -> {
                    long socket = s.connect();
                    return List.of(s.win32.closesocket(socket), s.win32.closesocket(socket));
                }, List.of(0, WSAENOTSOCK())),
                fact("closing one of two handles leaves a pending receive alone", DOCUMENTED, "closesocket", s -> {
                    long socket = s.connect();
                    long duplicate = s.win32.duplicateHandle(socket);
                    long overlapped = s.pendingReceive(socket);
                    s.win32.closesocket(duplicate);
                    boolean silent = s.noPacket();
                    s.client.send(new byte[] {1});
                    return List.of(silent, s.end(overlapped));
                }, List.of(true, new End(KEY, 0, 1))),
                fact("closesocket sends what is queued, and a FIN behind it", DOCUMENTED, "closesocket", s -> {
                    long socket = s.connect();
                    long overlapped = s.p.overlapped();
                    s.send(socket, overlapped);
                    s.end(overlapped);
                    s.win32.closesocket(socket);
                    s.settle();
                    return List.of(s.client.received().length, s.client.hasEnded(), s.client.isReset());
                }, List.of(1, true, false)),
                fact("closesocket with linger {on, 0} is an RST", DOCUMENTED, "closesocket",
                        s -> closedWithLinger(s, 1, 0), List.of(false, true)),
                fact("closesocket with linger {on, 5} is a FIN", DOCUMENTED, "closesocket",
                        s -> closedWithLinger(s, 1, 5), List.of(true, false)),
                fact("closesocket of a non-blocking socket with linger {on, 5} fails, and leaves it open", DOCUMENTED,
                        "closesocket", s -> {
                            long socket = s.connect();
                            s.p.nonBlocking(socket);
                            s.linger(socket, 1, 5);
                            int error = s.win32.closesocket(socket);
                            s.linger(socket, 0, 0);
                            return List.of(error, s.win32.closesocket(socket));
                        }, List.of(WSAEWOULDBLOCK(), 0)),
                fact("closesocket with linger {off, 0} is a FIN", DOCUMENTED, "closesocket",
                        s -> closedWithLinger(s, 0, 0), List.of(true, false)),
                fact("closesocket when bytes were not received is an RST", DOCUMENTED, "RFC 1122, 4.2.2.13", s -> {
                    long socket = s.connect();
                    s.client.send(new byte[] {1});
                    s.settle();
                    s.win32.closesocket(socket);
                    s.settle();
                    return s.client.isReset();
                }, true),
                fact("the OVERLAPPED of what closesocket cancelled, before its packet is dequeued and after",
                        DOCUMENTED, "HasOverlappedIoCompleted", beforeAndAfter(0), List.of(false, false))
                        .or(WINE_TEST_NOT_WINE, "afd.c test_async_cancel_on_handle_close", List.of(true, false)),
                fact("the OVERLAPPED of what closesocket cancelled, with an event: final at once", WINE_TEST,
                        "afd.c test_async_cancel_on_handle_close", beforeAndAfter(EVENT), List.of(false, false)),
                // ---- CancelIoEx ----
                fact("CancelIoEx of no handle", DOCUMENTED, "CancelIoEx",
                        s -> s.win32.cancelIoEx(BOGUS, 0), ERROR_INVALID_HANDLE()),
                fact("CancelIoEx where nothing is pending", DOCUMENTED, "CancelIoEx",
                        s -> s.win32.cancelIoEx(s.connect(), 0), ERROR_NOT_FOUND()),
                fact("CancelIoEx of one of two receives leaves the other", DOCUMENTED, "CancelIoEx", s -> {
                    long socket = s.connect();
                    long first = s.pendingReceive(socket);
                    long second = s.pendingReceive(socket);
                    int error = s.win32.cancelIoEx(socket, first);
                    End cancelled = s.end(first);
                    s.client.send(new byte[] {1});
                    return List.of(error, cancelled, s.end(second));
                }, List.of(0, new End(KEY, STATUS_CANCELLED(), 0), new End(KEY, 0, 1))),
                fact("CancelIoEx of a handle cancels all that is pending on it, whoever posted it", DOCUMENTED,
                        "CancelIoEx",
                        s -> {
                            long socket = s.connect();
                            long first = s.pendingReceive(socket);
                            long second = s.pendingReceive(socket);
                            int[] error = new int[1];
                            s.kernel.start("another", () -> error[0] = s.kernel.attach().cancelIoEx(socket, 0));
                            return List.of(s.end(first), s.end(second), error[0]);
                        }, List.of(new End(KEY, STATUS_CANCELLED(), 0), new End(KEY, STATUS_CANCELLED(), 0), 0)),
                fact("CancelIoEx does not find what has ended, though its packet was not dequeued", DOCUMENTED,
                        "CancelIoEx",
                        s -> {
                            long socket = s.connect();
                            long overlapped = s.pendingReceive(socket);
                            s.client.send(new byte[] {1});
                            s.settle();
                            return List.of(s.win32.cancelIoEx(socket, overlapped), s.end(overlapped));
                        }, List.of(ERROR_NOT_FOUND(), new End(KEY, 0, 1))),
                fact("CancelIoEx changes nothing of the handle: the next receive has the bytes", DOCUMENTED,
                        "CancelIoEx", s -> {
                    long socket = s.connect();
                    long overlapped = s.pendingReceive(socket);
                    s.win32.cancelIoEx(socket, overlapped);
                    s.end(overlapped);
                    s.client.send(new byte[] {1});
                    long next = s.p.overlapped();
                    s.receive(socket, next);
                    return s.end(next);
                }, new End(KEY, 0, 1)),
                // ---- a thread's end ----
                fact("a thread ends that has posted a receive on a handle with a port", DOCUMENTED, "WSARecv",
                        endOfThread(0, true), STATUS_CANCELLED())
                        .or(WINE_TEST, THREADS, STATUS_PENDING()),
                fact("a thread ends that has posted a receive on a handle with a port, with an event: cancelled",
                        WINE_TEST, THREADS, endOfThread(EVENT, true), STATUS_CANCELLED()),
                fact("a thread ends that has posted a receive on a handle without a port: cancelled", WINE_TEST,
                        THREADS, endOfThread(0, false), STATUS_CANCELLED()),
                fact("what a thread leaves pending goes on, or was cancelled, but has its packet", WINE_TEST,
                        THREADS, s -> {
                    long socket = s.connect();
                    long overlapped = s.p.overlapped();
                    s.kernel.start("poster", () -> new Program(s.kernel).receive(socket, s.p.allocate(16), overlapped));
                    s.settle();
                    s.win32.cancelIoEx(socket, 0);
                    return s.end(overlapped);
                }, new End(KEY, STATUS_CANCELLED(), 0)));
    }

    /** Without reuse. */
    private static long disconnected(FactScene s) {
        long socket = s.connect();
        long overlapped = s.p.overlapped();
        s.disconnect(socket, overlapped, 0);
        s.end(overlapped);
        return socket;
    }

    /** Whether the peer hears FIN, and RST. */
    private static List<Boolean> closedWithLinger(FactScene s, int onOff, int seconds) {
        long socket = s.connect();
        s.linger(socket, onOff, seconds);
        s.win32.closesocket(socket);
        s.settle();
        return List.of(s.client.hasEnded(), s.client.isReset());
    }

    /** Whether the OVERLAPPED says pending when its packet is there, and when that was dequeued. */
    private static Observation beforeAndAfter(long event) {
        return s -> {
            long socket = s.connect();
            long overlapped = FactScene.withEvent(s.p.overlapped(), event);
            s.receive(socket, overlapped);
            s.win32.closesocket(socket);
            s.settle();
            boolean before = FactScene.status(overlapped) == STATUS_PENDING();
            s.end(overlapped);
            return List.of(before, FactScene.status(overlapped) == STATUS_PENDING());
        };
    }

    /** The status of a receive whose thread has ended. */
    private static Observation endOfThread(long event, boolean withPort) {
        return s -> {
            long socket = withPort ? s.connect() : s.connectWithoutPort();
            long overlapped = FactScene.withEvent(s.p.overlapped(), event);
            s.kernel.start("poster", () -> new Program(s.kernel).receive(socket, s.p.allocate(16), overlapped));
            s.settle();
            s.p.dequeue(s.port, 1, 0);
            return FactScene.status(overlapped);
        };
    }
}
