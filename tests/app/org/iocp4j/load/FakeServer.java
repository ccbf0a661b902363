package org.iocp4j.load;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.atomic.AtomicInteger;

/** A server of a few lines, on an ephemeral port, that does to each connection what the test says. */
public final class FakeServer implements AutoCloseable {
    /** The login message of the message protocol. */
    public static final byte[] LOGIN = {8, 0, -1, -1, -1, -1, -1, -1, -1, 127};
    private static final int BACKLOG = 200;

    private final ServerSocket listener;
    private final Behaviour behaviour;
    /** Connections whose end was seen as FIN and as RST. */
    public final AtomicInteger fins = new AtomicInteger();
    public final AtomicInteger resets = new AtomicInteger();
    public final AtomicInteger accepted = new AtomicInteger();

    /** What the server does with one connection, from 1 on; the connection is closed afterwards. */
    public interface Behaviour {
        void serve(Peer peer, int connection) throws IOException;
    }

    /** The server's end of a connection. */
    public record Peer(Socket socket, DataInputStream in, OutputStream out) {
        /** The next ten bytes; an EOFException at the end. */
        public byte[] message() throws IOException {
            byte[] message = new byte[Protocol.MESSAGE_BYTES];
            in.readFully(message);
            return message;
        }

        /** Sends back whatever comes, until the client closes. */
        public void echo() throws IOException {
            in.transferTo(out);
        }

        /** Takes whatever comes, until the client closes. */
        public void swallow() throws IOException {
            in.transferTo(OutputStream.nullOutputStream());
        }
    }

    public FakeServer(Behaviour behaviour) throws IOException {
        this(InetAddress.getByName("127.0.0.1"), behaviour);
    }

    public FakeServer(InetAddress address, Behaviour behaviour) throws IOException {
        this.behaviour = behaviour;
        listener = new ServerSocket(0, BACKLOG, address);
        Thread.ofVirtual().start(this::accept);
    }

    /** A right server of the message protocol. */
    public static FakeServer messages() throws IOException {
        return new FakeServer((peer, connection) -> {
            peer.out().write(LOGIN);
            peer.echo();
        });
    }

    public int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                int connection = accepted.incrementAndGet();
                Thread.ofVirtual().start(() -> serve(socket, connection));
            }
        } catch (SocketException e) {
            // Closed: the test is over.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(Socket socket, int connection) {
        try (socket) {
            socket.setTcpNoDelay(true);
            behaviour.serve(new Peer(socket, new DataInputStream(socket.getInputStream()), socket.getOutputStream()),
                    connection);
            fins.incrementAndGet();
        } catch (SocketException e) {
            resets.incrementAndGet();
        } catch (IOException e) {
            fins.incrementAndGet();
        }
    }
}
