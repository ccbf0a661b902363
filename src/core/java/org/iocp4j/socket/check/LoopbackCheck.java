package org.iocp4j.socket.check;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.Operation;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.Region;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/**
 * One listener, one socket accepted into, and its clients, all on the loopback address and on the calling thread:
 * enough to see whether the socket can be used again. A check answers with what it saw. If the platform cannot do it,
 * that is an {@link IncapableException}; any other exception is what stood in the way, a wait that takes too long a
 * {@link TimeoutException}.
 */
final class LoopbackCheck implements AutoCloseable {
    /** The longest wait for any one thing. */
    static final int BOUND_MILLIS = 5_000;
    /** Accept, receive, send and disconnect. */
    private static final int OPERATIONS = 4;
    /** If the peer has not seen a disconnect by then, it does not see it. */
    private static final int UNSEEN_MILLIS = 500;
    /** The longest wait at the end for operations that were cancelled. */
    static final int END_MILLIS = 500;
    /**
     * How a system refuses what it cannot do, or what the socket's state forbids. Any other error may pass: a shortage,
     * a firewall, a network that is down.
     */
    private static final Set<Integer> REFUSALS = Set.of(ERROR_INVALID_FUNCTION(), ERROR_NOT_SUPPORTED(),
            ERROR_INVALID_PARAMETER(), WSAEINVAL(), WSAEOPNOTSUPP(), WSAEISCONN(), WSAENOTCONN(), WSAESHUTDOWN());
    private static final InetSocketAddress IPV4 = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    private static final InetSocketAddress IPV6 = new InetSocketAddress(InetAddress.ofLiteral("::1"), 0);
    private static final Log LOG = Log.of(LoopbackCheck.class);

    /** Offsets in {@link #memory}; what is behind {@link #FREE} belongs to the check that asks for it. */
    private static final long OUTPUT = 0;
    private static final long INPUT_BYTE = 128;
    private static final long OUTPUT_BYTE = 136;
    private static final long ADDRESS = 256;
    private static final long LENGTH = 320;
    static final long FREE = 1024;
    private static final long BYTES = 4096;

    private static final long LISTENER_KEY = 0;
    private static final long FIRST_KEY = 1;
    private static final long SECOND_KEY = 2;
    private static final long OWNER = 7;

    private final Win32 win32;
    private final IoThread io;
    private final Region memory;
    private final OperationSlab slab;
    private final CompletionPort port;
    private final Step accept;
    private final Step receive;
    private final Step send;
    private final Step disconnect;
    private final InetSocketAddress address;
    private int addressBytes;
    private long listener = -1;
    private long socket = -1;
    private int generation;
    /** Whether the platform was asked for what it may not be able to do. */
    private boolean asked;
    private boolean memoryInUse;

