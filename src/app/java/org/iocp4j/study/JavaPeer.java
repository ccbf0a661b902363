package org.iocp4j.study;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeoutException;

/** An ordinary Java socket, whatever proxy the JVM was told of. */
final class JavaPeer implements Peer {
    private final Socket socket = new Socket(Proxy.NO_PROXY);

    @Override
    public void connect(InetSocketAddress address) throws IOException, TimeoutException {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(Lab.BOUND_MILLIS);
            socket.connect(address, Lab.BOUND_MILLIS);
        } catch (SocketTimeoutException e) {
            throw new TimeoutException("the peer's connect: nothing within " + Lab.BOUND_MILLIS + " ms");
        }
    }

    @Override
    public void send(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    @Override
    public byte[] receive(int count) throws IOException, TimeoutException {
        try {
            byte[] bytes = socket.getInputStream().readNBytes(count);
            if (bytes.length < count) {
                throw new EOFException("the peer read the end after " + bytes.length + " of " + count + " bytes");
            }
            return bytes;
        } catch (SocketTimeoutException e) {
            throw new TimeoutException("the peer's receive: nothing within " + Lab.BOUND_MILLIS + " ms");
        }
    }

    @Override
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    @Override
    public End awaitEnd(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            while (socket.getInputStream().read() >= 0) {
                // thrown away
            }
            return End.FIN;
        } catch (SocketTimeoutException e) {
            return End.NOTHING;
        } catch (SocketException e) {
            return End.RST;
        } finally {
            socket.setSoTimeout(Lab.BOUND_MILLIS);
        }
    }

    @Override
    public void finishSending() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void closeByFin() throws IOException {
        socket.close();
    }

    @Override
    public void closeByReset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }
}
