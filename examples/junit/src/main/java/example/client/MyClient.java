package example.client;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Sends numbers to an echo server. */
public final class MyClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 2_000;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final DataOutputStream out;

    /** Connects, and reads the login message. */
    public MyClient(InetSocketAddress server) throws IOException {
        try {
            socket.connect(server);
            socket.setSoTimeout(PATIENCE_MILLIS);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
            in.readFully(new byte[10]);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Sends a message and returns what comes back. */
    public long ask(long value) throws IOException {
        out.write(new byte[] {8, 0}); // the length of what follows, little-endian
        out.writeLong(value);
        in.readFully(new byte[2]);
        return in.readLong();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
