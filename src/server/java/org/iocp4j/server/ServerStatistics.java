package org.iocp4j.server;

/**
 * A server's figures at one moment; those without "now" count since the start.
 *
 * @param sessions            open or ending, now
 * @param accepts             connections accepted
 * @param acceptsPosted       accepts waiting for a client, now
 * @param acceptFailures      accepts that failed; each was replaced
 * @param receives            receive completions
 * @param receivedBytes       bytes received
 * @param sends               send completions
 * @param sentBytes           bytes sent
 * @param socketsCreated      sockets made
 * @param socketsReused       connections on a socket that had served one before
 * @param socketsDiscarded    sockets closed
 * @param socketFailures      sockets that the system would not make
 * @param socketsFree         in the pool, now
 * @param socketsRecycling    being disconnected, now
 * @param disconnectFailures  disconnects that failed; each socket was closed
 * @param disconnectTimeouts  disconnects that took longer than the disconnect time; each socket was closed
 * @param sessionsRefused     connections reset because no session was free
 * @param sendsRefused        sends that found the send queue full
 * @param memoryRefusals      sends and connections for which the system had no memory
 * @param latePackets         packets whose session was over
 * @param keyMismatches       packets that the identity would have given to another session
 * @param peerResets          connections that broke
 * @param idleTimeouts        sessions ended by the idle time
 * @param closeTimeouts       closing sessions cut short by the disconnect time or the close time
 * @param framesTooLong       sessions ended because a frame did not fit the receive buffer
 * @param sessionsCut         sessions that ended with bytes still queued; each connection was reset
 * @param handlerFailures     exceptions out of the handler
 * @param workerFailures      errors in a worker outside the handler
 * @param strayPackets        packets that belong to no operation of the server
 * @param logFailures         lines of the log that could not be written, since the logger threw; of all servers of the JVM
 * @param bufferBytes         memory taken for buffers, now
 * @param operationsPending       accepts, receives, sends and disconnects that the system holds, now
 * @param systemCalls         calls that the workers have made into the system; 0 on a {@code Win32} that does not count
 */
public record ServerStatistics(
        int sessions, long accepts, int acceptsPosted, long acceptFailures,
        long receives, long receivedBytes, long sends, long sentBytes,
        long socketsCreated, long socketsReused, long socketsDiscarded, long socketFailures,
        int socketsFree, int socketsRecycling, long disconnectFailures, long disconnectTimeouts,
        long sessionsRefused, long sendsRefused, long memoryRefusals, long latePackets, long keyMismatches,
        long peerResets, long idleTimeouts, long closeTimeouts, long framesTooLong, long sessionsCut,
        long handlerFailures, long workerFailures, long strayPackets, long logFailures, long bufferBytes,
        int operationsPending, long systemCalls) {
}
