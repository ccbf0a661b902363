package example;

import java.io.IOException;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;

/** A server on the port that is given, or on a free one. */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws IOException {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 0; // 0: a free one
        var options = ServerOptions.builder().port(port).build();
        var server = IocpServer.start(new LineLengths(), options);
        Runtime.getRuntime().addShutdownHook(new Thread(server::close)); // Ctrl-C: what is queued still goes out
        System.out.println("listening on " + server.localAddress());
    }
}
