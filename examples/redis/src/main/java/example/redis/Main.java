package example.redis;

import java.io.IOException;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;

/** A server that speaks Redis' protocol, on the port that is given, or on a free one. */
public final class Main {
    /** Half of the heap is left for all else. */
    private static final long MAX_BYTES = Math.min(256 * 1024 * 1024, Runtime.getRuntime().maxMemory() / 2);

    private Main() {
    }

    public static void main(String[] args) throws IOException {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 0; // 0: a free one
        var server = IocpServer.start(new RedisHandler(MAX_BYTES), ServerOptions.builder().port(port).build());
        Runtime.getRuntime().addShutdownHook(new Thread(server::close)); // Ctrl-C: what is queued still goes out
        System.out.println("listening on " + server.localAddress());
    }
}
