package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.Arrays;
import org.iocp4j.simkernel.PendingOperation.Kind;
import org.iocp4j.simkernel.PendingOperation.Wait;
import org.iocp4j.simkernel.SimulatedSocket.State;
import org.jspecify.annotations.Nullable;

/** DisconnectEx and TransmitFile: a connection ends, and its socket may be used again, with its port and its key. */
final class Disconnects {
    private static final int TRANSMIT_FLAGS = TF_DISCONNECT() | TF_REUSE_SOCKET();
    private static final long POLL_NANOS = 1_000_000;
    /** In TRANSMIT_FILE_BUFFERS, which begins with the address of the head. */
    private static final int HEAD_LENGTH_OFFSET = 8;
    private static final int TAIL_LENGTH_OFFSET = 24;

    private final SimulatedKernel kernel;

    Disconnects(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    int disconnectEx(SimulatedThread thread, long handle, long overlapped, int flags, int reserved) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if ((flags & ~TF_REUSE_SOCKET()) != 0 || reserved != 0) {
            return kernel.misuse(WSAEINVAL()); // [doc]
        }
        if (!isConnected(socket)) {
            return kernel.misuse(WSAENOTCONN());
        }
        int fault = kernel.faults.disconnect();
        if (fault != 0) {
            return fault;
        }
        PendingOperation operation = kernel.operations.post(Kind.DISCONNECT, thread, socket, overlapped);
        operation.wait = waitOfDisconnectEx(socket);
        return result(start(operation, socket, flags), operation);
    }

    /** Without an OVERLAPPED the call returns when it is over [wt]. */
    private int result(int error, PendingOperation operation) {
        if (operation.overlapped != 0) {
            return error;
        }
        while (operation.state != PendingOperation.State.DONE) {
            kernel.sleep(operation.thread, POLL_NANOS);
        }
        return NtStatus.toDosError(operation.status);
    }