    LoopbackCheck(Win32 win32) throws IOException {
        this.win32 = win32;
        io = new IoThread(win32);
        memory = new Region(win32, "a self-check", BYTES);
        try {
            memory.commit(win32, BYTES);
            slab = new OperationSlab(win32, OPERATIONS);
            slab.commit(win32, OPERATIONS);
            accept = new Step("AcceptEx");
            receive = new Step("WSARecv");
            send = new Step("WSASend");
            disconnect = new Step("disconnect");
            port = new CompletionPort(win32, 0, slab, (key, bytes, on) -> { });
            address = listen();
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private Step[] steps() {
        return new Step[] {accept, receive, send, disconnect};
    }

    /** By IPv4, or, on a host that has none, by IPv6. */
    private InetSocketAddress listen() throws IOException {
        try {
            return listen(IPV4);
        } catch (Win32Exception e) {
            closeSockets();
            try {
                return listen(IPV6);
            } catch (Win32Exception ipv6) {
                throw new IOException(e.getMessage() + "; by IPv6 " + ipv6.getMessage(), ipv6);
            }
        }
    }

    private InetSocketAddress listen(InetSocketAddress any) throws Win32Exception {
        int family = Sockaddr.family(any.getAddress());
        addressBytes = Sockaddr.bytes(family) + 16;
        listener = newSocket(family);
        socket = newSocket(family);
        MemorySegment where = memory.memory().asSlice(ADDRESS, Sockaddr.MAX_BYTES);
        needs("bind", win32.bind(listener, where.address(), Sockaddr.write(any, where)));
        memory.memory().set(JAVA_INT, LENGTH, Sockaddr.MAX_BYTES);
        needs("getsockname", win32.getsockname(listener, where.address(), memory.address() + LENGTH));
        needs("listen", win32.listen(listener, 1));
        needs("CreateIoCompletionPort", port.associate(win32, listener, LISTENER_KEY));
        return Sockaddr.read(memory.memory(), ADDRESS);
    }

    private long newSocket(int family) throws Win32Exception {
        long made = Sockaddr.tcpSocket(family, win32);
        needs("WSASocketW", made < 0 ? (int) -made : 0);
        return made;
    }

    // ---- the checks of this class ----

    /** Two connections, one after another, on one socket. */
    String reuse(DisconnectMethod method) throws IOException, TimeoutException, IncapableException {
        try (LoopbackClient client = connect()) {
            require("CreateIoCompletionPort", port.associate(win32, socket, FIRST_KEY));
            exchange(client);
        }
        receive(0); // the client's FIN
        asks();
        disconnect.posted(method == DisconnectMethod.DISCONNECT_EX
                ? io.disconnect(disconnect.operation, OWNER, socket, TF_REUSE_SOCKET())
                : io.transmitNothing(disconnect.operation, OWNER, socket, TF_DISCONNECT() | TF_REUSE_SOCKET()));
        disconnect.await();
        try (LoopbackClient client = connect()) {
            exchange(client);
        }
        return "one byte each way on generation " + generation + ", packets with the "
                + (receive.key == FIRST_KEY ? "first key" : "key " + receive.key);
    }

    /** The server disconnects first, and the client waits to see it. */
    String transmitFileSeen() throws IOException, TimeoutException, IncapableException {
        try (LoopbackClient client = connect()) {
            require("CreateIoCompletionPort", port.associate(win32, socket, FIRST_KEY));
            exchange(client);
            asks();
            disconnect.posted(io.transmitNothing(disconnect.operation, OWNER, socket,
                    TF_DISCONNECT() | TF_REUSE_SOCKET()));
            awaitSeen(client);
        } finally {
            disconnect.await(); // perhaps only now that the peer has closed too [doc]
        }
        return "a peer sees a disconnect of the server's when it is made";
    }

    private void awaitSeen(LoopbackClient client) throws IOException, TimeoutException, IncapableException {
        try {
            client.read(UNSEEN_MILLIS);
        } catch (TimeoutException e) {
            if (disconnect.hasCompleted()) {
                throw new IncapableException("a peer that the server disconnects first sees nothing of it until the"
                        + " socket is accepted into again");
            }
            throw e;
        }
    }

    /** A second association with another key, and then the key that packets carry. */
    String secondAssociation() throws IOException, TimeoutException, IncapableException {
        try (LoopbackClient client = connect()) {
            require("CreateIoCompletionPort", port.associate(win32, socket, FIRST_KEY));
            int error = port.associate(win32, socket, SECOND_KEY);
            exchange(client);
            if (error == 0) {
                throw new IncapableException("it succeeds, packets then carry key " + receive.key);
            }
            if (!isRefusal(error)) {
                needs("CreateIoCompletionPort", error);
            }
            return ErrorName.of(error) + ", packets carry the " + (receive.key == FIRST_KEY ? "first key"
                    : "key " + receive.key);
        }
    }

    // ---- its parts ----

    /** From now on a refusal, or missing or wrong bytes, are the platform's answer; before, they were not. */
    void asks() {
        asked = true;
    }

    /** Accepts a new client into the socket. */
    LoopbackClient connect() throws IOException, TimeoutException, IncapableException {
        generation++;
        accept.posted(io.accept(accept.operation, OWNER, listener, socket, memory.address() + OUTPUT, addressBytes));
        LoopbackClient client = new LoopbackClient(address, win32);
        try {
            client.awaitConnected(BOUND_MILLIS);
            accept.await();
            require("SO_UPDATE_ACCEPT_CONTEXT",
                    io.setOption(socket, SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), listener));
            return client;
        } catch (Throwable e) {
            client.close();
            throw e;
        }
    }

    /**
     * One byte to the client and one back, other ones in each generation. The send comes first: where reuse does not
     * work it fails synchronously, and a receive would only hang.
     */
    private void exchange(LoopbackClient client) throws IOException, TimeoutException, IncapableException {
        memory.memory().set(JAVA_BYTE, OUTPUT_BYTE, (byte) generation);
        io.buffer(0, memory.address() + OUTPUT_BYTE, 1);
        send.posted(io.send(send.operation, OWNER, socket, 1));
        send.await();
        read(client, generation);
        client.write(-generation);
        receive(1);
        requireSeen(memory.memory().get(JAVA_BYTE, INPUT_BYTE) == (byte) -generation,
                "received a byte that the client has not sent");
    }

    /** The client reads the byte that was sent to it. */
    void read(LoopbackClient client, int expected) throws IOException, TimeoutException, IncapableException {
        int read = client.read(BOUND_MILLIS);
        requireSeen(read == expected, "the client read " + (read < 0 ? "the end" : "a byte that was not sent to it"));
    }

    private void receive(int expectedBytes) throws IOException, TimeoutException, IncapableException {
        io.buffer(0, memory.address() + INPUT_BYTE, 1);
        receive.posted(io.receive(receive.operation, OWNER, socket, 1));
        receive.await();
        requireSeen(receive.bytes == expectedBytes, "received " + receive.bytes + " bytes, not " + expectedBytes);
    }

    private void requireSeen(boolean right, String otherwise) throws IOException, IncapableException {
        if (!right) {
            String seen = otherwise + ", generation " + generation;
            if (asked) {
                throw new IncapableException(seen);
            }
            throw new IOException(seen);
        }
    }

    Win32 win32() {
        return win32;
    }

    long socket() {
        return socket;
    }

    MemorySegment memory() {
        return memory.memory();
    }

    /** An operation in {@link #memory} may be pending when this is closed. */
    void memoryInUse() {
        memoryInUse = true;
    }

    /** Whether an error is the platform's answer, and not one that may pass. */
    static boolean isRefusal(int error) {
        return REFUSALS.contains(error);
    }

    /** A call whose refusal is the platform's answer once it was asked. */
    void require(String call, int error) throws Win32Exception, IncapableException {
        if (asked && isRefusal(error)) {
            throw new IncapableException(String.valueOf(failure(call, error).getMessage()));
        }
        needs(call, error);
    }

    /** A call that the check itself needs: if it fails, that is no answer about the platform. */
    void needs(String call, int error) throws Win32Exception {
        if (error != 0) {
            throw failure(call, error);
        }
    }

    private Win32Exception failure(String call, int error) {
        return win32.failure(call, error, "generation " + generation);
    }

    TimeoutException late(String what) {
        return new TimeoutException(what + ": nothing within " + BOUND_MILLIS + " ms, generation " + generation);
    }

    /** Cancels what is pending, waits for it a little, and releases the memory only if nothing is pending then. */
    @Override
    public void close() {
        for (Step step : steps()) {
            if (step != null && step.operation.isPending()) { // null where the constructor got no further
                win32.cancelIoEx(step == accept ? listener : socket, step.operation.address());
            }
        }
        closeSockets();
        if (port != null) { // likewise
            try {
                awaitCompletions(END_MILLIS);
            } catch (Win32Exception e) {
                LOG.warn("a self-check's end", e);
            }
            port.close(win32);
        }
        if (memoryInUse || (slab != null && slab.pendingCount() > 0)) {
            LOG.warn("a self-check ended with an operation pending: its memory stays allocated");
            return;
        }
        if (slab != null) {
            slab.release(win32);
        }
        memory.release(win32);
    }

    private void awaitCompletions(int millis) throws Win32Exception {
        long deadline = win32.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis; slab.pendingCount() > 0 && left > 0; left = millisUntil(deadline)) {
            port.dequeue(io, (int) left);
        }
    }

