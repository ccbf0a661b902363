package org.iocp4j.load;

/**
 * The counters of a run at one moment: totals since its start, and three rates.
 *
 * @param elapsedSeconds          time since the start of the run
 * @param sessions                connections open now
 * @param connects                connects that succeeded
 * @param connectFailures         connects that failed or took too long
 * @param disconnectsFromServer   connections that ended though the client had not closed them
 * @param loginDuplicates         login messages after the first of a connection
 * @param loginMissing            connections whose login message did not come in time
 * @param echoMissing             batches that stayed without any echo for the echo timeout, or were given up at the end
 * @param messageErrors           messages with a wrong value, out of order, unasked for, or of a wrong length
 * @param sentMessages            messages handed to the system whole
 * @param receivedMessages        messages received, login messages not counted
 * @param closedByFin             connections that the client closed in order
 * @param closedByReset           connections that the client reset
 * @param connectsPerSecond       since the snapshot before; in the summary since the start, like the next two
 * @param sentMessagesPerSecond   as above
 * @param receivedMessagesPerSecond as above
 */
public record LoadStatistics(double elapsedSeconds, long sessions, long connects, long connectFailures,
        long disconnectsFromServer, long loginDuplicates, long loginMissing, long echoMissing, long messageErrors,
        long sentMessages, long receivedMessages, long closedByFin, long closedByReset, double connectsPerSecond,
        double sentMessagesPerSecond, double receivedMessagesPerSecond) {

    /** The sum of the six error counters. */
    public long errors() {
        return connectFailures + disconnectsFromServer + loginDuplicates + loginMissing + echoMissing + messageErrors;
    }
}
