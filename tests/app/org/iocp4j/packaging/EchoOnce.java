package org.iocp4j.packaging;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.socket.DisconnectMethod;

/** What somebody writes who has only the library: one server, one client, one echo. {@link LibraryJarTest} runs it. */
public final class EchoOnce {
    private EchoOnce() {
    }

    public static void main(String[] args) throws IOException {
        ServerOptions options = ServerOptions.builder().disconnectMethod(DisconnectMethod.CLOSE).build();
        try (IocpServer server = IocpServer.start((session, data) -> session.send(data), options)) {
            System.out.println(echo(server.localAddress()));
        } catch (RuntimeException e) { // the exception for a wrong platform is of a package that is not exported
            System.out.println(e.getMessage());
        }
    }

    private static String echo(InetSocketAddress server) throws IOException {
        try (Socket client = new Socket()) {
            client.connect(server);
            client.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
            return new String(client.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
        }
    }
}