    /** Sends a file, or nothing; and disconnects, if asked to. */
    int transmitFile(SimulatedThread thread, long handle, long file, int bytes, long overlapped, long buffers,
            int flags) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (buffers != 0 && (file == 0 || kernel.memory.getInt(buffers + TAIL_LENGTH_OFFSET) != 0)) {
            throw kernel.fail("TransmitFile of a tail, or of a head without a file, is not simulated");
        }
        if (!isConnected(socket)) {
            return kernel.misuse(WSAENOTCONN()); // before the flags [wt]
        }
        boolean reuseAlone = (flags & TRANSMIT_FLAGS) == TF_REUSE_SOCKET();
        if ((flags & ~TRANSMIT_FLAGS) != 0 || reuseAlone) {
            return kernel.misuse(WSAEINVAL()); // TF_REUSE_SOCKET needs TF_DISCONNECT [doc]
        }
        int error = kernel.faults.disconnect();
        if (error == 0 && (socket.sendShut || socket.isReset())) {
            error = socket.sendShut ? WSAESHUTDOWN() : WSAENOTCONN(); // [wine]
        }
        if (error != 0) {
            return error;
        }
        byte[] data = {};
        SimulatedFile from = null;
        if (file != 0) {
            from = kernel.handles.diskFile(file);
            error = transmitError(from, bytes, overlapped);
            if (from == null || error != 0) {
                return error;
            }
            // Less than asked, if the file ends before [wine]; nothing more is read of it later [inf].
            data = from.contents.from(kernel.files.offset(overlapped), bytes == 0 ? Integer.MAX_VALUE : bytes);
        }
        PendingOperation operation = kernel.operations.post(Kind.TRANSMIT, thread, socket, overlapped);
        operation.data = data;
        operation.transmits = from;
        if (buffers != 0) {
            prepend(operation, kernel.memory.getLong(buffers), kernel.memory.getInt(buffers + HEAD_LENGTH_OFFSET));
        }
        if ((flags & TF_DISCONNECT()) == 0) {
            return result(kernel.transfers.queue(operation, socket), operation);
        }
        socket.sends.add(operation);
        // With reuse it does not end before the peer has closed too [doc].
        boolean never = kernel.random.chance(kernel.plan().disconnects().never());
        operation.wait = never ? Wait.NEVER : (flags & TF_REUSE_SOCKET()) != 0 ? Wait.PEER : Wait.NOT;
        return result(start(operation, socket, flags), operation);
    }

    /** The head is the kernel's memory until the packet, as with any send [doc]. */
    private void prepend(PendingOperation operation, long head, int headBytes) {
        byte[] rest = operation.data;
        kernel.operations.buffer(operation, head, headBytes);
        kernel.operations.snapshot(operation);
        operation.data = Arrays.copyOf(operation.data, headBytes + rest.length);
        System.arraycopy(rest, 0, operation.data, headBytes, rest.length);
    }

    private int transmitError(@Nullable SimulatedFile file, int bytes, long overlapped) {
        if (file == null) {
            return kernel.misuse(ERROR_INVALID_HANDLE()); // [inf]
        }
        if (overlapped == 0) {
            throw kernel.fail("TransmitFile of a file without an OVERLAPPED waits, and that is not simulated");
        }
        if (bytes < 0 || bytes == Integer.MAX_VALUE || kernel.files.offset(overlapped) < 0) {
            return kernel.misuse(WSAEINVAL()); // 2,147,483,646 at most [doc]
        }
        return file.reads ? 0 : kernel.misuse(ERROR_ACCESS_DENIED());
    }

    /** What is not is WSAENOTCONN [doc]; without the accept context [inf]. */
    private static boolean isConnected(SimulatedSocket socket) {
        return socket.state == State.CONNECTED && socket.contextUpdated;
    }

    /** TIME_WAIT may delay the call [doc]: if the peer has not closed first. */
    private Wait waitOfDisconnectEx(SimulatedSocket socket) {
        FaultPlan.Disconnects plan = kernel.plan().disconnects();
        if (kernel.random.chance(plan.never())) {
            return Wait.NEVER;
        }
        if (socket.requireConnection().in.finArrived() || socket.isReset()) {
            return Wait.NOT;
        }
        if (kernel.random.chance(plan.timeWait())) {
            return Wait.TIME_WAIT;
        }
        return kernel.random.chance(plan.untilPeerCloses()) ? Wait.PEER : Wait.NOT;
    }

    private int start(PendingOperation operation, SimulatedSocket socket, int flags) {
        operation.reuse = (flags & TF_REUSE_SOCKET()) != 0;
        socket.disconnect = operation;
        socket.state = State.DISCONNECTING;
        socket.sendShut = true;
        Connection connection = socket.requireConnection();
        if (connection.isReset() || socket.lingersReset()) {
            socket.sends.remove(operation);
            connection.abort(); // linger {on, 0} makes it an RST [wine]
            return kernel.operations.endAtOnce(over(operation, socket), 0);
        }
        kernel.transfers.continueSends(socket);
        progress(socket);
        return WSA_IO_PENDING();
    }

    /** Something happened that a disconnect may have waited for. */
    void progress(SimulatedSocket socket) {
        PendingOperation operation = socket.disconnect;
        if (operation == null || operation.wait == Wait.NEVER) {
            return;
        }
        Connection connection = socket.requireConnection();
        boolean peerClosed = connection.in.finArrived() || connection.isReset();
        boolean delivered = connection.out().finArrived() || connection.isReset();
        if (!delivered || (operation.wait != Wait.NOT && !peerClosed)) {
            return;
        }
        if (operation.wait == Wait.TIME_WAIT && !connection.isReset()) {
            awaitTimeWait(operation, socket);
            return;
        }
        finish(operation, socket);
    }

    private void awaitTimeWait(PendingOperation operation, SimulatedSocket socket) {
        if (!operation.timeWaitRuns) {
            operation.timeWaitRuns = true;
            kernel.timeline.after(kernel.plan().disconnects().timeWaitNanos(), () -> {
                if (socket.disconnect == operation) {
                    finish(operation, socket);
                }
            });
        }
    }

    private void finish(PendingOperation operation, SimulatedSocket socket) {
        int fault = kernel.faults.packet(operation.kind);
        over(operation, socket);
        if (fault != 0) {
            socket.state = State.DISCONNECTED; // a disconnect that failed leaves nothing fit for use [inf]
        }
        kernel.operations.end(operation, fault, operation.sent);
    }

    /**
     * With reuse the connection and the socket part, and a receive still pending is cancelled [inf]. Without it nothing
     * more is sent, and that is all: the peer may go on, and what it sends is received [wt].
     */
    private PendingOperation over(PendingOperation operation, SimulatedSocket socket) {
        Connection connection = socket.requireConnection();
        socket.disconnect = null;
        if (!operation.reuse && !connection.isReset()) {
            socket.state = State.CONNECTED;
            return operation;
        }
        socket.connection = null;
        socket.contextUpdated = false;
        socket.local = socket.boundTo;
        socket.remote = null;
        socket.state = operation.reuse ? State.REUSABLE : State.DISCONNECTED;
        connection.owner = null;
        if (!connection.isReset()) {
            connection.letGo();
        }
        while (!socket.receives.isEmpty()) {
            kernel.operations.end(socket.receives.peek(), STATUS_CANCELLED(), 0);
        }
        while (!socket.sends.isEmpty()) {
            kernel.operations.end(socket.sends.peek(), STATUS_CANCELLED(), 0);
        }
        return operation;
    }
}
