package org.iocp4j.study;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/** Small programs, each about one rule of completion ports or sockets. */
enum AgreementScripts {
    AN_ACCEPT_CARRIES_THE_LISTENERS_KEY {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket fresh = c.lab.socket();
            c.t.result("associate", fresh.associate(c.port, KEY + 1));
            c.t.call("AcceptEx", () -> c.listener.accept(fresh, SESSION));
            c.t.nothing(c.port, fresh.operation(Kind.ACCEPT));
            Peer second = c.lab.peer(c.listener.address());
            c.t.packet(c.port, fresh.operation(Kind.ACCEPT));
            c.t.call("SO_UPDATE_ACCEPT_CONTEXT", () -> c.listener.accepted(fresh));
            second.send((byte) 1);
            c.t.call("WSARecv", () -> fresh.receive(SESSION));
            c.t.packet(c.port, fresh.operation(Kind.RECEIVE));
        }
    },
    A_SECOND_ASSOCIATION_FAILS_AND_THE_FIRST_KEY_STAYS {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.result("associate again, same key", c.socket.associate(c.port, KEY));
            c.t.result("associate again, another key", c.socket.associate(c.port, KEY + 1));
            c.t.result("associate again, another port", c.socket.associate(c.lab.port(), KEY));
            c.peer.send((byte) 1);
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
        }
    },
    BOGUS_HANDLES_ARE_REFUSED {
        @Override
        void play(Connected c) {
            long port = c.lab.win32().createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
            long plain = c.lab.win32().wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0);
            c.t.result("associate a bogus handle", c.associate(BOGUS, port));
            c.t.result("associate with a bogus port", c.associate(c.socket.handle(), BOGUS));
            c.t.result("associate a socket that is not overlapped", c.associate(plain, port));
            c.t.result("post to a bogus port", c.lab.win32().postQueuedCompletionStatus(BOGUS, 0, 0, 0));
            c.t.result("CancelIoEx of a bogus handle", c.lab.win32().cancelIoEx(BOGUS, 0));
            c.t.result("closesocket of a bogus handle", c.lab.win32().closesocket(BOGUS));
            c.t.result("shutdown of a bogus handle", c.lab.win32().shutdown(BOGUS, SD_SEND()));
            c.t.result("DisconnectEx of a bogus handle", c.lab.win32().disconnectEx(BOGUS, c.overlapped(), 0, 0));
            c.lab.win32().closesocket(plain);
            c.lab.win32().closeHandle(port);
        }
    },
    A_RECEIVE_OF_NO_BYTES_WAITS_FOR_BYTES {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            long overlapped = c.overlapped();
            LabSocket socket = c.withoutPort();
            c.t.result("WSARecv of no bytes", c.receive(socket, 0, overlapped));
            c.t.result("CancelIoEx of it", c.lab.win32().cancelIoEx(socket.handle(), overlapped));
            c.lab.win32().sleep(SOON_MILLIS);
        }
    },
    DATA_THAT_IS_THERE_STILL_POSTS_A_PACKET {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.call("WSASend", () -> c.socket.send(SESSION, (byte) 7));
            c.t.packet(c.port, c.socket.operation(Kind.SEND));
            c.t.note("the peer receives " + c.peer.receive(1)[0]);
            c.peer.send((byte) 1);
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
        }
    },
    CANCELLED_ONCE_AND_NOT_FOUND_THE_SECOND_TIME {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabOperation receive = c.socket.operation(Kind.RECEIVE);
            c.t.result("CancelIoEx with nothing out", c.lab.win32().cancelIoEx(c.socket.handle(), 0));
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.nothing(c.port, receive);
            c.t.result("CancelIoEx", c.socket.cancel(receive));
            c.t.packet(c.port, receive);
            c.t.result("CancelIoEx again", c.socket.cancel(receive));
            c.peer.send((byte) 1);
            c.t.call("WSARecv", () -> c.socket.receive(SESSION + 1));
            c.t.packet(c.port, receive);
        }
    },
    TWO_RECEIVES_ARE_FILLED_IN_ORDER {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabOperation second = c.lab.operation(c.socket, Kind.RECEIVE);
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.call("WSARecv", () -> c.socket.receive(second, SESSION + 1));
            c.peer.send((byte) 1);
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
            c.t.nothing(c.port, second);
            c.peer.send((byte) 2);
            c.t.packet(c.port, second);
            c.t.note("received " + c.socket.operation(Kind.RECEIVE).data(1)[0] + ", " + second.data(1)[0]);
        }
    },
    AN_RST_ENDS_A_PENDING_RECEIVE {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.nothing(c.port, c.socket.operation(Kind.RECEIVE));
            c.peer.closeByReset();
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
            c.t.call("WSARecv after it", () -> c.socket.receive(SESSION));
        }
    },
    AN_RST_ENDS_A_PENDING_SEND {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.call("WSASend of too much", () -> c.socket.sendTooMuch(SESSION));
            c.t.nothing(c.port, c.socket.operation(Kind.SEND));
            c.peer.closeByReset();
            c.t.packet(c.port, c.socket.operation(Kind.SEND));
        }
    },
    A_FIN_IS_A_RECEIVE_OF_NO_BYTES {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.peer.finishSending();
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
            c.t.call("WSARecv again", () -> c.socket.receive(SESSION));
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
            c.t.call("WSASend", () -> c.socket.send(SESSION, (byte) 7));
            c.t.packet(c.port, c.socket.operation(Kind.SEND));
            c.t.note("the peer receives " + c.peer.receive(1)[0]);
        }
    },
    SHUTDOWN_ENDS_SENDING_ONLY {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.call("shutdown", c.socket::shutdownSend);
            c.t.note("the peer hears " + c.peer.awaitEnd(Lab.BOUND_MILLIS));
            c.t.call("WSASend", () -> c.socket.send(SESSION, (byte) 7));
            c.peer.send((byte) 1);
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
        }
    },
    SHUTDOWN_NEEDS_THE_ACCEPT_CONTEXT {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket fresh = c.lab.socket();
            c.listener.accept(fresh, SESSION);
            c.lab.peer(c.listener.address());
            c.t.packet(c.port, fresh.operation(Kind.ACCEPT));
            c.t.call("shutdown before SO_UPDATE_ACCEPT_CONTEXT", fresh::shutdownSend);
        }
    },
    A_REUSED_SOCKET_KEEPS_ITS_FIRST_KEY {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            for (int generation = 1; generation <= 3; generation++) {
                int session = SESSION + generation;
                c.t.call("DisconnectEx", () -> c.socket.disconnect(session));
                Peer before = c.peer;
                c.t.note("the peer hears " + before.awaitEnd(Lab.BOUND_MILLIS));
                before.closeByFin();
                c.t.packet(c.port, c.socket.operation(Kind.DISCONNECT));
                c.peer = c.listener.connect(c.socket, session);
                c.t.result("associate again", c.socket.associate(c.port, KEY + generation));
                c.peer.send((byte) generation);
                c.t.call("WSARecv", () -> c.socket.receive(session));
                c.t.packet(c.port, c.socket.operation(Kind.RECEIVE));
            }
        }
    },
    WHAT_IS_NOT_CONNECTED_CANNOT_BE_USED {
        @Override
        void play(Connected c) throws IOException {
            LabSocket fresh = c.lab.socket();
            c.t.call("DisconnectEx", () -> fresh.disconnect(SESSION));
            c.t.result("DisconnectEx of the listener",
                    c.lab.win32().disconnectEx(c.listener.handle(), c.overlapped(), TF_REUSE_SOCKET(), 0));
            c.t.call("WSARecv", () -> fresh.receive(SESSION));
            c.t.call("WSASend", () -> fresh.send(SESSION, (byte) 1));
            c.t.call("shutdown", fresh::shutdownSend);
            c.t.result("CancelIoEx", c.lab.win32().cancelIoEx(fresh.handle(), 0));
        }
    },
    DISCONNECTEX_TAKES_NO_OTHER_FLAG {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.result("DisconnectEx, flags 1",
                    c.lab.win32().disconnectEx(c.withoutPort().handle(), c.overlapped(), 1, 0));
        }
    },
    DISCONNECTEX_TAKES_NOTHING_RESERVED {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.result("DisconnectEx, reserved 1",
                    c.lab.win32().disconnectEx(c.withoutPort().handle(), c.overlapped(), TF_REUSE_SOCKET(), 1));
        }
    },
    A_CONNECTED_SOCKET_IS_NOT_ACCEPTED_INTO {
        @Override
        void play(Connected c) {
            c.t.call("AcceptEx", () -> c.listener.accept(c.socket, SESSION));
        }
    },
    A_CANCELLED_ACCEPT_LEAVES_ITS_SOCKET_FIT {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket fresh = c.lab.socket();
            c.t.call("AcceptEx", () -> c.listener.accept(fresh, SESSION));
            c.t.result("CancelIoEx of the listener", c.lab.win32().cancelIoEx(c.listener.handle(), 0));
            c.t.packet(c.port, fresh.operation(Kind.ACCEPT));
            c.t.call("AcceptEx", () -> c.listener.accept(fresh, SESSION));
            c.lab.peer(c.listener.address());
            c.t.packet(c.port, fresh.operation(Kind.ACCEPT));
        }
    },
    TRANSMITFILE_NEEDS_A_CONNECTION_THAT_CAN_SEND {
        @Override
        void play(Connected c) {
            c.t.call("shutdown", c.socket::shutdownSend);
            c.t.call("TransmitFile", () -> c.socket.transmitNothing(SESSION));
        }
    },
    A_CLOSED_SOCKETS_RECEIVE_COMES_HOME {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
            c.t.nothing(c.port, c.socket.operation(Kind.RECEIVE));
            c.t.call("closesocket", c.socket::close);
            c.t.packetOfAClosedSocket(c.port, c.socket.operation(Kind.RECEIVE));
            c.t.note("the peer hears " + c.peer.awaitEnd(Lab.BOUND_MILLIS));
            c.t.result("WSARecv", c.receive(c.socket, 1, c.overlapped()));
            c.t.result("closesocket again", c.lab.win32().closesocket(c.socket.handle()));
        }
    },
    A_DISCONNECT_WITHOUT_REUSE_ENDS_SENDING_ONLY {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket socket = c.withoutPort();
            c.t.result("DisconnectEx, flags 0", c.lab.win32().disconnectEx(socket.handle(), c.overlapped(), 0, 0));
            c.t.note("the peer hears " + c.peer.awaitEnd(Lab.BOUND_MILLIS));
            c.t.result("WSASend", c.send(socket, c.overlapped()));
            c.peer.send((byte) 1);
            c.lab.win32().sleep(SOON_MILLIS);
            long receive = c.overlapped();
            c.receive(socket, 1, receive);
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.note("WSARecv: " + c.outcome(receive));
        }
    },
    BYTES_AFTER_THE_PEERS_CLOSE_COME_BACK_AS_A_RESET {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            c.peer.closeByFin();
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.call("WSASend", () -> c.socket.send(SESSION, (byte) 1));
            c.t.packet(c.port, c.socket.operation(Kind.SEND));
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.call("WSARecv", () -> c.socket.receive(SESSION));
        }
    },
    A_REFUSED_ACCEPT_LEAVES_ITS_OVERLAPPED_PENDING {
        @Override
        void play(Connected c) throws IOException {
            LabSocket fresh = c.lab.socket();
            for (long listener : new long[] {BOGUS, fresh.handle()}) {
                long overlapped = c.overlapped();
                String which = listener == BOGUS ? "bogus" : "not listening";
                c.t.result("AcceptEx, listener " + which, c.accept(listener, fresh, ROOM, ROOM, overlapped));
                c.t.note("its OVERLAPPED: " + c.outcome(overlapped));
            }
            c.t.result("AcceptEx without an OVERLAPPED", c.accept(c.listener.handle(), fresh, ROOM, ROOM, 0));
        }
    },
    TOO_LITTLE_ROOM_FOR_AN_ADDRESS_SHOWS_WHEN_THE_CLIENT_COMES {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket fresh = c.lab.socket();
            long listener = c.closing(); // on no port: what is posted on it has no packet
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), c.bound(listener, 0));
            c.lab.win32().listen(listener, 5);
            c.t.result("AcceptEx, remote length 0", c.accept(listener, fresh, ROOM, 0, c.overlapped()));
            long overlapped = c.overlapped();
            c.t.result("AcceptEx, local length 3", c.accept(listener, fresh, 3, ROOM, overlapped));
            c.lab.peer(address);
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.note("its OVERLAPPED: " + c.outcome(overlapped));
            overlapped = c.overlapped();
            c.accept(listener, fresh, ROOM, ROOM, overlapped);
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.note("the next one's: " + c.outcome(overlapped));
            c.closeThem();
        }
    },
    A_PORT_IS_SHARED_BY_EXCLUSIVE_SPECIFIC_AND_ANY {
        @Override
        void play(Connected c) {
            int exclusive = c.listener.address().getPort();
            c.t.note("beside 127.0.0.1, exclusive:");
            c.t.result("any", c.bind(c.closing(), 0, exclusive, 0));
            c.t.result("any, exclusive", c.bind(c.closing(), 0, exclusive, SO_EXCLUSIVEADDRUSE()));
            c.t.result("127.0.0.1", c.bind(c.closing(), LOOPBACK, exclusive, 0));
            c.t.result("127.0.0.1, SO_REUSEADDR", c.bind(c.closing(), LOOPBACK, exclusive, SO_REUSEADDR()));
            c.t.note("beside any:");
            int plain = c.bound(c.closing(), 0);
            c.t.result("127.0.0.1, exclusive", c.bind(c.closing(), LOOPBACK, plain, SO_EXCLUSIVEADDRUSE()));
            c.t.note("beside any, exclusive:");
            int all = c.bound(c.closing(), SO_EXCLUSIVEADDRUSE());
            c.t.result("127.0.0.1", c.bind(c.closing(), LOOPBACK, all, 0));
            c.closeThem();
        }
    },
    A_SOCKET_CONNECTS_TO_A_LISTENER {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            long port = c.ownPort();
            long socket = c.connecting(port);
            LabSocket accepted = c.lab.socket();
            c.listener.accept(accepted, SESSION);
            long overlapped = c.overlapped();
            c.t.result("ConnectEx", c.connect(socket, c.listener.address(), overlapped));
            c.t.packet(c.port, accepted.operation(Kind.ACCEPT));
            c.t.note("dequeue: " + c.awaitPacket(port) + "; its OVERLAPPED: " + c.outcome(overlapped));
            c.t.note("getpeername: " + c.peerPort(socket));
            c.t.result("SO_UPDATE_CONNECT_CONTEXT",
                    c.lab.win32().setsockopt(socket, SOL_SOCKET(), SO_UPDATE_CONNECT_CONTEXT(), 0, 0));
            c.t.note("getpeername: " + c.peerPort(socket));
            c.t.result("ConnectEx again", c.connect(socket, c.listener.address(), c.overlapped()));
            c.closeThem();
            c.lab.win32().closeHandle(port);
        }
    },
    A_CONNECT_IS_REFUSED_AND_MAY_BE_TRIED_AGAIN {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            long port = c.ownPort();
            long socket = c.connecting(port);
            InetSocketAddress nobody = c.loopback(c.bound(c.closing(), 0));
            long overlapped = c.overlapped();
            c.t.result("ConnectEx", c.connect(socket, nobody, overlapped));
            c.t.note("dequeue: " + c.awaitPacket(port) + "; its OVERLAPPED: " + c.outcome(overlapped));
            int error = c.connect(socket, c.listener.address(), c.overlapped());
            c.t.note("ConnectEx to a listener: " + (error == 0 ? c.awaitPacket(port) : ErrorName.of(error)));
            c.closeThem();
            c.lab.win32().closeHandle(port);
        }
    },
    WHAT_CANNOT_CONNECT_IS_REFUSED {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            InetSocketAddress listener = c.listener.address();
            c.t.result("ConnectEx, bogus", c.connect(BOGUS, listener, c.overlapped()));
            c.t.result("ConnectEx, not bound", c.connect(c.closing(), listener, c.overlapped()));
            c.t.result("ConnectEx, a listener", c.connect(c.listener.handle(), listener, c.overlapped()));
            c.t.result("ConnectEx, accepted", c.connect(c.withoutPort().handle(), listener, c.overlapped()));
            LabSocket accepting = c.lab.socket();
            c.listener.accept(accepting, SESSION);
            c.t.result("ConnectEx, being accepted into", c.connect(accepting.handle(), listener, c.overlapped()));
            c.closeThem();
        }
    },
    RECV_DOES_NOT_WAIT {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket socket = c.withoutPort();
            c.t.result("FIONBIO", c.nonBlocking(socket));
            c.t.note("recv: " + c.receiveNow(socket, 0));
            c.peer.send((byte) 7);
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.note("recv with MSG_PEEK: " + c.receiveNow(socket, MSG_PEEK()));
            c.t.note("recv: " + c.receiveNow(socket, 0));
            c.t.note("recv: " + c.receiveNow(socket, 0));
            long overlapped = c.overlapped();
            c.t.result("WSARecv of no bytes", c.receive(socket, 0, overlapped));
            c.peer.finishSending();
            c.t.note("its OVERLAPPED: " + c.awaitOutcome(overlapped));
            c.t.note("recv: " + c.receiveNow(socket, 0));
        }
    },
    RECV_OF_WHAT_HAS_NO_CONNECTION {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket fresh = c.lab.socket();
            c.nonBlocking(fresh);
            c.t.note("recv, not connected: " + c.receiveNow(fresh, 0));
            // After an RST Wine says 10054 or 0 bytes, as its server has seen it by then: no script.
        }
    },
    SEVERAL_BUFFERS_ARE_FILLED_IN_ORDER {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket socket = c.withoutPort();
            c.peer.send((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5);
            c.lab.win32().sleep(SOON_MILLIS);
            c.t.note("received " + c.scattered(socket, 2, 1, 2));
        }
    },
    A_FILE_IS_READ_ON_A_PORT {
        @Override
        void play(Connected c) throws IOException {
            long port = c.ownPort();
            c.t.note("no such file: " + c.open(c.path("none"), OPEN_EXISTING()));
            long file = c.file(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            c.t.result("associate", c.associate(file, port));
            c.t.note("size " + c.lab.win32().getFileSizeEx(file));
            c.t.note("at 4, 3 bytes: " + c.read(port, file, 4, 3));
            c.t.note("at 8, 16 bytes: " + c.read(port, file, 8, 16));
            c.t.note("at 10, 1 byte: " + c.read(port, file, 10, 1));
            c.lab.win32().closeHandle(file);
            c.lab.win32().closeHandle(port);
        }
    },
    A_PART_OF_A_FILE_IS_TRANSMITTED {
        @Override
        void play(Connected c) throws IOException, TimeoutException {
            LabSocket socket = c.withoutPort();
            long file = c.file(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            c.t.note("4 bytes at 3: " + c.transmit(socket, file, 3, 4));
            c.t.note("the peer receives " + Arrays.toString(c.peer.receive(4)));
            c.t.note("all at 7: " + c.transmit(socket, file, 7, 0));
            c.t.note("the peer receives " + Arrays.toString(c.peer.receive(3)));
            c.t.note("100 bytes at 8: " + c.transmit(socket, file, 8, 100));
            c.t.note("the peer receives " + Arrays.toString(c.peer.receive(2)));
            c.t.note("5 bytes at 2 behind a head of 2: " + c.transmit(socket, file, 2, 5, (byte) 70, (byte) 71));
            c.t.note("the peer receives " + Arrays.toString(c.peer.receive(7)));
            c.t.note("5 bytes at 10 behind a head of 1: " + c.transmit(socket, file, 10, 5, (byte) 70));
            c.t.note("the peer receives " + Arrays.toString(c.peer.receive(1)));
            c.lab.win32().closeHandle(file);
        }
    },
    POSTED_PACKETS_COME_IN_ORDER {
        @Override
        void play(Connected c) {
            long port = c.lab.win32().createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
            c.t.note("dequeue: " + c.dequeue(port, 4));
            for (int i = 1; i <= 3; i++) {
                c.t.result("post", c.lab.win32().postQueuedCompletionStatus(port, 10 * i, i, 0));
            }
            for (int i = 1; i <= 3; i++) {
                c.t.note("dequeue: " + c.dequeue(port, 1));
            }
            c.t.note("dequeue: " + c.dequeue(port, 4));
            c.t.result("CloseHandle", c.lab.win32().closeHandle(port));
            c.t.note("dequeue: " + c.dequeue(port, 4));
            c.t.result("post", c.lab.win32().postQueuedCompletionStatus(port, 0, 0, 0));
        }
    },
    CLASS_61_CHANGES_THE_KEY {
        @Override
        void play(Connected c) throws IOException {
            int status = c.socket.reKey(c.port, KEY + 1);
            c.t.note("NtSetInformationFile: " + String.format(Locale.ROOT, "%08X", status));
        }
    };

    static final long KEY = 5;
    static final int SESSION = 70;
    private static final long LISTENER_KEY = 3;
    /** No handle: they are multiples of 4. */
    private static final long BOGUS = 0x7FF3;
    private static final int SOON_MILLIS = 50;
    /** For an address: a sockaddr_in and 16 more. */
    private static final int ROOM = 32;
    /** 127.0.0.1 as a little-endian number. */
    private static final int LOOPBACK = 0x0100_007F;

    abstract void play(Connected c) throws IOException, TimeoutException;

    void play(Transcript transcript, Lab lab) throws IOException, TimeoutException {
        play(new Connected(transcript, lab));
    }

    /** A sentence. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** What each begins with: a port, a listener, and a socket with its peer. */
    static final class Connected {
        final Transcript t;
        final Lab lab;
        final LabPort port;
        final LabListener listener;
        final LabSocket socket;
        Peer peer;
        private final List<Long> toClose = new ArrayList<>();
        /** Never given back: where a call was not refused that should have been, the kernel may have it still. */
        private final Arena arena = Arena.global();

        Connected(Transcript transcript, Lab lab) throws IOException, TimeoutException {
            this.t = transcript;
            this.lab = lab;
            port = lab.port();
            listener = lab.listen(port, LISTENER_KEY);
            socket = lab.socket();
            if (socket.associate(port, KEY) != 0) {
                throw new IOException("a fresh socket cannot be associated");
            }
            peer = listener.connect(socket, SESSION);
        }

        int associate(long file, long to) {
            long result = lab.win32().createIoCompletionPort(file, to, KEY, 0);
            return result < 0 ? (int) -result : 0;
        }

        /** Another socket with a peer, on no port: what is posted on it has no packet. */
        LabSocket withoutPort() throws IOException, TimeoutException {
            LabSocket plain = lab.socket();
            peer = listener.connect(plain, SESSION);
            return plain;
        }

        long overlapped() {
            return arena.allocate(OVERLAPPED.sizeof() + 16, 16).address();
        }

        int receive(LabSocket from, int bytes, long overlapped) {
            return lab.win32().wsaRecv(from.handle(), buffer(bytes), 1, arena.allocate(JAVA_INT).address(), overlapped);
        }

        int send(LabSocket to, long overlapped) {
            return lab.win32().wsaSend(to.handle(), buffer(1), 1, 0, overlapped);
        }

        private long buffer(int bytes) {
            MemorySegment buffer = arena.allocate(WSABUF.sizeof() + 16, 16);
            buffer.set(JAVA_INT, WSABUF.len$offset(), bytes);
            buffer.set(JAVA_LONG, WSABUF.buf$offset(), arena.allocate(16).address());
            return buffer.address();
        }

        int accept(long on, LabSocket into, int localBytes, int remoteBytes, long overlapped) {
            return lab.win32().acceptEx(on, into.handle(), arena.allocate(2 * ROOM).address(), 0, localBytes,
                    remoteBytes, arena.allocate(JAVA_INT).address(), overlapped);
        }

        /** What an OVERLAPPED says. */
        String outcome(long overlapped) {
            MemorySegment memory = MemorySegment.ofAddress(overlapped).reinterpret(OVERLAPPED.sizeof());
            int status = (int) memory.get(JAVA_LONG, OVERLAPPED.Internal$offset());
            return status == 0 ? memory.get(JAVA_LONG, OVERLAPPED.InternalHigh$offset()) + " bytes"
                    : ErrorName.ofStatus(status);
        }

        /** The same, when it is over. */
        String awaitOutcome(long overlapped) {
            long deadline = lab.deadline(Lab.BOUND_MILLIS);
            while (outcome(overlapped).startsWith("STATUS_PENDING") && lab.millisUntil(deadline) > 0) {
                lab.win32().sleep(1);
            }
            return outcome(overlapped);
        }

        /** 0, too, for what pends: a call may do either. */
        private static int posted(int error) {
            return error == WSA_IO_PENDING() ? 0 : error;
        }

        // ---- connecting ----

        /** A port that the script closes. */
        long ownPort() {
            return lab.win32().createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
        }

        /** A socket on that port, bound, as ConnectEx wants it. */
        long connecting(long on) {
            long made = closing();
            bind(made, 0, 0, 0);
            associate(made, on);
            return made;
        }

        int connect(long from, InetSocketAddress to, long overlapped) {
            MemorySegment name = arena.allocate(16, 8);
            name.set(JAVA_SHORT, 0, (short) AF_INET());
            name.set(JAVA_SHORT, 2, Short.reverseBytes((short) to.getPort()));
            MemorySegment.copy(to.getAddress().getAddress(), 0, name, JAVA_BYTE, 4, 4);
            return posted(lab.win32().connectEx(from, name.address(), 16, 0, 0, arena.allocate(JAVA_INT).address(),
                    overlapped));
        }

        InetSocketAddress loopback(int toPort) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), toPort);
        }

        /** Whether getpeername says the listener, or its error. */
        String peerPort(long of) {
            MemorySegment name = arena.allocate(16, 8);
            int error = lab.win32().getpeername(of, name.address(), arena.allocateFrom(JAVA_INT, 16).address());
            int at = Short.toUnsignedInt(Short.reverseBytes(name.get(JAVA_SHORT, 2)));
            return error != 0 ? ErrorName.of(error)
                    : at == listener.address().getPort() ? "the listener" : "port " + at;
        }

        // ---- receiving ----

        int nonBlocking(LabSocket made) {
            return lab.win32().ioctlsocket(made.handle(), FIONBIO(), arena.allocateFrom(JAVA_INT, 1).address());
        }

        String receiveNow(LabSocket from, int flags) {
            int result = lab.win32().recv(from.handle(), arena.allocate(16).address(), 16, flags);
            return result < 0 ? ErrorName.of(-result) : result + " bytes";
        }

        /** Receives until buffers of these sizes are full, and lists what is in them. */
        List<Integer> scattered(LabSocket from, int... sizes) {
            int total = Arrays.stream(sizes).sum();
            List<Integer> received = new ArrayList<>();
            while (received.size() < total) {
                MemorySegment buffers = arena.allocate(sizes.length * WSABUF.sizeof(), 16);
                MemorySegment memory = arena.allocate(total * 16L, 16);
                for (int i = 0; i < sizes.length; i++) {
                    buffers.set(JAVA_INT, i * WSABUF.sizeof() + WSABUF.len$offset(), sizes[i]);
                    buffers.set(JAVA_LONG, i * WSABUF.sizeof() + WSABUF.buf$offset(), memory.address() + i * 16L);
                }
                long overlapped = overlapped();
                lab.win32().wsaRecv(from.handle(), buffers.address(), sizes.length,
                        arena.allocate(JAVA_INT).address(), overlapped);
                String outcome = awaitOutcome(overlapped);
                int bytes = Integer.parseInt(outcome.replace(" bytes", ""));
                for (int i = 0; i < sizes.length; i++) {
                    for (int j = 0; j < sizes[i] && bytes > 0; j++, bytes--) {
                        received.add((int) memory.get(JAVA_BYTE, i * 16L + j));
                    }
                }
            }
            return received;
        }

        // ---- files ----

        /** Where a file of this script may be: in the simulated system it is a name, and no more. */
        String path(String name) {
            return Path.of(System.getProperty("java.io.tmpdir"), "iocp4j-" + ProcessHandle.current().pid() + "-" + name)
                    .toString();
        }

        /** The handle, or the error. */
        String open(String path, int disposition) {
            long handle = lab.win32().createFile(path, GENERIC_READ(), 0, disposition, FILE_FLAG_OVERLAPPED());
            return handle < 0 ? ErrorName.of((int) -handle) : "a handle";
        }

        /** A file with these bytes, on no port. */
        long file(int... bytes) throws IOException {
            String path = path("file");
            new File(path).deleteOnExit();
            long handle = lab.win32().createFile(path, GENERIC_READ() | GENERIC_WRITE(), FILE_SHARE_READ(),
                    CREATE_ALWAYS(), FILE_FLAG_OVERLAPPED());
            if (handle < 0) {
                throw new IOException("CreateFileW: " + ErrorName.of((int) -handle) + ", " + path);
            }
            MemorySegment memory = arena.allocate(bytes.length);
            for (int i = 0; i < bytes.length; i++) {
                memory.set(JAVA_BYTE, i, (byte) bytes[i]);
            }
            long overlapped = overlapped();
            lab.win32().writeFile(handle, memory.address(), bytes.length, overlapped);
            awaitOutcome(overlapped);
            return handle;
        }

        private long overlappedAt(long offset) {
            long overlapped = overlapped();
            MemorySegment.ofAddress(overlapped).reinterpret(OVERLAPPED.sizeof()).set(JAVA_LONG,
                    OVERLAPPED.Offset$offset(), offset);
            return overlapped;
        }

        /** The packet and the bytes, or that the file has ended: by the call or by its packet. */
        String read(long from, long file, long offset, int bytes) {
            MemorySegment memory = arena.allocate(bytes);
            long overlapped = overlappedAt(offset);
            int error = posted(lab.win32().readFile(file, memory.address(), bytes, overlapped));
            if (error != 0) {
                return ErrorName.of(error);
            }
            String packet = awaitPacket(from); // the OVERLAPPED may be written no earlier
            String outcome = outcome(overlapped);
            if (outcome.equals(ErrorName.ofStatus(STATUS_END_OF_FILE()))) {
                return ErrorName.of(ERROR_HANDLE_EOF());
            }
            int count = Integer.parseInt(outcome.replace(" bytes", ""));
            return packet + ", " + Arrays.toString(memory.asSlice(0, count).toArray(JAVA_BYTE));
        }

        String transmit(LabSocket to, long file, long offset, int bytes, byte... head) {
            long overlapped = overlappedAt(offset);
            long buffers = 0;
            if (head.length > 0) {
                MemorySegment all = arena.allocate(32, 8); // TRANSMIT_FILE_BUFFERS
                all.set(JAVA_LONG, 0, arena.allocateFrom(JAVA_BYTE, head).address());
                all.set(JAVA_INT, 8, head.length);
                buffers = all.address();
            }
            int error = posted(lab.win32().transmitFile(to.handle(), file, bytes, 0, overlapped, buffers, 0));
            return error != 0 ? ErrorName.of(error) : awaitOutcome(overlapped);
        }

        // ---- names ----

        /** A socket that {@link #closeThem} closes. */
        long closing() {
            long socket = lab.win32().wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
            toClose.add(socket);
            return socket;
        }

        void closeThem() {
            toClose.forEach(lab.win32()::closesocket);
        }

        /** Binds a socket to any address, and returns the port. */
        int bound(long socket, int option) {
            bind(socket, 0, 0, option);
            MemorySegment name = arena.allocate(16, 8);
            lab.win32().getsockname(socket, name.address(), arena.allocateFrom(JAVA_INT, 16).address());
            return Short.toUnsignedInt(Short.reverseBytes(name.get(JAVA_SHORT, 2)));
        }

        /** @param option 0 for none */
        int bind(long socket, int address, int toPort, int option) {
            if (option != 0) {
                lab.win32().setsockopt(socket, SOL_SOCKET(), option, arena.allocateFrom(JAVA_INT, 1).address(), 4);
            }
            MemorySegment name = arena.allocate(16, 8);
            name.set(JAVA_SHORT, 0, (short) AF_INET());
            name.set(JAVA_SHORT, 2, Short.reverseBytes((short) toPort));
            name.set(JAVA_INT, 4, address);
            return lab.win32().bind(socket, name.address(), 16);
        }

        String dequeue(long from, int most) {
            return dequeue(from, most, SOON_MILLIS);
        }

        /** However long it takes. */
        String awaitPacket(long from) {
            return dequeue(from, 1, Lab.BOUND_MILLIS);
        }

        private String dequeue(long from, int most, int timeoutMillis) {
            MemorySegment entries = arena.allocate(most * OVERLAPPED_ENTRY.sizeof(), 16);
            MemorySegment removed = arena.allocate(JAVA_INT);
            int error = lab.win32().getQueuedCompletionStatusEx(from, entries.address(), most, removed.address(),
                    timeoutMillis);
            if (error != 0) {
                return ErrorName.of(error);
            }
            StringBuilder packets = new StringBuilder();
            for (int i = 0; i < removed.get(JAVA_INT, 0); i++) {
                long at = i * OVERLAPPED_ENTRY.sizeof();
                packets.append("key ").append(entries.get(JAVA_LONG, at + OVERLAPPED_ENTRY.lpCompletionKey$offset()))
                        .append(", ").append(entries.get(JAVA_INT,
                                at + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset())).append(" bytes");
            }
            return packets.toString();
        }
    }
}
