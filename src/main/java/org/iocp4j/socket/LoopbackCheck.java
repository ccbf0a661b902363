package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.IoContext;
import org.iocp4j.port.Operation;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.Region;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener, one socket accepted into, and ordinary Java sockets as its clients, all on the loopback address and on
 * the calling thread: enough to see whether the socket can be used again. A check answers with what it saw, or throws
 * what stood in the way; a wait that takes too long is a {@link TimeoutException}.
 */
final class LoopbackCheck implements AutoCloseable {
    /** The longest wait for any one thing. */
    static final int BOUND_MILLIS = 5_000;
    /** A disconnect that the peer has not seen after so long is one that it does not see. */
    private static final int UNSEEN_MILLIS = 500;
    /** The longest wait at the end for what was cancelled. */
    static final int END_MILLIS = 500;
    private static final Logger LOG = LoggerFactory.getLogger(LoopbackCheck.class);

    /** Where things lie in {@link #memory}; what is behind {@link #FREE} belongs to the check that asks for it. */
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
    private final IoContext io;
    private final Region memory;
    private final OperationSlab slab;
    private final CompletionPort port;
    private final Step accept = new Step("AcceptEx");
    private final Step receive = new Step("WSARecv");
    private final Step send = new Step("WSASend");
    private final Step disconnect = new Step("disconnect");
    private final int addressBytes;
    private final InetSocketAddress address;
    private long listener = -1;
    private long socket = -1;
    private int generation;
    private boolean memoryOut;

    LoopbackCheck(Win32 win32) throws Win32Exception {
        this.win32 = win32;
        io = new IoContext(win32);
        memory = new Region(win32, "a self-check", BYTES);
        memory.commit(win32, BYTES);
        slab = new OperationSlab(win32, SocketPool.OPERATIONS_PER_SOCKET);
        slab.commit(win32, SocketPool.OPERATIONS_PER_SOCKET);
        port = new CompletionPort(win32, 0, slab, (key, bytes, on) -> { });
        slab.commit(win32, SocketPool.OPERATIONS_PER_SOCKET);
        for (Step step : steps()) {
            step.operation = slab.add(step::completed);
        }
        InetAddress loopback = InetAddress.getLoopbackAddress();
        addressBytes = Sockaddr.bytes(Sockaddr.family(loopback)) + 16;
        try {
            listener = newSocket(Sockaddr.family(loopback));
            socket = newSocket(Sockaddr.family(loopback));
            address = listen(new InetSocketAddress(loopback, 0));
        } catch (Win32Exception e) {
            close();
            throw e;
        }
    }

    private Step[] steps() {
        return new Step[] {accept, receive, send, disconnect};
    }

    private long newSocket(int family) throws Win32Exception {
        long made = SocketPool.tcpSocket(family, win32);
        require("WSASocketW", made < 0 ? (int) -made : 0);
        return made;
    }

    private InetSocketAddress listen(InetSocketAddress any) throws Win32Exception {
        MemorySegment where = memory.memory().asSlice(ADDRESS, Sockaddr.MAX_BYTES);
        require("bind", win32.bind(listener, where.address(), Sockaddr.write(any, where)));
        memory.memory().set(JAVA_INT, LENGTH, Sockaddr.MAX_BYTES);
        require("getsockname", win32.getsockname(listener, where.address(), memory.address() + LENGTH));
        require("listen", win32.listen(listener, 1));
        require("CreateIoCompletionPort", port.associate(win32, listener, LISTENER_KEY));
        return Sockaddr.read(memory.memory(), ADDRESS);
    }

    // ---- the checks of this class ----

    /** Two connections, one after another, on one socket. */
    String reuse(DisconnectMethod method) throws IOException, TimeoutException {
        try (Socket client = connect()) {
            require("CreateIoCompletionPort", port.associate(win32, socket, FIRST_KEY));
            exchange(client);
        }
        receive(0); // the client's FIN
        disconnect.posted(method == DisconnectMethod.DISCONNECT_EX
                ? io.disconnect(disconnect.operation, OWNER, socket, TF_REUSE_SOCKET())
                : io.transmitNothing(disconnect.operation, OWNER, socket, TF_DISCONNECT() | TF_REUSE_SOCKET()));
        disconnect.await();
        try (Socket client = connect()) {
            exchange(client);
        }
        return "one byte each way on generation " + generation + ", packets with the "
                + (receive.key == FIRST_KEY ? "first key" : "key " + receive.key);
    }

    /** The server disconnects first, and its client listens whether it does. */
    String transmitFileSeen() throws IOException, TimeoutException {
        try (Socket client = connect()) {
            require("CreateIoCompletionPort", port.associate(win32, socket, FIRST_KEY));
            exchange(client);
            disconnect.posted(io.transmitNothing(disconnect.operation, OWNER, socket,
                    TF_DISCONNECT() | TF_REUSE_SOCKET()));
            client.setSoTimeout(UNSEEN_MILLIS);
            client.getInputStream().read();
        } catch (SocketTimeoutException e) {
            throw new IOException("a peer that the server disconnects first sees nothing of it until the socket is"
                    + " accepted into again", e);
        } finally {
            disconnect.await(); // maybe only now that the peer has closed too [doc]
        }
        return "a peer sees a disconnect of the server's at once";
    }

