package org.iocp4j.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A server in this process, on another library or API; ends with the process. */
@FunctionalInterface
public interface Peer {
    /** The size of a receive buffer, for all servers alike. */
    int BUFFER_BYTES = 8192;

    /** As iocp4j's. */
    int THREADS = Runtime.getRuntime().availableProcessors();

    /** As iocp4j asks for, and more than the loads connect at the same time. */
    int BACKLOG = 1024;

    /** Serves from now on, on threads of its own, and returns the port that was picked. */
    int start() throws IOException;

    static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }
}
