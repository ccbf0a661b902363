package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.WINDOWS)
class MyClientTest {
    @Test
    void myClientGetsItsEcho() throws IOException {
        try (var server = EchoServer.start(EchoOptions.defaults())) { // on a free port of 127.0.0.1
            assertEquals(42, new MyClient("127.0.0.1", server.port()).ask(42));
        }
    }

    /** The client under test. */
    private record MyClient(String host, int port) {
        /** Sends a message and returns what comes back. */
        long ask(long value) throws IOException {
            try (Socket socket = new Socket(host, port)) {
                var in = new DataInputStream(socket.getInputStream());
                var out = new DataOutputStream(socket.getOutputStream());
                in.skipNBytes(10); // the login message
                out.write(new byte[] {8, 0}); // the length of what follows, little-endian
                out.writeLong(value);
                in.skipNBytes(2);
                return in.readLong();
            }
        }
    }
}