    /** A second association with another key, and then the key that packets carry. */
    String secondAssociation() throws IOException, TimeoutException {
        try (Socket client = connect()) {
            require("CreateIoCompletionPort", port.associate(win32, socket, FIRST_KEY));
            int error = port.associate(win32, socket, SECOND_KEY);
            exchange(client);
            if (error == 0) {
                throw new IOException("it succeeds, packets then carry key " + receive.key);
            }
            return ErrorName.of(error) + ", packets carry the " + (receive.key == FIRST_KEY ? "first key"
                    : "key " + receive.key);
        }
    }

    // ---- its parts ----

    /** Accepts a new client into the socket. */
    Socket connect() throws IOException, TimeoutException {
        generation++;
        accept.posted(io.accept(accept.operation, OWNER, listener, socket, memory.address() + OUTPUT, addressBytes));
        Socket client = new Socket();
        try {
            client.setSoTimeout(BOUND_MILLIS);
            client.setTcpNoDelay(true);
            client.connect(address, BOUND_MILLIS);
            accept.await();
            require("SO_UPDATE_ACCEPT_CONTEXT",
                    io.setOption(socket, SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), listener));
            return client;
        } catch (SocketTimeoutException e) {
            client.close();
            throw late("connect");
        } catch (IOException | TimeoutException e) {
            client.close();
            throw e;
        }
    }

    /**
     * One byte to the client and one back, other ones in each generation. The send comes first: where reuse does not
     * work it fails at once, and a receive would only hang.
     */
    private void exchange(Socket client) throws IOException, TimeoutException {
        memory.memory().set(JAVA_BYTE, OUTPUT_BYTE, (byte) generation);
        io.buffer(0, memory.address() + OUTPUT_BYTE, 1);
        send.posted(io.send(send.operation, OWNER, socket, 1));
        send.await();
        read(client, generation);
        client.getOutputStream().write(-generation);
        receive(1);
        if (memory.memory().get(JAVA_BYTE, INPUT_BYTE) != (byte) -generation) {
            throw new IOException("generation " + generation + " received a byte that its client has not sent");
        }
    }

    /** The client reads the byte that was sent to it. */
    void read(Socket client, int expected) throws IOException, TimeoutException {
        try {
            int read = client.getInputStream().read();
            if (read != expected) {
                throw new IOException("the client of generation " + generation + " read "
                        + (read < 0 ? "the end" : "a byte that was not sent to it"));
            }
        } catch (SocketTimeoutException e) {
            throw late("the client's read");
        }
    }

    private void receive(int expectedBytes) throws IOException, TimeoutException {
        io.buffer(0, memory.address() + INPUT_BYTE, 1);
        receive.posted(io.receive(receive.operation, OWNER, socket));
        receive.await();
        if (receive.bytes != expectedBytes) {
            throw new IOException("generation " + generation + " received " + receive.bytes + " bytes, not "
                    + expectedBytes);
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

    /** The kernel may still hold {@link #memory} when this is closed. */
    void memoryOut() {
        memoryOut = true;
    }

    void require(String call, int error) throws Win32Exception {
        if (error != 0) {
            throw io.win32().failure(call, error, "generation " + generation);
        }
    }

    TimeoutException late(String what) {
        return new TimeoutException(what + ": nothing within " + BOUND_MILLIS + " ms, generation " + generation);
    }

    /** Cancels what is out, waits for it a little, and frees the memory only if all of it is home. */
    @Override
    public void close() {
        for (Step step : steps()) {
            if (step.operation.isOut()) {
                win32.cancelIoEx(step == accept ? listener : socket, step.operation.address());
            }
        }
        closeSocket(socket);
        closeSocket(listener);
        try {
            awaitHome(END_MILLIS);
        } catch (Win32Exception e) {
            LOG.warn("a self-check's end", e);
        }
        port.close(win32);
        if (slab.out() == 0 && !memoryOut) {
            slab.free(win32);
            memory.free(win32);
        } else {
            LOG.warn("a self-check ended while the kernel held an operation: its memory stays allocated");
        }
    }

    private void awaitHome(int millis) throws Win32Exception {
        long deadline = win32.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis; slab.out() > 0 && left > 0; left = millisUntil(deadline)) {
            port.dequeue(io, (int) left);
        }
    }

    private long millisUntil(long deadlineNanos) {
        return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - win32.nanoTime());
    }

    private void closeSocket(long handle) {
        if (handle >= 0) {
            int error = win32.closesocket(handle);
            if (error != 0) {
                LOG.warn("closesocket: {}, socket {} of a self-check", ErrorName.of(error), handle);
            }
        }
    }

    /** One of the socket's operations, and how it came home last. */
    private final class Step {
        private final String call;
        private Operation operation;
        private int status;
        private int bytes;
        private long key;

        Step(String call) {
            this.call = call;
        }

        void completed(Operation which, long packetKey, int packetStatus, int packetBytes, IoContext on) {
            key = packetKey;
            status = packetStatus;
            bytes = packetBytes;
        }

        void posted(int error) throws Win32Exception {
            require(call, error);
        }

        void await() throws Win32Exception, TimeoutException {
            long deadline = win32.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BOUND_MILLIS);
            for (long left = BOUND_MILLIS; operation.isOut(); left = millisUntil(deadline)) {
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
