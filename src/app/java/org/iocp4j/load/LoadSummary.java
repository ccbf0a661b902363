package org.iocp4j.load;

/**
 * The result of a whole run.
 *
 * @param total               the counters at the end, rates over the whole run
 * @param roundTripMicros     round-trip times, or null if no message came back
 * @param firstConnectFailure the first reason why a connect failed, or null
 */
public record LoadSummary(LoadStatistics total, RoundTrip roundTripMicros, String firstConnectFailure) {
}
