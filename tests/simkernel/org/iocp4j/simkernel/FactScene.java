package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED;

/** What most facts begin with, a port and a listener on it, and the calls that they make. */
final class FactScene {
    static final long LISTENER_KEY = 3;
    static final long KEY = 5;
    /** No handle: they are multiples of 4. */
    static final long BOGUS = 0x7FF3;

    /** What a packet says. */
    record End(long key, int status, int bytes) {
    }

    final Program p;
    final SimulatedKernel kernel;
    final Win32 win32;
    final long port;
    final long listener;
    /** Of the last {@link #connect}. */
    SimulatedClient client;

    FactScene(Program p, SimulatedKernel kernel) {
        this.p = p;
        this.kernel = kernel;
        win32 = p.win32;
        port = p.port(0);
        listener = p.listener();
        assertThat(p.associate(listener, port, LISTENER_KEY)).isZero();
    }

    /** A socket on the port, with its client. */
    long connect() {
        long socket = p.socket();
        assertThat(p.associate(socket, port, KEY)).isZero();
        client = p.connect(listener, socket, port);
        return socket;
    }

    /** The same, on no port. */
    long connectWithoutPort() {
        long socket = p.socket();
        client = p.connect(listener, socket, port);
        return socket;
    }

    SimulatedClient newClient() {
        return kernel.client(new SimulatedClient.Script() { }).connect(Program.SERVER);
    }

    /** Long enough for whatever is on its way. */
    void settle() {
        p.sleep(100);
    }

    // ---- operations ----

    int receive(long socket, long overlapped) {
        return p.receive(socket, p.allocate(16), overlapped);
    }

    int send(long socket, long overlapped) {
        return p.send(socket, p.bytes((byte) 1), overlapped);
    }

    /** More than any buffer on the way takes. */
    int sendTooMuch(long socket, long overlapped) {
        return p.send(socket, p.allocate(200_000), overlapped);
    }

    /** A receive that waits, its OVERLAPPED. */
    long pendingReceive(long socket) {
        long overlapped = p.overlapped();
        assertThat(receive(socket, overlapped)).isEqualTo(Program.PENDING);
        return overlapped;
    }

    /** An accept that waits, its OVERLAPPED. */
    long pendingAccept(long acceptor) {
        long overlapped = p.overlapped();
        assertThat(p.accept(listener, acceptor, overlapped)).isEqualTo(Program.PENDING);
        return overlapped;
    }

    int disconnect(long socket, long overlapped, int flags) {
        return win32.disconnectEx(socket, overlapped, flags, 0);
    }

    int transmit(long socket, long overlapped, int flags) {
        return win32.transmitFile(socket, 0, 0, 0, overlapped, 0, flags);
    }

    static long withEvent(long overlapped, long event) {
        Program.at(overlapped, OVERLAPPED.sizeof()).set(JAVA_LONG, OVERLAPPED.hEvent$offset(), event);
        return overlapped;
    }

    static int status(long overlapped) {
        return Program.status(overlapped);
    }

    static long informationOf(long overlapped) {
        return Program.at(overlapped, OVERLAPPED.sizeof()).get(JAVA_LONG, OVERLAPPED.InternalHigh$offset());
    }

    // ---- packets ----

    /** The packet of this operation, which is the next. */
    End end(long overlapped) {
        Program.Packet packet = p.packet(port);
        assertThat(packet.overlapped()).isEqualTo(overlapped);
        return new End(packet.key(), packet.status(), packet.bytes());
    }

    boolean noPacket() {
        return p.dequeue(port, 4, 1_000).isEmpty();
    }

    /** The error of a call, and whether no packet came. */
    List<Object> refused(int error) {
        return List.of(error, noPacket());
    }

    // ---- options and names ----

    int option(long socket, int level, int name) {
        MemorySegment value = p.allocate(4);
        MemorySegment length = p.allocate(4);
        length.set(JAVA_INT, 0, 4);
        assertThat(win32.getsockopt(socket, level, name, value.address(), length.address())).isZero();
        return value.get(JAVA_INT, 0);
    }

    /** The error of getsockname, and the length after it. */
    List<Integer> name(long socket, int room) {
        MemorySegment length = p.allocate(4);
        length.set(JAVA_INT, 0, room);
        int error = win32.getsockname(socket, p.allocate(32).address(), length.address());
        return List.of(error, length.get(JAVA_INT, 0));
    }

    int linger(long socket, int onOff, int seconds) {
        return p.setOption(socket, SOL_SOCKET(), SO_LINGER(), seconds << 16 | onOff, 4);
    }
}
