package org.iocp4j.study;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.concurrent.TimeoutException;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.sockaddr_in;

/** A listening socket on 127.0.0.1, on a free port, associated with a completion port. */
public final class LabListener {
    /** In AcceptEx's output, for each of two addresses: a sockaddr_in and 16 more [doc]. */
    static final int ADDRESS_BYTES = (int) sockaddr_in.sizeof() + 16;
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    private final Lab lab;
    private final LabPort port;
    private final long handle;
    private final InetSocketAddress address;

    LabListener(Lab lab, LabPort port, long key) throws Win32Exception {
        this.lab = lab;
        this.port = port;
        this.handle = lab.newHandle();
        // Without it another process could bind to the same port on Windows [doc].
        require("SO_EXCLUSIVEADDRUSE", lab.io().setOption(handle, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1));
        this.address = bind();
        require("listen", lab.win32().listen(handle, SOMAXCONN()));
        require("CreateIoCompletionPort", port.associate(handle, key));
    }

    private InetSocketAddress bind() throws Win32Exception {
        byte[] loopback = {127, 0, 0, 1};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(sockaddr_in.sizeof(), Long.BYTES);
            MemorySegment length = arena.allocate(JAVA_INT);
            name.set(JAVA_SHORT, sockaddr_in.sin_family$offset(), (short) AF_INET());
            MemorySegment.copy(loopback, 0, name, JAVA_BYTE, sockaddr_in.sin_addr$offset(), loopback.length);
            length.set(JAVA_INT, 0, (int) name.byteSize());
            require("bind", lab.win32().bind(handle, name.address(), (int) name.byteSize()));
            require("getsockname", lab.win32().getsockname(handle, name.address(), length.address()));
            int free = Short.toUnsignedInt(name.get(PORT, sockaddr_in.sin_port$offset()));
            return new InetSocketAddress(InetAddress.getByAddress(loopback), free);
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    /** SO_LINGER {on, 0}: sockets that it accepts take it over, and closesocket resets. */
    void lingerReset() throws Win32Exception {
        require("SO_LINGER", lab.io().setOption(handle, SOL_SOCKET(), SO_LINGER(), 1));
    }

    public long handle() {
        return handle;
    }

    public InetSocketAddress address() {
        return address;
    }

    /** AcceptEx: the next client comes into this socket. The packet comes with the listener's key. */
    public void accept(LabSocket socket, long session) throws Win32Exception {
        socket.accepting();
        LabOperation operation = socket.operation(Kind.ACCEPT);
        int error = lab.io().accept(operation.leaves(), session, handle, socket.handle(), operation.bufferAddress(),
                ADDRESS_BYTES);
        if (error != 0) {
            throw new Win32Exception("AcceptEx", error, socket + ", session " + session);
        }
    }

    /** After the accept's packet: SO_UPDATE_ACCEPT_CONTEXT, anew for each connection [doc]. */
    public void accepted(LabSocket socket) throws Win32Exception {
        int error = lab.io().setOption(socket.handle(), SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), handle);
        if (error != 0) {
            throw new Win32Exception("SO_UPDATE_ACCEPT_CONTEXT", error, socket.toString());
        }
    }

    /** A new peer, connected with this socket: accept, connect, packet, context. */
    public Peer connect(LabSocket socket, long session) throws IOException, TimeoutException {
        accept(socket, session);
        Peer peer = lab.peer(address);
        Packet packet = port.await(socket.operation(Kind.ACCEPT));
        if (packet.status() < 0) {
            throw new IOException("AcceptEx: " + packet.outcome() + ", " + socket + ", session " + session);
        }
        accepted(socket);
        return peer;
    }

    private void require(String call, int error) throws Win32Exception {
        if (error != 0) {
            throw new Win32Exception(call, error, "listener of the study");
        }
    }
}
