package org.iocp4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.soak.Descriptors;
import org.iocp4j.soak.Trend;

/** The figures of a server that are to stay flat, and how much each may grow. */
final class Growth {
    /** The JIT compiler's, the threads' and the collector's own, which come and go. */
    private static final long MEMORY_BYTES = 12 << 20;
    private static final long HEAP_BYTES = 2 << 20;
    /** Those that are posted: in a flood it may be none. */
    private static final long SOCKETS = 32;
    /** One send for each of the usual sessions: on a busy machine many are pending, on another few. */
    private static final long OPERATIONS = 80;
    /** Two of each socket, and what the JVM opens now and then. */
    private static final long FILES = 100;
    private static final boolean LINUX = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("linux");

    private final Trend memory = new Trend("processMemoryBytes", MEMORY_BYTES);
    private final Trend heap = new Trend("heapAfterGcBytes", HEAP_BYTES);
    private final Trend sockets = new Trend("socketsBesideSessions", SOCKETS);
    private final Trend operations = new Trend("operationsBesideSessions", OPERATIONS);
    private final Descriptors descriptors;
    private ServeFigures before;

    Growth(long jvm) {
        descriptors = new Descriptors(jvm, FILES);
    }

    /**
     * Takes a sample.
     *
     * @param figures  the server's latest; those of the time before are no new sample
     * @param flooding whether it has more sessions than usual: the wineserver's files tell not which are theirs
     */
    void sample(double seconds, ServeFigures figures, boolean flooding) {
        if (figures == before) {
            return;
        }
        before = figures;
        memory.add(seconds, figures.processMemoryBytes());
        heap.add(seconds, figures.heapAfterGcBytes());
        ServerStatistics server = figures.echo().server();
        int sessions = server.connections().sessions();
        sockets.add(seconds, liveSockets(server) - sessions - server.sockets().socketsFree());
        operations.add(seconds, (long) server.resources().operationsPending() - sessions); // each has a receive pending
        if (LINUX && !flooding) {
            descriptors.sample(seconds);
        }
    }

    static long liveSockets(ServerStatistics server) {
        return server.sockets().socketsCreated() - server.sockets().socketsDiscarded();
    }

    List<Trend.Verdict> judge() {
        List<Trend> trends = new ArrayList<>(List.of(memory, heap, sockets, operations));
        if (LINUX) {
            trends.addAll(descriptors.trends());
        }
        return trends.stream().map(Trend::judge).toList();
    }
}
