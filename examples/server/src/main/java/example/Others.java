package example;

import java.io.IOException;
import java.util.concurrent.Executors;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;

/** {@code Others count-up|lookups|blocking-lookups PORT}: a server with one of the other handlers. */
public final class Others {
    private Others() {
    }

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(args[1]);
        var server = switch (args[0]) {
            case "count-up" -> IocpServer.start(new CountUp(), ServerOptions.builder().port(port).build());
            case "lookups" -> IocpServer.start(new Lookups(Executors.newVirtualThreadPerTaskExecutor()),
                    ServerOptions.builder().port(port).build());
            case "blocking-lookups" -> blocking(port);
            default -> throw new IllegalArgumentException("no such handler: " + args[0]);
        };
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
        System.out.println("listening on " + server.localAddress());
    }

    private static IocpServer blocking(int port) throws IOException {
        var options = ServerOptions.builder().port(port)
                .handlerExecutor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        return IocpServer.start(new BlockingLookups(), options);
    }
}
