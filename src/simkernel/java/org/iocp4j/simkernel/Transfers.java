package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import org.iocp4j.simkernel.PendingOperation.Kind;
import org.iocp4j.simkernel.SimulatedSocket.State;

/** WSARecv, WSASend and shutdown, and what the network does for them. */
final class Transfers {
    private final SimulatedKernel kernel;

    Transfers(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    private static boolean hasConnection(SimulatedSocket socket) {
        return socket.connection != null && (socket.state == State.CONNECTED || socket.state == State.DISCONNECTING);
    }

    // ---- receiving ----

    int receive(SimulatedThread thread, long handle, long buffers, int count, long flags, long overlapped) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        int error = socket == null ? kernel.misuse(WSAENOTSOCK()) : receiveError(socket, count);
        if (error == 0) {
            error = kernel.memory.getInt(flags) == 0 ? kernel.faults.transfer() : WSAEOPNOTSUPP();
        }
        if (socket == null || error != 0) {
            return error;
        }
        PendingOperation operation = kernel.operations.post(Kind.RECEIVE, thread, socket, overlapped);
        kernel.operations.buffers(operation, buffers, count);
        kernel.operations.poison(operation);
        boolean first = socket.receives.isEmpty();
        socket.receives.add(operation);
        if (first && canSatisfy(socket)) {
            int bytes = bring(operation, socket);
            return kernel.operations.endAtOnce(operation, bytes);
        }
        return WSA_IO_PENDING();
    }

    private int receiveError(SimulatedSocket socket, int count) {
        if (!hasConnection(socket)) {
            return kernel.misuse(WSAENOTCONN());
        }
        if (socket.isReset()) {
            return socket.requireConnection().resetError();
        }
        if (socket.receiveShut || socket.isBeingReused()) {
            return kernel.misuse(WSAESHUTDOWN());
        }
        return count > 0 ? 0 : kernel.misuse(WSAEINVAL());
    }

