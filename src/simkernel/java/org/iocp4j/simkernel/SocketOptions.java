package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import org.iocp4j.simkernel.SimulatedSocket.State;
import org.iocp4j.win32.generated.WSAPROTOCOL_INFOW;

/** setsockopt and getsockopt. */
final class SocketOptions {
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final SimulatedKernel kernel;

    SocketOptions(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    int set(long handle, int level, int option, long value, int length) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (level == SOL_SOCKET() && option == SO_UPDATE_ACCEPT_CONTEXT()) {
            return updateAcceptContext(socket, value, length);
        }
        if (level == SOL_SOCKET() && option == SO_UPDATE_CONNECT_CONTEXT()) {
            return updateContext(socket, false); // it has no value: the socket keeps its own properties [doc]
        }
        if (socket.connection != null && !socket.contextUpdated) {
            return kernel.misuse(WSAENOTCONN()); // before the update no other option may be set [doc]; this error [inf]
        }
        if (length < Integer.BYTES) {
            return WSAEFAULT();
        }
        int fault = kernel.faults.option();
        if (fault != 0) {
            return fault;
        }
        int number = kernel.memory.getInt(value);
        return level == SOL_SOCKET() ? setSocketLevel(socket, option, number)
                : setProtocolLevel(socket, level, option, number);
    }

    private static int setSocketLevel(SimulatedSocket socket, int option, int number) {
        if (option == SO_LINGER()) {
            socket.linger = number;
        } else if (option == SO_SNDBUF()) {
            socket.sendBufferBytes = number;
        } else if (option == SO_RCVBUF()) {
            socket.receiveBufferBytes = number;
        } else if (option == SO_KEEPALIVE()) {
            socket.keepAlive = number != 0;
        } else if (option == SO_REUSEADDR()) {
            if (socket.exclusive) {
                return WSAEINVAL(); // the two exclude each other [doc]
            }
            socket.reuseAddress = number != 0;
        } else if (option == SO_EXCLUSIVEADDRUSE()) {
            if (socket.reuseAddress || socket.state != State.FRESH) {
                return WSAEINVAL(); // before bind [doc]
            }
            socket.exclusive = number != 0;
        } else {
            return WSAENOPROTOOPT();
        }
        return 0;
    }

    private static int setProtocolLevel(SimulatedSocket socket, int level, int option, int number) {
        if (level == IPPROTO_TCP() && option == TCP_NODELAY()) {
            socket.noDelay = number != 0;
        } else if (level == IPPROTO_IPV6() && option == IPV6_V6ONLY() && socket.family == AF_INET6()) {
            socket.v6Only = number != 0;
        } else {
            return level == IPPROTO_TCP() || level == IPPROTO_IPV6() ? WSAENOPROTOOPT() : WSAEINVAL();
        }
        return 0;
    }

    /** The value is the listener's SOCKET; the accepted one takes over its properties [doc]. */
    private int updateAcceptContext(SimulatedSocket socket, long value, int length) {
        if (length < Long.BYTES) {
            return WSAEFAULT();
        }
        SimulatedSocket listener = kernel.handles.socket(kernel.memory.getLong(value));
        if (listener == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (listener.state != State.LISTENING) {
            return kernel.misuse(WSAEINVAL());
        }
        int error = updateContext(socket, true);
        if (error != 0) {
            return error;
        }
        socket.linger = inherited(listener.linger, 0, socket.linger);
        socket.sendBufferBytes = inherited(listener.sendBufferBytes, SimulatedSocket.DEFAULT_BUFFER_BYTES,
                socket.sendBufferBytes);
        socket.receiveBufferBytes = inherited(listener.receiveBufferBytes, SimulatedSocket.DEFAULT_BUFFER_BYTES,
                socket.receiveBufferBytes);
        socket.noDelay |= listener.noDelay;
        socket.keepAlive |= listener.keepAlive;
        return 0;
    }

    /** What nobody has set on the listener, a socket that has served before may have from then [inf: the worst]. */
    private static int inherited(int listeners, int unset, int own) {
        return listeners == unset ? own : listeners;
    }

    private int updateContext(SimulatedSocket socket, boolean accepted) {
        Connection connection = socket.connection;
        if (connection == null || (socket.isReset() && kernel.random.chance(0.5))) {
            return WSAENOTCONN(); // not connected; or the peer has gone meanwhile [rep]
        }
        if (connection.accepted != accepted) {
            return kernel.misuse(WSAEINVAL()); // the other call's update [inf]
        }
        int fault = kernel.faults.option();
        if (fault == 0) {
            socket.updateContext(connection);
        }
        return fault;
    }

    int get(long handle, int level, int option, long value, long length) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (level == SOL_SOCKET() && option == SO_PROTOCOL_INFOW()) {
            return protocolInfo(value, length);
        }
        if (kernel.memory.getInt(length) < Integer.BYTES) {
            return WSAEFAULT();
        }
        long number = number(socket, level, option);
        if (number == Long.MIN_VALUE) {
            return WSAENOPROTOOPT();
        }
        kernel.memory.putInt(value, (int) number);
        kernel.memory.putInt(length, Integer.BYTES);
        return 0;
    }

    private int protocolInfo(long value, long length) {
        int bytes = (int) WSAPROTOCOL_INFOW.sizeof();
        if (kernel.memory.getInt(length) < bytes) {
            return WSAEFAULT();
        }
        kernel.memory.fill(value, bytes, (byte) 0);
        kernel.memory.putInt(value + WSAPROTOCOL_INFOW.dwServiceFlags1$offset(), XP1_IFS_HANDLES());
        kernel.memory.putInt(length, bytes);
        return 0;
    }

    private long number(SimulatedSocket socket, int level, int option) {
        if (level == IPPROTO_TCP()) {
            return option == TCP_NODELAY() ? flag(socket.noDelay) : Long.MIN_VALUE;
        }
        if (level == IPPROTO_IPV6()) {
            return option == IPV6_V6ONLY() ? flag(socket.v6Only) : Long.MIN_VALUE;
        }
        if (level != SOL_SOCKET()) {
            return Long.MIN_VALUE;
        }
        if (option == SO_LINGER()) {
            return socket.linger;
        }
        if (option == SO_SNDBUF()) {
            return socket.sendBufferBytes;
        }
        if (option == SO_RCVBUF()) {
            return socket.receiveBufferBytes;
        }
        if (option == SO_TYPE()) {
            return SOCK_STREAM();
        }
        if (option == SO_ERROR()) {
            return 0;
        }
        if (option == SO_KEEPALIVE()) {
            return flag(socket.keepAlive);
        }
        if (option == SO_EXCLUSIVEADDRUSE()) {
            return flag(socket.exclusive);
        }
        if (option == SO_REUSEADDR()) {
            return flag(socket.reuseAddress);
        }
        if (option == SO_CONNECT_TIME()) { // seconds, or -1 if there is no connection [doc]
            return socket.connection == null ? -1 : (kernel.timeline.now() - socket.connectedSince) / NANOS_PER_SECOND;
        }
        return Long.MIN_VALUE;
    }

    private static long flag(boolean value) {
        return value ? 1 : 0;
    }
}