    private long millisUntil(long deadlineNanos) {
        return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - win32.nanoTime());
    }

    private void closeSockets() {
        closeSocket(socket);
        closeSocket(listener);
        socket = -1;
        listener = -1;
    }

    private void closeSocket(long handle) {
        if (handle >= 0) {
            int error = win32.closesocket(handle);
            if (error != 0) {
                LOG.warn("closesocket: {}, socket {} of a self-check", ErrorName.of(error), handle);
            }
        }
    }

    /** One of the socket's operations, and how it completed last. */
    private final class Step {
        private final String call;
        private final Operation operation;
        private int status;
        private int bytes;
        private long key;

        Step(String call) {
            this.call = call;
            operation = slab.add(this::completed);
        }

        void completed(Operation which, long packetKey, int packetStatus, int packetBytes, IoThread on) {
            key = packetKey;
            status = packetStatus;
            bytes = packetBytes;
        }

        void posted(int error) throws Win32Exception, IncapableException {
            require(call, error);
        }

        /** Does not wait. */
        boolean hasCompleted() throws Win32Exception {
            port.dequeue(io, 0);
            return !operation.isPending();
        }

        void await() throws Win32Exception, TimeoutException, IncapableException {
            long deadline = win32.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BOUND_MILLIS);
            for (long left = BOUND_MILLIS; operation.isPending(); left = millisUntil(deadline)) {
                if (left <= 0) {
                    throw late(call);
                }
                port.dequeue(io, (int) left);
            }
            if (status < 0) {
                require(call, win32.rtlNtStatusToDosError(status));
            }
        }
    }
}