    /** The number of bytes, or minus the error. */
    int receiveNow(long handle, long buffer, int bytes, int flags) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        int oneBuffer = 1;
        int error = socket == null ? kernel.misuse(WSAENOTSOCK()) : receiveError(socket, oneBuffer);
        if (error == 0) {
            error = (flags & ~MSG_PEEK()) == 0 ? kernel.faults.transfer() : WSAEOPNOTSUPP();
        }
        if (socket == null || error != 0) {
            return -error;
        }
        if (!socket.nonBlocking) {
            throw kernel.fail("recv on socket " + handle + ", which is not non-blocking, keeps its thread waiting");
        }
        // What has come is a pending WSARecv's, if there is one.
        if (!canSatisfy(socket) || !socket.receives.isEmpty()) {
            return -WSAEWOULDBLOCK();
        }
        Pipe in = socket.requireConnection().in;
        int count = portion(Math.min(bytes, in.available()));
        byte[] brought = (flags & MSG_PEEK()) != 0 ? in.peek(count) : in.read(count);
        kernel.memory.write(buffer, brought, 0, count);
        return count;
    }

    /** Of bytes that are there: a receive may bring less. */
    private int portion(int most) {
        boolean split = most > 1 && kernel.random.chance(kernel.plan().timing().splits());
        return split ? 1 + kernel.random.below(most) : most;
    }

    private static boolean canSatisfy(SimulatedSocket socket) {
        Pipe pipe = socket.requireConnection().in;
        return pipe.available() > 0 || pipe.finArrived();
    }

    /** Takes bytes off the connection; 0 when there are none and a FIN has come, or when none were asked for. */
    private int bring(PendingOperation operation, SimulatedSocket socket) {
        Pipe pipe = socket.requireConnection().in;
        int bytes = portion(Math.min(operation.capacity(), pipe.available()));
        operation.brings = pipe.read(bytes);
        return bytes;
    }

    /** Something has come: pending receives end, in order. */
    void satisfy(SimulatedSocket socket) {
        while (!socket.receives.isEmpty() && socket.connection != null) {
            PendingOperation operation = socket.receives.peek();
            if (socket.isReset()) {
                kernel.operations.end(operation, STATUS_CONNECTION_RESET(), 0);
            } else if (canSatisfy(socket)) {
                int fault = kernel.faults.packet(operation.kind);
                kernel.operations.end(operation, fault, fault == 0 ? bring(operation, socket) : 0);
            } else {
                return;
            }
        }
    }

    // ---- sending ----

    int send(SimulatedThread thread, long handle, long buffers, int count, int flags, long overlapped) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        int error = socket == null ? kernel.misuse(WSAENOTSOCK()) : sendError(socket, count, flags);
        if (error == 0) {
            error = kernel.faults.transfer();
        }
        if (socket == null || error != 0) {
            return error;
        }
        PendingOperation operation = kernel.operations.post(Kind.SEND, thread, socket, overlapped);
        kernel.operations.buffers(operation, buffers, count);
        kernel.operations.snapshot(operation);
        return queue(operation, socket);
    }

    /** Behind what is sent already. */
    int queue(PendingOperation operation, SimulatedSocket socket) {
        boolean first = socket.sends.isEmpty();
        socket.sends.add(operation);
        if (first && moveSome(operation, socket)) {
            return kernel.operations.endAtOnce(operation, operation.sent);
        }
        return WSA_IO_PENDING();
    }

    private int sendError(SimulatedSocket socket, int count, int flags) {
        if (!hasConnection(socket)) {
            return kernel.misuse(WSAENOTCONN());
        }
        if (socket.isReset()) {
            return socket.requireConnection().resetError();
        }
        if (socket.sendShut || socket.disconnect != null) {
            return kernel.misuse(WSAESHUTDOWN());
        }
        if (flags != 0) {
            return WSAEOPNOTSUPP();
        }
        return count > 0 ? 0 : kernel.misuse(WSAEINVAL());
    }

    /** Copies what fits into the socket's send buffer; whether all of the send's bytes have gone. */
    private boolean moveSome(PendingOperation operation, SimulatedSocket socket) {
        Pipe pipe = socket.requireConnection().out();
        // With SO_SNDBUF 0 the bytes stay the program's until the peer has them [doc].
        boolean unbuffered = socket.sendBufferBytes == 0;
        socket.moving = true;
        int count = Integer.MAX_VALUE;
        while (operation.sent < operation.data.length && count > 0) {
            int room = unbuffered ? Integer.MAX_VALUE : Math.max(0, socket.sendBufferBytes - pipe.unsentBytes());
            count = Math.min(operation.data.length - operation.sent, room);
            pipe.write(operation.data, operation.sent, count);
            operation.sent += count;
        }
        socket.moving = false;
        return operation.sent == operation.data.length && (!unbuffered || pipe.undelivered() == 0);
    }

    /** There is room again: pending sends go on, in order. */
    void continueSends(SimulatedSocket socket) {
        if (socket.moving) {
            return; // the caller is at it
        }
        while (!socket.sends.isEmpty() && socket.connection != null && !socket.isReset()) {
            PendingOperation operation = socket.sends.peek();
            boolean all = moveSome(operation, socket);
            if (all && operation == socket.disconnect) {
                socket.sends.remove(operation); // the rest of it is the disconnect
                continue;
            }
            if (!all && !(operation.kind == Kind.SEND && operation.sent > 0 && kernel.faults.partialSend())) {
                return;
            }
            int fault = kernel.faults.packet(operation.kind);
            kernel.operations.end(operation, fault, fault == 0 ? operation.sent : 0);
        }
        finishIfSent(socket);
    }

    /** Behind everything that was sent before the shutdown: FIN [doc]. */
    void finishIfSent(SimulatedSocket socket) {
        if (socket.connection != null && socket.sendShut && socket.sends.isEmpty()) {
            socket.connection.out().finish();
        }
    }

    int shutdown(long handle, int how) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (how != SD_RECEIVE() && how != SD_SEND() && how != SD_BOTH()) {
            return WSAEINVAL();
        }
        if (!hasConnection(socket) || !socket.contextUpdated) {
            return kernel.misuse(WSAENOTCONN()); // before its context is updated, too [doc]
        }
        if (socket.isReset()) {
            return socket.requireConnection().resetError();
        }
        int fault = kernel.faults.shutdown();
        if (fault != 0) {
            return fault;
        }
        socket.sendShut |= how != SD_RECEIVE();
        socket.receiveShut |= how != SD_SEND();
        finishIfSent(socket);
        return 0;
    }
}
