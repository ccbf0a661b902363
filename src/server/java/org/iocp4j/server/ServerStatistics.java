package org.iocp4j.server;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.ThreadCounts;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.SocketPool;
import org.jspecify.annotations.Nullable;

/**
 * A server's or a group's figures. They are read one after another while it goes on, so that two of them may be a
 * moment apart. Those marked "now" are of the moment; all others count since the start.
 *
 * @param connections what has been accepted
 * @param connects    what has become of connects
 * @param traffic     what has been received and sent
 * @param sockets     how sockets have been used
 * @param incidents   what clients can bring about
 * @param faults      what no client should be able to bring about
 * @param resources   what the server takes from the system
 */
public record ServerStatistics(Connections connections, Connects connects, Traffic traffic, Sockets sockets,
        Incidents incidents, Faults faults, Resources resources) {
    /** @param systemCalls made by the workers */
    static ServerStatistics of(Counters counters, SessionTable table, Listeners listeners, Lending lending,
            List<Shard> shards, @Nullable SocketPool pool, long systemCalls) {
        return new ServerStatistics(Connections.of(table, shards, listeners), counters.connects(shards),
                counters.traffic(), Sockets.of(shards, pool), counters.incidents(listeners, lending, shards),
                counters.faults(listeners, lending, shards), Resources.of(lending, shards, systemCalls));
    }

    /** How many connections were reset as soon as they were accepted, whatever the cause. */
    public long sessionsRefused() {
        return incidents.sessionsRefusedFull + incidents.sessionsRefusedStopping + incidents.sessionsRefusedFilter
                + faults.sessionsRefusedMemory + faults.sessionsRefusedAssociation;
    }

    /**
     * What has been accepted.
     *
     * @param sessions           sessions that are open or ending, and connects that have no result yet, now
     * @param portSessionsFewest those of the completion port that has the fewest, now
     * @param portSessionsMost   those of the completion port that has the most, now
     * @param accepts            connections accepted
     * @param acceptsHandedOver  those of them that were for another port than the listener's: its workers served them
     * @param acceptsPosted      accepts that wait for a client, now
     */
    public record Connections(int sessions, int portSessionsFewest, int portSessionsMost, long accepts,
            long acceptsHandedOver, int acceptsPosted) {
        static Connections of(SessionTable table, List<Shard> shards, Listeners listeners) {
            int all = 0;
            int fewest = Integer.MAX_VALUE;
            int most = 0;
            for (Shard shard : shards) {
                int sessions = table.inUse(shard.index());
                all += sessions;
                fewest = Math.min(fewest, sessions);
                most = Math.max(most, sessions);
            }
            return new Connections(all, fewest, most, listeners.accepts(), sum(shards, Shard::handedOver),
                    listeners.acceptsPosted());
        }
    }

    /**
     * What has become of connects ({@link IocpGroup#connect}). Each counts once it has its result.
     *
     * @param connects            connections made
     * @param connectsPending     connects that have no result yet, now
     * @param connectsRefused     where nobody listens, as the peer's system answered
     * @param connectsUnreachable to where there is no way
     * @param connectsTimedOut    without an answer for {@link ConnectOptions#connectTime}, or for as long as Windows
     *                            waits
     * @param connectsCancelled   by their caller, or since the group was closed
     * @param connectsWithoutRoom for which there was no session, no local port, no socket or no memory
     * @param connectsFailed      by any other error
     */
    public record Connects(long connects, int connectsPending, long connectsRefused, long connectsUnreachable,
            long connectsTimedOut, long connectsCancelled, long connectsWithoutRoom, long connectsFailed) {
    }

    private static long sum(List<Shard> shards, ToLongFunction<Shard> figure) {
        return shards.stream().mapToLong(figure).sum();
    }

    private static long ofDomains(List<Shard> shards, ToLongFunction<IoDomain> figure) {
        return sum(shards, shard -> figure.applyAsLong(shard.domain()));
    }

    /**
     * What has been received and sent. A completion may carry many messages of the application, or a part of one.
     *
     * @param receiveCompletions receives that brought bytes
     * @param receivedBytes      the bytes
     * @param sendCompletions    sends that took bytes
     * @param sentBytes          the bytes
     */
    public record Traffic(long receiveCompletions, long receivedBytes, long sendCompletions, long sentBytes) {
    }

    /**
     * How sockets have been used.
     *
     * @param socketsCreated   sockets made
     * @param socketsReused    connections on a socket that had served one before
     * @param socketsDiscarded sockets closed
     * @param socketsGivenBack of these, free ones that were closed since the last minutes had not needed them
     * @param socketsFree      sockets in the pool, now
     * @param socketsHighWater the most that were in use at once in the last five minutes, from the post of their accept
     *                         on: the most of IPv4 and the most of IPv6, added up. As many are kept of each, in use
     *                         and free together, or {@link ServerOptions#pool} free ones
     * @param socketsRecycling sockets that are being disconnected, now
     */
    public record Sockets(long socketsCreated, long socketsReused, long socketsDiscarded, long socketsGivenBack,
            int socketsFree, int socketsHighWater, int socketsRecycling) {
        /** @param pool what all of them share; null if there is one, which keeps its own free sockets */
        static Sockets of(List<Shard> shards, @Nullable SocketPool pool) {
            IoDomain first = shards.getFirst().domain();
            return new Sockets(ofDomains(shards, IoDomain::created), ofDomains(shards, IoDomain::reused),
                    ofDomains(shards, IoDomain::closed) + sum(shards, Shard::closedOnTheWay)
                            + (pool == null ? 0 : pool.closed()),
                    pool == null ? first.givenBack() : pool.givenBack(),
                    pool == null ? first.freeCount() : pool.size(),
                    pool == null ? first.highWater() : pool.highWater(),
                    (int) ofDomains(shards, IoDomain::disconnecting));
        }
    }

    /**
     * What clients can bring about.
     *
     * @param sessionsRefusedFull     connections reset as soon as they were accepted, since
     *                                {@link ServerOptions#maxSessions} were there
     * @param sessionsRefusedStopping the same, since the server was stopping
     * @param sessionsRefusedFilter   the same, since an {@link AcceptFilter} did not want them
     * @param sendsRefused            sends that found the session's send queue full, in bytes or in files; and sessions
     *                                of a broadcast whose queue was too small for it; those inside of TLS are in
     *                                {@link org.iocp4j.tls.TlsStatistics#sendsRefused}
     * @param actionsRefused          actions that found {@link ServerOptions#maxActions} waiting in their session;
     *                                those that a TlsHandler refuses before its handshake are in
     *                                {@link org.iocp4j.tls.TlsStatistics#actionsRefused} alone
     * @param lendsRefused            how often {@link IocpGroup#lend} lent nothing, since
     *                                {@link GroupOptions#lendBytes} were lent, or for want of memory
     * @param callsRefused            calls of a handler that {@link ServerOptions#handlerExecutor} refused; each ended
     *                                its session, but for those of {@link SessionHandler#closed} and
     *                                {@link SessionHandler#connectFailed}, which a worker then made
     * @param framesTooLong           sessions ended because what the handler waited for did not fit the receive buffer
     * @param idleTimeouts            sessions ended by {@link ServerOptions#idleTime}
     * @param closeTimeouts           ending sessions cut short by {@link ServerOptions#disconnectTime} or
     *                                {@link ServerOptions#closeTime}
     * @param lingerTimeouts          ending sessions whose client had not sent its FIN within
     *                                {@link ServerOptions#lingerTime}
     * @param sessionsCut             sessions that ended with bytes still queued; each connection was reset. What
     *                                TLS has not encrypted does not count, though that is a reset, too
     * @param peerResets              sessions ended because a receive or a send failed by the peer's reset or silence,
     *                                or by an error of the network
     * @param acceptFailures          accepts that failed by a client or the network; each was replaced
     * @param disconnectFailures      disconnects that failed; each socket was closed
     * @param disconnectTimeouts      disconnects that took longer than {@link ServerOptions#disconnectTime}; each
     *                                socket was closed
     * @param latePackets             completion packets that arrived after their session had ended
     */
    public record Incidents(long sessionsRefusedFull, long sessionsRefusedStopping, long sessionsRefusedFilter,
            long sendsRefused, long actionsRefused, long lendsRefused, long callsRefused, long framesTooLong,
            long idleTimeouts, long closeTimeouts, long lingerTimeouts, long sessionsCut, long peerResets,
            long acceptFailures, long disconnectFailures, long disconnectTimeouts, long latePackets) {
    }

    /**
     * What no client should be able to bring about: each of these is 0 on a server that is well.
     *
     * @param handlerFailures            exceptions out of the program's code: a handler's, which ends its session, and
     *                                   those of accept filters, connectFailed, closed and wrapped refs
     * @param callsLeft                  calls on {@link ServerOptions#handlerExecutor} that had not returned when the
     *                                   server was closed
     * @param workerFailures             errors in a worker outside the handler
     * @param callFailures               sessions ended because a receive or a send failed by an error that is neither
     *                                   the peer's nor the network's nor for want of memory: a mistake of the
     *                                   library's, or unknown to it
     * @param fileFailures               sessions ended because a file that they were sending had become shorter, or
     *                                   could not be read
     * @param lentMemoryLost             how often a program has lost lent memory without giving it back; it is free
     *                                   again
     * @param memoryRefusals             connections, receives and sends for which the system had no memory; a receive
     *                                   or a send that was refused is tried again after some 100 ms, and counted each
     *                                   time
     * @param sessionsRefusedMemory      connections reset as soon as they were accepted, for want of memory
     * @param sessionsRefusedAssociation the same, since the system refused to associate the socket with the port
     * @param socketFailures             sockets that the system did not make, for accepts or for connects
     * @param acceptsRefused             accepts that failed by no client's doing, such as for want of memory; each is
     *                                   replaced, at once or some 100 ms later
     * @param strayPackets               completion packets of no operation of the server
     * @param keyMismatches              only for the study of the completion-key bug: packets whose completion key
     *                                   named another session
     * @param logFailures                log lines lost because the logger threw, of all servers of this JVM
     */
    public record Faults(long handlerFailures, long callsLeft, long workerFailures, long callFailures,
            long fileFailures, long lentMemoryLost, long memoryRefusals, long sessionsRefusedMemory,
            long sessionsRefusedAssociation, long socketFailures, long acceptsRefused, long strayPackets,
            long keyMismatches, long logFailures) {
    }

    /**
     * What the server takes from the system.
     *
     * @param ports             completion ports
     * @param bufferBytes       memory committed for buffers, in bytes, now
     * @param buffersLent       buffers that sessions hold, now (nothing to do with {@link IocpGroup#lend}, whose bytes
     *                          are lentBytes); other memory of these is free and ready for them
     * @param lentBytes         memory that programs have been lent, or that sends of theirs still need, in bytes, now
     * @param operationsPending accepts, receives, sends and disconnects that the system holds, now
     * @param systemCalls       how many calls of Windows the workers made, successful or not. Functions that have no
     *                          error code are not counted
     */
    public record Resources(int ports, long bufferBytes, int buffersLent, long lentBytes, int operationsPending,
            long systemCalls) {
        static Resources of(Lending lending, List<Shard> shards, long systemCalls) {
            return new Resources(shards.size(), sum(shards, shard -> shard.buffers.committedBytes()),
                    (int) sum(shards, shard -> shard.buffers.lent()), lending.lentBytes(),
                    (int) ofDomains(shards, IoDomain::pendingCount), systemCalls);
        }
    }

    /** What is counted here as it happens. Any thread. */
    static final class Counters {
        /** The numbers of {@link #traffic}. */
        private static final int RECEIVES = 0;
        private static final int RECEIVED_BYTES = 1;
        private static final int SENDS = 2;
        private static final int SENT_BYTES = 3;

        private final ThreadCounts traffic = new ThreadCounts(4);
        final LongAdder sessionsRefusedFull = new LongAdder();
        final LongAdder sessionsRefusedStopping = new LongAdder();
        final LongAdder sessionsRefusedFilter = new LongAdder();
        final LongAdder sessionsRefusedMemory = new LongAdder();
        final LongAdder sessionsRefusedAssociation = new LongAdder();
        final LongAdder sendsRefused = new LongAdder();
        final LongAdder actionsRefused = new LongAdder();
        final LongAdder callsRefused = new LongAdder();
        final LongAdder framesTooLong = new LongAdder();
        final LongAdder idleTimeouts = new LongAdder();
        final LongAdder closeTimeouts = new LongAdder();
        final LongAdder lingerTimeouts = new LongAdder();
        final LongAdder sessionsCut = new LongAdder();
        final LongAdder peerResets = new LongAdder();
        final LongAdder latePackets = new LongAdder();
        /** These two are counted when memory may be short, and an AtomicLong takes none. */
        final AtomicLong handlerFailures = new AtomicLong();
        final AtomicLong workerFailures = new AtomicLong();
        final LongAdder callsLeft = new LongAdder();
        final LongAdder callFailures = new LongAdder();
        final LongAdder fileFailures = new LongAdder();
        final LongAdder memoryRefusals = new LongAdder();
        final LongAdder keyMismatches = new LongAdder();
        final LongAdder connects = new LongAdder();
        final LongAdder connectsRefused = new LongAdder();
        final LongAdder connectsUnreachable = new LongAdder();
        final LongAdder connectsTimedOut = new LongAdder();
        final LongAdder connectsCancelled = new LongAdder();
        final LongAdder connectsWithoutRoom = new LongAdder();
        final LongAdder connectsFailed = new LongAdder();

        void connectFailed(ConnectFailure failure) {
            LongAdder counter = switch (failure) {
                case REFUSED -> connectsRefused;
                case UNREACHABLE -> connectsUnreachable;
                case TIMED_OUT -> connectsTimedOut;
                case CANCELLED -> connectsCancelled;
                case NO_ROOM -> connectsWithoutRoom;
                case OTHER -> connectsFailed;
            };
            counter.increment();
        }

        void received(int bytes, IoThread io) {
            traffic.add(RECEIVES, 1, io);
            traffic.add(RECEIVED_BYTES, bytes, io);
        }

        void sent(int bytes, IoThread io) {
            traffic.add(SENDS, 1, io);
            traffic.add(SENT_BYTES, bytes, io);
        }

        Traffic traffic() {
            return new Traffic(traffic.sum(RECEIVES), traffic.sum(RECEIVED_BYTES), traffic.sum(SENDS),
                    traffic.sum(SENT_BYTES));
        }

        Connects connects(List<Shard> shards) {
            return new Connects(connects.sum(), (int) ServerStatistics.sum(shards, shard -> shard.connects.size()),
                    connectsRefused.sum(), connectsUnreachable.sum(), connectsTimedOut.sum(), connectsCancelled.sum(),
                    connectsWithoutRoom.sum(), connectsFailed.sum());
        }

        Incidents incidents(Listeners listeners, Lending lending, List<Shard> shards) {
            return new Incidents(sessionsRefusedFull.sum(), sessionsRefusedStopping.sum(), sessionsRefusedFilter.sum(),
                    sendsRefused.sum(), actionsRefused.sum(), lending.refused(), callsRefused.sum(),
                    framesTooLong.sum(), idleTimeouts.sum(), closeTimeouts.sum(), lingerTimeouts.sum(),
                    sessionsCut.sum(), peerResets.sum(),
                    listeners.failures(),
                    ofDomains(shards, IoDomain::disconnectFailures),
                    ofDomains(shards, IoDomain::disconnectTimeouts),
                    latePackets.sum() + ofDomains(shards, IoDomain::latePackets));
        }

        Faults faults(Listeners listeners, Lending lending, List<Shard> shards) {
            return new Faults(handlerFailures.get(), callsLeft.sum(), workerFailures.get(), callFailures.sum(),
                    fileFailures.sum(), lending.lost(), memoryRefusals.sum(), sessionsRefusedMemory.sum(),
                    sessionsRefusedAssociation.sum(),
                    ofDomains(shards, IoDomain::socketFailures), listeners.refusals(),
                    ofDomains(shards, IoDomain::strayPackets),
                    keyMismatches.sum(), Log.failures());
        }
    }
}
