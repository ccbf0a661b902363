package org.iocp4j.load;

/**
 * The counters of a run at one moment: totals since its start, and three rates.
 *
 * @param elapsedSeconds          time since the start of the run
 * @param sessions                connections open now
 * @param connects                connects that succeeded
 * @param connectFailures         connects that failed or took too long
 * @param disconnectsFromServer   connections that ended though the client had not closed them
 * @param loginDuplicates         login packets after the first of a connection
 * @param loginMissing            connections whose login packet did not come in time
 * @param echoMissing             batches that stayed without any echo for the echo timeout, or were given up at the end
 * @param packetErrors            packets with a wrong value, out of order, unasked for, or of a wrong length
 * @param sentPackets             packets handed to the system whole
 * @param receivedPackets         packets received, login packets not counted
 * @param closedByFin             connections that the client closed in order
 * @param closedByReset           connections that the client reset
 * @param connectsPerSecond       since the snapshot before; in the summary since the start, like the next two
 * @param sentPacketsPerSecond    as above
 * @param receivedPacketsPerSecond as above
 */
public record LoadStatistics(double elapsedSeconds, long sessions, long connects, long connectFailures,
        long disconnectsFromServer, long loginDuplicates, long loginMissing, long echoMissing, long packetErrors,
        long sentPackets, long receivedPackets, long closedByFin, long closedByReset, double connectsPerSecond,
        double sentPacketsPerSecond, double receivedPacketsPerSecond) {

    /** All that should not happen: the sum of the six error counters. */
    public long errors() {
        return connectFailures + disconnectsFromServer + loginDuplicates + loginMissing + echoMissing + packetErrors;
    }
}
