package org.iocp4j.channels;

/**
 * What the channels of a provider have done since it was made, and what they have now.
 *
 * @param connects        connections that channels have made
 * @param accepts         connections that listening channels have handed out
 * @param connectionsKept connections that listening channels have accepted now and nobody has asked for yet
 * @param reused          how many of the accepts came to a socket that had served another before
 * @param reads           reads that have brought bytes
 * @param bytesRead       how many bytes these were
 * @param writes          writes that have sent all they were given
 * @param bytesWritten    how many bytes these were
 * @param timeouts        reads and writes whose time ran out
 * @param watches         reads that waited without a buffer: since they waited for so long that it was taken back, so
 *                        that a connection that is idle holds none; or since there was none for them, as too many reads
 *                        waited or all reads and writes together had too many, or the system had no memory
 * @param bufferShortages how often a read or write waited since no buffer was to be had: of 65,536 of 16 KiB too many
 *                        were in use, or the system had no memory
 * @param refusedHandlers how many handlers a group's pool has refused; they ran on the thread that had them
 * @param buffersLent     buffers in use now
 * @param bufferBytes     memory that buffers have now, those included that are not in use
 */
public record ChannelStatistics(long connects, long accepts, long connectionsKept, long reused, long reads,
        long bytesRead, long writes, long bytesWritten, long timeouts, long watches, long bufferShortages,
        long refusedHandlers, int buffersLent, long bufferBytes) {
    static ChannelStatistics of(Transport transport) {
        Counters counters = transport.counters;
        return new ChannelStatistics(counters.connects.sum(), counters.accepts.sum(), counters.connectionsKept.sum(),
                counters.reused.sum(),
                counters.reads.sum(), counters.bytesRead.sum(), counters.writes.sum(), counters.bytesWritten.sum(),
                counters.timeouts.sum(), counters.watches.sum(), counters.bufferShortages.sum(),
                counters.refusedHandlers.sum(), transport.buffers.lent(), transport.buffers.committedBytes());
    }
}
