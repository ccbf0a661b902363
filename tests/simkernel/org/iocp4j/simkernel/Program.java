package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/** One thread's plain calls, as a small C program would make them. */
final class Program {
    static final int PENDING = WSA_IO_PENDING();
    /** A sockaddr_in and 16 bytes. */
    static final int ADDRESS_BYTES = 32;
    static final InetSocketAddress SERVER = new InetSocketAddress(InetAddress.getLoopbackAddress(), 6000);

    /** @param status what is in the OVERLAPPED */
    record Packet(long overlapped, long key, int status, int bytes) {
    }

    /** A scenario that makes calls. */
    interface Calls {
        void make(Program program, SimulatedKernel kernel) throws Exception;
    }

    final SimulatedKernel kernel;
    final Win32 win32;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment scratch = arena.allocate(4096, 16);

    Program(SimulatedKernel kernel) {
        this.kernel = kernel;
        this.win32 = kernel.attach();
    }

    /** Runs calls on a kernel on which nothing fails. */
    static void run(Calls calls) {
        run(new SimulatedKernel(1, FaultPlan.CALM), calls);
    }

    static void run(SimulatedKernel kernel, Calls calls) {
        kernel.run(() -> calls.make(new Program(kernel), kernel));
    }

    MemorySegment allocate(long bytes) {
        return arena.allocate(bytes, 16);
    }

    /** Address of an OVERLAPPED, zeroed, with room for an extension. */
    long overlapped() {
        return allocate(OVERLAPPED.sizeof() + 16).address();
    }

    static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    static int status(long overlapped) {
        return at(overlapped, 4).get(JAVA_INT, 0);
    }

    // ---- ports ----

    long port(int concurrency) {
        long port = win32.createIoCompletionPort(-1, 0, 0, concurrency);
        assertThat(port).isPositive();
        return port;
    }

    /** 0, or the error. */
    int associate(long file, long port, long key) {
        long result = win32.createIoCompletionPort(file, port, key, 0);
        return result < 0 ? (int) -result : 0;
    }

    /** Packets, or fails with the error. */
    List<Packet> dequeue(long port, int most, int timeoutMillis) {
        MemorySegment entries = allocate(most * OVERLAPPED_ENTRY.sizeof());
        MemorySegment removed = allocate(4);
        int error = win32.getQueuedCompletionStatusEx(port, entries.address(), most, removed.address(), timeoutMillis);
        if (error == WAIT_TIMEOUT()) {
            return List.of();
        }
        assertThat(error).isZero();
        List<Packet> packets = new ArrayList<>();
        for (int i = 0; i < removed.get(JAVA_INT, 0); i++) {
            long entry = i * OVERLAPPED_ENTRY.sizeof();
            long overlapped = entries.get(JAVA_LONG, entry + OVERLAPPED_ENTRY.lpOverlapped$offset());
            packets.add(new Packet(overlapped,
                    entries.get(JAVA_LONG, entry + OVERLAPPED_ENTRY.lpCompletionKey$offset()),
                    overlapped == 0 ? 0 : status(overlapped),
                    entries.get(JAVA_INT, entry + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset())));
        }
        return packets;
    }

    int dequeueError(long port, int timeoutMillis) {
        return win32.getQueuedCompletionStatusEx(port, scratch.address(), 1, scratch.address() + 64, timeoutMillis);
    }

    /** The one packet that comes within a second. */
    Packet packet(long port) {
        List<Packet> packets = dequeue(port, 1, 1_000);
        assertThat(packets).hasSize(1);
        return packets.getFirst();
    }

    // ---- sockets ----

    long socket() {
        long socket = win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
        assertThat(socket).isPositive();
        return socket;
    }

    int bind(long socket, InetSocketAddress address) {
        return win32.bind(socket, sockaddr(address), 16);
    }

    private long sockaddr(InetSocketAddress address) {
        scratch.asSlice(0, 16).fill((byte) 0);
        scratch.set(JAVA_SHORT_UNALIGNED, 0, (short) AF_INET());
        scratch.set(JAVA_BYTE, 2, (byte) (address.getPort() >> 8));
        scratch.set(JAVA_BYTE, 3, (byte) address.getPort());
        MemorySegment.copy(address.getAddress().getAddress(), 0, scratch, JAVA_BYTE, 4, 4);
        return scratch.address();
    }

    /** Bound where it likes, as ConnectEx wants it. */
    long boundSocket() {
        long socket = socket();
        assertThat(bind(socket, new InetSocketAddress(0))).isZero();
        return socket;
    }

    int connectEx(long socket, InetSocketAddress to, long overlapped) {
        return connectEx(socket, to, MemorySegment.NULL, overlapped);
    }

