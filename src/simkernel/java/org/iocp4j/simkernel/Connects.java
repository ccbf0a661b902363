package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.iocp4j.simkernel.PendingOperation.Kind;
import org.iocp4j.simkernel.SimulatedSocket.State;
import org.jspecify.annotations.Nullable;

/** ConnectEx: a socket connects to a listener of the same system, which hears of it as of any other client. */
final class Connects {
    /** How long Windows goes on asking one that refuses [rep]. */
    private static final long REFUSAL_NANOS = 2_000_000_000L;
    /** How long Windows waits for one that does not answer [rep]. */
    private static final long SILENCE_NANOS = 21_000_000_000L;

    /** @param prefix the first three bytes of its IPv4 addresses, which RFC 5737 keeps for documentation */
    private record Nowhere(List<Integer> prefix, int status, long nanos) {
        boolean contains(InetAddress address) {
            byte[] bytes = address.getAddress();
            return bytes.length == 4 && bytes[0] == prefix.get(0).byteValue() && bytes[1] == prefix.get(1).byteValue()
                    && bytes[2] == prefix.get(2).byteValue();
        }
    }

    /** Where nobody is reached; anywhere else is this system. */
    private static final List<Nowhere> NOWHERE = List.of(
            new Nowhere(List.of(192, 0, 2), STATUS_NETWORK_UNREACHABLE(), 0),
            new Nowhere(List.of(198, 51, 100), STATUS_HOST_UNREACHABLE(), 3_000_000_000L),
            new Nowhere(List.of(203, 0, 113), STATUS_IO_TIMEOUT(), SILENCE_NANOS));

    private final SimulatedKernel kernel;

    Connects(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    int connect(SimulatedThread thread, long handle, long address, int length, long data, int dataBytes,
                long sent, long overlapped) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        int misuse = misuse(socket, length, overlapped);
        if (misuse != 0) {
            return kernel.misuse(misuse);
        }
        if (kernel.memory.getShort(address) != socket.family) {
            return WSAEAFNOSUPPORT(); // [doc]
        }
        InetSocketAddress server = kernel.sockaddrs.read(address);
        boolean otherFamily = socket.v6Only && socket.family == AF_INET6()
                && server.getAddress() instanceof Inet4Address;
        if (otherFamily || server.getPort() == 0 || server.getAddress().isAnyLocalAddress()) {
            return WSAEADDRNOTAVAIL(); // [doc]
        }
        int fault = kernel.faults.connect();
        if (fault != 0) {
            return fault;
        }
        PendingOperation operation = kernel.operations.post(Kind.CONNECT, thread, socket, overlapped);
        if (dataBytes > 0) {
            kernel.operations.buffer(operation, data, dataBytes);
            kernel.operations.snapshot(operation);
        }
        socket.before = socket.state;
        socket.state = State.CONNECTING;
        int result = start(operation, socket, server);
        if (result == 0 && sent != 0) {
            kernel.memory.putInt(sent, operation.bytes);
        }
        return result;
    }

    /** What only a wrong program gets, or 0. */
    private static int misuse(SimulatedSocket socket, int length, long overlapped) {
        if (overlapped == 0) {
            return ERROR_INVALID_PARAMETER(); // [wt]
        }
        if (length < SockaddrMemory.bytes(socket.family)) {
            return WSAEFAULT(); // [doc]
        }
        return switch (socket.state) {
            case BOUND -> 0;
            case REUSABLE -> socket.boundTo == null ? WSAEINVAL() : 0; // one that was accepted has no name [inf]
            case CONNECTED, DISCONNECTING -> WSAEISCONN(); // [rep, also before SO_UPDATE_CONNECT_CONTEXT]
            // Not bound, or a listener [doc]; with an AcceptEx [wt] or a ConnectEx out [rep].
            default -> WSAEINVAL();
        };
    }

    private int start(PendingOperation operation, SimulatedSocket socket, InetSocketAddress server) {
        int client = kernel.network.nextClient();
        kernel.note(null, TraceEvent.CONNECTING, socket.handle, client, server.getPort(), 0);
        for (Nowhere nowhere : NOWHERE) {
            if (nowhere.contains(server.getAddress())) {
                kernel.timeline.after(nowhere.nanos + kernel.network.latency(), () -> fail(operation, nowhere.status));
                return WSA_IO_PENDING();
            }
        }
        if (kernel.random.chance(kernel.plan().timing().inline())) {
            Connection connection = syn(client, socket, server);
            if (connection != null) {
                return kernel.operations.endInline(operation, established(operation, socket, connection));
            }
        }
        kernel.timeline.after(kernel.network.latency(), () -> arrive(operation, socket, client, server));
        return WSA_IO_PENDING();
    }

    private @Nullable Connection syn(int client, SimulatedSocket socket, InetSocketAddress server) {
        InetSocketAddress name = socket.requireBound();
        // From a name without an address, the connection has one [doc]: that of the way to the server.
        InetAddress from = name.getAddress().isAnyLocalAddress() ? server.getAddress() : name.getAddress();
        return kernel.network.syn(client, new InetSocketAddress(from, name.getPort()), server,
                Math.max(1, socket.receiveBufferBytes));
    }

    private void arrive(PendingOperation operation, SimulatedSocket socket, int client, InetSocketAddress server) {
        if (operation.state != PendingOperation.State.PENDING) {
            return; // cancelled on its way
        }
        Connection connection = syn(client, socket, server);
        if (connection == null) {
            boolean asksAgain = kernel.random.chance(kernel.plan().timing().delayed());
            kernel.timeline.after(kernel.network.latency() + (asksAgain ? REFUSAL_NANOS : 0),
                    () -> fail(operation, STATUS_CONNECTION_REFUSED()));
            return;
        }
        operation.connection = connection;
        kernel.timeline.after(kernel.network.latency(), () -> answered(operation, socket, connection));
    }

    private void fail(PendingOperation operation, int status) {
        if (operation.state == PendingOperation.State.PENDING) {
            kernel.operations.end(operation, status, 0);
        }
    }

    private void answered(PendingOperation operation, SimulatedSocket socket, Connection connection) {
        if (operation.state != PendingOperation.State.PENDING) {
            return;
        }
        int fault = kernel.faults.connected();
        if (connection.isReset()) {
            operation.connection = null; // the answer was an RST
            kernel.operations.end(operation, STATUS_CONNECTION_REFUSED(), 0);
        } else if (fault != 0) {
            kernel.operations.end(operation, fault, 0);
        } else {
            kernel.operations.end(operation, STATUS_SUCCESS(), established(operation, socket, connection));
        }
    }

    /** The socket is connected, though in its default state until SO_UPDATE_CONNECT_CONTEXT [doc]; the bytes sent. */
    private int established(PendingOperation operation, SimulatedSocket socket, Connection connection) {
        connection.owner = new ConnectedSocket(kernel, socket);
        socket.connected(connection, kernel.timeline.now());
        connection.out().write(operation.data, 0, operation.data.length);
        return operation.data.length;
    }
}
