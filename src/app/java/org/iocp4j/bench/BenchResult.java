package org.iocp4j.bench;

import org.HdrHistogram.Histogram;

/**
 * One server under one load. All but the memory and the foreign load is of the rounds that {@code foreign} counts.
 *
 * @param ratio              its operations per second by the baseline's, round by round
 * @param perSecond          its operations per second, round by round
 * @param costs              of the rounds together
 * @param operations         that these have done
 * @param micros             how long each took
 * @param bytesPerConnection growth of its process for each held connection; null where the platform does not tell
 * @param foreign            what else the machine did
 */
public record BenchResult(Load load, ServerSpec server, ServerSpec baseline, Spread ratio, Spread perSecond,
        Costs costs, long operations, Histogram micros, Double bytesPerConnection, ForeignLoad foreign) {

    /** Processor time of the server's process; null where the platform does not tell, as below. */
    public Double cpuMicrosPerOperation() {
        return perOperation(costs.cpuNanos(), 1e3);
    }

    public Double wineserverCpuMicrosPerOperation() {
        return perOperation(costs.wineserverCpuNanos(), 1e3);
    }

    public Double wineserverRequestsPerOperation() {
        return perOperation(costs.wineserverRequests(), 1);
    }

    public Double systemCallsPerOperation() {
        return perOperation(costs.systemCalls(), 1);
    }

    public Double bytesAllocatedPerOperation() {
        return perOperation(costs.allocatedBytes(), 1);
    }

    /** How long the JIT's compilations have taken that ended meanwhile: a server that is warm has next to none. */
    public Long compilationMillis() {
        return costs.compilationMillis();
    }

    /** @param percent 99.9 for the time that one operation of a thousand takes longer than */
    public double micros(double percent) {
        return micros.getValueAtPercentile(percent);
    }

    private Double perOperation(Long total, double unit) {
        return total == null || operations == 0 ? null : Double.valueOf(total / unit / operations);
    }
}
