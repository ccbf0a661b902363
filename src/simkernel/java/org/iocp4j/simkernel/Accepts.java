package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import org.iocp4j.simkernel.PendingOperation.Kind;
import org.iocp4j.simkernel.SimulatedSocket.State;
import org.jspecify.annotations.Nullable;

/** AcceptEx: a client, and with a receive length its first bytes, come to a socket made before. */
final class Accepts {
    /** Besides the sockaddr, in each address's room [doc]. */
    private static final int EXTRA_BYTES = 16;
    /**
     * Where the addresses lie in the output is AcceptEx's own affair [doc]: not at its start, so that nobody guesses.
     */
    private static final int SOCKADDR_AT = 2;

    private final SimulatedKernel kernel;

    Accepts(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    int accept(SimulatedThread thread, long listenerHandle, long handle, long output, int receiveBytes, int localBytes,
               int remoteBytes, long overlapped) {
        if (overlapped == 0) {
            return kernel.misuse(ERROR_INVALID_PARAMETER()); // before anything else is looked at [wt]
        }
        SimulatedSocket listener = kernel.handles.socket(listenerHandle);
        SimulatedSocket socket = kernel.handles.socket(handle);
        int misuse = misuse(listener, socket, output, receiveBytes, remoteBytes);
        int error = misuse != 0 ? kernel.misuse(misuse) : kernel.faults.accept();
        if (error != 0) {
            kernel.operations.refused(overlapped);
            return error;
        }
        assert listener != null && socket != null : "AcceptEx goes on without its sockets";
        PendingOperation operation = kernel.operations.post(Kind.ACCEPT, thread, listener, overlapped);
        operation.acceptSocket = socket;
        operation.receiveBytes = receiveBytes;
        operation.localBytes = localBytes;
        operation.remoteBytes = remoteBytes;
        operation.bufferAddresses = new long[] {output};
        operation.bufferBytes = new int[] {receiveBytes + localBytes + remoteBytes};
        kernel.operations.poison(operation);
        socket.before = socket.state;
        socket.state = State.ACCEPTING;
        boolean first = listener.accepts.isEmpty();
        listener.accepts.add(operation);
        if (first && receiveBytes == 0 && hasRoom(operation) && !listener.backlog.isEmpty()
                && !listener.backlog.peek().isReset()) {
            connect(operation, listener.backlog.poll());
            established(operation, 0);
            return kernel.operations.endAtOnce(operation, 0);
        }
        progress(listener);
        return WSA_IO_PENDING();
    }

    /** What only a wrong program gets [wt], or 0. */
    private static int misuse(@Nullable SimulatedSocket listener, @Nullable SimulatedSocket socket, long output,
                              int receiveBytes, int remoteBytes) {
        if (listener == null || socket == null) {
            return WSAENOTSOCK();
        }
        if (output == 0 || remoteBytes == 0) {
            return WSAEFAULT();
        }
        boolean fit = socket.state == State.FRESH || socket.state == State.REUSABLE;
        return listener.state == State.LISTENING && fit && socket.family == listener.family && receiveBytes >= 0
                ? 0 : WSAEINVAL();
    }

    /**
     * Too little room is seen when the client comes, and a local address need not be asked for at all [wt]; that
     * whatever is less than documented is too little [inf].
     */
    private static boolean hasRoom(PendingOperation operation) {
        int least = SockaddrMemory.bytes(operation.socket().family) + EXTRA_BYTES;
        return (operation.localBytes == 0 || operation.localBytes >= least) && operation.remoteBytes >= least;
    }

    /** Gives clients to accepts while there are both. */
    void progress(SimulatedSocket listener) {
        while (!listener.accepts.isEmpty() && !listener.backlog.isEmpty()) {
            if (!hasRoom(listener.accepts.peek())) {
                kernel.operations.end(listener.accepts.peek(), STATUS_BUFFER_TOO_SMALL(), 0); // the client stays [wt]
                continue;
            }
            Connection connection = listener.backlog.poll();
            if (connection.isReset() && kernel.random.chance(0.4)) {
                continue; // a client that has gone before its accept need not be seen
            }
            PendingOperation operation = listener.accepts.peek();
            int fault = kernel.faults.packet(operation.kind);
            if (fault != 0) {
                connection.abort();
                kernel.operations.end(operation, fault, 0);
            } else if (connection.isReset() && kernel.random.chance(0.5)) {
                kernel.operations.end(operation, STATUS_CONNECTION_RESET(), 0); // WSAECONNRESET [doc]
            } else {
                connect(operation, connection);
                if (operation.receiveBytes == 0) {
                    established(operation, 0);
                    kernel.operations.end(operation, STATUS_SUCCESS(), 0);
                } else {
                    listener.accepts.remove(operation);
                    dataArrived(operation.requireAcceptSocket());
                }
            }
        }
    }

    private void connect(PendingOperation operation, Connection connection) {
        SimulatedSocket socket = operation.requireAcceptSocket();
        operation.connection = connection;
        connection.owner = new ConnectedSocket(kernel, socket);
        socket.connection = connection;
        socket.accepting = operation;
    }

    /**
     * The accept is over: the socket is connected, though in its default state until SO_UPDATE_ACCEPT_CONTEXT [doc].
     */
    private void established(PendingOperation operation, int bytes) {
        SimulatedSocket socket = operation.requireAcceptSocket();
        Connection connection = socket.requireConnection();
        socket.accepting = null;
        socket.connected(connection, kernel.timeline.now());
        operation.brings = output(operation, connection, bytes);
        kernel.note(null, TraceEvent.ARRIVED, connection.client, socket.handle, socket.generation, 0);
    }

    private byte[] output(PendingOperation operation, Connection connection, int bytes) {
        int length = operation.receiveBytes + operation.localBytes + operation.remoteBytes;
        byte[] output = new byte[length];
        if (bytes > 0) {
            System.arraycopy(connection.in.read(bytes), 0, output, 0, bytes);
        }
        int family = operation.socket().family;
        byte[] local = SockaddrMemory.image(family, connection.local);
        byte[] remote = SockaddrMemory.image(family, connection.remote);
        if (operation.localBytes > 0) {
            System.arraycopy(local, 0, output, operation.receiveBytes + SOCKADDR_AT, local.length);
        }
        System.arraycopy(remote, 0, output, operation.receiveBytes + operation.localBytes + SOCKADDR_AT, remote.length);
        return output;
    }

    /** With a receive length the accept ends with the first bytes, FIN or RST; a silent client holds it until then. */
    void dataArrived(SimulatedSocket socket) {
        PendingOperation operation = socket.accepting;
        assert operation != null : "no accept waits for data";
        Connection connection = socket.requireConnection();
        if (connection.isReset()) {
            socket.accepting = null;
            kernel.operations.end(operation, STATUS_CONNECTION_RESET(), 0);
        } else if (connection.in.available() > 0 || connection.in.finArrived()) {
            int bytes = Math.min(operation.receiveBytes, connection.in.available());
            established(operation, bytes);
            kernel.operations.end(operation, STATUS_SUCCESS(), bytes);
        }
    }

    void sockaddrs(long output, int receiveBytes, int localBytes, long local, long localLength, long remote,
                   long remoteLength) {
        if (localBytes > 0) { // else nothing is said of it [wt]
            sockaddr(output + receiveBytes + SOCKADDR_AT, local, localLength);
        }
        sockaddr(output + receiveBytes + localBytes + SOCKADDR_AT, remote, remoteLength);
    }

    private void sockaddr(long at, long pointer, long length) {
        kernel.memory.putLong(pointer, at);
        kernel.memory.putInt(length, SockaddrMemory.bytes(kernel.memory.getShort(at)));
    }
}
