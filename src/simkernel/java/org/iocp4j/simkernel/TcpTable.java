package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.win32.generated.MIB_TCPROW_OWNER_PID;
import org.jspecify.annotations.Nullable;

/** GetExtendedTcpTable: listeners, and both ends of each connection, in the states that TCP gives them. */
final class TcpTable {
    /** How long TIME_WAIT lasts: two minutes are a common default [rep]. */
    private static final long TIME_WAIT_NANOS = 120_000_000_000L;
    private static final int GONE = 0;
    private static final int COUNT_BYTES = Integer.BYTES;
    private static final int FIRST_TIDY = 64;

    /** @param remote null for a listener */
    private record Row(int state, InetSocketAddress local, @Nullable InetSocketAddress remote) {
    }

    private final SimulatedKernel kernel;
    /** The ends that listened. */
    private final List<Connection> connections = new ArrayList<>();
    private int tidyAt = FIRST_TIDY;

    TcpTable(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    void add(Connection connection) {
        if (connections.size() >= tidyAt) {
            connections.removeIf(old -> state(old) == GONE && state(old.peer) == GONE);
            tidyAt = Math.max(FIRST_TIDY, 2 * connections.size());
        }
        connections.add(connection);
    }

    /** All of IPv4; there are no clients of IPv6. */
    int write(long table, long sizeAddress, int family) {
        if (family != AF_INET() && family != AF_INET6()) {
            return ERROR_INVALID_PARAMETER();
        }
        List<Row> rows = family == AF_INET() ? rows() : List.of();
        int bytes = COUNT_BYTES + rows.size() * (int) MIB_TCPROW_OWNER_PID.sizeof();
        int room = kernel.memory.getInt(sizeAddress);
        kernel.memory.putInt(sizeAddress, bytes);
        if (room < bytes) {
            return ERROR_INSUFFICIENT_BUFFER();
        }
        kernel.memory.putInt(table, rows.size());
        long at = table + COUNT_BYTES;
        for (Row row : rows) {
            write(at, row);
            at += MIB_TCPROW_OWNER_PID.sizeof();
        }
        return 0;
    }

    private void write(long at, Row row) {
        kernel.memory.putInt(at + MIB_TCPROW_OWNER_PID.dwState$offset(), row.state);
        kernel.memory.putInt(at + MIB_TCPROW_OWNER_PID.dwLocalAddr$offset(), address(row.local));
        kernel.memory.putInt(at + MIB_TCPROW_OWNER_PID.dwLocalPort$offset(), port(row.local));
        kernel.memory.putInt(at + MIB_TCPROW_OWNER_PID.dwRemoteAddr$offset(), row.remote == null ? 0
                : address(row.remote));
        kernel.memory.putInt(at + MIB_TCPROW_OWNER_PID.dwRemotePort$offset(), row.remote == null ? 0
                : port(row.remote));
        boolean nobody = row.state == MIB_TCP_STATE_TIME_WAIT(); // its process has no socket any more: 0
        kernel.memory.putInt(at + MIB_TCPROW_OWNER_PID.dwOwningPid$offset(), nobody ? 0 : (int) ProcessHandle.current()
        .pid());
    }

    /** The four bytes as they go over the network. */
    private static int address(InetSocketAddress address) {
        return ByteBuffer.wrap(address.getAddress().getAddress()).order(ByteOrder.nativeOrder()).getInt();
    }

    /** The low two bytes are those of the network [doc]. */
    private static int port(InetSocketAddress address) {
        return Short.toUnsignedInt(Short.reverseBytes((short) address.getPort()));
    }

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (SimulatedSocket socket : kernel.network.bound()) {
            InetSocketAddress local = socket.requireBound();
            if (socket.state == SimulatedSocket.State.LISTENING && local.getAddress() instanceof Inet4Address) {
                rows.add(new Row(MIB_TCP_STATE_LISTEN(), local, null));
            }
        }
        for (Connection connection : connections) {
            add(rows, connection);
            add(rows, connection.peer);
        }
        return rows;
    }

    private void add(List<Row> rows, Connection connection) {
        int state = state(connection);
        if (state != GONE && connection.local.getAddress() instanceof Inet4Address) {
            rows.add(new Row(state, connection.local, connection.remote));
        }
    }

    /** Of one end of a connection, by what became of both FINs [RFC 9293, 3.3.2]. */
    private int state(Connection connection) {
        Pipe out = connection.out();
        Pipe in = connection.in;
        if (connection.isReset() || out.isBroken() || in.isBroken()) {
            return GONE;
        }
        boolean sent = out.finSentAt() != Pipe.NEVER;
        boolean acknowledged = out.finArrivedAt() != Pipe.NEVER;
        boolean received = in.finArrivedAt() != Pipe.NEVER;
        if (!sent) {
            return received ? MIB_TCP_STATE_CLOSE_WAIT() : MIB_TCP_STATE_ESTAB();
        }
        if (!received) {
            return acknowledged ? MIB_TCP_STATE_FIN_WAIT2() : MIB_TCP_STATE_FIN_WAIT1();
        }
        boolean closedFirst = out.finSentAt() < in.finArrivedAt();
        if (!acknowledged) {
            return closedFirst ? MIB_TCP_STATE_CLOSING() : MIB_TCP_STATE_LAST_ACK();
        }
        long since = Math.max(out.finArrivedAt(), in.finArrivedAt());
        return closedFirst && kernel.timeline.now() - since < TIME_WAIT_NANOS ? MIB_TCP_STATE_TIME_WAIT() : GONE;
    }
}
