package org.iocp4j.load;

import static org.iocp4j.win32.generated.WinTypes.WSAEADDRINUSE;
import static org.iocp4j.win32.generated.WinTypes.WSAEADDRNOTAVAIL;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/**
 * A socket on a completion port. A receive is pending as long as it is connected; a send, while there is something to
 * send. Their buffers are the kernel's until the events have come, and are given back with the last.
 */
final class IocpTransport implements Transport, SocketEvents {
    private final IocpLoop loop;
    private final Connection connection;
    private StreamSocket socket;
    private boolean closed;
    private PooledBuffer received;
    private PooledBuffer sending;
    /** How much of it has been sent. */
    private int sentBytes;

    IocpTransport(IocpLoop loop, Connection connection) {
        this.loop = loop;
        this.connection = connection;
    }

    // ---- what the connection asks for ----

    @Override
    public boolean connect() throws IOException {
        IoThread io = loop.thread;
        try {
            socket = loop.domain.open(Sockaddr.family(loop.server.getAddress()), this, 0, io);
        } catch (Win32Exception e) {
            throw connectFailure(ConnectFailure.of(e.code()), e.code());
        }
        LocalPorts.SHARED.bind(socket, loop.server, io);
        int outcome = socket.connect(loop.server, io);
        if (outcome < 0) {
            throw connectFailure(ConnectFailure.of(-outcome), -outcome);
        }
        return false;
    }

    @Override
    public int send(ByteBuffer bytes) throws IOException {
        if (sending != null) {
            return 0;
        }
        PooledBuffer buffer = loop.takeBuffer();
        int count = Math.min(bytes.remaining(), buffer.roomBytes());
        buffer.put(0, bytes, bytes.position(), count);
        buffer.fill(count);
        bytes.position(bytes.position() + count);
        sending = buffer;
        sentBytes = 0;
        postSend(loop.thread);
        return count;
    }

    private void postSend(IoThread io) throws IOException {
        io.buffer(0, sending.address() + sentBytes, sending.filledBytes() - sentBytes);
        require(socket.send(1, io));
    }

    private void postReceive(IoThread io) throws IOException {
        io.buffer(0, received.address() + received.filledBytes(), received.roomBytes());
        require(socket.receive(1, io));
    }

    private static void require(int outcome) throws IOException {
        if (outcome < 0) {
            throw new SocketException(ErrorName.of(-outcome));
        }
    }

    @Override
    public void close(boolean reset) {
        closed = true;
        if (socket != null) { // or it could not be opened
            socket.close(reset ? Closing.RST : Closing.FIN, loop.thread);
        }
    }

    // ---- what the socket tells ----

    @Override
    public void connected(StreamSocket from, int status, IoThread io) {
        if (closed) {
            return;
        }
        if (status < 0) {
            connection.connectFailed(
                    connectFailure(ConnectFailure.of(status), io.win32().rtlNtStatusToDosError(status)));
            return;
        }
        connection.connected();
        if (closed) {
            return;
        }
        try {
            received = loop.takeBuffer();
            postReceive(io);
        } catch (IOException e) {
            connection.lost();
        }
    }

    @Override
    public void received(StreamSocket from, int status, int bytes, IoThread io) {
        if (closed) {
            return;
        }
        if (status < 0 || bytes == 0) {
            connection.lost();
            return;
        }
        received.fill(bytes);
        ByteBuffer view = received.readOnly().order(ByteOrder.LITTLE_ENDIAN);
        connection.received(view);
        if (closed) {
            return;
        }
        received.consume(view.position());
        received.compact();
        try {
            postReceive(io);
        } catch (IOException e) {
            connection.lost();
        }
    }

    @Override
    public void sent(StreamSocket from, int status, int bytes, IoThread io) {
        if (closed) {
            return;
        }
        sentBytes += bytes;
        if (status < 0) {
            connection.lost();
        } else if (sentBytes < sending.filledBytes()) {
            try {
                postSend(io);
            } catch (IOException e) {
                connection.lost();
            }
        } else {
            loop.giveBuffer(sending);
            sending = null;
            connection.writable();
        }
    }

    @Override
    public void gone(StreamSocket from, IoThread io) {
        if (received != null) {
            loop.giveBuffer(received);
        }
        if (sending != null) {
            loop.giveBuffer(sending);
        }
        from.recycle();
    }

    /** In the words of the JDK: what a user reads does not depend on the engine. */
    private static IOException connectFailure(ConnectFailure why, int code) {
        if (code == WSAEADDRINUSE()) {
            return new BindException("Address already in use");
        }
        if (code == WSAEADDRNOTAVAIL()) {
            return new BindException("Cannot assign requested address");
        }
        if (code == WSAENOBUFS()) {
            return new SocketException("No buffer space available");
        }
        return switch (why) {
            case REFUSED -> new ConnectException("Connection refused");
            case UNREACHABLE -> new NoRouteToHostException("No route to host");
            case TIMED_OUT -> new SocketTimeoutException("Connection timed out");
            default -> new SocketException(ErrorName.of(code));
        };
    }
}
