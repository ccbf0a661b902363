package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.net.InetSocketAddress;
import org.iocp4j.simkernel.SimulatedSocket.State;

/** The calls that make sockets, name them and close them. */
final class SocketCalls {
    private final SimulatedKernel kernel;
    private int open;

    SocketCalls(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    long create(int family, int type, int protocol, int flags) {
        if (family != AF_INET() && family != AF_INET6()) {
            return -WSAEAFNOSUPPORT();
        }
        if (type != SOCK_STREAM()) {
            return -WSAESOCKTNOSUPPORT();
        }
        if (protocol != IPPROTO_TCP() && protocol != 0) {
            return -WSAEPROTONOSUPPORT();
        }
        int fault = open >= kernel.socketLimit() ? WSAEMFILE() : kernel.faults.socket();
        if (fault != 0) {
            return -fault;
        }
        open++;
        long handle = kernel.handles.reserve();
        kernel.handles.put(handle, new SimulatedSocket(handle, family, (flags & WSA_FLAG_OVERLAPPED()) != 0));
        return handle;
    }

    int bind(long handle, long address, int length) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (length < SockaddrMemory.bytes(socket.family) || kernel.memory.getShort(address) != socket.family) {
            return WSAEFAULT();
        }
        if (socket.state != State.FRESH) {
            return WSAEINVAL(); // already bound [doc]
        }
        int fault = kernel.faults.option();
        if (fault != 0) {
            return fault;
        }
        InetSocketAddress wanted = kernel.sockaddrs.read(address);
        int taken = kernel.network.bindError(socket, wanted);
        if (taken != 0) {
            return taken;
        }
        kernel.network.bind(socket, wanted);
        socket.state = State.BOUND;
        return 0;
    }

    int listen(long handle, int backlog) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (socket.state == State.LISTENING) {
            return 0; // nothing changes [doc]
        }
        if (socket.state != State.BOUND) {
            return socket.state == State.FRESH ? WSAEINVAL() : WSAEISCONN(); // [doc]
        }
        int fault = kernel.faults.option();
        if (fault == 0) {
            socket.backlogLimit = backlog == SOMAXCONN() ? 200 : Math.max(1, Math.min(backlog, 200));
            socket.state = State.LISTENING;
        }
        return fault;
    }

    int name(long handle, long address, long length) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (socket.connection != null && !socket.contextUpdated && socket.boundTo == null) {
            return WSAENOTCONN(); // before SO_UPDATE_ACCEPT_CONTEXT [doc]
        }
        // not bound: WSAEINVAL [doc]; before SO_UPDATE_CONNECT_CONTEXT the name is that of bind [inf]
        return socket.local == null ? WSAEINVAL() : sockaddr(socket, socket.local, address, length);
    }

    int peerName(long handle, long address, long length) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (socket.connection == null || socket.remote == null || !socket.contextUpdated) {
            return WSAENOTCONN(); // before the update, too [doc]
        }
        return sockaddr(socket, socket.remote, address, length);
    }

    private int sockaddr(SimulatedSocket socket, InetSocketAddress value, long address, long length) {
        int bytes = SockaddrMemory.bytes(socket.family);
        if (kernel.memory.getInt(length) < bytes) {
            return WSAEFAULT();
        }
        int fault = kernel.faults.option();
        if (fault == 0) {
            kernel.sockaddrs.write(address, socket.family, value);
            kernel.memory.putInt(length, bytes);
        }
        return fault;
    }

    /** FIONBIO, and no other command. */
    int control(long handle, int command, long argument) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (command != FIONBIO()) {
            return WSAEOPNOTSUPP();
        }
        int fault = kernel.faults.option();
        if (fault == 0) {
            socket.nonBlocking = kernel.memory.getInt(argument) != 0;
        }
        return fault;
    }

    /** Another handle to the same socket or file: the object lives until the last of them is closed. */
    long duplicate(long handle) {
        FileObject file = kernel.handles.file(handle);
        if (file == null) {
            return -kernel.misuse(ERROR_INVALID_HANDLE());
        }
        file.handles++;
        long another = kernel.handles.reserve();
        kernel.handles.put(another, file);
        return another;
    }

    /**
     * Of a non-blocking socket whose SO_LINGER would have it wait, it fails, and the handle stays open [doc]. Otherwise
     * never for a socket: a failure would leave open whether the handle is [inf].
     */
    int close(long handle) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket == null) {
            return kernel.misuse(WSAENOTSOCK());
        }
        if (socket.nonBlocking && socket.lingersForATime()) {
            return WSAEWOULDBLOCK();
        }
        kernel.handles.close(handle);
        if (--socket.handles > 0) {
            return 0;
        }
        open--;
        State before = socket.state;
        socket.state = State.CLOSED;
        kernel.operations.cancelAll(socket);
        if (before == State.LISTENING) {
            socket.backlog.forEach(Connection::abort);
            socket.backlog.clear();
        }
        if (socket.boundTo != null) {
            kernel.network.unbind(socket);
        }
        Connection connection = socket.connection;
        if (connection != null) {
            socket.connection = null;
            boolean unread = connection.in.available() > 0;
            if (socket.lingersReset() || unread) {
                connection.abort(); // linger {on, 0}: RST [doc]; bytes unread: RST as well
            } else {
                connection.letGo(); // what is buffered goes out in the background, and a FIN behind [doc]
            }
        }
        return 0;
    }

    int open() {
        return open;
    }
}
