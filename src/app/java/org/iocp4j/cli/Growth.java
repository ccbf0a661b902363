package org.iocp4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.iocp4j.soak.Descriptors;
import org.iocp4j.soak.Trend;

/** The figures of a server that are to stay flat, and what growth is allowed to each. */
final class Growth {
    /** The JIT compiler's, the threads' and the collector's own, which come and go. */
    private static final long MEMORY_BYTES = 12 << 20;
    private static final long HEAP_BYTES = 2 << 20;
    /** The pool, which may be empty or full. */
    private static final long SOCKETS = 64;
    /** A send of each session that there usually is: on a busy machine many are out, on another few. */
    private static final long OPERATIONS = 80;
    /** Two of each socket, and what the JVM opens now and then. */
    private static final long FILES = 100;
    private static final boolean LINUX = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("linux");

    private final Trend memory = new Trend("processMemoryBytes", MEMORY_BYTES);
    private final Trend heap = new Trend("heapAfterGcBytes", HEAP_BYTES);
    private final Trend sockets = new Trend("socketsBesideSessions", SOCKETS);
    private final Trend operations = new Trend("operationsBesideSessions", OPERATIONS);
    private final Descriptors descriptors;
    private Map<String, Long> before = Map.of();

    Growth(long jvm) {
        descriptors = new Descriptors(jvm, FILES);
    }

    /**
     * Takes a sample.
     *
     * @param figures  the server's latest; those of the time before are no new sample
     * @param flooding whether it has more sessions than usual: the wineserver's files tell not which are theirs
     */
    void sample(double seconds, Map<String, Long> figures, boolean flooding) {
        if (figures == before) {
            return;
        }
        before = figures;
        memory.add(seconds, figures.get("processMemoryBytes"));
        heap.add(seconds, figures.get("heapAfterGcBytes"));
        sockets.add(seconds, liveSockets(figures) - figures.get("sessions"));
        operations.add(seconds, figures.get("operationsPending") - figures.get("sessions")); // each has a receive out
        if (LINUX && !flooding) {
            descriptors.sample(seconds);
        }
    }

    static long liveSockets(Map<String, Long> figures) {
        return figures.get("socketsCreated") - figures.get("socketsDiscarded");
    }

    List<Trend.Verdict> judge() {
        List<Trend> trends = new ArrayList<>(List.of(memory, heap, sockets, operations));
        if (LINUX) {
            trends.addAll(descriptors.trends());
        }
        return trends.stream().map(Trend::judge).toList();
    }
}
