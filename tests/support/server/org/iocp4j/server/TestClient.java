package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.fail;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A client as anybody would write it: a plain {@link Socket}. Every read is bounded. */
public final class TestClient implements AutoCloseable {
    public static final int PACKET_BYTES = 10;

    private static final byte[] LOGIN = {8, 0, -1, -1, -1, -1, -1, -1, -1, 0x7F};
    private static final int BOUND_MILLIS = (int) Settled.LONGEST.toMillis();

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private TestClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(BOUND_MILLIS);
        in = socket.getInputStream();
        out = socket.getOutputStream();
    }

    public static TestClient connect(InetSocketAddress server) throws IOException {
        return connect(server, 0);
    }

    /** With small buffers, so that the connection is full soon when one side does not read. */
    public static TestClient connectSlowReader(InetSocketAddress server) throws IOException {
        return connect(server, 16 * 1024);
    }

    private static TestClient connect(InetSocketAddress server, int bufferBytes) throws IOException {
        Socket socket = new Socket();
        try {
            if (bufferBytes > 0) {
                socket.setReceiveBufferSize(bufferBytes);
                socket.setSendBufferSize(bufferBytes);
            }
            socket.connect(server, BOUND_MILLIS);
            return new TestClient(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Connects to a server that sends the login packet, and reads it. */
    public static TestClient logIn(InetSocketAddress server) throws IOException {
        TestClient client = connect(server);
        client.login();
        return client;
    }

    /** The message of one value. */
    public static byte[] packet(long value) {
        return packets(value, 1);
    }

    /** Packets of {@code count} values from {@code first} on. */
    public static byte[] packets(long first, int count) {
        ByteBuffer buffer = ByteBuffer.allocate(count * PACKET_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            buffer.putShort((short) 8).putLong(first + i);
        }
        return buffer.array();
    }

    public InetSocketAddress localAddress() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    public void login() throws IOException {
        assertThat(readExactly(PACKET_BYTES)).as("login packet").isEqualTo(LOGIN);
    }

    /** One packet there and back. */
    public void echo(long value) throws IOException {
        sendBytes(packet(value));
        expect(packet(value));
    }

    public void sendBytes(byte... bytes) throws IOException {
        out.write(bytes);
    }

    public void expect(byte... bytes) throws IOException {
        assertThat(readExactly(bytes.length)).isEqualTo(bytes);
    }

    public byte[] readExactly(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("end of stream after " + bytes.length + " of " + count + " bytes");
        }
        return bytes;
    }

    /** Everything up to the end of the stream. */
    public byte[] readToEnd() throws IOException {
        return in.readAllBytes();
    }

    /** The server has said FIN, and nothing before it. */
    public void expectEndOfStream() throws IOException {
        assertThat(in.read()).as("end of stream").isEqualTo(-1);
    }

    /** The server has said FIN, and nothing before it; and it was no RST, for the way to the server is still open. */
    public void expectFin() throws IOException {
        expectEndOfStream();
        out.write(0);
    }

    /** The server has said RST; some of what it sent before may have come, and some may be lost. */
    public void expectReset() {
        try {
            readToEnd();
        } catch (SocketTimeoutException e) {
            fail("no reset within " + BOUND_MILLIS + " ms", e);
        } catch (IOException reset) {
            return;
        }
        // Under Wine a reset can read as the end of the stream [wine]; but nothing can be written any more.
        assertThatIOException().as("a write where the server's RST has come").isThrownBy(() -> out.write(0));
    }

    /** The connection ends, by FIN or RST, whatever came before. */
    public void expectEnd() {
        try {
            in.skip(Long.MAX_VALUE);
            while (in.read() >= 0) {
                in.skip(Long.MAX_VALUE);
            }
        } catch (SocketTimeoutException e) {
            fail("the connection does not end within " + BOUND_MILLIS + " ms", e);
        } catch (IOException expected) {
            // the RST
        }
    }

    /** Whether bytes or the end of the stream could be read now; false if nothing has come for so long. */
    public boolean hearsWithin(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            in.read();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        } finally {
            socket.setSoTimeout(BOUND_MILLIS);
        }
    }

    /** Our FIN; we can still read. */
    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** FIN. While something is unread, the system makes it an RST: use {@link #endOutput} then, and wait. */
    public void closeByFin() throws IOException {
        socket.close();
    }

    /** RST. */
    public void closeByReset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
