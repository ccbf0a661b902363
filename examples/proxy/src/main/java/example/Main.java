package example;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.iocp4j.server.GroupOptions;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.ListenOptions;

/** A TCP proxy: {@code Main PORT HOST:PORT} passes what comes to the port on to the other address, and back. */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws IOException {
        int colon = args[1].lastIndexOf(':');
        var target = new InetSocketAddress(args[1].substring(0, colon), Integer.parseInt(args[1].substring(colon + 1)));
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])); // port 0: a free one
        var group = IocpGroup.start(GroupOptions.defaults());
        Runtime.getRuntime().addShutdownHook(new Thread(group::close)); // Ctrl-C: what is queued still goes out
        var listener = group.listen(address, new Proxy(group, target), ListenOptions.defaults());
        System.out.println("listening on " + listener.localAddress());
    }
}
