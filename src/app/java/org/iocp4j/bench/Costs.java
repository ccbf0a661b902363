package org.iocp4j.bench;

/**
 * What a server has cost since its start, as far as the platform tells.
 *
 * @param cpuNanos           processor time of its process
 * @param wineserverCpuNanos of the wineserver, which does a part of Windows' kernel's work under Wine
 * @param wineserverRequests calls of the wineserver's to read: one for a request and another if that carries data
 * @param allocatedBytes     on the Java heap, by all threads but the one that tells it
 * @param systemCalls        of Windows, by its worker threads; where it counts them
 * @param compilationMillis  how long the JIT's compilations have taken that have ended
 */
record Costs(Long cpuNanos, Long wineserverCpuNanos, Long wineserverRequests, Long allocatedBytes, Long systemCalls,
        Long compilationMillis) {
    static final Costs NONE = new Costs(0L, 0L, 0L, 0L, 0L, 0L);

    Costs minus(Costs before) {
        return new Costs(difference(cpuNanos, before.cpuNanos),
                difference(wineserverCpuNanos, before.wineserverCpuNanos),
                difference(wineserverRequests, before.wineserverRequests),
                difference(allocatedBytes, before.allocatedBytes),
                difference(systemCalls, before.systemCalls),
                difference(compilationMillis, before.compilationMillis));
    }

    Costs plus(Costs other) {
        return new Costs(sum(cpuNanos, other.cpuNanos), sum(wineserverCpuNanos, other.wineserverCpuNanos),
                sum(wineserverRequests, other.wineserverRequests), sum(allocatedBytes, other.allocatedBytes),
                sum(systemCalls, other.systemCalls),
                sum(compilationMillis, other.compilationMillis));
    }

    private static Long difference(Long a, Long b) {
        return a == null || b == null ? null : Long.valueOf(a - b);
    }

    private static Long sum(Long a, Long b) {
        return a == null || b == null ? null : Long.valueOf(a + b);
    }
}