    /** @param data to send when connected */
    int connectEx(long socket, InetSocketAddress to, MemorySegment data, long overlapped) {
        return win32.connectEx(socket, sockaddr(to), 16, data.address(), (int) data.byteSize(),
                scratch.address() + 256, overlapped);
    }

    int updateConnectContext(long socket) {
        return win32.setsockopt(socket, SOL_SOCKET(), SO_UPDATE_CONNECT_CONTEXT(), 0, 0);
    }

    int nonBlocking(long socket) {
        scratch.set(JAVA_INT, 0, 1);
        return win32.ioctlsocket(socket, FIONBIO(), scratch.address());
    }

    long listener() {
        long listener = socket();
        assertThat(bind(listener, SERVER)).isZero();
        assertThat(win32.listen(listener, SOMAXCONN())).isZero();
        return listener;
    }

    int setOption(long socket, int level, int option, long value, int length) {
        scratch.set(JAVA_LONG, 0, value);
        return win32.setsockopt(socket, level, option, scratch.address(), length);
    }

    int updateAcceptContext(long socket, long listener) {
        return setOption(socket, SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), listener, Long.BYTES);
    }

    int accept(long listener, long socket, long overlapped) {
        return accept(listener, socket, 0, ADDRESS_BYTES, overlapped, allocate(2 * ADDRESS_BYTES + 64).address());
    }

    int accept(long listener, long socket, int receiveBytes, int addressBytes, long overlapped, long output) {
        return win32.acceptEx(listener, socket, output, receiveBytes, addressBytes, addressBytes,
                scratch.address(), overlapped);
    }

    /** An accepted socket, its context updated, and its client; its packet was dequeued if the listener has a port. */
    SimulatedClient connect(long listener, long socket, long port) {
        SimulatedClient client = kernel.client(new SimulatedClient.Script() { });
        client.connect(SERVER);
        long overlapped = overlapped();
        int error = accept(listener, socket, overlapped);
        assertThat(error == 0 || error == PENDING).isTrue();
        assertThat(packet(port).overlapped()).isEqualTo(overlapped);
        assertThat(updateAcceptContext(socket, listener)).isZero();
        return client;
    }

    int receive(long socket, MemorySegment into, long overlapped) {
        scratch.set(JAVA_INT, 128, 0);
        return win32.wsaRecv(socket, buffer(into), 1, scratch.address() + 128, overlapped);
    }

    int receive(long socket, MemorySegment[] into, long overlapped) {
        MemorySegment buffers = allocate(into.length * WSABUF.sizeof());
        for (int i = 0; i < into.length; i++) {
            buffers.set(JAVA_INT, i * WSABUF.sizeof() + WSABUF.len$offset(), (int) into[i].byteSize());
            buffers.set(JAVA_LONG, i * WSABUF.sizeof() + WSABUF.buf$offset(), into[i].address());
        }
        scratch.set(JAVA_INT, 128, 0);
        return win32.wsaRecv(socket, buffers.address(), into.length, scratch.address() + 128, overlapped);
    }

    /** The bytes, or minus the error. */
    int receiveNow(long socket, int flags) {
        return win32.recv(socket, scratch.address(), 16, flags);
    }

    int send(long socket, MemorySegment from, long overlapped) {
        return win32.wsaSend(socket, buffer(from), 1, 0, overlapped);
    }

    private long buffer(MemorySegment memory) {
        scratch.set(JAVA_INT, 64 + WSABUF.len$offset(), (int) memory.byteSize());
        scratch.set(JAVA_LONG, 64 + WSABUF.buf$offset(), memory.address());
        return scratch.address() + 64;
    }

    /** Address of an OVERLAPPED that names a place in a file. */
    long overlappedAt(long offset) {
        long overlapped = overlapped();
        at(overlapped, OVERLAPPED.sizeof()).set(JAVA_LONG, OVERLAPPED.Offset$offset(), offset);
        return overlapped;
    }

    MemorySegment bytes(byte... bytes) {
        MemorySegment memory = allocate(bytes.length);
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
        return memory;
    }

    int disconnect(long socket, long overlapped) {
        return win32.disconnectEx(socket, overlapped, TF_REUSE_SOCKET(), 0);
    }

    /** Class 61. */
    int replacePort(long socket, long port, long key) {
        scratch.set(JAVA_LONG, 0, port);
        scratch.set(JAVA_LONG, 8, key);
        return win32.ntSetInformationFile(socket, scratch.address() + 64, scratch.address(), 16,
                FILE_REPLACE_COMPLETION_INFORMATION());
    }

    void sleep(long millis) {
        kernel.sleep(Duration.ofMillis(millis));
    }
}
