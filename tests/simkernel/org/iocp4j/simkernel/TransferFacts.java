package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.simkernel.FactScene.KEY;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.REPORTED;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST_NOT_WINE;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.simkernel.FactScene.End;
import org.iocp4j.win32.generated.OVERLAPPED;

/** Of WSARecv, WSASend and shutdown. */
final class TransferFacts {
    private static final String PORTS = "sock.c test_completion_port";
    private static final String RESET = "sock.c test_tcp_reset";
    private static final String EMPTY = "sock.c test_empty_recv";
    private static final String SHUTDOWN = "sock.c test_shutdown";
    private static final String SHUTDOWN_PORTS = "sock.c test_shutdown_completion_port";

    private TransferFacts() {
    }

    static List<WindowsFact> all() {
        return List.of(
                // ---- receiving and sending ----
                fact("WSARecv on a socket that is not connected", WINE_TEST, PORTS,
                        s -> s.refused(s.receive(fresh(s), s.p.overlapped())), List.of(WSAENOTCONN(), true)),
                fact("WSASend on a socket that is not connected", DOCUMENTED, "WSASend",
                        s -> s.refused(s.send(fresh(s), s.p.overlapped())), List.of(WSAENOTCONN(), true)),
                fact("WSARecv of no buffers", WINE_TEST, EMPTY, s -> {
                    long socket = s.connect();
                    return s.refused(s.win32.wsaRecv(socket, 0, 0, s.p.allocate(4).address(), s.p.overlapped()));
                }, List.of(WSAEINVAL(), true)),
                fact("WSARecv when bytes are there: a packet all the same", WINE_TEST, PORTS, s -> {
                    long socket = s.connect();
                    s.client.send(new byte[] {1});
                    s.settle();
                    return begunAndEnded(s, socket);
                }, List.of(true, new End(KEY, 0, 1))),
                fact("WSARecv when a FIN is there: a packet all the same", WINE_TEST, PORTS, s -> {
                    long socket = s.connect();
                    s.client.finish();
                    s.settle();
                    return begunAndEnded(s, socket);
                }, List.of(true, new End(KEY, 0, 0))),
                fact("after a FIN each receive brings nothing, again and again", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.client.finish();
                    s.settle();
                    return List.of(begunAndEnded(s, socket), begunAndEnded(s, socket));
                }, List.of(List.of(true, new End(KEY, 0, 0)), List.of(true, new End(KEY, 0, 0)))),
                fact("a receive of no bytes waits for bytes", WINE_TEST, EMPTY, s -> {
                    long socket = s.connect();
                    long overlapped = s.p.overlapped();
                    int error = s.p.receive(socket, s.p.allocate(0), overlapped);
                    boolean waits = s.noPacket();
                    s.client.send(new byte[] {1});
                    return List.of(error, waits, s.end(overlapped));
                }, List.of(PENDING, true, new End(KEY, 0, 0))),
                fact("a receive of no bytes ends at once when bytes are there, and takes none", WINE_TEST, EMPTY, s -> {
                    long socket = s.connect();
                    s.client.send(new byte[] {1});
                    s.settle();
                    long overlapped = s.p.overlapped();
                    s.p.receive(socket, s.p.allocate(0), overlapped);
                    return List.of(s.end(overlapped), begunAndEnded(s, socket));
                }, List.of(new End(KEY, 0, 0), List.of(true, new End(KEY, 0, 1)))),
                fact("two receives are filled in their order", WINE_TEST, "sock.c test_simultaneous_async_recv", s -> {
                    long socket = s.connect();
                    MemorySegment bytes = s.p.allocate(2);
                    long first = s.p.overlapped();
                    long second = s.p.overlapped();
                    s.p.receive(socket, bytes.asSlice(0, 1), first);
                    s.p.receive(socket, bytes.asSlice(1, 1), second);
                    s.client.send(new byte[] {1, 2});
                    s.end(first);
                    s.end(second);
                    return List.of(bytes.get(JAVA_BYTE, 0), bytes.get(JAVA_BYTE, 1));
                }, List.of((byte) 1, (byte) 2)),
                fact("a receive that waits leaves InternalHigh alone", WINE_TEST,
                        "sock.c test_nonblocking_async_recv", s -> {
                    long overlapped = s.p.overlapped();
                    Program.at(overlapped, OVERLAPPED.sizeof()).set(JAVA_LONG, OVERLAPPED.InternalHigh$offset(), 77);
                    int error = s.receive(s.connect(), overlapped);
                    return List.of(error, FactScene.informationOf(overlapped));
                }, List.of(PENDING, 77L)),
                fact("the low bit of hEvent: a receive without a packet", WINE_TEST,
                        "sock.c test_connect_completion_port", s -> {
                            long socket = s.connect();
                            long overlapped = FactScene.withEvent(s.p.overlapped(), 1);
                            s.receive(socket, overlapped);
                            s.client.send(new byte[] {1});
                            return List.of(s.noPacket(), FactScene.status(overlapped));
                        }, List.of(true, 0)),
                fact("with SO_SNDBUF 0 a big send waits for its peer", WINE_TEST, "sock.c test_send", s -> {
                    long socket = s.connect();
                    s.client.stopReading();
                    s.p.setOption(socket, SOL_SOCKET(), SO_SNDBUF(), 0, 4);
                    return s.refused(s.sendTooMuch(socket, s.p.overlapped()));
                }, List.of(PENDING, true)),
                fact("what the peer has finished to send does not keep us from sending", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.client.finish();
                    s.settle();
                    long overlapped = s.p.overlapped();
                    s.send(socket, overlapped);
                    End end = s.end(overlapped);
                    s.settle();
                    return List.of(end, s.client.received().length);
                }, List.of(new End(KEY, 0, 1), 1)),
                fact("a receive into several buffers fills one after the other", DOCUMENTED, "WSARecv", s -> {
                    long socket = s.connect();
                    s.client.send(new byte[] {1, 2, 3, 4, 5});
                    s.settle();
                    MemorySegment memory = s.p.allocate(12);
                    List<MemorySegment> buffers = List.of(memory.asSlice(8, 2), memory.asSlice(4, 1),
                            memory.asSlice(0, 2));
                    int received = 0;
                    while (received < 5) { // fewer at a time may come
                        long overlapped = s.p.overlapped();
                        s.p.receive(socket, rest(buffers, received), overlapped);
                        received += s.end(overlapped).bytes();
                    }
                    return List.of(memory.get(JAVA_BYTE, 8), memory.get(JAVA_BYTE, 9), memory.get(JAVA_BYTE, 4),
                            memory.get(JAVA_BYTE, 0), memory.get(JAVA_BYTE, 1));
                }, List.of((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5)),
                fact("CancelIoEx of a send that has gone in part: its packet says how much", REPORTED,
                        "sent over loopback under Wine", s -> {
                    long socket = s.connect();
                    s.client.stopReading();
                    long overlapped = s.p.overlapped();
                    int error = s.sendTooMuch(socket, overlapped);
                    s.settle();
                    s.win32.cancelIoEx(socket, overlapped);
                    End end = s.end(overlapped);
                    s.client.startReading();
                    s.settle();
                    boolean part = end.bytes() > 0 && end.bytes() < 200_000;
                    return List.of(error, end.status(), part, s.client.received().length == end.bytes());
                }, List.of(PENDING, STATUS_CANCELLED(), true, true)),
                // ---- recv ----
                fact("recv on a socket that is not connected", DOCUMENTED, "recv",
                        s -> s.p.receiveNow(nonBlocking(s, fresh(s)), 0), -WSAENOTCONN()),
                fact("recv, no socket at all", DOCUMENTED, "recv", s -> s.p.receiveNow(FactScene.BOGUS, 0),
                        -WSAENOTSOCK()),
                fact("recv when nothing is there", DOCUMENTED, "recv",
                        s -> s.p.receiveNow(nonBlocking(s, s.connect()), 0), -WSAEWOULDBLOCK()),
                fact("recv with MSG_PEEK leaves the bytes there", DOCUMENTED, "recv", s -> {
                    long socket = nonBlocking(s, s.connect());
                    s.client.send(new byte[] {7});
                    s.settle();
                    return List.of(s.p.receiveNow(socket, MSG_PEEK()), s.p.receiveNow(socket, MSG_PEEK()),
                            s.p.receiveNow(socket, 0), s.p.receiveNow(socket, 0));
                }, List.of(1, 1, 1, -WSAEWOULDBLOCK())),
                fact("recv after a FIN", DOCUMENTED, "recv", s -> {
                    long socket = nonBlocking(s, s.connect());
                    s.client.finish();
                    s.settle();
                    return List.of(s.p.receiveNow(socket, MSG_PEEK()), s.p.receiveNow(socket, 0));
                }, List.of(0, 0)),
                fact("recv after an RST", DOCUMENTED, "recv", s -> s.p.receiveNow(nonBlocking(s, reset(s)), 0),
                        -WSAECONNRESET()),
                fact("FIONBIO leaves overlapped receives as they are", WINE_TEST,
                        "sock.c test_nonblocking_async_recv", s -> {
                    long socket = nonBlocking(s, s.connect());
                    long overlapped = s.pendingReceive(socket);
                    s.client.send(new byte[] {7});
                    return s.end(overlapped);
                }, new End(KEY, 0, 1)),
                fact("a receive of no bytes tells of bytes that recv then takes", WINE_TEST, EMPTY, s -> {
                    long socket = nonBlocking(s, s.connect());
                    long overlapped = s.p.overlapped();
                    s.p.receive(socket, s.p.allocate(0), overlapped);
                    s.client.send(new byte[] {7});
                    return List.of(s.end(overlapped), s.p.receiveNow(socket, 0), s.p.receiveNow(socket, 0));
                }, List.of(new End(KEY, 0, 0), 1, -WSAEWOULDBLOCK())),
                // ---- resets ----
                fact("WSARecv after an RST", WINE_TEST, RESET,
                        s -> s.refused(s.receive(reset(s), s.p.overlapped())), List.of(WSAECONNRESET(), true)),
                fact("WSASend after an RST", WINE_TEST, RESET,
                        s -> s.refused(s.send(reset(s), s.p.overlapped())), List.of(WSAECONNRESET(), true)),
                fact("an RST ends a pending receive", WINE_TEST, RESET, s -> {
                    long overlapped = s.pendingReceive(s.connect());
                    s.client.reset();
                    return s.end(overlapped);
                }, new End(KEY, STATUS_CONNECTION_RESET(), 0)),
                fact("an RST that ended a receive leaves SO_ERROR at 0", WINE_TEST, RESET, s -> {
                    long socket = s.connect();
                    long overlapped = s.pendingReceive(socket);
                    s.client.reset();
                    s.end(overlapped);
                    return s.option(socket, SOL_SOCKET(), SO_ERROR());
                }, 0),
                fact("an RST ends a pending send", WINE_TEST, RESET, s -> {
                    long socket = s.connect();
                    s.client.stopReading();
                    long overlapped = s.p.overlapped();
                    s.sendTooMuch(socket, overlapped);
                    s.settle();
                    s.client.reset();
                    return s.end(overlapped);
                }, new End(KEY, STATUS_CONNECTION_RESET(), 0)),
                fact("a receive after the peer's close and an RST that answers our bytes", WINE_TEST_NOT_WINE,
                        SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.client.finish();
                    s.client.close();
                    s.settle();
                    long overlapped = s.p.overlapped();
                    s.send(socket, overlapped);
                    s.end(overlapped);
                    s.settle();
                    return s.receive(socket, s.p.overlapped());
                }, WSAECONNABORTED()),
                // ---- shutdown ----
                fact("shutdown(SD_SEND) of a socket that is not connected", WINE_TEST, SHUTDOWN,
                        s -> s.win32.shutdown(s.p.socket(), SD_SEND()), WSAENOTCONN()),
                fact("shutdown(SD_RECEIVE) of a socket that is not connected", WINE_TEST, SHUTDOWN,
                        s -> s.win32.shutdown(s.p.socket(), SD_RECEIVE()), WSAENOTCONN()),
                fact("shutdown(SD_SEND) of a listener", WINE_TEST, SHUTDOWN,
                        s -> s.win32.shutdown(s.listener, SD_SEND()), WSAENOTCONN()),
                fact("shutdown(SD_RECEIVE) of a listener", WINE_TEST, SHUTDOWN,
                        s -> s.win32.shutdown(s.listener, SD_RECEIVE()), WSAENOTCONN()),
                fact("shutdown in a way that there is not", WINE_TEST, SHUTDOWN,
                        s -> s.win32.shutdown(s.connect(), 0xDEAD), WSAEINVAL()),
                fact("shutdown(SD_SEND) twice", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    return List.of(s.win32.shutdown(socket, SD_SEND()), s.win32.shutdown(socket, SD_SEND()));
                }, List.of(0, 0)),
                fact("shutdown sends no packet", WINE_TEST, SHUTDOWN_PORTS,
                        s -> s.refused(s.win32.shutdown(s.connect(), SD_SEND())), List.of(0, true)),
                fact("after shutdown(SD_SEND) the peer hears FIN, and we may not send", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.win32.shutdown(socket, SD_SEND());
                    s.settle();
                    return List.of(s.client.hasEnded(), s.send(socket, s.p.overlapped()));
                }, List.of(true, WSAESHUTDOWN())),
                fact("after shutdown(SD_SEND) we still receive", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.win32.shutdown(socket, SD_SEND());
                    s.client.send(new byte[] {1});
                    s.settle();
                    return begunAndEnded(s, socket);
                }, List.of(true, new End(KEY, 0, 1))),
                fact("after shutdown(SD_RECEIVE) we may not receive, however often", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.win32.shutdown(socket, SD_RECEIVE());
                    return List.of(s.receive(socket, s.p.overlapped()), s.receive(socket, s.p.overlapped()));
                }, List.of(WSAESHUTDOWN(), WSAESHUTDOWN())),
                fact("after shutdown(SD_RECEIVE) we still send", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.win32.shutdown(socket, SD_RECEIVE());
                    long overlapped = s.p.overlapped();
                    s.send(socket, overlapped);
                    End end = s.end(overlapped);
                    s.settle();
                    return List.of(end, s.client.received().length);
                }, List.of(new End(KEY, 0, 1), 1)),
                fact("shutdown(SD_RECEIVE) leaves a pending receive alone, and bytes still fill it", WINE_TEST,
                        SHUTDOWN, s -> {
                    long socket = s.connect();
                    long overlapped = s.pendingReceive(socket);
                    int error = s.win32.shutdown(socket, SD_RECEIVE());
                    int another = s.receive(socket, s.p.overlapped());
                    s.client.send(new byte[] {1});
                    return List.of(error, another, s.end(overlapped));
                }, List.of(0, WSAESHUTDOWN(), new End(KEY, 0, 1))),
                fact("after shutdown(SD_BOTH) we may do neither, and the peer hears FIN", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.win32.shutdown(socket, SD_BOTH());
                    s.settle();
                    return List.of(s.receive(socket, s.p.overlapped()), s.send(socket, s.p.overlapped()),
                            s.client.hasEnded());
                }, List.of(WSAESHUTDOWN(), WSAESHUTDOWN(), true)),
                fact("after both sides have shut down, both ways, it is the same", WINE_TEST, SHUTDOWN, s -> {
                    long socket = s.connect();
                    s.client.finish();
                    s.settle();
                    int error = s.win32.shutdown(socket, SD_BOTH());
                    return List.of(error, s.receive(socket, s.p.overlapped()), s.send(socket, s.p.overlapped()));
                }, List.of(0, WSAESHUTDOWN(), WSAESHUTDOWN())),
                fact("the peer's FIN ends a pending receive with no bytes", WINE_TEST, SHUTDOWN, s -> {
                    long overlapped = s.pendingReceive(s.connect());
                    s.client.finish();
                    return s.end(overlapped);
                }, new End(KEY, 0, 0)));
    }

    private static long fresh(FactScene s) {
        long socket = s.p.socket();
        s.p.associate(socket, s.port, KEY);
        return socket;
    }

    private static long reset(FactScene s) {
        long socket = s.connect();
        s.client.reset();
        s.settle();
        return socket;
    }

    /** Whether a receive was taken, and how it ended. */
    private static List<Object> begunAndEnded(FactScene s, long socket) {
        long overlapped = s.p.overlapped();
        int error = s.receive(socket, overlapped);
        return List.of(error == 0 || error == PENDING, s.end(overlapped));
    }

    private static long nonBlocking(FactScene s, long socket) {
        s.p.nonBlocking(socket);
        return socket;
    }

    /** Buffers without their first bytes. */
    private static MemorySegment[] rest(List<MemorySegment> buffers, int bytes) {
        List<MemorySegment> rest = new ArrayList<>();
        long skip = bytes;
        for (MemorySegment buffer : buffers) {
            long skipped = Math.min(skip, buffer.byteSize());
            rest.add(buffer.asSlice(skipped));
            skip -= skipped;
        }
        return rest.toArray(MemorySegment[]::new);
    }
}
