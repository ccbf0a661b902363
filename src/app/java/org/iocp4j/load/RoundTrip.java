package org.iocp4j.load;

import org.HdrHistogram.Histogram;

/**
 * Round-trip times in microseconds: of each message that came back right, from the moment its batch was handed to write
 * until the read that brought it returned. All messages of a batch start together, so with a large batch these times
 * are mostly the batch's own length; for the latency of the path, measure with one message a batch.
 *
 * @param messages how many were timed
 * @param p50     median
 * @param p99     99th percentile
 * @param p999    99.9th percentile
 * @param max     longest
 */
public record RoundTrip(long messages, double p50, double p99, double p999, double max) {

    private static final long LONGEST_NANOS = 120_000_000_000L;
    private static final int DIGITS = 3;

    /** A fixed range, so that recording never allocates; {@link #clamp} keeps values inside. */
    static Histogram newHistogram() {
        return new Histogram(LONGEST_NANOS, DIGITS);
    }

    static long clamp(long nanos) {
        return Math.clamp(nanos, 0, LONGEST_NANOS);
    }

    /** Null if nothing was timed: 0 would be wrong. */
    static RoundTrip of(Histogram nanos) {
        if (nanos.getTotalCount() == 0) {
            return null;
        }
        return new RoundTrip(nanos.getTotalCount(), micros(nanos.getValueAtPercentile(50)),
                micros(nanos.getValueAtPercentile(99)), micros(nanos.getValueAtPercentile(99.9)),
                micros(nanos.getMaxValue()));
    }

    private static double micros(long nanos) {
        return Math.round(nanos / 100.0) / 10.0;
    }
}
